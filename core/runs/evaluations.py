"""What a run stored about its validation and test images, read back."""

from pathlib import Path
from typing import BinaryIO

import numpy as np

from core import stored
from core.errors import RunError, StoredError
from core.evaluation import Evaluation, evaluate
from core.runs.card import RunCard

SPLITS = ("val", "test")
_MOST = 2 * 2**30  # bytes, packed and unpacked
_OFF = 0.02  # that probabilities may add up to more or less than 1: some models serve 16 bits
_EXPECTED = {
    name: kind
    for split in SPLITS
    for name, kind in ((f"y_{split}", ("iu", 1)), (f"probabilities_{split}", ("f", 2)))
}


def write(file: Path | BinaryIO, val: Evaluation, test: Evaluation) -> None:
    """Store labels and probabilities of both splits.

    Raises:
        OSError: if the file cannot be written.
    """
    np.savez_compressed(
        file,
        y_val=val.labels,
        probabilities_val=val.probabilities,
        y_test=test.labels,
        probabilities_test=test.probabilities,
    )


def read(path: Path, card: RunCard) -> dict[str, Evaluation]:
    """Labels and probabilities of both splits, by `val` and `test`.

    Args:
        path: the file, whose digest was checked.
        card: of the run: its classes, and on how many test images it was measured.

    Raises:
        RunError: if the file holds anything but labels and probabilities of these classes.
    """
    try:
        arrays = stored.read_arrays(path, _EXPECTED, _MOST)
        found = {
            split: _checked(arrays[f"y_{split}"], arrays[f"probabilities_{split}"], card)
            for split in SPLITS
        }
        if (count := len(found["test"].labels)) != card.metrics["test_size"]:
            raise StoredError(
                f"{count:,} test images where its card says {card.metrics['test_size']:,}"
            )
    except StoredError as error:
        raise RunError(
            f"The predictions of run {path.parent.name!r} cannot be read: {error}. Delete the run "
            "and train again."
        ) from error
    return found


def _checked(labels: np.ndarray, probabilities: np.ndarray, card: RunCard) -> Evaluation:
    classes = len(card.class_names)
    if probabilities.shape != (len(labels), classes):
        raise StoredError(
            f"probabilities must have shape {(len(labels), classes)}. Received: "
            f"{probabilities.shape}"
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise StoredError(f"labels must be 0 to {classes - 1}. Received: one that is not")
    sums = probabilities.sum(axis=1)
    if not (np.isfinite(probabilities).all() and (probabilities >= 0).all()):
        raise StoredError("probabilities must be 0 to 1. Received: one that is not")
    if len(labels) and np.abs(sums - 1).max() > _OFF:
        raise StoredError("probabilities of an image must add up to 1. Received: some that do not")
    return evaluate(labels, probabilities)
