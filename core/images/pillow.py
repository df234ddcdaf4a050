"""Pixels that Pillow decodes."""

import io
import math

import cv2
import numpy as np
from PIL import Image

from core.errors import ImageError
from core.images.formats import damaged
from core.images.planes import gather, lay_on_ground, split_alpha, to_uint8

BYTES_OF_MODE = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # else 4
_UPPER_BITS = (3, 15, 63)  # what the upper byte of 10, 12 and 14 bits reaches
_FOR_A_STRIP = 6_000_000  # bytes, measured


def open_with(name: str, content: bytes) -> Image.Image:
    """The header of an image of one format.

    Raises:
        ImageError: if it cannot be read.
    """
    try:
        return Image.open(io.BytesIO(content), formats=[name])
    except Image.DecompressionBombError:
        raise
    except Exception as error:
        raise damaged(name) from error


def open_if_known(name: str, content: bytes) -> Image.Image | None:
    """The same, or None if it cannot be read."""
    try:
        return open_with(name, content)
    except ImageError:
        return None


def memory_of(image: Image.Image, pixels: int) -> int:
    """Bytes that `reduced` takes at its peak."""
    each = 7 + 4 if image.has_transparency_data else 3 + 2
    if image.mode.startswith(("I", "F")):
        each = 4 + 2
    stored = BYTES_OF_MODE.get(image.mode, 4)
    count = math.prod(image.size)
    return count * stored + min(count, pixels) * each + _FOR_A_STRIP


def reduced(image: Image.Image, size: tuple[int, int], pixels: int, deep: bool = False):
    """Decode an image and reduce it.

    Args:
        image: opened, not loaded.
        size: width and height as stored.
        pixels: how many the result may have.
        deep: whether its colours have 16 bits, of which Pillow keeps the upper 8.

    Returns:
        uint8 `(H, W)` or `(H, W, 3)`.
    """
    image.load()
    if image.mode.startswith(("I", "F")):
        return _from_numbers(image, size, pixels)
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return gather(_rows_of(image, "L"), size, pixels)[0]
    if deep and isinstance(image.info.get("transparency"), tuple):
        image.info["transparency"] = tuple(v >> 8 for v in image.info["transparency"])
    planes = _in_colour(image, size, pixels)
    brightest = int(planes[-1].max())
    if deep and brightest <= _UPPER_BITS[-1]:  # fewer than 16 bits are in use
        top = next(top for top in _UPPER_BITS if brightest <= top)
        planes = tuple(
            plane if plane.ndim == 2 else cv2.convertScaleAbs(plane, alpha=255 / top)
            for plane in planes
        )
    return planes[0] if len(planes) == 1 else lay_on_ground(*planes)


def _in_colour(image: Image.Image, size: tuple[int, int], pixels: int) -> tuple[np.ndarray, ...]:
    """RGB alone, or with transparency what `lay_on_ground` takes."""
    if not image.has_transparency_data:
        return gather(_rows_of(image, "RGB"), size, pixels)
    rows = _rows_of(image, "RGBA")
    try:
        return gather(lambda top, bottom: split_alpha(*rows(top, bottom)), size, pixels)
    except (ValueError, TypeError, OSError):  # what it says of transparency is nonsense
        image.info.pop("transparency", None)
        return gather(_rows_of(image, "RGB"), size, pixels)


def _rows_of(image: Image.Image, mode: str):
    width = image.im.size[0]

    def rows(top: int, bottom: int) -> tuple[np.ndarray]:
        return (np.asarray(image.crop((0, top, width, bottom)).convert(mode)),)

    return rows


def _from_numbers(image: Image.Image, size: tuple[int, int], pixels: int) -> np.ndarray:
    """Grey of 16 bits, whole numbers or fractions."""
    width, hidden = size[0], image.info.get("transparency")

    def rows(top: int, bottom: int) -> tuple[np.ndarray, ...]:
        values = np.asarray(image.crop((0, top, width, bottom))).astype(np.float32)
        values = np.nan_to_num(values, posinf=0, neginf=0)
        if not isinstance(hidden, int):
            return (values,)
        seen = (values != hidden).astype(np.float32)
        return values * seen, seen

    found = gather(rows, size, pixels)
    if len(found) == 1:
        return to_uint8(found[0])
    grey, alpha = to_uint8(found[0]), to_uint8(found[1])
    return lay_on_ground(grey, alpha, grey)
