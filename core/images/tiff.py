"""The header of a TIFF: how large it is, what it takes to decode, whether it is a raw file."""

import io
import math
from dataclasses import dataclass

from PIL import TiffImagePlugin

from core.errors import ImageError
from core.images.formats import RAW, damaged

_KINDS_OF_RAW = (32767, 32769, 34713, 34892, 65000, 65535)  # compressions of cameras
_DNG, _SUB_IMAGES = 50706, 330
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT = 277, 278, 322, 323
_SAMPLE_FORMAT, _ORIENTATION, _NEW_SUBFILE = 339, 274, 254


@dataclass(frozen=True)
class Header:
    """What the first image of a TIFF says of itself.

    Attributes:
        size: width and height as stored.
        orientation: EXIF's number, 1 to 8.
        bytes_a_pixel: bytes of a pixel.
        block_bytes: bytes of a strip or tile, which a decoder needs as well.
        is_deep: whether colours have 16 bits.
        for_opencv: whether colours are fractions, or pixels have more bits, than Pillow can read.
        is_signed: whether 8 bits stand for -128 to 127.
        white_is_zero: whether 0 is white.
    """

    size: tuple[int, int]
    orientation: int
    bytes_a_pixel: int
    block_bytes: int
    is_deep: bool
    for_opencv: bool
    is_signed: bool
    white_is_zero: bool


def header(content: bytes) -> Header:
    """Read the tags of the first image.

    Raises:
        ImageError: if it is damaged, or a camera's raw file, whose first image is a preview.
    """
    try:
        start = 16 if content[2] == 43 or content[3] == 43 else 8
        tags = TiffImagePlugin.ImageFileDirectory_v2(content[:start])
        file = io.BytesIO(content)
        file.seek(tags.next)
        tags.load(file)
        size = _number(tags, _WIDTH, 0), _number(tags, _HEIGHT, 0)
    except Exception as error:  # whatever is in the place of tags
        raise damaged("TIFF") from error
    compression = _number(tags, _COMPRESSION, 1)
    preview = _number(tags, _NEW_SUBFILE, 0) & 1 and _SUB_IMAGES in tags
    if _DNG in tags or preview or compression in _KINDS_OF_RAW:
        raise ImageError(RAW)
    bits, samples = _number(tags, _BITS, 1), _number(tags, _SAMPLES, 1)
    each = max(1, math.ceil(bits * samples / 8))
    block = _number(tags, _TILE_WIDTH, 0) * _number(tags, _TILE_HEIGHT, 0)
    block = block or size[0] * min(_number(tags, _ROWS, size[1]), size[1])
    orientation = _number(tags, _ORIENTATION, 1)
    fractions = _number(tags, _SAMPLE_FORMAT, 1) == 3
    return Header(
        size=size,
        orientation=orientation if 1 <= orientation <= 8 else 1,
        bytes_a_pixel=each,
        block_bytes=0 if compression == 1 else block * max(4, each),
        is_deep=bits == 16 and samples >= 3 and not fractions,
        for_opencv=bits == 64 or (samples >= 3 and (fractions or bits > 16)),
        is_signed=bits == 8 and _number(tags, _SAMPLE_FORMAT, 1) == 2,
        white_is_zero=_number(tags, _PHOTOMETRIC, 1) == 0,
    )


def _number(tags: TiffImagePlugin.ImageFileDirectory_v2, tag: int, default: int) -> int:
    value = tags.get(tag, default)
    while isinstance(value, tuple):
        value = value[0] if value else default
    return int(value)
