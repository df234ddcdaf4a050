"""The part of an image that was written on: the sheet on a desk, the photo within its margins."""

import cv2
import numpy as np

from core.preprocessing.small import fraction, median

_LEAST_SIDE = 16  # pixels
_WORK = 240  # longest side at which a sheet is looked for, pixels
_STROKE = 0.03  # of the longest side: dark strokes up to this wide do not part a sheet
_LEAST, _MOST = 0.4, 0.985  # of the image: how much a sheet covers
_SOLID = 0.85  # of its convex hull: how much of it a sheet fills
_DARKER = 0.72  # of the sheet's level: what lies around it is at most as light
_RIM = 0.012  # of the longest side: left out along the edge of a sheet, where it is blurred
_SAME = 4  # levels within which margins are plain
_PHOTO = 0.15  # of the image: how much a photo within margins covers
_PLAIN = 0.1  # of a row right outside a photo: no more of it differs from the margins
_DIFFERS = 0.85  # of each side of a photo differs from the margins around it


def without_margins(gray: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns inside plain margins around a photo; None if there are none.

    Right inside the margins nearly every pixel must differ from them, on every side: a drawing's
    strokes touch the rectangle around them only here and there.
    """
    level = int(median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])))
    other = np.abs(gray.astype(np.int16) - level) > _SAME
    if (rows := _within(other.mean(axis=1))) is None:
        return None
    if (columns := _within(other.mean(axis=0))) is None:
        return None
    photo = other[rows, columns]
    if min(photo.shape) < _LEAST_SIDE or not _PHOTO * other.size <= photo.size <= 0.97 * other.size:
        return None
    sides = (photo[0], photo[-1], photo[:, 0], photo[:, -1])
    if min(map(fraction, (*sides, photo))) < _DIFFERS:
        return None
    return rows, columns


def _within(differs: np.ndarray) -> slice | None:
    """From the first to the last row or column of which a good fraction differs.

    Margins end abruptly. Compression ripples beside the edge of a photo, so a little more is left
    out.
    """
    found = np.flatnonzero(differs > 0.5 * max(float(differs.max()), 0.02))
    if len(found) == 0:
        return None
    first, last = int(found[0]), int(found[-1])
    if max(differs[max(0, first - 4) : max(0, first - 3)], default=0) > _PLAIN:
        return None
    if max(differs[last + 4 : last + 5], default=0) > _PLAIN:
        return None
    return slice(first + 2, last - 1)


def find_sheet(gray: np.ndarray, light: bool) -> tuple[tuple[slice, slice], np.ndarray] | None:
    """A light sheet on something dark, or a dark one on something light; None if there is none.

    Args:
        gray: uint8, shape `(H, W)`.
        light: which of the two.

    Returns:
        The rectangle around the sheet, and what of it is sheet: bool, of that rectangle's shape.
    """
    return _light_sheet(gray if light else 255 - gray)


def outside_filled(channel: np.ndarray, on_sheet: np.ndarray) -> np.ndarray:
    """Beyond the sheet each pixel takes the level of the nearest one on it, smoothed."""
    if on_sheet.all():
        return channel
    smooth = cv2.medianBlur(channel, 5)
    _, nearest = cv2.distanceTransformWithLabels(
        (~on_sheet).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    levels = np.zeros(int(nearest.max()) + 1, np.uint8)
    levels[nearest[on_sheet]] = smooth[on_sheet]
    return np.where(on_sheet, channel, levels[nearest]).astype(np.uint8)


def _light_sheet(gray: np.ndarray):
    factor = min(1.0, _WORK / max(gray.shape))
    if factor * min(gray.shape) < _LEAST_SIDE:
        return None
    small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    width = max(3, round(_STROKE * max(small.shape)) * 2 + 1)
    # What lies around continues beyond the image: slivers of it at the edge must not be closed.
    framed = cv2.copyMakeBorder(small, *[width] * 4, cv2.BORDER_REPLICATE)
    framed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8))
    closed = np.ascontiguousarray(framed[width:-width, width:-width])
    threshold, light = cv2.threshold(closed, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = _largest_filled(light)
    covered = float(mask.mean())
    if not _LEAST <= covered <= _MOST:
        return None
    if np.median(small[~mask]) > _DARKER * np.median(small[mask]):
        return None
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    hull = cv2.convexHull(points)
    if mask.sum() < _SOLID * max(cv2.contourArea(hull), _SOLID * np.prod(cv2.minAreaRect(hull)[1])):
        return None
    rim = max(1, round(_RIM * max(small.shape)))
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    kernel = np.ones((2 * rim + 1,) * 2, np.uint8)
    inner = cv2.erode(framed, kernel, borderType=cv2.BORDER_REPLICATE)[1:-1, 1:-1]
    full = cv2.resize(inner, gray.shape[::-1], interpolation=cv2.INTER_NEAREST)
    left, top, across, down = cv2.boundingRect(full)
    if min(across, down) < _LEAST_SIDE:
        return None
    where = slice(top, top + down), slice(left, left + across)
    return where, full[where] > 0


def _largest_filled(light: np.ndarray) -> np.ndarray:
    """The largest piece with its holes filled, bool."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(light, connectivity=4)
    if count < 2:
        return np.zeros_like(light, bool)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    mask = (pieces == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED) > 0
