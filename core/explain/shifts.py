"""A drawing moved by a few pixels, and what models predict for it then."""

import numpy as np

from core.serving import Predictor

MOST = 6  # pixels in each direction
_OF_A_SIDE = 4  # the shift is at most this fraction of the shorter side: a quarter


def reach(image: np.ndarray) -> int:
    """By how many pixels an image `(H, W, C)` is moved at most."""
    return min(MOST, min(image.shape[:2]) // _OF_A_SIDE)


def shifted(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """The image moved; what comes in at the other side is black.

    Args:
        image: uint8, shape `(H, W, C)`.
        down, right: pixels; below 0 upwards and to the left.
    """
    height, width, _ = image.shape
    moved = np.zeros_like(image)
    rows, columns = (
        slice(max(by, 0), size + min(by, 0)) for by, size in _sides(image, down, right)
    )
    back_rows, back_columns = (
        slice(max(-by, 0), size + min(-by, 0)) for by, size in _sides(image, down, right)
    )
    moved[rows, columns] = image[back_rows, back_columns]
    return moved


def _sides(image: np.ndarray, down: int, right: int) -> tuple[tuple[int, int], ...]:
    return (down, image.shape[0]), (right, image.shape[1])


def shift_probabilities(predictor: Predictor, image: np.ndarray) -> np.ndarray:
    """What a model predicts for every shift, float32 `(2r + 1, 2r + 1, K)`, r from `reach`.

    Args:
        predictor: of the model.
        image: uint8, shape `(H, W, C)`, prepared for it.
    """
    far = reach(image)
    steps = range(-far, far + 1)
    batch = np.stack([shifted(image, down, right) for down in steps for right in steps])
    return predictor.probabilities(batch).reshape(len(steps), len(steps), -1)
