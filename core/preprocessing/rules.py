"""Take printed lines off a page, straight or tilted, and spare the ink that crosses them."""

import cv2
import numpy as np

_FAINTEST = 8 / 255  # how dark a line is at least
_SMALLEST = 48  # pixels: smaller images have no lines that could be told from strokes
_WORK = 320  # longest side at which the direction of lines is looked for
_TURNS = np.arange(-14, 14.1, 1.0)  # degrees
_FINER = np.arange(-0.75, 0.76, 0.25)
_THICKEST = 0.022  # of the shorter side
_COVERS = 0.42  # of the width of the image: what a line covers at least, gaps taken off
_EDGE, _WHOLE = 0.03, 0.85  # so near the edge of the image, lines cover nearly all of the width
_PIECE = 0.07  # of the width: pieces of a line shorter than this are not counted


def without_rules(values: np.ndarray) -> np.ndarray:
    """The contrast without thin straight lines across the image; the same array if there are none.

    Args:
        values: float32, shape `(H, W)`, contrast with the ground, 0 to 1.
    """
    if min(values.shape) < _SMALLEST:
        return values
    turn = _direction(values)
    height, width = values.shape
    if turn == 0:
        doomed = _lines(values, np.ones(values.shape, np.uint8))
    else:
        forth, size = _turning(values.shape, turn)
        turned = cv2.warpAffine(values, forth, size, flags=cv2.INTER_LINEAR)
        there = cv2.warpAffine(np.ones(values.shape, np.uint8), forth, size)
        doomed = _lines(turned, there)
        if doomed.any():
            doomed = cv2.dilate(doomed, np.ones((3, 3), np.uint8))
        back = cv2.invertAffineTransform(forth)
        doomed = cv2.warpAffine(doomed, back, (width, height), flags=cv2.INTER_NEAREST)
    return np.where(doomed > 0, np.float32(0), values) if doomed.any() else values


def _turning(shape: tuple[int, int], degrees: float) -> tuple[np.ndarray, tuple[int, int]]:
    """The matrix that turns an image about its middle, and the size that holds all of it."""
    height, width = shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = int(height * sin + width * cos) + 1, int(height * cos + width * sin) + 1
    matrix[0, 2] += (size[0] - width) / 2
    matrix[1, 2] += (size[1] - height) / 2
    return matrix, size


def _direction(values: np.ndarray) -> float:
    """By how many degrees the image must be turned for its lines to lie level, or 0."""
    factor = min(1.0, _WORK / max(values.shape))
    small = cv2.resize(values, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    kernels = (np.ones((5, 1), np.uint8), np.ones((1, 5), np.uint8))
    # Dark ink must not outweigh faint lines: all that is thin counts alike.
    thin = [cv2.morphologyEx(small, cv2.MORPH_TOPHAT, kernel) > _FAINTEST for kernel in kernels]

    # An image is not turned for every try: only the places of thin pixels are.
    level, upright = (_places(mask) for mask in thin)
    if len(level) + len(upright) < _WORK // 2:
        return 0.0

    def sharpness(degrees: float) -> float:
        slope = np.deg2rad(degrees)
        down = np.cos(slope) * level[:, 0] - np.sin(slope) * level[:, 1]
        across = np.cos(slope) * upright[:, 1] + np.sin(slope) * upright[:, 0]
        return _sharpness(down) / small.shape[1] + _sharpness(across) / small.shape[0]

    coarse = max(_TURNS, key=sharpness)
    fine = max(coarse + _FINER, key=sharpness)
    return 0.0 if sharpness(0) >= 0.97 * sharpness(fine) else float(fine)


def _places(mask: np.ndarray) -> np.ndarray:
    """Row and column of true pixels, from the middle, float32; of very many only some."""
    places = np.argwhere(mask).astype(np.float32) - np.array(mask.shape, np.float32) / 2
    return places[:: max(1, len(places) // 5000)]


def _sharpness(offsets: np.ndarray) -> float:
    """How unevenly places are spread over lines one pixel apart."""
    if len(offsets) == 0:
        return 0.0
    counts = np.bincount(np.round(offsets - offsets.min()).astype(np.int64))
    return float((counts.astype(np.float64) ** 2).sum()) / len(offsets)


def _lines(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """What belongs to level or upright lines, uint8 0 or 1; `there` is 0 beyond the image."""
    level = _level_lines(values, there)
    upright = _level_lines(np.ascontiguousarray(values.T), np.ascontiguousarray(there.T)).T
    return np.ascontiguousarray(level | upright)


def _level_lines(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    height, width = values.shape
    doomed = np.zeros(values.shape, np.uint8)
    thickest = max(2, round(_THICKEST * min(height, width)))
    thin = cv2.morphologyEx(values, cv2.MORPH_TOPHAT, np.ones((2 * thickest + 1, 1), np.uint8))
    evidence = cv2.dilate((thin > _FAINTEST).astype(np.uint8), np.ones((3, 1), np.uint8))
    piece = max(9, round(_PIECE * width))
    evidence = cv2.morphologyEx(
        evidence, cv2.MORPH_OPEN, np.ones((1, piece), np.uint8), borderType=cv2.BORDER_REPLICATE
    )
    wide = np.maximum(there.sum(axis=1), 0.5 * width)
    covered = evidence.sum(axis=1) / wide
    for top, bottom in _runs(covered >= _COVERS):
        if bottom - top > 2 * thickest + 3:
            continue
        if min(top, height - bottom) < _EDGE * height and covered[top:bottom].max() < _WHOLE:
            continue  # a stroke along the edge, rather than a line
        rows = slice(max(0, top - 1), min(height, bottom + 1))
        on_line = cv2.dilate(evidence[rows], np.ones((3, 1), np.uint8)) > 0
        strongest = np.where(on_line, values[rows], 0).max(axis=0)
        strength = float(np.median(strongest[strongest > 0])) if (strongest > 0).any() else 0
        crossed = _crossing(values, rows, strength)
        doomed[rows] |= (on_line & ~((values[rows] > 1.5 * strength + 0.05) | crossed)).astype(
            np.uint8
        )
    return doomed


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and one past the last index of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _crossing(values: np.ndarray, rows: slice, strength: float) -> np.ndarray:
    """Columns where there is ink both just above and just below a line, shape `(1, W)`.

    Ink must be nearly as dark as the line for this to tell a stroke from paper.
    """
    above = values[max(0, rows.start - 2) : max(1, rows.start)].max(axis=0)
    below = values[min(rows.stop, len(values) - 1) : rows.stop + 2]
    below = below.max(axis=0) if len(below) else np.zeros_like(above)
    ink = max(0.1, 0.6 * strength)
    return ((above > ink) & (below > ink))[None, :]
