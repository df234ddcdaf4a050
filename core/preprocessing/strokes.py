"""From the contrast with the ground to an amount of ink: what is stroke, what is grain.

Faint ink counts only beside strong ink, so that dust, shade and residue of a form do not make the
digit small when it is cropped.
"""

import cv2
import numpy as np

from core.preprocessing.ground import Contrast, histogram
from core.preprocessing.normalise import stroke_width

_FAINTEST = 20  # grey levels that the strongest ink must differ from its ground
_LARGEST_GRAIN = 40  # grey levels that the grain of paper may reach
_CLEAR = 12  # times the grain that ink must stand out by
_NATIVE_SIDE = 56  # pixels: larger images were enlarged, or are drawings and photos,
_SOFT_EDGE = 16  # of 255: whose strokes fade out over many pixels; fainter ones do not count
_SMALLEST = 0.04  # of a photo's shorter side: how large a digit is at least
_SHORT = 0.02  # of the shorter side: over this distance the edge of a stroke
_STEEP = 0.075  # becomes lighter by at least this fraction of the ground
_SUBSTANTIAL = 0.2  # of the largest piece's area: such pieces hold
_MOSTLY = 0.35  # at least this fraction of all that looks like ink, or it is grain
STRONG = 100  # of 255: ink that is no soft edge
_DRAWN_REACH = 1.3  # of the width of the stroke: the same, in drawings
_SOFT_REACH = 0.01  # of the longest side: how far the soft edge of a stroke reaches


def ink_amount(contrast: Contrast) -> np.ndarray | None:
    """How much ink lies on each pixel, uint8, shape `(H, W)`, bare ground 0.

    None if there is no ink.
    """
    amount = _on_even_ground(contrast.values) if contrast.even else _on_uneven(contrast.values)
    if amount is None or not amount.any():
        return None
    return beside_strong(amount, contrast.exact)


def beside_strong(amount: np.ndarray, drawn: bool) -> np.ndarray:
    """The amount of ink without faint ink farther from strong ink than a soft edge reaches.

    What lies beyond is residue, such as printed lines, even where it hangs together with a stroke.

    Args:
        amount: uint8, shape `(H, W)`.
        drawn: whether it was drawn or rendered: enlarged from few pixels, edges are as soft as
            strokes are wide.
    """
    strong = (amount >= STRONG).astype(np.uint8)
    reach = max(2, round(_SOFT_REACH * max(amount.shape)))
    if drawn:
        reach = max(reach, round(_DRAWN_REACH * stroke_width(strong * 255)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inner = int(0.7 * reach)
    square = kernel[reach - inner : reach + inner + 1, reach - inner : reach + inner + 1]
    # A square within the ellipse is a hundred times faster, and reaches as far as most soft edges.
    if square.all() and not amount[cv2.dilate(strong, square) == 0].any():
        return amount
    return np.where(cv2.dilate(strong, kernel) > 0, amount, 0).astype(np.uint8)


def _on_even_ground(values: np.ndarray) -> np.ndarray | None:
    contrast = np.round(values * 255).astype(np.uint8)
    counts = histogram(contrast)
    top = int(counts.nonzero()[0][-1])
    grain = 1.4826 * _quantile(counts[: _LARGEST_GRAIN + 1], 0.5, least=1)
    grain *= counts[1 : _LARGEST_GRAIN + 1].sum() / max(1, counts[: _LARGEST_GRAIN + 1].sum())
    if top < max(_FAINTEST, _CLEAR * grain):
        return None
    strongest = _quantile(counts, 0.99, least=top // 2 + 1)
    amount = cv2.convertScaleAbs(contrast, alpha=255 / strongest)
    noise = _quantile(histogram(amount)[:50], 0.75)
    soft = _SOFT_EDGE if max(values.shape) > _NATIVE_SIDE else 0
    amount[amount <= min(max(8 * noise, soft), 60)] = 0
    return amount


def _quantile(counts: np.ndarray, fraction: float, least: int = 0) -> int:
    """The level below or at which that fraction of the pixels lies, counting from `least`."""
    cumulative = counts[least:].cumsum()
    if len(cumulative) == 0 or cumulative[-1] == 0:
        return 0
    return least + int(np.searchsorted(cumulative, fraction * cumulative[-1]))


def _on_uneven(ratio: np.ndarray) -> np.ndarray | None:
    mask = _stroke_mask(ratio)
    mask = _steep(mask, ratio)
    if not mask.any():
        return None
    full = float(np.median(ratio[mask]))
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(near > 0, np.clip(ratio / max(full, 1e-3), 0, 1) * 255, 0).astype(np.uint8)


def _stroke_mask(ratio: np.ndarray) -> np.ndarray:
    """What is ink by Otsu's threshold, or none where that parts grain from grain."""
    levels = (ratio * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ground = levels[levels <= threshold]
    noise = float(np.percentile(ground, 75)) if ground.size else 0
    mask = levels > max(threshold, 20, 2 * noise)
    if not mask.any() or ground.size == 0:
        return np.zeros_like(mask)
    if float(np.median(levels[mask])) < max(_FAINTEST, 2 * noise):
        return np.zeros_like(mask)
    return _without_grain(mask)


def _without_grain(mask: np.ndarray) -> np.ndarray:
    """Only pieces that are not tiny beside the largest one; nothing if that is grain itself."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    largest = int(areas.argmax())
    longest = max(stats[largest, cv2.CC_STAT_WIDTH], stats[largest, cv2.CC_STAT_HEIGHT])
    substantial = areas[areas >= _SUBSTANTIAL * areas[largest]].sum()
    if longest < _SMALLEST * min(mask.shape) or substantial < _MOSTLY * areas.sum():
        return np.zeros_like(mask)
    keep = areas >= max(2, 0.04 * areas.max())
    return keep[pieces]


def _steep(mask: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Only pieces at whose edges the ratio falls steeply, typically.

    A lamp's glow or a soft shadow may be as dark as ink, but it fades out slowly.
    """
    edge = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    distance = max(2.0, _SHORT * min(mask.shape))
    smooth = cv2.GaussianBlur(ratio, (0, 0), distance / 2)  # grain is steep too
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    steep = distance * np.hypot(across[edge], down[edge]) >= _STEEP
    owners = pieces[edge]
    votes = np.bincount(owners, weights=steep, minlength=count)
    keep = 2 * votes > np.bincount(owners, minlength=count)
    keep[0] = False
    return keep[pieces]
