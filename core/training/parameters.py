"""How much a model has learned: weights of networks and lines, nodes of trees, images kept."""

from pathlib import Path

import numpy as np

from core import serving
from core.training.fitting import load_keras


def count_parameters(folder: Path, family: str) -> int:
    """How many numbers the trained model in a folder holds that were learned.

    Weights of networks and linear models, nodes of trees, the values of neighbours and support
    vectors, and those of the features in front of them.
    """
    if family == "network":
        load_keras()
        import keras

        return int(keras.saving.load_model(folder / "model.keras").count_params())
    return sum(_of_step(step) for _, step in load_original(folder).steps)


def load_original(folder: Path):
    """The fitted pipeline in the folder of a run of a classical model."""
    import skops.io

    path = folder / serving.MODEL_FILES["classical"]
    return skops.io.load(path, trusted=list(serving.TRUSTED_TYPES))


def _of_step(step) -> int:
    if hasattr(step, "calibrated_classifiers_"):
        inner = step.calibrated_classifiers_[0].estimator
        return _of_step(getattr(inner, "estimator", inner)) + 1  # and the temperature
    if hasattr(step, "estimators_"):  # a forest
        return sum(tree.tree_.node_count for tree in step.estimators_)
    if hasattr(step, "_predictors"):  # histogram gradient boosting
        return sum(len(tree.nodes) for trees in step._predictors for tree in trees)
    names = ("coefs_", "intercepts_", "coef_", "intercept_", "components_", "mean_", "_fit_X")
    if hasattr(step, "support_vectors_"):
        names = ("support_vectors_", "dual_coef_", "intercept_")
    values = (getattr(step, name, ()) for name in names)
    return sum(
        int(np.size(one))
        for value in values
        for one in (value if isinstance(value, list) else [value])
    )
