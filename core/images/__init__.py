"""Images: bytes become validated uint8 arrays at the border; arrays are fitted and encoded.

PNG, JPEG, GIF (first frame), BMP, WebP and TIFF (first page) are read, whatever their mode:
palette, transparency, 16 bits a channel, fractions, CMYK, grey. Size and pixels are checked before
anything is decoded, large images are reduced while they are, and one at a time.
"""

from core.images.decoding import PIXELS, Decoded, decode, decode_sized
from core.images.fitting import (
    FITS,
    data_url,
    encode_png,
    fit_batch,
    fit_image,
    fit_within,
    pad_image,
    stretch_image,
    to_gray,
    to_rgb,
)
from core.images.formats import FORMATS, SUFFIXES
from core.images.limits import MAX_BYTES, MAX_MEMORY, MAX_PIXELS, MAX_SIDE

__all__ = [
    "FITS",
    "FORMATS",
    "MAX_BYTES",
    "MAX_MEMORY",
    "MAX_PIXELS",
    "MAX_SIDE",
    "PIXELS",
    "SUFFIXES",
    "Decoded",
    "decode",
    "decode_sized",
    "data_url",
    "encode_png",
    "fit_batch",
    "fit_image",
    "fit_within",
    "pad_image",
    "stretch_image",
    "to_gray",
    "to_rgb",
]
