"""Models from scikit-learn: pipelines from flattened uint8 images to probabilities.

Every pipeline begins by dividing an image by its brightest value, so the scaling travels with
the model; then come its features and the model itself. Inputs have shape `(N, H * W * C)`.
"""

from collections.abc import Mapping
from typing import Any

from core.errors import ModelError
from core.models.shared_params import COMPONENTS, DEEP, EDGES
from core.param import numbers

Shape = tuple[int, int, int]


def features(
    hyperparameters: Mapping[str, Any], input_shape: Shape, seed: int, images: int | None = None
) -> list:
    """The unfitted steps before the model: scaling, then PCA or HOG if asked for.

    Features of a pretrained network are computed before the pipeline, and only scaled in it.

    Args:
        hyperparameters: `features` and what belongs to it are read.
        input_shape: height, width and channels of an image.
        seed: of the randomised solver of PCA.
        images: how many there are to learn from; PCA finds no more patterns than that.

    Raises:
        ModelError: if the images are too small for HOG.
    """
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import Normalizer, StandardScaler

    from core.models.features import HogFeatures

    if looks_deep(hyperparameters):
        return [StandardScaler()]
    steps: list = [Normalizer(norm="max")]
    if hyperparameters["features"] in EDGES:
        if min(input_shape[:2]) < 2:
            raise ModelError(
                f"`features`={hyperparameters['features']} needs images of at least 2×2 pixels. "
                f"Received: {input_shape[1]}×{input_shape[0]}. Use pixels or pca."
            )
        steps.append(
            HogFeatures(
                *input_shape,
                orientations=hyperparameters["hog_orientations"],
                cells=hyperparameters["hog_cells"],
            )
        )
    if hyperparameters["features"] in COMPONENTS:
        most = input_shape[0] * input_shape[1] * input_shape[2]
        if hyperparameters["features"] in EDGES:
            most = steps[-1].count()
        components = min(hyperparameters["pca_components"], most, images or most)
        solver = "full" if most <= 100 else "randomized"
        steps.append(PCA(components, svd_solver=solver, random_state=seed))
    return steps


def looks_deep(hyperparameters: Mapping[str, Any]) -> bool:
    """Whether the model is given what a pretrained network finds, not the images themselves."""
    return hyperparameters.get("features") == DEEP


def logistic_regression(hyperparameters: Mapping[str, Any], seed: int):
    """Multinomial logistic regression (solver: L-BFGS)."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        C=hyperparameters["C"],
        max_iter=hyperparameters["max_iter"],
        class_weight=_weights(hyperparameters),
        random_state=seed,
    )


def linear_svm(hyperparameters: Mapping[str, Any], seed: int):
    """A linear support vector machine, one class against the rest (liblinear)."""
    from sklearn.svm import LinearSVC

    return LinearSVC(
        C=hyperparameters["C"],
        max_iter=hyperparameters["max_iter"],
        dual=False,
        class_weight=_weights(hyperparameters),
        random_state=seed,
    )


def rbf_svm(hyperparameters: Mapping[str, Any], seed: int):
    """A support vector machine with a Gaussian kernel, one class against one (libsvm)."""
    from sklearn.svm import SVC

    return SVC(
        C=hyperparameters["C"],
        gamma=hyperparameters["gamma"] or "scale",
        cache_size=1000,
        break_ties=True,
        class_weight=_weights(hyperparameters),
        random_state=seed,
    )


def knn(hyperparameters: Mapping[str, Any], seed: int):
    """The classes of the nearest training images (T. Cover & P. Hart, 1967)."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(
        n_neighbors=hyperparameters["n_neighbors"],
        weights=hyperparameters["weights"],
        algorithm="brute",
    )


def random_forest(hyperparameters: Mapping[str, Any], seed: int):
    """A forest of decision trees (L. Breiman, 2001, "Random forests")."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=hyperparameters["n_estimators"],
        max_leaf_nodes=hyperparameters["max_leaf_nodes"],
        max_features=hyperparameters["max_features"] or "sqrt",
        class_weight=_weights(hyperparameters),
        n_jobs=-1,
        random_state=seed,
    )


def gradient_boosting(hyperparameters: Mapping[str, Any], seed: int):
    """Trees that each correct the errors of those before (J. Friedman, 2001), on histograms."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=hyperparameters["rounds"],
        learning_rate=hyperparameters["learning_rate"],
        max_leaf_nodes=hyperparameters["max_leaf_nodes"],
        l2_regularization=hyperparameters["l2"],
        early_stopping=False,
        class_weight=_weights(hyperparameters),
        random_state=seed,
    )


def mlp(hyperparameters: Mapping[str, Any], seed: int):
    """A multilayer perceptron: layers of neurons, all connected (optimiser: Adam)."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        hidden_layer_sizes=numbers(hyperparameters["hidden_units"]),
        alpha=hyperparameters["l2"],
        learning_rate_init=hyperparameters["learning_rate"],
        batch_size=hyperparameters["batch_size"],
        max_iter=hyperparameters["epochs"],
        random_state=seed,
    )


def _weights(hyperparameters: Mapping[str, Any]) -> str | None:
    return "balanced" if hyperparameters["class_weights"] else None
