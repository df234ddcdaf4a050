"""What an operation is: a pure function on an image, described for forms, checks and scripts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from core.param import Param

GROUPS = ("Edges", "Threshold", "Smooth and shape", "Colour and size", "Augmentation")
INTERPOLATIONS = ("nearest", "linear", "cubic", "area", "lanczos")
FILLS = ("black", "edge", "reflect")


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: what it is asked for by.
        title: what a form calls it.
        group: one of `GROUPS`.
        sentence: what it does and when to use it.
        run: `(image, **values) -> image`, uint8, shape `(H, W)` or `(H, W, 3)` RGB; its source is
            what a copied script holds, so it uses nothing but `cv2`, `np` and
            what its module and this one define.
        params: what may be set on it.
        call: its OpenCV call with these values, as text.
        note: a sentence on what it found in an image; empty if there is nothing to say.
    """

    name: str
    title: str
    group: str
    sentence: str
    run: Callable[..., np.ndarray]
    params: tuple[Param, ...]
    call: Callable[[Mapping[str, Any]], str]
    note: Callable[[np.ndarray, Mapping[str, Any]], str] = lambda image, values: ""

    def defaults(self) -> dict[str, Any]:
        """Every parameter as it is when nobody sets it."""
        return {param.name: param.default for param in self.params}


def to_gray(image):
    """The image in grey; as it is if it has no colour."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def interpolation(name):
    """OpenCV's constant for a way to resample."""
    return {
        "nearest": cv2.INTER_NEAREST,
        "linear": cv2.INTER_LINEAR,
        "cubic": cv2.INTER_CUBIC,
        "area": cv2.INTER_AREA,
        "lanczos": cv2.INTER_LANCZOS4,
    }[name]


def border(fill):
    """OpenCV's constant for what moves in from outside."""
    return {
        "black": cv2.BORDER_CONSTANT,
        "edge": cv2.BORDER_REPLICATE,
        "reflect": cv2.BORDER_REFLECT_101,
    }[fill]


def to_bytes(values):
    """Rounded and held within 0 to 255, uint8."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def kernel(shape, radius):
    """A structuring element of that shape, 2 * radius + 1 pixels wide."""
    kinds = {"rectangle": cv2.MORPH_RECT, "ellipse": cv2.MORPH_ELLIPSE, "cross": cv2.MORPH_CROSS}
    return cv2.getStructuringElement(kinds[shape], (2 * radius + 1, 2 * radius + 1))


def move(image, matrix, fill):
    """The image after an affine change, in a frame of the same size."""
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=border(fill))
