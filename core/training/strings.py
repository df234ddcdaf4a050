"""Strings of handwritten digits that touch, as people write them in a hurry.

Used on training digits to learn what a whole digit looks like, on validation digits to choose
settings, and on test digits to report.
"""

import cv2
import numpy as np

_INK = 100  # level from which pixels touch each other
_ROOM = 12  # pixels above and below, for digits that stand higher or lower
_SCALE = 4


def touching_string(
    digits: list[np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Digits pushed together until they touch, or 1 to 4 pixels further.

    Each is 85 to 115 % as large as MNIST shows it, and up to 3 pixels higher or lower.

    Args:
        digits: uint8, shape `(28, 28)`, light on dark.
        rng: generator.

    Returns:
        The string, uint8, light on dark; and the ink of each digit alone, all of its shape.
    """
    height = 28 + 2 * _ROOM
    canvas = np.zeros((height, 48 * len(digits)), np.uint8)
    right = 4
    placed = []
    for digit in digits:
        shape, top = _varied(digit, rng), int(rng.integers(-3, 4)) + _ROOM
        top = min(max(0, top + (28 - shape.shape[0]) // 2), height - shape.shape[0])
        layer = np.zeros_like(canvas)
        left = right if not placed else _contact(canvas, shape, top) - int(rng.integers(0, 5))
        left = max(left, 0)
        layer[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
        placed.append(layer)
        canvas = np.maximum(canvas, layer)
    columns = np.flatnonzero(canvas.max(axis=0))
    where = slice(columns[0], columns[-1] + 1)
    return canvas[:, where], [layer[:, where] for layer in placed]


def _varied(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The digit alone, a little larger or smaller."""
    rows, columns = np.nonzero(digit > 60)
    tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    factor = rng.uniform(0.85, 1.15)
    size = [max(2, round(side * factor)) for side in tight.shape[::-1]]
    return cv2.resize(tight, size, interpolation=cv2.INTER_CUBIC)


def _contact(canvas: np.ndarray, shape: np.ndarray, top: int) -> int:
    """The column at which a shape that comes from the right first touches what is there."""
    there = canvas[top : top + shape.shape[0]] >= _INK
    there = cv2.dilate(there.astype(np.uint8), np.ones((3, 1), np.uint8)) > 0
    mine = shape >= _INK
    edge = [int(np.flatnonzero(row)[-1]) if row.any() else None for row in there]
    begin = [int(np.flatnonzero(row)[0]) if row.any() else None for row in mine]
    gaps = [e - b + 1 for e, b in zip(edge, begin, strict=True) if e is not None and b is not None]
    return max(gaps) if gaps else int(np.flatnonzero((canvas >= _INK).any(axis=0))[-1])


def as_drawn(string: np.ndarray) -> np.ndarray:
    """Dark on white, four times as large, with a margin."""
    wide = cv2.copyMakeBorder(string, 6, 6, 10, 10, cv2.BORDER_CONSTANT)
    return 255 - cv2.resize(wide, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
