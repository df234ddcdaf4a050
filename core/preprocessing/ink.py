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

LONGEST_SIDE = 800  # larger pictures are reduced first; a digit needs far fewer pixels
_FAINTEST = 20  # grey levels that the strongest ink must differ from its ground
_LARGEST_GRAIN = 40  # grey levels that the grain of paper may reach
_CLEAR = 12  # times the grain that ink must stand out by
_SMALLEST = 0.04  # of a photograph's shorter side: how large a digit is at least
_MOSTLY = 0.08  # of all that looks like ink: how much the largest piece is at least
_FAINTEST_RULE = 8  # of 255: how dark a ruled line is at least
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
    gray = _reduce(gray)
    ground = _even_ground(gray)
    ink = _on_uneven_ground(gray) if ground is None else _on_even_ground(gray, ground)
    if not ink.amount.any():
        raise ImageError(BLANK)
    return ink


def _reduce(gray: np.ndarray) -> np.ndarray:
    longest = max(gray.shape)
    if longest <= LONGEST_SIDE:
        return gray
    factor = LONGEST_SIDE / longest
    size = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA)


def _even_ground(gray: np.ndarray) -> int | None:
    """The grey level of an even ground; None if the ground is uneven.

    It is the commonest level. Where a thick digit fills the picture that may be the ink's own:
    then the ground is the level that holds more of the border.
    """
    counts = np.bincount(gray.ravel(), minlength=256) / gray.size
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
    darker = cv2.subtract(np.full_like(gray, ground), gray)
    lighter = cv2.subtract(gray, np.full_like(gray, ground))
    dark_ink = int(darker.sum(dtype=np.int64)) >= int(lighter.sum(dtype=np.int64))
    contrast = darker if dark_ink else lighter
    contrast = (_without_rules(contrast / np.float32(255)) * 255).astype(np.uint8)
    near = contrast[contrast <= _LARGEST_GRAIN]
    grain = 1.4826 * float(np.median(near[near > 0])) if near.any() else 0.0
    if contrast.max() < max(_FAINTEST, _CLEAR * grain * (near > 0).mean()):
        raise ImageError(BLANK)
    strongest = float(np.percentile(contrast[contrast > contrast.max() // 2], 99))
    amount = cv2.convertScaleAbs(contrast, alpha=255 / strongest)
    faint = amount[amount < 50]
    noise = float(np.percentile(faint, 75)) if faint.size else 0.0
    amount[amount <= min(8 * noise, 60)] = 0
    kind = "dark ink on a light ground" if dark_ink else "light ink on a dark ground"
    return Ink(amount, f"Found {kind}: everything that differs from the background colour.")


def _on_uneven_ground(gray: np.ndarray) -> Ink:
    smooth = cv2.GaussianBlur(gray, (0, 0), max(0.5, max(gray.shape) / 500))
    page, board = smooth, 255 - smooth
    paper, slate = _ground_under(page), _ground_under(board)
    # Without its ink the ground is smooth; taken for ground, strokes leave their edges in it.
    dark_ink = _roughness(paper) <= _roughness(slate)
    picture, ground = (page, paper) if dark_ink else (board, slate)
    mask, ratio = _strokes(np.clip(1 - picture / np.maximum(ground, 1), 0, 1))
    if not mask.any():
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
    return float(np.abs(np.diff(ground, axis=0)).mean() + np.abs(np.diff(ground, axis=1)).mean())


def _strokes(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mask of what is ink, without grain and ruled lines, and the ratio without those lines."""
    ratio = _without_rules(ratio)
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


def _without_rules(ratio: np.ndarray) -> np.ndarray:
    """Remove thin straight lines that cross the whole picture, keeping the ink that crosses them.

    A line is what survives an opening with a long flat element and reaches from edge to edge.
    Where ink crosses it, pixels darker than the line itself are kept.
    """
    for _ in range(2):  # once for horizontal rules, once for vertical ones
        ratio = _without_horizontal_rules(ratio)
        ratio = np.ascontiguousarray(ratio.T)
    return ratio


def _without_horizontal_rules(ratio: np.ndarray) -> np.ndarray:
    height, width = ratio.shape
    thickest = max(2, round(0.03 * height))
    levels = (ratio * 255).astype(np.uint8)
    edge = max(1, width // 50)
    if height < 60 or min(levels[:, :edge].max(), levels[:, -edge:].max()) <= _FAINTEST_RULE:
        return ratio
    thin = cv2.morphologyEx(levels, cv2.MORPH_TOPHAT, np.ones((2 * thickest + 1, 1), np.uint8))
    long = cv2.morphologyEx(
        cv2.dilate(thin, np.ones((3, 1), np.uint8)),
        cv2.MORPH_OPEN,
        np.ones((1, max(15, width // 8)), np.uint8),
        borderType=cv2.BORDER_REPLICATE,
    )
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((long > _FAINTEST_RULE).astype(np.uint8))
    cleaned = ratio
    for piece in range(1, len(stats)):
        left, top, across, down, _ = stats[piece]
        if across < 0.9 * width or down > thickest + 3 + 0.06 * width:
            continue
        if cleaned is ratio:
            cleaned = ratio.copy()
        rows = slice(top, top + down)
        on_line = pieces[rows] == piece
        strength = float(np.median(np.where(on_line, ratio[rows], 0).max(axis=0)))
        crossed = _crossing(ratio, top, top + down, strength)
        faint = on_line & ~((ratio[rows] > 1.5 * strength + 0.05) | crossed)
        cleaned[rows][faint] = 0
    return cleaned


def _crossing(ratio: np.ndarray, top: int, bottom: int, strength: float) -> np.ndarray:
    """Columns where there is ink both just above and just below a line, shape `(1, W)`.

    Ink must be darker than the line for this to tell a stroke from paper.
    """
    above = ratio[max(0, top - 2) : max(1, top)].max(axis=0)
    below = ratio[min(bottom, len(ratio) - 1) : bottom + 2]
    below = below.max(axis=0) if len(below) else np.zeros_like(above)
    ink = max(0.1, 0.6 * strength)
    return ((above > ink) & (below > ink))[None, :]
