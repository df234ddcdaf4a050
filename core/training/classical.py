"""Fit a scikit-learn model so that one can watch it learn, and store it with skops."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import ZIP_DEFLATED

import numpy as np

from core import serving
from core.datasets import Dataset
from core.errors import DatasetError
from core.models import MODELS, classical, classical_params
from core.models.transfer import feature_extractor
from core.progress import Progress, Reporter
from core.training.batches import chosen_rows
from core.training.features import extractor, features
from core.training.learning import LEARNERS, Curve
from core.training.network import export_litert, load_keras

_CHUNK = 2000
MOST_SCORED = 2000  # pictures of each part that the learning curve is measured on


def fit_classical(
    dataset: Dataset, model: str, hyperparameters: Mapping[str, Any], seed: int, report: Reporter
):
    """Fit a pipeline on the flattened training pictures.

    Returns:
        The fitted pipeline and its learning curve, one dict of figures per point.

    Raises:
        Cancelled: if it was asked to stop.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.pipeline import make_pipeline

    rows = chosen_rows(dataset.y_train, hyperparameters["max_pictures"], seed)
    labels = dataset.y_train[rows]
    steps = classical.features(hyperparameters, dataset.input_shape, seed, len(rows))
    report(Progress("preparing", note=f"{len(rows):,} pictures"))
    deep = classical.looks_deep(hyperparameters)
    look = _deep(dataset, hyperparameters, report) if deep else _flat_of(dataset)
    pixels = look("train", rows)
    for step in steps[:-1]:
        pixels = step.fit_transform(pixels)
    steps[-1].fit(pixels, labels)
    learnt = _in_chunks(steps[-1:], pixels, report)
    del pixels
    some_val = chosen_rows(dataset.y_val, MOST_SCORED, seed)
    some_train = chosen_rows(labels, MOST_SCORED, seed)
    x_val = _in_chunks(steps, look("val", some_val), report)
    curve = Curve(
        MODELS[model].learns_by,
        (learnt[some_train], labels[some_train]),
        (x_val, dataset.y_val[some_val]),
        report,
    )
    with warnings.catch_warnings():  # stopping at `max_iter` is the choice of whoever set it
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="class_weight presets")  # the rows stay the same
        estimator = MODELS[model].build(hyperparameters, seed)
        estimator = LEARNERS[model](estimator, learnt, labels, curve)
    if not hasattr(estimator, "predict_proba"):
        estimator = with_probabilities(estimator, x_val, dataset.y_val[some_val])
    return make_pipeline(*steps, estimator), tuple(curve.history)


def _flat_of(dataset: Dataset) -> Callable[[str, np.ndarray], np.ndarray]:
    """Gives the pixels of some pictures of a part."""
    return lambda part, rows: flat(dataset.split(part)[0][rows])


def _deep(
    dataset: Dataset, hyperparameters: Mapping[str, Any], report: Reporter
) -> Callable[[str, np.ndarray], np.ndarray]:
    """Gives what a pretrained network finds in some pictures of a part."""
    size = hyperparameters["feature_size"]

    def look(part: str, rows: np.ndarray) -> np.ndarray:
        found = features(
            dataset,
            part,
            rows,
            classical_params.DEEP,
            size,
            lambda: extractor(_network(hyperparameters, dataset.input_shape)),
            report,
        )
        return found[rows].astype(np.float32)

    return look


def _network(hyperparameters: Mapping[str, Any], input_shape: tuple[int, int, int]):
    load_keras()
    return feature_extractor(classical_params.DEEP, hyperparameters["feature_size"], input_shape)


def flat(pictures: np.ndarray) -> np.ndarray:
    """Float32 rows, shape `(N, H * W * C)`, of pictures, uint8 `(N, H, W, C)`."""
    return np.asarray(pictures).reshape(len(pictures), -1).astype(np.float32)


def with_probabilities(estimator, x: np.ndarray, y: np.ndarray):
    """A support vector machine that says how sure it is; what it answers stays the same.

    C. Guo, G. Pleiss, Y. Sun & K. Weinberger (2017), "On calibration of modern neural networks":
    distances from the borders become probabilities by one temperature, found on validation.

    Raises:
        DatasetError: if there are no validation pictures of some class.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    if missing := set(estimator.classes_) - set(y):
        raise DatasetError(
            "A support vector machine needs validation pictures of every class to say how sure it "
            f"is. Received: none of {len(missing)} classes."
        )
    rows = np.arange(len(y))
    frozen = FrozenEstimator(estimator)
    return CalibratedClassifierCV(frozen, method="temperature", cv=[(rows, rows)]).fit(x, y)


def _in_chunks(steps: list, pixels: np.ndarray, report: Reporter) -> np.ndarray:
    """Fitted steps, one after another, on some rows at a time."""
    parts = []
    for start in range(0, len(pixels), _CHUNK):
        part = pixels[start : start + _CHUNK]
        for step in steps:
            part = step.transform(part)
        parts.append(part)
        report(Progress("preparing", part=start / len(pixels), note=f"{start + len(part):,} done"))
    return np.concatenate(parts)


def export_classical(
    estimator,
    folder: Path,
    hyperparameters: Mapping[str, Any] = MappingProxyType({}),
    input_shape: tuple[int, int, int] = (0, 0, 0),
) -> None:
    """Write `model.skops`, compressed; and, if it is given what a pretrained network finds, that
    network as `features.tflite`, so that whoever answers needs no TensorFlow."""
    import skops.io

    if classical.looks_deep(hyperparameters):
        network = _network(hyperparameters, input_shape)
        export_litert(network, folder / serving.FEATURES_FILE, half=True)
    skops.io.dump(estimator, folder / "model.skops", compression=ZIP_DEFLATED, compresslevel=6)
