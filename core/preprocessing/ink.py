"""Find the ink in a picture: drawn or photographed, dark on light or light on dark.

The result is a map of how much ink lies on each pixel, 0 to 255, with bare paper at exactly 0.

Two kinds of picture are told apart by their ground:

- *Even* (drawn, scanned, rendered): a large part of the picture has one grey level. Ink is what
  differs from it. Grey edges of strokes are kept as they are.
- *Uneven* (photographed): light falls off, paper has grain and rules. The paper under the ink is
  estimated by a morphological closing wider than any stroke, and ink is what is darker than
  *that*, as a ratio, since shadows multiply. Otsu's threshold parts ink from grain.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import ImageError
from core.images import fit_within
from core.preprocessing.rules import without_rules

LONGEST_SIDE = 800  # larger pictures are reduced first; a digit needs far fewer pixels
_FAINTEST = 20  # grey levels that the strongest ink must differ from its ground
_LARGEST_GRAIN = 40  # grey levels that the grain of paper may reach
_CLEAR = 12  # times the grain that ink must stand out by
_NATIVE_SIDE = 56  # pixels: larger pictures were enlarged, or are drawings and photographs,
_SOFT_EDGE = 16  # of 255: whose strokes fade out over many pixels; fainter ones do not count
_SMALLEST = 0.04  # of a photograph's shorter side: how large a digit is at least
_SHORT = 0.02  # of the shorter side: over this distance the edge of a stroke
_STEEP = 0.075  # becomes lighter by at least this part of the ground
_MOSTLY = 0.08  # of all that looks like ink: how much the largest piece is at least
_EVEN_PART = 0.6  # part of the picture that must be close to one grey level to be even ground,
_EVEN_LEVELS = 6  # and how close that is;
_EXACT_PART = 0.15  # or the part that must have exactly that level, as only drawings do,
_EXACT_BORDER = 0.2  # if this part of the border is close to it too

BLANK = "The picture is blank: no stroke stands out from the background. Draw or show one digit."


@dataclass(frozen=True)
class Ink:
    """Where the ink is.

    Attributes:
        amount: uint8, shape `(H, W)`; 0 is bare ground, 255 full ink.
        sentence: how it was found.
    """

    amount: np.ndarray
    sentence: str


def find_ink(gray: np.ndarray) -> Ink:
    """Find the strokes in a grey picture.

    Args:
        gray: uint8, shape `(H, W)`.

    Raises:
        ImageError: if nothing stands out from the ground.
    """
    gray = fit_within(gray, LONGEST_SIDE)
    ground = _even_ground(gray)
    ink = _on_uneven_ground(gray) if ground is None else _on_even_ground(gray, ground)
    if not ink.amount.any():
        raise ImageError(BLANK)
    return ink


def _even_ground(gray: np.ndarray) -> int | None:
    """The grey level of an even ground; None if the ground is uneven.

    It is the commonest level. Where a thick digit fills the picture that may be the ink's own:
    then the ground is the level that holds more of the border.
    """
    counts = _histogram(gray) / gray.size
    near = np.convolve(counts, np.ones(2 * _EVEN_LEVELS + 1), "same")
    border = np.concatenate([gray[0], gray[-1], gray[1:-1, 0], gray[1:-1, -1]]).astype(int)

    def on_border(level: int) -> float:
        return float((abs(border - level) <= 2 * _EVEN_LEVELS).mean())

    first = int(near.argmax())
    far = near.copy()
    far[max(0, first - 40) : first + 41] = 0
    second = int(far.argmax())
    swap = far[second] > 0.15 and on_border(second) > on_border(first) + 0.2
    around = second if swap else first
    low = max(0, around - _EVEN_LEVELS)
    level = low + int(counts[low : around + _EVEN_LEVELS + 1].argmax())
    even = near[around] >= _EVEN_PART
    drawn = counts[level] >= _EXACT_PART and on_border(level) >= _EXACT_BORDER
    return level if even or drawn else None


def _on_even_ground(gray: np.ndarray, ground: int) -> Ink:
    level = np.full_like(gray, ground)
    darker, lighter = cv2.subtract(level, gray), cv2.subtract(gray, level)
    dark_ink = cv2.sumElems(darker)[0] >= cv2.sumElems(lighter)[0]
    contrast = darker if dark_ink else lighter
    contrast = (without_rules(contrast / np.float32(255)) * 255).astype(np.uint8)
    counts = _histogram(contrast)
    top = int(counts.nonzero()[0][-1])
    grain = 1.4826 * _quantile(counts[: _LARGEST_GRAIN + 1], 0.5, least=1)
    grain *= counts[1 : _LARGEST_GRAIN + 1].sum() / max(1, counts[: _LARGEST_GRAIN + 1].sum())
    if top < max(_FAINTEST, _CLEAR * grain):
        raise ImageError(BLANK)
    strongest = _quantile(counts, 0.99, least=top // 2 + 1)
    amount = cv2.convertScaleAbs(contrast, alpha=255 / strongest)
    noise = _quantile(_histogram(amount)[:50], 0.75)
    soft = _SOFT_EDGE if max(gray.shape) > _NATIVE_SIDE else 0
    amount[amount <= min(max(8 * noise, soft), 60)] = 0
    kind = "dark ink on a light ground" if dark_ink else "light ink on a dark ground"
    return Ink(amount, f"Found {kind}: everything that differs from the background colour.")


def _histogram(image: np.ndarray) -> np.ndarray:
    """Number of pixels of each grey level, int, shape `(256,)`."""
    return cv2.calcHist([image], [0], None, [256], [0, 256]).ravel().astype(np.int64)


def _quantile(counts: np.ndarray, part: float, least: int = 0) -> int:
    """The level below or at which that part of the pixels lies, counting from level `least`."""
    cumulative = counts[least:].cumsum()
    if len(cumulative) == 0 or cumulative[-1] == 0:
        return 0
    return least + int(np.searchsorted(cumulative, part * cumulative[-1]))


def _on_uneven_ground(gray: np.ndarray) -> Ink:
    smooth = cv2.GaussianBlur(gray, (0, 0), max(0.5, max(gray.shape) / 500))
    board = 255 - smooth
    paper, slate = _ground_under(smooth), _ground_under(board)
    # Without its ink the ground is smooth; taken for ground, strokes leave their edges in it.
    dark_ink = _roughness(paper) <= _roughness(slate)
    picture, ground = (smooth, paper) if dark_ink else (board, slate)
    mask, ratio = _strokes(np.clip(1 - picture / np.maximum(ground, 1), 0, 1))
    if not mask.any() or _edge_steepness(mask, ratio) < _STEEP:
        raise ImageError(BLANK)
    full = float(np.median(ratio[mask]))
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    amount = np.where(near > 0, np.clip(ratio / max(full, 1e-3), 0, 1) * 255, 0).astype(np.uint8)
    kind = "dark ink on lighter paper" if dark_ink else "light ink on a darker ground"
    return Ink(
        amount,
        f"Found {kind} in uneven light: everything that differs clearly from the paper around it.",
    )


def _ground_under(gray: np.ndarray) -> np.ndarray:
    """The light ground without the dark strokes on it, float32, of the shape of `gray`.

    Beyond its edges the picture counts as dark; else light that falls off towards an edge would
    be closed too, and be taken for ink.
    """
    small = gray
    if min(gray.shape) >= 200:
        small = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    width = max(3, min(small.shape) // 4) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    framed = cv2.copyMakeBorder(small, *[width] * 4, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, kernel)[width:-width, width:-width]
    return cv2.resize(closed, gray.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _roughness(ground: np.ndarray) -> float:
    """Mean difference between neighbouring pixels, grey levels."""
    steps = sum(float(np.abs(np.diff(ground, axis=axis)).sum()) for axis in (0, 1))
    return steps / ground.size


def _edge_steepness(mask: np.ndarray, ratio: np.ndarray) -> float:
    """How much the ratio falls over a short distance at the edge of a stroke, typically.

    A lamp's glow or a soft shadow may be as dark as ink, but it fades out slowly.
    """
    edge = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    distance = max(2.0, _SHORT * min(mask.shape))
    smooth = cv2.GaussianBlur(ratio, (0, 0), distance / 2)  # grain is steep too
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return distance * float(np.median(np.hypot(across[edge], down[edge])))


def _strokes(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mask of what is ink, without grain and ruled lines, and the ratio without those lines."""
    ratio = without_rules(ratio)
    levels = (ratio * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = levels > max(threshold, 20)
    ground = levels[~mask]
    if not mask.any() or ground.size == 0:
        return np.zeros_like(mask), ratio
    noise = float(np.percentile(ground, 90))
    if float(np.median(levels[mask])) < max(_FAINTEST, 2 * noise):
        return np.zeros_like(mask), ratio
    return _without_grain(mask), ratio


def _without_grain(mask: np.ndarray) -> np.ndarray:
    """Only pieces that are not tiny beside the largest one; nothing if that is grain itself."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    largest = int(areas.argmax())
    longest = max(stats[largest, cv2.CC_STAT_WIDTH], stats[largest, cv2.CC_STAT_HEIGHT])
    if longest < _SMALLEST * min(mask.shape) or areas[largest] < _MOSTLY * areas.sum():
        return np.zeros_like(mask)
    keep = areas >= max(2, 0.04 * areas.max())
    return keep[pieces]
