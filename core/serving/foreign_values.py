"""Pixels to the numbers that a model from elsewhere takes, and its numbers to probabilities."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.errors import ForeignError
from core.serving.trees import softmax

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # of ImageNet's channels, as torchvision has it
_STD = np.array([0.229, 0.224, 0.225], np.float32)
_OFF = 0.02  # how far the sum of probabilities may be from 1


def as_input(batch: np.ndarray, about: Mapping[str, Any], is_whole: bool) -> np.ndarray:
    """A batch as a file takes it, but for the type of its numbers.

    Args:
        batch: uint8, shape `(N, H, W, C)`.
        about: `pixels`, `order` and `layout`, as `core.runs.Foreign` has them.
        is_whole: whether the file takes pixels as they are.
    """
    if about["order"] == "bgr":
        batch = batch[..., ::-1]
    if not is_whole:
        batch = _scaled(batch.astype(np.float32), about["pixels"])
    if about["layout"] == "nchw":
        return batch.transpose(0, 3, 1, 2)
    if about["layout"] == "nhw":
        return batch[..., 0]
    return batch.reshape(len(batch), -1) if about["layout"] == "flat" else batch


def _scaled(batch: np.ndarray, pixels: str) -> np.ndarray:
    if pixels == "0..1":
        return batch / np.float32(255)
    if pixels == "-1..1":
        return batch / np.float32(127.5) - 1
    if pixels == "imagenet":
        return (batch / np.float32(255) - _MEAN) / _STD
    return batch


def as_probabilities(rows: np.ndarray, output: str) -> np.ndarray:
    """Probabilities, float32 `(N, K)`; a single number for two classes is that of the second.

    Raises:
        ForeignError: if they are none.
    """
    if not np.isfinite(rows).all():
        raise ForeignError("This model gives numbers that are infinite or no numbers at all.")
    single = rows.shape[1] == 1
    if output == "logits":
        return softmax(np.concatenate([np.zeros_like(rows), rows], axis=1) if single else rows)
    if single:
        rows = np.concatenate([1 - rows, rows], axis=1)
    sums = rows.sum(axis=1, keepdims=True)
    if (rows < -_OFF).any() or (abs(sums - 1) > _OFF).any():
        raise ForeignError(
            "This model gives no probabilities: they are 0 to 1 and add up to 1 for an image. "
            f"Received: {rows.min():.3g} to {rows.max():.3g}, sum {float(sums.flat[0]):.3g}. "
            "Perhaps its output is logits."
        )
    rows = np.clip(rows, 0, None)
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def kind_of(rows: np.ndarray) -> str:
    """Whether numbers of several images are `probabilities` or `logits`.

    Raises:
        ForeignError: if they are neither: a probability for each class by itself.
    """
    sums = rows.sum(axis=1)
    inside = np.isfinite(rows).all() and (rows >= 0).all() and (rows <= 1 + _OFF).all()
    if rows.shape[1] == 1 or (inside and (abs(sums - 1) <= _OFF).all()):
        return "probabilities" if inside else "logits"
    if inside:
        raise ForeignError(
            "This model gives numbers from 0 to 1 that do not add up to 1: a probability for each "
            "class by itself. A classifier of one class per image gives probabilities that add up "
            "to 1, or logits."
        )
    return "logits"
