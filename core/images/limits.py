"""How large an image may be, and what decoding it may take.

Decoding is what a small file can make expensive: a PNG of 68 bytes may claim 50 million pixels.
So sides and pixels are limited, every format says beforehand how many bytes decoding will take at
most, and images that take much are decoded one at a time in the whole process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np

from core import memory
from core.errors import ImageError

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
MAX_MEMORY = 165_000_000  # bytes that one image may take while it is decoded

_MUCH = 32_000_000  # bytes: images that take less are decoded side by side
_one_at_a_time = Lock()


def check_size(width: int, height: int) -> None:
    """Raise `ImageError` if an image has too many pixels, none, or too long a side."""
    if width < 1 or height < 1:
        raise ImageError(f"The image has no pixels. Received: {width:,} × {height:,}.")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The image has too many pixels: at most {MAX_PIXELS // 10**6} million are allowed. "
            f"Received: {width:,} × {height:,}."
        )
    if max(width, height) > MAX_SIDE:
        raise ImageError(
            f"The image is too long: a side may have at most {MAX_SIDE:,} pixels. "
            f"Received: {width:,} × {height:,}."
        )


def check_memory(kind: str, size: tuple[int, int], needed: int) -> None:
    """Raise `ImageError` if decoding an image takes too much memory.

    Args:
        kind: what it is, with its article: `a PNG`.
        size: width and height.
        needed: bytes that decoding it takes.
    """
    width, height = size
    if needed <= MAX_MEMORY:
        return
    millions = MAX_MEMORY * width * height / needed / 1e6
    raise ImageError(
        f"The image has too many pixels for {kind} of this kind: at most {millions:.2g} million "
        f"are allowed. Received: {width:,} × {height:,}. Make it smaller, or save it as an "
        "ordinary JPEG."
    )


def is_room_for(needed: int) -> bool:
    """Whether so many bytes can be had now: decoders do not always say why they gave up."""
    try:
        np.empty(needed, np.uint8)
    except MemoryError:
        return False
    return True


@contextmanager
def turn(needed: int) -> Iterator[None]:
    """Wait until no other image that takes much memory is being decoded.

    Args:
        needed: bytes that decoding will take.
    """
    if needed <= _MUCH:
        yield
        return
    with _one_at_a_time:
        try:
            yield
        finally:
            memory.return_freed()
