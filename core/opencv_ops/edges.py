"""Edges: where the brightness changes quickly."""

import cv2
import numpy as np

from core.opencv_ops.operation import Operation, to_gray
from core.param import Param

_SIZES = ("1", "3", "5", "7")
_DIRECTIONS = ("magnitude", "x", "y")


def canny(image, blur, low, high, aperture, l2_gradient):
    gray = to_gray(image)
    if blur > 0:
        gray = cv2.GaussianBlur(gray, (0, 0), blur)
    return cv2.Canny(gray, low, high, apertureSize=int(aperture), L2gradient=l2_gradient)


def sobel(image, direction, size, scale):
    gray, size = to_gray(image), int(size)
    x = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=size, scale=scale)
    y = cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=size, scale=scale)
    return cv2.convertScaleAbs({"x": x, "y": y, "magnitude": np.sqrt(x * x + y * y)}[direction])


def scharr(image, direction, scale):
    gray = to_gray(image)
    x = cv2.Scharr(gray, cv2.CV_32F, 1, 0, scale=scale)
    y = cv2.Scharr(gray, cv2.CV_32F, 0, 1, scale=scale)
    return cv2.convertScaleAbs({"x": x, "y": y, "magnitude": np.sqrt(x * x + y * y)}[direction])


def laplacian(image, size, scale):
    change = cv2.Laplacian(to_gray(image), cv2.CV_32F, ksize=int(size), scale=scale)
    return cv2.convertScaleAbs(change)


def _canny_call(values) -> str:
    gray = f"cv2.GaussianBlur(gray, (0, 0), {values['blur']})" if values["blur"] else "gray"
    options = "{low}, {high}, apertureSize={aperture}, L2gradient={l2_gradient}"
    return f"cv2.Canny({gray}, {options.format_map(values)})"


def _derivative(name: str, options: str):
    """The call of Sobel or Scharr in the chosen direction."""

    def call(values) -> str:
        x = f"cv2.{name}(gray, cv2.CV_32F, 1, 0, {options})".format(**values)
        y = f"cv2.{name}(gray, cv2.CV_32F, 0, 1, {options})".format(**values)
        if values["direction"] == "magnitude":
            return f"cv2.convertScaleAbs(np.sqrt({x} ** 2 + {y} ** 2))"
        return f"cv2.convertScaleAbs({x if values['direction'] == 'x' else y})"

    return call


def _direction() -> Param:
    return Param(
        "direction",
        "Direction",
        "magnitude",
        "x: changes from left to right, so upright edges. y: from top to bottom. magnitude: both.",
        choices=_DIRECTIONS,
    )


def _scale(default: float) -> Param:
    return Param("scale", "Strength", default, "Multiplies the result.", 0.05, 8.0)


def _size(text: str) -> Param:
    return Param("size", "Kernel size", "3", text, choices=_SIZES)


OPERATIONS = (
    Operation(
        "canny",
        "Canny edges",
        "Edges",
        "Finds thin, connected edges: strong ones, and weak ones that touch them. The usual choice "
        "when you want outlines.",
        canny,
        (
            Param(
                "blur",
                "Blur before",
                1.0,
                "Standard deviation in pixels of a Gaussian blur that removes noise first; 0 is "
                "off.",
                0.0,
                10.0,
            ),
            Param("low", "Lower threshold", 50, "Weaker edges than this are dropped.", 0, 1000),
            Param(
                "high", "Upper threshold", 150, "Stronger edges than this are always kept.", 0, 1000
            ),
            Param(
                "aperture", "Aperture", "3", "Size of the Sobel kernel.", choices=("3", "5", "7")
            ),
            Param(
                "l2_gradient",
                "Exact strength",
                False,
                "Measures the strength as the square root of the sum of squares (L2) rather than "
                "as a sum.",
            ),
        ),
        _canny_call,
    ),
    Operation(
        "sobel",
        "Sobel gradient",
        "Edges",
        "How fast the brightness changes, by a smoothed difference. Use it to see direction and "
        "strength of edges.",
        sobel,
        (_direction(), _size("Larger kernels smooth more."), _scale(1.0)),
        _derivative("Sobel", "ksize={size}, scale={scale}"),
    ),
    Operation(
        "scharr",
        "Scharr gradient",
        "Edges",
        "Like Sobel with 3×3 pixels, but measures the direction of edges more exactly.",
        scharr,
        (_direction(), _scale(0.25)),
        _derivative("Scharr", "scale={scale}"),
    ),
    Operation(
        "laplacian",
        "Laplacian",
        "Edges",
        "The second derivative: responds on both sides of an edge, whatever its direction. Most "
        "sensitive to noise; also used to tell sharp images from blurred ones.",
        laplacian,
        (_size("Larger kernels look wider."), _scale(1.0)),
        (
            "cv2.convertScaleAbs(cv2.Laplacian(gray, cv2.CV_32F, ksize={size}, scale={scale}))"
        ).format_map,
    ),
)
