"""The training images that a run keeps, and how well it notices others that are unlike them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from core import runs, serving
from core.datasets import Dataset
from core.errors import RunError
from core.evaluation import Evaluation, nearest
from core.progress import Progress, Reporter
from core.runs import MOST_IMAGES, OutOfDistribution
from core.serving import PredictFunction
from core.training.recording import balanced_rows
from core.training.unlike import other_images

SHARE = 0.02  # of the validation images, which are less similar than the threshold
MOST_MEASURED = 1000  # images of the validation and of the test set
_SEED = 0
_AT_ONCE = 100
_STAGE = "references"


def write_references(
    model: Path, family: str, dataset: Dataset, test: Evaluation, report: Reporter
) -> OutOfDistribution | None:
    """Write `references.npz` beside the model, and measure how well other images are noticed.

    Args:
        model: the file that serves, in the folder of the run.
        family: of the model.
        dataset: what it was trained on.
        test: what it predicts for the test set.
        report: told how far it is.

    Returns:
        None if the model does not say what it looks at; then nothing is written.

    Raises:
        Cancelled: if it was asked to stop.
        OSError: if the file cannot be written.
    """
    try:
        see = serving.open_features(model, family)
    except RunError:
        return None
    rows = balanced_rows(dataset.y_train, MOST_IMAGES, _SEED)
    rows = np.random.default_rng(_SEED).permutation(rows)  # whatever has no room is left out
    parts = {
        "train": (dataset.x_train, rows),
        "val": (dataset.x_val, _some(len(dataset.y_val))),
        "test": (dataset.x_test, _some(len(dataset.y_test))),
    }
    others = other_images(dataset)
    total = sum(len(chosen) for _, chosen in parts.values()) + sum(map(len, others.values()))
    looked = _Looked(see, report, total)
    train, val, of_test = (looked(images, chosen) for images, chosen in parts.values())
    files = [runs.small_file(np.asarray(dataset.x_train[row])) for row in rows]
    runs.write_references(files, dataset.y_train[rows], train, model.parent)
    predict = serving.open_model(model, family)
    confidence = test.probabilities[parts["test"][1]].max(axis=1)
    near = partial(_similarity, train)
    return _measured(
        near(val),
        near(of_test),
        confidence,
        {
            name: (near(looked(images)), _confidence(predict, images))
            for name, images in others.items()
        },
    )


def _some(count: int) -> np.ndarray:
    """Rows of at most `MOST_MEASURED` of so many images."""
    return np.sort(np.random.default_rng(_SEED).permutation(count)[:MOST_MEASURED])


class _Looked:
    """Features of images, part by part, reported."""

    def __init__(self, see: PredictFunction, report: Reporter, total: int) -> None:
        self._see, self._report, self._total, self._done = see, report, total, 0

    def __call__(self, images, rows: np.ndarray | None = None) -> np.ndarray:
        rows, found = np.arange(len(images)) if rows is None else rows, []
        for start in range(0, len(rows), _AT_ONCE):
            batch = np.asarray(images[rows[start : start + _AT_ONCE]])
            found.append(self._see(batch).astype(np.float16).astype(np.float32))
            self._done += len(batch)
            note = f"{self._done:,} of {self._total:,}"
            self._report(Progress(_STAGE, fraction=self._done / self._total, note=note))
        return np.concatenate(found)


def _similarity(references: np.ndarray, features: np.ndarray) -> np.ndarray:
    return nearest(features, references, 1)[1][:, 0]


def _confidence(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    return predict(images).max(axis=1)


def _measured(
    val: np.ndarray,
    test: np.ndarray,
    confidence: np.ndarray,
    others: dict[str, tuple[np.ndarray, np.ndarray]],
) -> OutOfDistribution:
    """What similarity and confidence tell apart; of validation, test and other images."""
    from sklearn.metrics import roc_auc_score

    def auroc(familiar: np.ndarray, other: np.ndarray) -> float:
        truth = np.repeat([1, 0], [len(familiar), len(other)])
        return round(float(roc_auc_score(truth, np.concatenate([familiar, other]))), 4)

    threshold = float(np.clip(np.quantile(val, SHARE), -1, 1))
    return OutOfDistribution(
        threshold=threshold,
        flagged=float(np.mean(val < threshold)),
        auroc={name: auroc(test, near) for name, (near, _) in others.items()},
        auroc_confidence={name: auroc(confidence, sure) for name, (_, sure) in others.items()},
        noticed={name: float(np.mean(near < threshold)) for name, (near, _) in others.items()},
    )
