"""Fit a scikit-learn model so that one can watch it learn, and store it with skops."""

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import ZIP_DEFLATED

import numpy as np

from core import memory, serving
from core.datasets import Dataset
from core.errors import DatasetError
from core.models import MODELS, classical, shared_params
from core.models.transfer import write_embedded
from core.progress import Progress, Reporter
from core.training.batches import chosen_rows
from core.training.features import Extractor, features, litert_extractor
from core.training.learning import Curve, learn

_CHUNK = 1000  # images whose features are computed together
MOST_SCORED = 2000  # images of each part that the training curve is measured on

Rows = Callable[[slice], np.ndarray]  # gives some rows, float32, of those that were chosen


def fit_classical(
    dataset: Dataset, model: str, hyperparameters: Mapping[str, Any], seed: int, report: Reporter
):
    """Fit a pipeline on the flattened training images.

    Returns:
        The fitted pipeline and its training curve, one dict of metrics per point.

    Raises:
        Cancelled: if it was asked to stop.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.pipeline import make_pipeline
    from threadpoolctl import threadpool_limits

    rows = chosen_rows(dataset.y_train, hyperparameters["max_images"], seed)
    labels = dataset.y_train[rows]
    steps = classical.features(hyperparameters, dataset.input_shape, seed, len(rows))
    report(Progress("preparing", note=f"{len(rows):,} images"))
    deep = classical.looks_deep(hyperparameters)
    look = _deep(dataset, hyperparameters, report) if deep else _flat_of(dataset)
    source = look("train", rows)
    _fit_steps(steps, source, len(rows), report)
    learned = _in_chunks(steps, source, len(rows), report)
    some_val = chosen_rows(dataset.y_val, MOST_SCORED, seed)
    some_train = chosen_rows(labels, MOST_SCORED, seed)
    x_val = _in_chunks(steps, look("val", some_val), len(some_val), report)
    curve = Curve(
        MODELS[model].learns_by,
        (learned[some_train], labels[some_train]),
        (x_val, dataset.y_val[some_val]),
        report,
    )
    # One thread for OpenBLAS: its matrices are small here, and several threads wait for each other.
    # Logistic regression and MLP are 1.6 to 5 times as fast on two cores.
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):
        # Stopping at `max_iter` is the choice of whoever set it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="class_weight presets")  # the rows stay the same
        estimator = MODELS[model].build(hyperparameters, seed)
        estimator = learn(estimator, learned, labels, curve)
    if not hasattr(estimator, "predict_proba"):
        estimator = with_probabilities(estimator, x_val, dataset.y_val[some_val])
    return make_pipeline(*steps, estimator), tuple(curve.history)


def _flat_of(dataset: Dataset) -> Callable[[str, np.ndarray], Rows]:
    """Gives the pixels of some images of a split."""

    def look(split: str, rows: np.ndarray) -> Rows:
        images = dataset.split(split)[0]
        return lambda some: flat(images[rows[some]])

    return look


def _deep(
    dataset: Dataset, hyperparameters: Mapping[str, Any], report: Reporter
) -> Callable[[str, np.ndarray], Rows]:
    """Gives the features that a pretrained network computes of some images of a split."""
    size = hyperparameters["feature_size"]
    make = partial(litert_extractor, size, dataset.input_shape)
    extractor = Extractor(shared_params.DEEP, size, make)

    def look(split: str, rows: np.ndarray) -> Rows:
        found = features(dataset, split, rows, extractor, report)

        def read(some: slice) -> np.ndarray:
            values = found[rows[some]].astype(np.float32)
            memory.let_go_of(found)
            return values

        return read

    return look


def flat(images: np.ndarray) -> np.ndarray:
    """Float32 rows, shape `(N, H * W * C)`, of images, uint8 `(N, H, W, C)`."""
    return np.asarray(images).reshape(len(images), -1).astype(np.float32)


def with_probabilities(estimator, x: np.ndarray, y: np.ndarray):
    """A support vector machine with probabilities; its predicted classes stay the same.

    C. Guo, G. Pleiss, Y. Sun & K. Weinberger (2017), "On calibration of modern neural networks":
    distances from the boundaries become probabilities by one temperature, found on validation.

    Raises:
        DatasetError: if there are no validation images of some class.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    if missing := set(estimator.classes_) - set(y):
        raise DatasetError(
            "A support vector machine needs validation images of every class to say how sure it "
            f"is. Received: none of {len(missing)} classes."
        )
    rows = np.arange(len(y))
    frozen = FrozenEstimator(estimator)
    return CalibratedClassifierCV(frozen, method="temperature", cv=[(rows, rows)]).fit(x, y)


def _fit_steps(steps: list, source: Rows, count: int, report: Reporter) -> None:
    """Fit what comes before the model; in memory is no more than each step needs at once.

    All but the last step learn nothing from the images.
    """
    from sklearn.utils import get_tags

    *before, last = steps
    some = source(slice(0, _CHUNK))
    for step in before:
        some = step.fit_transform(some)
    if not get_tags(last).requires_fit:
        last.fit(some)
    elif hasattr(last, "partial_fit"):
        for chunk in _chunks(count):
            last.partial_fit(_transformed(before, source(chunk)))
    else:  # PCA needs all of them; it may work in this array, which nobody else needs
        x = _in_chunks(before, source, count, report)
        last.set_params(copy=False).fit(x).set_params(copy=True)


def _in_chunks(steps: list, source: Rows, count: int, report: Reporter) -> np.ndarray:
    """Features of all rows, float32 `(count, F)`, computed a few rows at a time."""
    features: np.ndarray | None = None
    for chunk in _chunks(count):
        some = _transformed(steps, source(chunk))
        if features is None:
            features = np.empty((count, some.shape[1]), some.dtype)
        features[chunk] = some
        report(Progress("preparing", fraction=chunk.start / count, note=f"{chunk.stop:,} done"))
    return features


def _chunks(count: int) -> list[slice]:
    return [slice(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]


def _transformed(steps: list, rows: np.ndarray) -> np.ndarray:
    for step in steps:
        rows = step.transform(rows)
    return rows


def export_classical(
    estimator,
    folder: Path,
    hyperparameters: Mapping[str, Any] = MappingProxyType({}),
    input_shape: tuple[int, int, int] = (0, 0, 0),
) -> None:
    """Write `model.skops`, compressed; and, if it is given the features of a pretrained network,
    that network as `features.tflite`. Neither needs TensorFlow."""
    import skops.io

    if classical.looks_deep(hyperparameters):
        size = hyperparameters["feature_size"]
        write_embedded(folder / serving.FEATURES_FILE, size, input_shape, half=True)
    skops.io.dump(estimator, folder / "model.skops", compression=ZIP_DEFLATED, compresslevel=6)
