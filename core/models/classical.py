"""Models from scikit-learn: pipelines from flattened uint8 pictures to probabilities.

Every pipeline begins by dividing a picture by its brightest value, so the scaling travels with
the model. Inputs have shape `(N, H * W * C)`.
"""

from collections.abc import Mapping
from typing import Any


def logistic_regression(hyperparameters: Mapping[str, Any], seed: int):
    """Multinomial logistic regression on the pixels (solver: L-BFGS)."""
    from sklearn.linear_model import LogisticRegression

    return _pipeline(
        LogisticRegression(
            C=hyperparameters["C"], max_iter=hyperparameters["max_iter"], random_state=seed
        )
    )


def random_forest(hyperparameters: Mapping[str, Any], seed: int):
    """A forest of decision trees on the pixels (Breiman, 2001, "Random forests")."""
    from sklearn.ensemble import RandomForestClassifier

    return _pipeline(
        RandomForestClassifier(
            n_estimators=hyperparameters["n_estimators"],
            max_leaf_nodes=hyperparameters["max_leaf_nodes"],
            max_features=hyperparameters["max_features"] or "sqrt",
            n_jobs=-1,
            random_state=seed,
        )
    )


def _pipeline(estimator):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    return make_pipeline(Normalizer(norm="max"), estimator)
