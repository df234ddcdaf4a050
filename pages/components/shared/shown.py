"""What somebody showed: a file, and what it decodes to."""

from dataclasses import dataclass

import numpy as np

from core.errors import ImageError
from core.images import MAX_BYTES, MAX_PIXELS, PIXELS, decode_sized
from pages.components.shared import html

SENT_MB = 200  # more than can be read, so that the reply is a sentence and not a red mark
FORMATS_READ = (
    f"PNG, JPEG, GIF, BMP, WebP or TIFF, up to {MAX_BYTES // 2**20} MB and "
    f"{MAX_PIXELS // 10**6} million pixels each."
)


@dataclass(frozen=True)
class Shown:
    """An image somebody showed, or the reason why it cannot be used.

    Attributes:
        name: of the file, or what it is.
        image: uint8 array; None if it cannot be read.
        error: a sentence; empty if it can.
        size: width and height in its file; the image may have been reduced.
    """

    name: str
    image: np.ndarray | None
    error: str = ""
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class File:
    """A file somebody showed, decoded only while it is needed: many images are large together.

    Attributes:
        name: of the file, or what it is.
        content: all of it.
    """

    name: str
    content: bytes

    def read(self, pixels: int = PIXELS) -> Shown:
        """Decode it, to at most so many pixels."""
        try:
            decoded = decode_sized(self.content, pixels)
            return Shown(self.name, decoded.image, size=(decoded.width, decoded.height))
        except ImageError as error:
            return Shown(self.name, None, html.told(error))
