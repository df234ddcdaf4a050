"""Images that the preparation in JavaScript is compared with Python's on."""

from collections.abc import Iterator

import cv2
import numpy as np

from core import datasets, runs
from tests.digits import photos as conditions
from tests.digits.pens import pen_strokes

SEED = 11
SIDE = 320
WIDTHS = (0, 0.04, 0.06, 0.08)  # of strokes; 0 leaves MNIST's own


def digit_images(count: int) -> Iterator[tuple[str, list[np.ndarray], float]]:
    """Kinds of images of digits: what they are, `count` images or four times as many of the
    smallest, and the fraction of them for which both must predict the same classes."""
    rng = np.random.default_rng(SEED)
    data = datasets.load("mnist")
    digits = data.x_val[rng.permutation(len(data.x_val)), ..., 0]
    taken = iter(digits)

    def some(kind) -> list[np.ndarray]:
        return [kind() for _ in range(count)]

    yield "drawing", some(lambda: 255 - _drawn(next(taken), rng)), 1
    yield "light on dark", some(lambda: _drawn(next(taken), rng)), 1
    yield "several", some(lambda: _several(taken, rng)), 1
    yield "image of a dataset", list(runs.load("mnist-cnn").samples().test[: 4 * count, ..., 0]), 1
    for name in ("even_light", "uneven_light", "thin_pen"):
        make = getattr(conditions, name)
        yield name, some(lambda make=make: make([next(taken)], rng)), 0.9


def _drawn(digit: np.ndarray, rng: np.random.Generator, side: int = SIDE) -> np.ndarray:
    strokes = pen_strokes(digit, side, rng.choice(WIDTHS))
    return np.round(255 * strokes).astype(np.uint8)


def _several(digits: Iterator[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Two to four digits side by side, in one row or two."""
    count = int(rng.integers(2, 5))
    rows = []
    for _ in range(int(rng.integers(1, 3))):
        row = np.zeros((SIDE, 220 * count), np.uint8)
        for place in range(count):
            side = int(rng.integers(140, 220))
            top = int(rng.integers(0, 100))
            drawn = _drawn(next(digits), rng, side)
            row[top : top + side, 220 * place : 220 * place + side] = drawn
        rows.append(row)
    page = np.vstack(rows)
    return page if rng.random() < 0.3 else 255 - page


def clothing() -> list[np.ndarray]:
    """Shapes on plain grounds, larger and smaller than a model's image."""
    shirt = np.full((300, 240, 3), 250, np.uint8)
    cv2.fillPoly(shirt, [np.array([[40, 60], [200, 60], [180, 270], [60, 270]])], (40, 80, 160))
    small = np.zeros((20, 30), np.uint8)
    cv2.ellipse(small, (15, 10), (8, 5), 20, 0, 360, 180, -1)
    return [shirt, small]


def photos() -> list[np.ndarray]:
    """Smooth noise in colour: wide, tall, small, and of a whole multiple of the model's size."""
    rng = np.random.default_rng(SEED)
    sizes = ((200, 311), (331, 140), (20, 24), (192, 128), (64, 64))
    coarse = (rng.integers(0, 256, (7, 9, 3), np.uint8) for _ in sizes)
    return [cv2.resize(one, size[::-1]) for one, size in zip(coarse, sizes, strict=True)]
