"""One channel in which ink may stand out: brightness first, then colour."""

from collections.abc import Iterator

import cv2
import numpy as np

BRIGHTNESS = "brightness"
_GREY = 12  # levels: channels that differ by no more, nearly everywhere, hold no colour
_CHROMA = 1.6  # how much the axes of colour are stretched, so that pale ink is told from noise


def views(image: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The brightness of an image and, if it is coloured, other channels to look for ink in.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)` RGB.

    Yields:
        What the channel is, and the channel: uint8, shape `(H, W)`.
    """
    if image.ndim == 2:
        yield BRIGHTNESS, image
        return
    yield BRIGHTNESS, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    red, green, blue = cv2.split(image)
    most, least = (of(of(red, green), blue) for of in (cv2.max, cv2.min))
    if np.percentile(most - least, 99.9) <= _GREY:
        return
    yield "the darkest of red, green and blue", least
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (3, 3), 0), cv2.COLOR_RGB2LAB)
    for axis, name in ((1, "green against red"), (2, "blue against yellow")):
        yield name, cv2.convertScaleAbs(lab[..., axis], alpha=_CHROMA, beta=128 * (1 - _CHROMA))
