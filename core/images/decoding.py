"""Bytes become validated uint8 arrays, once, at the border.

Every format has its opener: it reads the header, says how large the image is and what decoding it
takes, and decodes nothing yet. Where a decoder can reduce (JPEG), it does; the others decode as
compactly as they can and are reduced in strips.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from core.errors import ImageError, OutOfMemory, is_out_of_memory
from core.images import containers, formats, limits, opencv, pillow, tiff

PIXELS = 4_000_000

_FOR_A_HEADER = 1_000_000  # bytes, ample
_DECODING = "while an image was decoded"

_SCALES = (2, 4, 8)  # by which a JPEG can be decoded smaller
_ANIMATED_WEBP = 16  # bytes a pixel, measured; its decoder keeps two frames and makes two more
_RUNS, _RUN_BYTES = (1, 2), 8  # bitmaps packed in runs; bytes a pixel that Pillow needs for them
_CHANNELS = {2: 3, 4: 4, 6: 4}  # as OpenCV decodes them, by a PNG's number for its colours


@dataclass(frozen=True)
class Decoded:
    """An image that was read.

    Attributes:
        image: uint8, `(H, W)` if it is grey, else `(H, W, 3)` RGB.
        width, height: pixels that the file holds, upright; the image may have been reduced.
    """

    image: np.ndarray
    width: int
    height: int


@dataclass(frozen=True)
class Opened:
    """An image whose header was read.

    Attributes:
        size: width and height as stored.
        orientation: EXIF's number, 1 to 8.
        kind: what it is, for a message: `a PNG`.
        needed: bytes that decoding it takes.
        read: gives its pixels as they lie in the file, uint8, reduced.
    """

    size: tuple[int, int]
    orientation: int
    kind: str
    needed: int
    read: Callable[[], np.ndarray]


def decode(content: bytes, pixels: int = PIXELS) -> np.ndarray:
    """Read an image.

    Args:
        content: a whole file.
        pixels: how many the result may have; a larger image is reduced by a whole number. The
            default is more than any recipe needs: digits are sought at 800 pixels a side, and
            networks see at most 260.

    Returns:
        uint8, shape `(H, W)` if the image is grey, else `(H, W, 3)` RGB; upright according to
        its EXIF orientation, transparency laid over white, or black if it would not be seen.

    Raises:
        ImageError: if it is empty, too large, of another format, or damaged.
    """
    return decode_sized(content, pixels).image


def decode_sized(content: bytes, pixels: int = PIXELS) -> Decoded:
    """Read an image, and how large it was before it was reduced; see `decode`."""
    if not content:
        raise ImageError(f"The file is empty (0 bytes). {formats.ALLOWED}.")
    if len(content) > limits.MAX_BYTES:
        raise ImageError(
            f"The file is too large: at most {limits.MAX_BYTES // 2**20} MB are allowed. "
            f"Received: {len(content) / 2**20:.1f} MB."
        )
    name = formats.format_of(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large images; we refuse them ourselves
        opened = _guarded(name, lambda: _OPENERS[name](content, pixels))
        limits.check_size(*opened.size)
        limits.check_memory(opened.kind, opened.size, opened.needed)
        size, orientation = opened.size, opened.orientation
        with limits.turn(opened.needed):
            image = _guarded(name, opened.read, opened.needed)
            del opened  # and with it all that was decoded, before it is another's turn
    width, height = size if orientation < 5 else size[::-1]
    return Decoded(_upright(image, orientation), width, height)


def _guarded(name: str, work: Callable, needed: int = _FOR_A_HEADER):
    """A damaged file can fail anywhere inside a codec, and so can a sound one without memory."""
    try:
        return work()
    except ImageError as error:
        if is_out_of_memory(error) or not limits.is_room_for(needed):
            raise OutOfMemory(_DECODING) from error
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"The image has too many pixels: at most {limits.MAX_PIXELS // 10**6} million are "
            "allowed."
        ) from error
    except Exception as error:
        if is_out_of_memory(error) or not limits.is_room_for(needed):
            raise OutOfMemory(_DECODING) from error
        raise formats.damaged(name) from error


def _open_png(content: bytes, pixels: int) -> Opened:
    bare = containers.bare_png(content)
    facts = bare.facts
    if not facts:
        raise formats.damaged("PNG")
    size = facts["width"], facts["height"]
    limits.check_size(*size)
    if facts["bits"] == 16 and facts["colours"] in _CHANNELS:
        bytes_a_pixel = 2 * _CHANNELS[facts["colours"]]
        return _open_deep("PNG", bare, size, bytes_a_pixel, pixels)
    return _open_plain("PNG", bare.content, pixels, bare.orientation)


def _open_plain(name: str, content: bytes, pixels: int, orientation: int = 1) -> Opened:
    """What Pillow decodes without further ado."""
    image = pillow.open_with(name, content)
    needed = pillow.memory_of(image, pixels)
    if image.info.get("compression") in _RUNS:
        needed += math.prod(image.size) * _RUN_BYTES
    return Opened(
        image.size,
        orientation,
        f"a {name}",
        needed,
        lambda: pillow.reduced(image, image.size, pixels),
    )


def _open_deep(
    name: str, bare: containers.Bare, size: tuple[int, int], bytes_a_pixel: int, pixels: int
) -> Opened:
    """Colours of 16 bits: all of them with OpenCV; of a large image the upper 8 with Pillow."""
    needed = opencv.memory_of(math.prod(size), bytes_a_pixel)
    if needed <= limits.MAX_MEMORY:
        return Opened(
            size,
            bare.orientation,
            f"a {name}",
            needed,
            lambda: opencv.read(bare.content, pixels, name),
        )
    image = pillow.open_with(name, bare.content)
    image.load_end = lambda: None  # see `_open_tiff`

    def read() -> np.ndarray:
        found = pillow.reduced(image, size, pixels, deep=True)
        if not found.any():  # whatever there is lies in the lower 8 bits
            limits.check_memory(f"a {name}", size, needed)
        return found

    return Opened(
        size,
        bare.orientation,
        f"a {name}",
        pillow.memory_of(image, pixels),
        read,
    )


def _open_jpeg(content: bytes, pixels: int) -> Opened:
    bare = containers.bare_jpeg(content)
    if bare.facts and bare.facts["bits"] != 8:
        raise formats.rare("JPEG")
    image = pillow.open_with("JPEG", bare.content)
    size = image.size
    limits.check_size(*size)
    count = math.prod(size)
    if count > pixels:
        scale = next((s for s in _SCALES if count / s**2 <= pixels), _SCALES[-1])
        image.draft(None, (max(1, size[0] // scale), max(1, size[1] // scale)))
    whole = bare.facts.get("whole", 0)
    return Opened(
        size,
        bare.orientation,
        "a progressive JPEG" if whole else "a JPEG",
        whole + pillow.memory_of(image, pixels),
        lambda: pillow.reduced(image, image.size, pixels),
    )


def _open_webp(content: bytes, pixels: int) -> Opened:
    found = containers.webp_facts(content)
    facts = found.facts
    if not facts:
        raise formats.damaged("WebP")
    size = facts["width"], facts["height"]
    limits.check_size(*size)
    count = math.prod(size)
    if facts.get("animated"):
        return Opened(
            size,
            found.orientation,
            "an animated WebP",
            count * _ANIMATED_WEBP,
            lambda: pillow.reduced(pillow.open_with("WEBP", content), size, pixels),
        )
    alpha, lossless = facts.get("alpha", 0), facts.get("lossless", 0)
    halved = count > pixels and not (alpha or lossless)
    needed = opencv.memory_of(count, 3 + (alpha or lossless), halved)
    return Opened(
        size,
        found.orientation,
        "a WebP",
        needed,
        lambda: opencv.read(content, pixels, "WebP", halved),
    )


def _open_tiff(content: bytes, pixels: int) -> Opened:
    header = tiff.header(content)
    size, count = header.size, math.prod(header.size)
    limits.check_size(*size)
    bare = containers.Bare(content, header.orientation)
    if header.is_deep:
        return _open_deep("TIFF", bare, size, header.bytes_a_pixel, pixels)
    image = None if header.for_opencv else pillow.open_if_known("TIFF", content)
    if image is None:
        needed = opencv.memory_of(count, max(4, header.bytes_a_pixel)) + header.block_bytes
        return Opened(
            size, bare.orientation, "a TIFF", needed, lambda: opencv.read(content, pixels, "TIFF")
        )
    # Pillow would count the pages, read every tag and turn the image, which is done here for less.
    image.load_end = lambda: None

    def read() -> np.ndarray:
        found = pillow.reduced(image, size, pixels)
        if header.is_signed and found.ndim == 2:
            found ^= 128
        return 255 - found if header.white_is_zero and image.mode.startswith("I;16") else found

    needed = pillow.memory_of(image, pixels) + header.block_bytes
    return Opened(size, bare.orientation, "a TIFF", needed, read)


_OPENERS: dict[str, Callable[[bytes, int], Opened]] = {
    "PNG": _open_png,
    "JPEG": _open_jpeg,
    "GIF": partial(_open_plain, "GIF"),
    "BMP": partial(_open_plain, "BMP"),
    "WEBP": _open_webp,
    "TIFF": _open_tiff,
}


def _upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """The image turned and mirrored as EXIF's orientation says; see its table in section 4.6.5."""
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
