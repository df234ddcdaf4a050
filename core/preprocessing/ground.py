"""How much each pixel differs from the ground it lies on: drawn or photoed, dark or light.

- *Even* (drawn, scanned, rendered): a large part of the image has one level. What differs from it
  is ink. Grey edges of strokes are kept as they are.
- *Uneven* (photoed): light falls off, paper has grain. The paper under the ink is estimated
  by a morphological closing wider than any stroke, and ink is what is darker than *that*, as a
  ratio, since shadows multiply.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from core.preprocessing.small import fraction

_EVEN_FRACTION = 0.6  # of the image must be close to one grey level to be even ground,
_EVEN_LEVELS = 6  # and how close that is;
_EXACT_FRACTION = 0.15  # or the fraction that must have exactly that level, as only drawings do,
_EXACT_BORDER = 0.2  # if this fraction of the border is close to it too
_DARKEST = 50  # levels: on ground darker than that, grain would be as strong as ink
_GRID = 48  # side at which the light is fitted
_ROUNDS = 8
_NEAR, _NEAR_FRACTION = 0.05, 0.5  # how near the light most of the pixels must lie
_LEAST_COVERED = 0.15  # of the image: how much must be bare ground


@dataclass(frozen=True)
class Contrast:
    """Difference from the ground.

    Attributes:
        values: float32, shape `(H, W)`, 0 to 1.
        dark_ink: whether ink is darker than its ground.
        even: whether the ground has one level.
        exact: whether much of the ground has exactly that level, as only drawings do.
    """

    values: np.ndarray
    dark_ink: bool
    even: bool
    exact: bool = False


def even_contrasts(gray: np.ndarray) -> Iterator[Contrast]:
    """Against the one level of an even ground, the likelier polarity first; nothing if uneven.

    Args:
        gray: uint8, shape `(H, W)`.
    """
    ground, exact = even_ground(gray)
    if ground is None:
        return
    level = np.full_like(gray, ground)
    darker, lighter = cv2.subtract(level, gray), cv2.subtract(gray, level)
    dark_first = cv2.sumElems(darker)[0] >= cv2.sumElems(lighter)[0]
    for dark in (dark_first, not dark_first):
        yield Contrast((darker if dark else lighter) / np.float32(255), dark, True, exact)


def curved_contrasts(gray: np.ndarray) -> Iterator[Contrast]:
    """Against light that varies smoothly over the whole image; nothing if it does not.

    Where no surface lies near most of the image, ink may cover most of it: then the ground is
    sought in the lighter pixels alone, and in the darker ones.

    Args:
        gray: uint8, shape `(H, W)`.
    """
    smooth = _without_grain(gray)
    ground = _surface(smooth, np.full(smooth.shape, 255, np.uint8))
    if ground is not None:
        away = smooth.astype(np.float32) - ground
        dark_first = -float(away[away < 0].sum()) >= float(away[away > 0].sum())
        for dark in (dark_first, not dark_first):
            yield _against(smooth, ground, dark)
        return
    _, light = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    for dark, there in ((True, light), (False, 255 - light)):
        ground = _surface(smooth, there)
        if ground is not None:
            yield _against(smooth, ground, dark)


def _against(channel: np.ndarray, ground: np.ndarray, dark: bool) -> Contrast:
    """Contrast with an uneven ground, as a ratio, since shadows multiply."""
    away = ground - channel if dark else channel - ground
    full = np.maximum(ground if dark else 255 - ground, _DARKEST)
    return Contrast(np.clip(away / full, 0, 1).astype(np.float32), dark, False)


def uneven_contrasts(gray: np.ndarray) -> Iterator[Contrast]:
    """Against the ground estimated under the ink, the likelier polarity first.

    Args:
        gray: uint8, shape `(H, W)`.
    """
    smooth = _without_grain(gray)
    board = 255 - smooth
    paper, slate = _ground_under(smooth, 0), _ground_under(board, 0)
    # Without its ink the ground is smooth; counted as ground, strokes leave their edges in it.
    dark_first = _roughness(paper) <= _roughness(slate)
    for dark in (dark_first, not dark_first):
        # Strokes may run out of the image, so beyond its edges it continues as ground.
        if dark:
            ground = _ground_under(smooth, int(np.median(paper)))
        else:
            ground = 255 - _ground_under(board, int(np.median(slate)))
        yield _against(smooth, ground, dark)


def even_ground(gray: np.ndarray) -> tuple[int | None, bool]:
    """The grey level of an even ground, None if it is uneven; and whether it is drawn.

    It is the commonest level. Where a thick digit fills the image that may be the ink's own:
    then the ground is the level that holds more of the border.
    """
    counts = histogram(gray) / gray.size
    near = np.convolve(counts, np.ones(2 * _EVEN_LEVELS + 1), "same")
    border = np.concatenate([gray[0], gray[-1], gray[1:-1, 0], gray[1:-1, -1]]).astype(int)

    def on_border(level: int) -> float:
        return fraction(abs(border - level) <= 2 * _EVEN_LEVELS)

    first = int(near.argmax())
    far = near.copy()
    far[max(0, first - 40) : first + 41] = 0
    second = int(far.argmax())
    swap = far[second] > 0.15 and on_border(second) > on_border(first) + 0.2
    around = second if swap else first
    low = max(0, around - _EVEN_LEVELS)
    level = low + int(counts[low : around + _EVEN_LEVELS + 1].argmax())
    even = near[around] >= _EVEN_FRACTION
    drawn = counts[level] >= _EXACT_FRACTION and on_border(level) >= _EXACT_BORDER
    return (level if even or drawn else None), bool(drawn)


def _without_grain(gray: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(gray, (0, 0), max(0.5, max(gray.shape) / 500))


def _surface(gray: np.ndarray, there: np.ndarray) -> np.ndarray | None:
    """The curved surface (of second degree) near which most of some pixels lie, float32.

    Least absolute differences, by iteratively reweighted least squares: up to half of the pixels
    may be ink without moving it.

    Args:
        gray: uint8, shape `(H, W)`.
        there: uint8 of that shape; 255 where pixels count.
    """
    side = min(_GRID, *gray.shape)
    small = cv2.resize(gray, (side, side), interpolation=cv2.INTER_AREA).astype(np.float64)
    counts = cv2.resize(there, (side, side), interpolation=cv2.INTER_AREA).ravel() == 255
    if counts.mean() < _LEAST_COVERED:
        return None
    terms, levels = _terms((side, side)), small.ravel()
    weights = np.ones(int(counts.sum()))
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)[:, None]
        found = np.linalg.lstsq(terms[counts] * root, levels[counts] * root[:, 0], rcond=None)[0]
        away = np.abs(levels[counts] - terms[counts] @ found)
        weights = 1 / np.maximum(away, 1)
    if (away <= np.maximum(_NEAR * levels[counts], 3)).mean() < _NEAR_FRACTION:
        return None
    fitted = (terms @ found).reshape(side, side).astype(np.float32)
    return cv2.resize(fitted, gray.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _terms(shape: tuple[int, int]) -> np.ndarray:
    down, across = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    terms = [np.ones(shape), down, across, down * across, down**2, across**2]
    return np.stack(terms, axis=-1).reshape(-1, 6)


def histogram(image: np.ndarray) -> np.ndarray:
    """Number of pixels of each grey level, int, shape `(256,)`."""
    return cv2.calcHist([image], [0], None, [256], [0, 256]).ravel().astype(np.int64)


def _ground_under(gray: np.ndarray, beyond: int) -> np.ndarray:
    """The light ground without the dark strokes on it, float32, of the shape of `gray`."""
    small = gray
    if min(gray.shape) >= 200:
        small = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    side = min(small.size**0.5 / 4, 0.6 * min(small.shape))
    width = max(3, round(side)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    framed = cv2.copyMakeBorder(small, *[width] * 4, cv2.BORDER_CONSTANT, value=beyond)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, kernel)[width:-width, width:-width]
    return cv2.resize(closed, gray.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _roughness(ground: np.ndarray) -> float:
    """Mean difference between neighbouring pixels, grey levels."""
    steps = sum(float(np.abs(np.diff(ground, axis=axis)).sum()) for axis in (0, 1))
    return steps / ground.size
