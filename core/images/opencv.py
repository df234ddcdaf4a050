"""Pixels that OpenCV decodes: WebP in less memory than Pillow, colours of more than 8 bits."""

import cv2
import numpy as np

from core.images.formats import damaged, rare
from core.images.planes import gather, lay_on_ground, split_alpha, to_uint8

# A damaged file raises an error; nothing is written to the terminal as well.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
_FOR_THE_REST = 30_000_000  # bytes, measured, of strips and the result


def memory_of(count: int, bytes_a_pixel: int, halved: bool = False) -> int:
    """Bytes that `read` takes at its peak, measured: two copies, or one and a third.

    Args:
        count: pixels of the image.
        bytes_a_pixel: as decoded.
        halved: as for `read`.
    """
    return count * (bytes_a_pixel + 1 if halved else 2 * bytes_a_pixel) + _FOR_THE_REST


def read(content: bytes, pixels: int, name: str, halved: bool = False) -> np.ndarray:
    """Decode an image and reduce it.

    Args:
        content: a whole file.
        pixels: how many the result may have.
        name: of its format.
        halved: have OpenCV halve its sides, which needs less memory, and drop transparency and
            all but 8 bits.

    Returns:
        uint8 `(H, W)` or `(H, W, 3)`.

    Raises:
        ImageError: if it is damaged, or of a kind OpenCV does not know either.
    """
    flags = cv2.IMREAD_REDUCED_COLOR_2 | cv2.IMREAD_IGNORE_ORIENTATION
    found = cv2.imdecode(
        np.frombuffer(content, np.uint8), flags if halved else cv2.IMREAD_UNCHANGED
    )
    if found is None:
        raise rare(name) if name == "TIFF" else damaged(name)
    height, width = found.shape[:2]

    def rows(top: int, bottom: int) -> tuple[np.ndarray, ...]:
        part = found[top:bottom]
        if part.dtype not in (np.uint8, np.uint16):
            part = np.nan_to_num(part.astype(np.float32), posinf=0, neginf=0)
        if part.ndim == 2:
            return (part,)
        if part.shape[2] == 4 and part.dtype == np.uint8:
            return split_alpha(part[..., [2, 1, 0, 3]])
        if part.shape[2] == 4:
            return np.ascontiguousarray(part[..., 2::-1]), np.ascontiguousarray(part[..., 3])
        return (np.ascontiguousarray(part[..., 2::-1]),)

    planes = gather(rows, (width, height), pixels)
    if found.dtype != np.uint8:
        planes = tuple(map(to_uint8, planes))  # each has a range of its own
        planes = split_alpha(np.dstack(planes)) if len(planes) == 2 else planes
    return planes[0] if len(planes) == 1 else lay_on_ground(*planes)
