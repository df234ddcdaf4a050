"""Colour and size: channels, the negative, and how large an image is."""

import cv2

from core.opencv_ops.operation import INTERPOLATIONS, Operation, interpolation
from core.param import Param

_CHANNELS = {
    "grey": "cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)",
    "red": "image[..., 0]",
    "green": "image[..., 1]",
    "blue": "image[..., 2]",
    "hue": "cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 0]",
    "saturation": "cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 1]",
    "value": "cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 2]",
    "lightness": "cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 0]",
    "lab_a": "cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 1]",
    "lab_b": "cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 2]",
}


def channel(image, name):
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if name == "grey":
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    places = {"red": 0, "green": 1, "blue": 2}
    if name not in places:
        hsv = {"hue": 0, "saturation": 1, "value": 2}
        image = cv2.cvtColor(image, cv2.COLOR_RGB2HSV if name in hsv else cv2.COLOR_RGB2LAB)
        places = {**hsv, "lightness": 0, "lab_a": 1, "lab_b": 2}
    return image[..., places[name]].copy()


def invert(image):
    return cv2.bitwise_not(image)


def resize(image, percent, method):
    height, width = image.shape[:2]
    size = (max(1, round(width * percent / 100)), max(1, round(height * percent / 100)))
    return cv2.resize(image, size, interpolation=interpolation(method))


def _resize_call(values) -> str:
    flag = {"lanczos": "LANCZOS4"}.get(values["method"], values["method"].upper())
    sides = (f"max(1, round({side} * {values['percent']} / 100))" for side in ("width", "height"))
    return f"cv2.resize(image, ({', '.join(sides)}), interpolation=cv2.INTER_{flag})"


OPERATIONS = (
    Operation(
        "channel",
        "One channel",
        "Colour and size",
        "Shows one channel as a grey image: of red, green and blue; of hue, saturation and value "
        "(HSV); or of lightness, green-red and blue-yellow (Lab). Use it to find the channel in "
        "which an object stands out most.",
        channel,
        (
            Param(
                "name",
                "Channel",
                "grey",
                "hue, saturation, value: HSV. lightness, lab_a (green to red), lab_b (blue to "
                "yellow): Lab.",
                choices=tuple(_CHANNELS),
            ),
        ),
        lambda values: _CHANNELS[values["name"]],
    ),
    Operation(
        "invert",
        "Invert",
        "Colour and size",
        "The negative: dark becomes bright. Use it when a model was trained on bright strokes and "
        "yours are dark.",
        invert,
        (),
        lambda values: "cv2.bitwise_not(image)",
    ),
    Operation(
        "resize",
        "Resize",
        "Colour and size",
        "Changes the number of pixels. area suits shrinking, cubic and lanczos suit enlarging; "
        "nearest keeps hard edges.",
        resize,
        (
            Param("percent", "Size, per cent", 50, "Of width and height.", 1, 200),
            Param(
                "method",
                "Interpolation",
                "area",
                "How new pixels are computed.",
                choices=INTERPOLATIONS,
            ),
        ),
        _resize_call,
    ),
)
