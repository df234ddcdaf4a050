"""Fit a scikit-learn model and store it with skops."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import numpy as np

from core.datasets import Dataset
from core.models import MODELS
from core.progress import Progress, Reporter


def fit_classical(
    dataset: Dataset, model: str, hyperparameters: Mapping[str, Any], seed: int, report: Reporter
):
    """Fit a pipeline on the flattened training pictures.

    Raises:
        JobError: if it was asked to stop before it began.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    estimator = MODELS[model].build(hyperparameters, seed)
    report(Progress("fitting"))
    with warnings.catch_warnings():  # stopping at `max_iter` is the choice of whoever set it
        warnings.simplefilter("ignore", ConvergenceWarning)
        pictures = np.asarray(dataset.x_train)
        estimator.fit(pictures.reshape(len(pictures), -1), dataset.y_train)
    return estimator


def export_classical(estimator, folder: Path) -> None:
    """Write `model.skops`, compressed."""
    import skops.io

    skops.io.dump(estimator, folder / "model.skops", compression=ZIP_DEFLATED, compresslevel=6)
