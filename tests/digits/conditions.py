"""Digits shown in other ways than MNIST shows them: the images robustness is measured on.

Each condition takes a 28x28 uint8 digit (light on dark) and gives the image of it that a person
might make. Used on validation digits to choose settings, and on test digits to report.
"""

from collections.abc import Callable

import cv2
import numpy as np

Condition = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _large(digit: np.ndarray, side: int) -> np.ndarray:
    """Smoothly enlarged to sharp strokes, dark (20) on white (255)."""
    big = cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(np.where(big > 110, 20, 255).astype(np.uint8), (3, 3), 0)


def small_in_corner(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """35 to 55 pixels of a 400-pixel page, in one of its corners."""
    side = int(rng.integers(50, 78))  # the digit itself is 20/28 of this
    page = np.full((400, 400), 255, np.uint8)
    top, left = (int(rng.choice([4, 396 - side])) for _ in range(2))
    page[top : top + side, left : left + side] = _large(digit, side)
    return page


def huge(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut so close that the digit fills a 1,200-pixel image."""
    rows, columns = np.nonzero(digit > 60)
    tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    margin = int(rng.integers(1, 3))
    tight = cv2.copyMakeBorder(tight, *[margin] * 4, cv2.BORDER_CONSTANT)
    factor = 1200 / max(tight.shape)
    big = cv2.resize(tight, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.where(big > 110, 20, 255).astype(np.uint8)


def thin(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The middle line of the stroke, 3 pixels wide on a 280-pixel page."""
    mask = (_large(digit, 280) < 128).astype(np.uint8)
    line = cv2.dilate(skeleton(mask), np.ones((3, 3), np.uint8))
    return np.where(line > 0, 20, 255).astype(np.uint8)


def thick(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The stroke made 10 to 14 pixels wider on a 280-pixel page."""
    reach = int(rng.integers(10, 15))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return cv2.erode(_large(digit, 280), kernel)


def white_on_black(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chalk on a board: light strokes, a dark ground that is not quite even."""
    page = 255 - _large(digit, 280).astype(np.float32)
    page = page * 0.85 + 18 + rng.normal(0, 3, page.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


def ruled_paper_in_shadow(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo: blue-grey rules, paper grain, light falling off and the shadow of a hand."""
    side = 480
    size = int(rng.integers(200, 320))
    page = np.full((side, side), 238, np.float32)
    spacing, first = int(rng.integers(36, 60)), int(rng.integers(0, 36))
    for row in range(first, side, spacing):
        page[row : row + 2] = 176
    top, left = (int(rng.integers(20, side - size - 20)) for _ in range(2))
    window = page[top : top + size, left : left + size]
    stroke = (255 - _large(digit, size).astype(np.float32)) / 235
    page[top : top + size, left : left + size] = window * (1 - stroke) + 60 * stroke
    rows, columns = np.mgrid[0:side, 0:side] / side
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * (columns - 0.5) + np.sin(angle) * (rows - 0.5)
    light = 0.85 + 0.3 * slope
    edge = np.cos(angle + 1) * (columns - 0.5) + np.sin(angle + 1) * (rows - 0.5)
    light *= 1 - 0.4 / (1 + np.exp(-(edge - rng.uniform(-0.2, 0.2)) * 60))
    page = cv2.GaussianBlur(page * light, (3, 3), 0) + rng.normal(0, 4, page.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


def coarse_scan(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An 8x8 scan enlarged to 240 pixels, as digits of other collections come."""
    rows, columns = np.nonzero(digit > 60)
    tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    width = int(np.clip(round(8 * tight.shape[1] / tight.shape[0]), 3, 6))
    small = cv2.resize(tight, (width, 8), interpolation=cv2.INTER_AREA)
    space = 8 - small.shape[1]
    small = cv2.copyMakeBorder(small, 0, 0, space // 2, space - space // 2, cv2.BORDER_CONSTANT)
    method = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(3)]
    return 255 - cv2.resize(small, (240, 240), interpolation=method)


CONDITIONS: dict[str, Condition] = {
    "small in a corner": small_in_corner,
    "huge": huge,
    "thin": thin,
    "thick": thick,
    "white on black": white_on_black,
    "ruled paper, shadow": ruled_paper_in_shadow,
}


def row_of_digits(digits: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Digits side by side as on a line of writing, dark on white, 3 to 9 pixels (of 28) apart."""
    parts: list[np.ndarray] = []
    for digit in digits:
        columns = np.nonzero(digit.max(axis=0) > 60)[0]
        parts.append(digit[:, columns.min() : columns.max() + 1])
        parts.append(np.zeros((28, int(rng.integers(3, 10))), np.uint8))
    line = cv2.copyMakeBorder(np.hstack(parts[:-1]), 6, 6, 8, 8, cv2.BORDER_CONSTANT)
    return 255 - cv2.resize(line, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)


def skeleton(mask: np.ndarray) -> np.ndarray:
    """Middle line of a mask, one pixel wide (Zhang & Suen, 1984)."""
    image = np.pad(mask, 1).astype(bool)
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            p2, p3, p4, p5 = image[:-2, 1:-1], image[:-2, 2:], image[1:-1, 2:], image[2:, 2:]
            p6, p7, p8, p9 = image[2:, 1:-1], image[2:, :-2], image[1:-1, :-2], image[:-2, :-2]
            ring = np.stack([p2, p3, p4, p5, p6, p7, p8, p9])
            count = ring.sum(axis=0)
            turns = (~ring & np.roll(ring, -1, axis=0)).sum(axis=0)
            sides = (
                ~(p2 & p4 & p6) & ~(p4 & p6 & p8) if first else ~(p2 & p4 & p8) & ~(p2 & p6 & p8)
            )
            doomed = image[1:-1, 1:-1] & (count >= 2) & (count <= 6) & (turns == 1) & sides
            changed |= bool(doomed.any())
            image[1:-1, 1:-1] &= ~doomed
    return image[1:-1, 1:-1].astype(np.uint8)
