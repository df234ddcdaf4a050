"""A photo of a piece of clothing becomes an image like those of Fashion-MNIST.

The recipe is the published one (H. Xiao, K. Rasul, R. Vollgraf, 2017, section 2): trim edges close
to the colour of the corners, longest side to 28 pixels, the middle of a 28x28 canvas, light on
dark.
"""

import cv2
import numpy as np

from core.errors import ImageError
from core.images import to_gray
from core.preprocessing.step import Prepared, Step

_SIDE = 28
_CLOSE = 13  # grey levels that still count as the colour of the corners: 5 % of 255


def prepare_item(image: np.ndarray) -> Prepared:
    """Trim, shrink, centre and, if the ground is light, invert.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`; one item on an even ground.

    Raises:
        ImageError: if the image is of one colour.
    """
    gray = to_gray(image)
    ground = int(np.median(gray[[0, 0, -1, -1], [0, -1, 0, -1]]))
    other = np.abs(gray.astype(np.int16) - ground) > _CLOSE
    if not other.any():
        raise ImageError("The image is blank: it has one colour. Show one piece of clothing.")
    rows, columns = np.flatnonzero(other.any(1)), np.flatnonzero(other.any(0))
    trimmed = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    light_on_dark = 255 - trimmed if ground > 127 else trimmed
    factor = _SIDE / max(trimmed.shape)
    width, height = (max(1, round(side * factor)) for side in trimmed.shape[::-1])
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    small = cv2.resize(light_on_dark, (width, height), interpolation=method)
    canvas = np.full((_SIDE, _SIDE), min(ground, 255 - ground), np.uint8)
    top, left = (_SIDE - height) // 2, (_SIDE - width) // 2
    canvas[top : top + height, left : left + width] = small
    steps = (
        Step("Your image", image, "What you showed."),
        Step("Trimmed", trimmed, "Edges of the colour of the corners were cut off."),
        Step("What the model saw", canvas, "28×28 grey pixels, light on dark, centred."),
    )
    return Prepared(canvas[None, ..., None], steps[:2], (steps[2:],))
