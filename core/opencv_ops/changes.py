"""Augmentation with fixed values: what a policy does to training images, one step at a time."""

import cv2
import numpy as np

from core.opencv_ops.operation import FILLS, Operation, border, move, to_bytes
from core.param import Param


def flip_horizontal(image):
    return cv2.flip(image, 1)


def flip_vertical(image):
    return cv2.flip(image, 0)


def rotate(image, angle, fill):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    return move(image, matrix, fill)


def shift(image, right, down, fill):
    height, width = image.shape[:2]
    return move(image, np.array([[1, 0, right * width], [0, 1, down * height]]), fill)


def zoom(image, factor, fill):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 0, factor)
    return move(image, matrix, fill)


def shear(image, slant, fill):
    middle = (image.shape[0] - 1) / 2
    return move(image, np.array([[1, slant, -slant * middle], [0, 1, 0]]), fill)


def perspective(image, tilt, turn, fill):
    height, width = image.shape[:2]
    top, low, left, right = max(tilt, 0), max(-tilt, 0), max(turn, 0), max(-turn, 0)
    size = np.float32([max(1, width - 1), max(1, height - 1)])
    corners = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    moved = np.float32([[top, left], [1 - top, right], [1 - low, 1 - right], [low, 1 - left]])
    matrix = cv2.getPerspectiveTransform(corners, moved * size)
    return cv2.warpPerspective(image, matrix, (width, height), borderMode=border(fill))


def brightness(image, amount):
    return to_bytes(image.astype(np.float32) + amount * 255)


def contrast(image, factor):
    mean = image.mean()
    return to_bytes((image.astype(np.float32) - mean) * factor + mean)


def gaussian_noise(image, sigma, seed):
    noise = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
    return to_bytes(image + np.float32(sigma) * noise)


def salt_and_pepper(image, part, seed):
    lots = np.random.default_rng(seed).random(image.shape[:2])
    changed = image.copy()
    changed[lots < part / 2] = 0
    changed[lots > 1 - part / 2] = 255
    return changed


def cutout(image, size, x, y, grey):
    height, width = image.shape[:2]
    side = round(size * min(height, width))
    left, top = round(x * (width - side)), round(y * (height - side))
    changed = image.copy()
    changed[top : top + side, left : left + side] = grey
    return changed


def colour_jitter(image, hue, saturation, value):
    if image.ndim == 2:
        return to_bytes(image * np.float32(value))
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = np.rint(hsv[..., 0] + hue / 2) % 180
    hsv[..., 1] *= saturation
    hsv[..., 2] *= value
    return cv2.cvtColor(to_bytes(hsv), cv2.COLOR_HSV2RGB)


_GROUP = "Augmentation"
_FILL = Param(
    "fill",
    "Fill mode",
    "reflect",
    "How the empty border is filled: black, the outermost pixels (edge), or a mirror image.",
    choices=FILLS,
)
_SEED = Param("seed", "Seed", 0, "Another seed gives different noise.", 0, 9999)
_WARP = "cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.{})"
_BORDERS = {"black": "BORDER_CONSTANT", "edge": "BORDER_REPLICATE", "reflect": "BORDER_REFLECT_101"}


def _warp_call(matrix: str):
    """The call that moves pixels by that matrix."""
    return lambda values: (
        f"matrix = {matrix.format(**values)}; " + _WARP.format(_BORDERS[values["fill"]])
    )


OPERATIONS = (
    Operation(
        "flip_horizontal",
        "Horizontal flip",
        _GROUP,
        "Mirrors left and right. Suits animals and objects, but not digits or letters.",
        flip_horizontal,
        (),
        lambda values: "cv2.flip(image, 1)",
    ),
    Operation(
        "flip_vertical",
        "Vertical flip",
        _GROUP,
        "Mirrors top and bottom. Suits images taken from above, such as cells or satellite images.",
        flip_vertical,
        (),
        lambda values: "cv2.flip(image, 0)",
    ),
    Operation(
        "rotate",
        "Rotate",
        _GROUP,
        "Rotates the image about its centre, as if the camera were tilted.",
        rotate,
        (Param("angle", "Angle, degrees", 15.0, "Counter-clockwise.", -180.0, 180.0), _FILL),
        _warp_call("cv2.getRotationMatrix2D(middle, {angle}, 1.0)"),
    ),
    Operation(
        "shift",
        "Shift",
        _GROUP,
        "Moves the image within its frame: objects are not always in the centre.",
        shift,
        (
            Param("right", "To the right", 0.1, "As a fraction of the width.", -1.0, 1.0),
            Param("down", "Downwards", 0.0, "As a fraction of the height.", -1.0, 1.0),
            _FILL,
        ),
        _warp_call("np.array([[1, 0, {right} * width], [0, 1, {down} * height]])"),
    ),
    Operation(
        "zoom",
        "Zoom",
        _GROUP,
        "Enlarges or shrinks the image: objects come in many sizes.",
        zoom,
        (Param("factor", "Factor", 1.2, "Above 1 is nearer.", 0.2, 5.0), _FILL),
        _warp_call("cv2.getRotationMatrix2D(middle, 0, {factor})"),
    ),
    Operation(
        "shear",
        "Shear",
        _GROUP,
        "Slants the image, as handwriting does.",
        shear,
        (
            Param("slant", "Slant", 0.2, "Pixels sideways for each pixel down.", -1.0, 1.0),
            _FILL,
        ),
        _warp_call("np.array([[1, {slant}, -{slant} * (height - 1) / 2], [0, 1, 0]])"),
    ),
    Operation(
        "perspective",
        "Perspective",
        _GROUP,
        "Shows the image as seen from below, above or the side.",
        perspective,
        (
            Param("tilt", "Tilt", 0.15, "Above 0 the top recedes, below 0 the bottom.", -0.3, 0.3),
            Param("turn", "Turn", 0.0, "Above 0 the left recedes, below 0 the right.", -0.3, 0.3),
            _FILL,
        ),
        lambda values: (
            f"tilt, turn = {values['tilt']}, {values['turn']}; "
            "matrix = cv2.getPerspectiveTransform(corners, moved); "
            "cv2.warpPerspective(image, matrix, (width, height), "
            f"borderMode=cv2.{_BORDERS[values['fill']]})"
        ),
    ),
    Operation(
        "brightness",
        "Brightness",
        _GROUP,
        "Makes the image lighter or darker, as in other light.",
        brightness,
        (Param("amount", "Amount", 0.2, "As a fraction of full brightness.", -1.0, 1.0),),
        "np.clip(np.rint(image.astype(np.float32) + {amount} * 255), 0, 255)".format_map,
    ),
    Operation(
        "contrast",
        "Contrast",
        _GROUP,
        "Stronger or weaker differences about the mean brightness.",
        contrast,
        (Param("factor", "Factor", 1.5, "Above 1 is stronger.", 0.0, 5.0),),
        "np.clip(np.rint((image.astype(np.float32) - mean) * {factor} + mean), 0, 255)".format_map,
    ),
    Operation(
        "gaussian_noise",
        "Gaussian noise",
        _GROUP,
        "Grain, as of a camera in the dark.",
        gaussian_noise,
        (
            Param("sigma", "Sigma", 20.0, "Standard deviation, of 255.", 0.0, 128.0),
            _SEED,
        ),
        (
            "noise = np.random.default_rng({seed}).standard_normal(image.shape, dtype=np.float32); "
            "np.clip(np.rint(image + {sigma} * noise), 0, 255)"
        ).format_map,
    ),
    Operation(
        "salt_and_pepper",
        "Salt-and-pepper noise",
        _GROUP,
        "Single white and black pixels, as of a faulty sensor or a bad line.",
        salt_and_pepper,
        (Param("part", "Part of the pixels", 0.05, "Half white, half black.", 0.0, 1.0), _SEED),
        "lots = np.random.default_rng({seed}).random(image.shape[:2]); "
        "image[lots < {part} / 2] = 0; image[lots > 1 - {part} / 2] = 255".format_map,
    ),
    Operation(
        "cutout",
        "Cutout",
        _GROUP,
        "Hides a square, as something that stands in front. A model that looks at one spot only "
        "fails on it.",
        cutout,
        (
            Param("size", "Size", 0.3, "Side of the square, as a part of the shorter side.", 0, 1),
            Param("x", "Place, sideways", 0.5, "0 is the left edge, 1 the right edge.", 0.0, 1.0),
            Param("y", "Place, downwards", 0.5, "0 is the top, 1 the bottom.", 0.0, 1.0),
            Param("grey", "Grey", 0, "What it is filled with.", 0, 255),
        ),
        (
            "side = round({size} * min(height, width)); left = round({x} * (width - side)); "
            "top = round({y} * (height - side)); "
            "image[top : top + side, left : left + side] = {grey}"
        ).format_map,
    ),
    Operation(
        "colour_jitter",
        "Colour",
        _GROUP,
        "Other hue, stronger or paler colours, as by another lamp or camera.",
        colour_jitter,
        (
            Param("hue", "Hue, degrees", 20.0, "Turns the circle of colours.", -180.0, 180.0),
            Param("saturation", "Saturation", 1.2, "0 is grey.", 0.0, 3.0),
            Param("value", "Value", 1.0, "Above 1 is brighter.", 0.0, 3.0),
        ),
        "cv2.cvtColor(image, cv2.COLOR_RGB2HSV); hue + {hue} / 2; saturation * {saturation}; "
        "value * {value}; cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)".format_map,
    ),
)
