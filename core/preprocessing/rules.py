"""Take ruled lines off a page without harming the ink that crosses them."""

import cv2
import numpy as np

_FAINTEST = 8  # of 255: how dark a ruled line is at least
_SMALLEST = 60  # pixels: smaller pictures have no rules that could be told from strokes


def without_rules(ratio: np.ndarray) -> np.ndarray:
    """Remove thin straight lines that cross the whole picture, keeping the ink that crosses them.

    A line is what survives an opening with a long flat element and reaches from edge to edge.
    Where ink crosses it, pixels darker than the line itself are kept.
    """
    levels = (ratio * 255).astype(np.uint8)
    if not _reaches_both_sides(levels) and not _reaches_both_sides(levels.T):
        return ratio
    for _ in range(2):  # once for horizontal rules, once for vertical ones
        ratio = _without_horizontal_rules(ratio)
        ratio = np.ascontiguousarray(ratio.T)
    return ratio


def _without_horizontal_rules(ratio: np.ndarray) -> np.ndarray:
    height, width = ratio.shape
    thickest = max(2, round(0.03 * height))
    levels = (ratio * 255).astype(np.uint8)
    if height < _SMALLEST or not _reaches_both_sides(levels):
        return ratio
    thin = cv2.morphologyEx(levels, cv2.MORPH_TOPHAT, np.ones((2 * thickest + 1, 1), np.uint8))
    long = cv2.morphologyEx(
        cv2.dilate(thin, np.ones((3, 1), np.uint8)),
        cv2.MORPH_OPEN,
        np.ones((1, max(15, width // 8)), np.uint8),
        borderType=cv2.BORDER_REPLICATE,
    )
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((long > _FAINTEST).astype(np.uint8))
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


def _reaches_both_sides(levels: np.ndarray) -> bool:
    """Whether anything darker than paper lies at the left and at the right edge."""
    edge = max(1, levels.shape[1] // 50)
    return min(int(levels[:, :edge].max()), int(levels[:, -edge:].max())) > _FAINTEST
