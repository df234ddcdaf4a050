"""Threshold: brightness becomes black or white, or is cut off."""

import cv2

from core.opencv_ops.operation import Operation, to_gray
from core.param import Param

_METHODS = {
    "binary": "THRESH_BINARY",
    "binary_inverse": "THRESH_BINARY_INV",
    "truncate": "THRESH_TRUNC",
    "to_zero": "THRESH_TOZERO",
    "to_zero_inverse": "THRESH_TOZERO_INV",
}


def threshold(image, method, value):
    kinds = {
        "binary": cv2.THRESH_BINARY,
        "binary_inverse": cv2.THRESH_BINARY_INV,
        "truncate": cv2.THRESH_TRUNC,
        "to_zero": cv2.THRESH_TOZERO,
        "to_zero_inverse": cv2.THRESH_TOZERO_INV,
    }
    return cv2.threshold(to_gray(image), value, 255, kinds[method])[1]


def otsu(image, inverse):
    kind = cv2.THRESH_BINARY_INV if inverse else cv2.THRESH_BINARY
    return cv2.threshold(to_gray(image), 0, 255, kind | cv2.THRESH_OTSU)[1]


def triangle(image, inverse):
    kind = cv2.THRESH_BINARY_INV if inverse else cv2.THRESH_BINARY
    return cv2.threshold(to_gray(image), 0, 255, kind | cv2.THRESH_TRIANGLE)[1]


def adaptive_threshold(image, method, radius, offset, inverse):
    kind = cv2.THRESH_BINARY_INV if inverse else cv2.THRESH_BINARY
    means = {"mean": cv2.ADAPTIVE_THRESH_MEAN_C, "gaussian": cv2.ADAPTIVE_THRESH_GAUSSIAN_C}
    block = 2 * radius + 1
    return cv2.adaptiveThreshold(to_gray(image), 255, means[method], kind, block, offset)


def _kind(inverse: bool) -> str:
    return "cv2.THRESH_BINARY_INV" if inverse else "cv2.THRESH_BINARY"


def _automatic(flag: str):
    """The call of a threshold that is found, and a sentence that tells which it is."""

    def call(values) -> str:
        return f"cv2.threshold(gray, 0, 255, {_kind(values['inverse'])} | cv2.{flag})[1]"

    def note(image, values) -> str:
        found = cv2.threshold(to_gray(image), 0, 255, getattr(cv2, flag))[0]
        return f"The threshold it found is {found:.0f}."

    return call, note


def _adaptive_call(values) -> str:
    method = f"cv2.ADAPTIVE_THRESH_{values['method'].upper()}_C"
    block = 2 * values["radius"] + 1
    kind = _kind(values["inverse"])
    return f"cv2.adaptiveThreshold(gray, 255, {method}, {kind}, {block}, {values['offset']})"


_INVERSE = Param("inverse", "Inverse", False, "Bright becomes black, dark becomes white.")

OPERATIONS = (
    Operation(
        "threshold",
        "Fixed threshold",
        "Threshold",
        "Compares every pixel with one value. Use it when the light is even and you know the "
        "value.",
        threshold,
        (
            Param(
                "method",
                "Method",
                "binary",
                "binary: above becomes white, the rest black. truncate: what is above becomes the "
                "threshold. to_zero: what is below becomes black.",
                choices=tuple(_METHODS),
            ),
            Param("value", "Threshold", 127, "0 is black, 255 is white.", 0, 255),
        ),
        lambda values: (
            f"cv2.threshold(gray, {values['value']}, 255, cv2.{_METHODS[values['method']]})[1]"
        ),
    ),
    Operation(
        "otsu",
        "Otsu's threshold",
        "Threshold",
        "Finds the value that separates dark from bright best. Use it when the image has two "
        "groups of brightness, such as ink and paper in even light.",
        otsu,
        (_INVERSE,),
        *_automatic("THRESH_OTSU"),
    ),
    Operation(
        "triangle",
        "Triangle threshold",
        "Threshold",
        "Finds the value from the shape of the histogram. Use it when one group of brightness is "
        "much larger than the other, such as a few cells on a dark ground.",
        triangle,
        (_INVERSE,),
        *_automatic("THRESH_TRIANGLE"),
    ),
    Operation(
        "adaptive_threshold",
        "Adaptive threshold",
        "Threshold",
        "Compares every pixel with its neighbourhood. Use it when there is a shadow across the "
        "image.",
        adaptive_threshold,
        (
            Param(
                "method",
                "Method",
                "gaussian",
                "mean: all neighbours count alike. gaussian: near ones count more.",
                choices=("mean", "gaussian"),
            ),
            Param(
                "radius",
                "Radius",
                7,
                "How far the neighbourhood reaches, in pixels; the block is twice that and one.",
                1,
                60,
            ),
            Param(
                "offset",
                "C",
                5.0,
                "Subtracted from the mean: the larger, the less becomes black.",
                -50,
                50,
            ),
            _INVERSE,
        ),
        _adaptive_call,
    ),
)
