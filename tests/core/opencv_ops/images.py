"""Images that operations are tried on, the values they are tried with, and their texts."""

from typing import Any

import cv2
import numpy as np
import pytest

from core.opencv_ops import OPERATIONS, Step, apply
from core.param import Param
from tests.pairs import pairs


def make_image(height: int, width: int, colour: bool = False) -> np.ndarray:
    """Soft light and dark, a dark and a bright thing with sharp edges, and grain."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 128 + 50 * np.sin(rows / height * 7) + 40 * np.cos(columns / width * 9)
    light[height // 5 : height // 2, width // 6 : width // 3] = 15
    light[height // 3 : height - height // 4, width // 2 : width - width // 5] = 240
    layers = [light, np.roll(light, width // 4, axis=1), 255 - light] if colour else [light]
    grain = np.random.default_rng(len(layers)).normal(0, 6, (height, width, len(layers)))
    image = np.clip(np.stack(layers, axis=-1) + grain, 0, 255).astype(np.uint8)
    return image if colour else image[..., 0].copy()


GREY, COLOUR = make_image(37, 53), make_image(37, 53, colour=True)
GREY.flags.writeable = COLOUR.flags.writeable = False

IMAGES = (GREY, COLOUR)
each_image = pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
each_operation = pytest.mark.parametrize("name", OPERATIONS)


def done(name: str, image: np.ndarray, /, **values: Any) -> np.ndarray:
    """The image after that operation."""
    return apply(image, Step(name, values))


def in_grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image[..., ::-1], cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image


def same(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two images have the same type, shape and pixels."""
    return first.dtype == second.dtype == np.uint8 and np.array_equal(first, second)


def grid(name: str, /, **values: Any) -> list:
    """Test cases: an operation with every two values of its parameters together."""
    return [pytest.param(name, one, id=_id_of(name, one)) for one in pairs(values)]


def _id_of(name: str, values: dict[str, Any]) -> str:
    return " ".join([name, *(f"{key}={value}" for key, value in values.items())])


def each_case(*grids: list):
    """Parametrises a test by the `name` of an operation and its `values`."""
    return pytest.mark.parametrize(("name", "values"), [case for cases in grids for case in cases])


def extremes(param: Param) -> list:
    """Every choice of a text, or the limits of a number and what it usually is."""
    if isinstance(param.default, bool):
        return [False, True]
    return list(dict.fromkeys(param.choices or (param.low, param.default, param.high)))


def said(name: str, image: np.ndarray, values: dict[str, Any], **names: Any) -> np.ndarray:
    """What the text of an operation's call comes to, if it is run by itself.

    Args:
        names: what the text uses beside the names that are always there; `image`, if the text
            changes it rather than making another.
    """
    height, width = image.shape[:2]
    known = {
        "cv2": cv2,
        "np": np,
        "image": image.copy(),
        "gray": in_grey(image),
        "height": height,
        "width": width,
        "middle": ((width - 1) / 2, (height - 1) / 2),
        **names,
    }
    *statements, last = Step(name, values).call.split("; ")
    for statement in statements:
        exec(statement, known)
    return eval(last, known)
