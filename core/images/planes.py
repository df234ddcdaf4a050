"""Pixels become a uint8 array, reduced a few rows at a time so that no second full copy is made."""

import math
from collections.abc import Callable

import cv2
import numpy as np

from core.images.fitting import to_gray

_STRIP = 250_000  # pixels that are converted at a time
_LEVELS = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # of 0-1, and of 8 to 16 bits
_FAINT = 32  # of 255: nothing is seen through an alpha that stays below this
_SEEN = 16  # of 255: the alpha from which on a pixel counts as seen
_CLEAR = 100  # grey levels that something must stand out from a white ground
_STANDS_OUT = 0.005  # fraction of what is seen that must do so
_FEW_SEEN = 0.0005  # fraction of the image: if less is seen, the image is what is hidden
_VARIES = 8  # grey levels by which hidden colours must differ to be an image
_SAMPLE = 200_000  # pixels that stand for all of them where a part of them is asked for

Rows = Callable[[int, int], tuple[np.ndarray, ...]]


def gather(rows: Rows, size: tuple[int, int], pixels: int) -> tuple[np.ndarray, ...]:
    """Take an image in strips, each reduced by a whole number before the next.

    Args:
        rows: gives the rows from one to another as arrays of shape `(rows, width)` or
            `(rows, width, channels)`; uint8, uint16 or float32.
        size: width and height.
        pixels: the result has at most about so many.

    Returns:
        Whole arrays, of the types that `rows` gives.
    """
    width, height = size
    factor = max(1, math.ceil(math.sqrt(width * height / pixels)))
    step = max(1, _STRIP // (width * factor)) * factor
    across = math.ceil(width / factor)
    whole: list[np.ndarray] = []
    for top in range(0, height, step):
        bottom = min(top + step, height)
        first, last = top // factor, math.ceil(bottom / factor)
        strip = [_reduced(plane, (across, last - first)) for plane in rows(top, bottom)]
        whole = whole or [
            np.empty((math.ceil(height / factor), *plane.shape[1:]), plane.dtype) for plane in strip
        ]
        for target, plane in zip(whole, strip, strict=True):
            target[first:last] = plane
    return tuple(whole)


def _reduced(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if plane.shape[1::-1] == size:
        return plane
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


def split_alpha(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours as they show, alpha, and colours as stored, from `(H, W, C + 1)` of one type."""
    colours, alpha = np.ascontiguousarray(pixels[..., :-1]), pixels[..., -1]
    top = 1.0 if pixels.dtype == np.float32 else float(np.iinfo(pixels.dtype).max)
    shown = cv2.multiply(colours, np.dstack([alpha] * colours.shape[2]), scale=1 / top)
    return shown.reshape(colours.shape), np.ascontiguousarray(alpha), colours


def lay_on_ground(shown: np.ndarray, alpha: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """An image with transparency, laid over white; over black if it could not be seen on white.

    Where alpha hides everything, as in bitmaps that leave it 0, the colours are shown without it.

    Args:
        shown: uint8 `(H, W)` or `(H, W, 3)`, colours times alpha.
        alpha: uint8 `(H, W)`.
        colours: as stored.
    """
    strongest = int(alpha.max())
    if int(alpha.min()) == 255:
        return colours
    seen = alpha >= min(_SEEN, max(1, strongest))
    if strongest < _FAINT or seen.mean() < _FEW_SEEN:
        low, high = colours.min(axis=(0, 1)), colours.max(axis=(0, 1))
        if (high.astype(int) - low).max() >= _VARIES:
            return colours
        if strongest:  # the image is in the alpha alone
            alpha = cv2.convertScaleAbs(alpha, alpha=255 / strongest)
            shown = split_alpha(np.dstack([colours, alpha]))[0].reshape(colours.shape)
            seen = alpha >= _SEEN
    on_white = shown.copy()
    for channel in [on_white] if shown.ndim == 2 else np.moveaxis(on_white, 2, 0):
        channel += 255 - alpha  # never above 255: what shows is at most its alpha
    some = (slice(None, None, math.ceil(alpha.size / _SAMPLE)),)
    seen = seen.reshape(-1)[some]
    if not seen.any():
        return on_white
    from_white = np.quantile(255 - _some_grey(on_white, some)[seen], 1 - _STANDS_OUT)
    from_black = np.quantile(_some_grey(shown, some)[seen], 1 - _STANDS_OUT)
    return shown if from_white < min(_CLEAR, from_black) else on_white


def _some_grey(image: np.ndarray, some: tuple[slice]) -> np.ndarray:
    flat = image.reshape(-1, 1, *image.shape[2:])[some]
    return to_gray(np.ascontiguousarray(flat))[:, 0]


def to_uint8(values: np.ndarray) -> np.ndarray:
    """More than 8 bits a channel, brought to 0-255 by the range that is in use.

    A camera's 12 bits are often kept in 16: the range is the smallest of 1, 8, 10, 12, 14 and 16
    bits that holds the brightest pixel. Values below 0, or beyond 16 bits, have a range of their
    own.

    Args:
        values: uint16 or float32, all of them finite.
    """
    low, top = float(values.min()), float(values.max())
    if low < 0 and -low > 0.01 * top or top > _LEVELS[-1]:
        if low >= -1 and top <= 1:
            low, top = -1.0, 1.0
        else:  # a few stray values do not count
            some = values.reshape(-1)[:: math.ceil(values.size / _SAMPLE)]
            edges = [float(edge) for edge in np.quantile(some, (0.001, 0.999))]
            low, top = edges if edges[1] > edges[0] else (low, top)
    else:
        low, top = 0.0, next(level for level in _LEVELS if top <= level)
    result = np.empty(values.shape, np.uint8)
    for row, target in zip(values, result, strict=True):
        scaled = (row.astype(np.float32) - low) * (255 / max(top - low, 1e-30))
        target[...] = np.round(np.clip(scaled, 0, 255))
    return result
