"""A file that serves in place of the original, if it predicts the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import serving
from core.conversion.neighbours import write_neighbours
from core.conversion.onnx import write_onnx
from core.conversion.trees import write_trees
from core.errors import ConversionError, StudioError, is_disk_error
from core.serving import FEATURES_FILE, MODEL_FILES, PredictFunction

MOST_IMAGES = 1000  # that it is compared on
LARGEST_DIFFERENCE = 1e-3  # of a probability
ORIGINAL = MODEL_FILES["classical"]

# By `ModelSpec.served_by`: writes a fitted pipeline that is given some numbers per image.
WAYS: dict[str, Callable[[Any, Path, int], Path] | None] = {
    "onnx": write_onnx,
    "trees": write_trees,
    "neighbours": write_neighbours,
    "skops": None,  # as it is
}


def convert(pipeline, folder: Path, way: str, images: np.ndarray) -> dict[str, Any]:
    """Write the file that serves a fitted pipeline, beside `model.skops`.

    A file that predicts another class for any image, or another probability, is removed again:
    then the original serves, which needs scikit-learn.

    Args:
        pipeline: fitted; it is given the pixels of an image, or what the network in the folder
            finds in it.
        folder: of the run.
        way: one of `WAYS`.
        images: to compare the two on, uint8 `(N, H, W, C)`, at most `MOST_IMAGES`.

    Returns:
        What a card holds as `served`: `file`, and `images` and `largest_difference`, or `refused`,
        a sentence.

    Raises:
        OSError: if the disk cannot be written to.
    """
    write = WAYS[way]
    if write is None:
        return {"file": ORIGINAL}
    features = folder / FEATURES_FILE
    original = serving.behind_features(pipeline.predict_proba, features)
    read = serving.CLASSICAL_FILES
    try:
        if not len(images):
            raise ConversionError("There are no validation images to compare the two on.")
        path = write(pipeline, folder, int(pipeline.n_features_in_))
        converted = serving.behind_features(read[path.name](path), features)
        largest = difference(original, converted, images)
    except Exception as error:  # packages that convert fail in ways of their own
        for name in read.keys() - {ORIGINAL}:
            (folder / name).unlink(missing_ok=True)
        if is_disk_error(error):
            raise
        return {"file": ORIGINAL, "refused": refusal(error)}
    return {"file": path.name, "images": len(images), "largest_difference": largest}


def difference(original: PredictFunction, converted: PredictFunction, images: np.ndarray) -> float:
    """The largest difference of a probability on some images, uint8 `(N, H, W, C)`.

    Raises:
        ConversionError: if a predicted class differs, or a probability by more than
            `LARGEST_DIFFERENCE`.
    """
    expected, received = original(images), converted(images)
    if expected.shape != received.shape or not np.isfinite(received).all():
        raise ConversionError(
            f"It must give probabilities of shape {expected.shape}. Received: {received.shape}."
        )
    if changed := int((expected.argmax(axis=1) != received.argmax(axis=1)).sum()):
        raise ConversionError(
            f"It must predict the same classes. Received: {changed} others for {len(images):,} "
            "validation images."
        )
    largest = float(np.abs(expected - received).max())
    if largest > LARGEST_DIFFERENCE:
        raise ConversionError(
            f"Probabilities may differ by {LARGEST_DIFFERENCE}. Received: {largest:.4f} on "
            f"{len(images):,} validation images."
        )
    return largest


def refusal(error: Exception) -> str:
    """Why a conversion was refused, in at most a few lines."""
    if isinstance(error, StudioError):
        return str(error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"The conversion failed: {lines[0][:300]}"
