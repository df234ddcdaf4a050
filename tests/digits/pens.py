"""Pens, paper and a camera: what images of written digits are generated with."""

import cv2
import numpy as np

from tests.digits.conditions import skeleton

PENS = {  # RGB
    "black": (28, 28, 32),
    "blue": (38, 62, 150),
    "red": (178, 40, 48),
    "green": (30, 118, 66),
    "pencil": (105, 105, 108),
}
_WORK = 112  # side at which a digit's middle line is found

Rng = np.random.Generator


def pen_strokes(digit: np.ndarray, size: int, width: float) -> np.ndarray:
    """The digit written with a pen of another width, as a soft mask.

    Args:
        digit: uint8, shape `(28, 28)`.
        size: side of the result, pixels; the digit itself is about 20/28 of it.
        width: of the stroke, as a fraction of `size`; 0 leaves MNIST's own.

    Returns:
        float32, shape `(size, size)`; 1 is full ink.
    """
    mask = cv2.resize(digit, (_WORK, _WORK), interpolation=cv2.INTER_CUBIC) > 110
    if width:
        line = skeleton(mask.astype(np.uint8))
        distance = cv2.distanceTransform(1 - line, cv2.DIST_L2, 5)
        large = cv2.resize(distance, (size, size), interpolation=cv2.INTER_CUBIC) * size / _WORK
        soft = np.clip(width * size / 2 - large + 0.5, 0, 1)
    else:
        large = cv2.resize(digit, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        soft = np.clip((large - 110) * size / 28 / 255 + 0.5, 0, 1)
    return soft.astype(np.float32)


def paper(shape: tuple[int, int], rng: Rng, fall: float, shadow: float = 0.0) -> np.ndarray:
    """Light paper, float32 `(H, W, 3)`.

    Args:
        shape: height and width, pixels.
        rng: generator.
        fall: by what fraction the light falls off across the sheet.
        shadow: how dark a shadow over a part of it is, as a fraction.
    """
    level = rng.uniform(165, 245)
    tint = 1 + rng.uniform(-0.04, 0.04, 3)
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    down, across = down / shape[0] - 0.5, across / shape[1] - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - fall / 2 + fall * (np.cos(angle) * across + np.sin(angle) * down)
    if shadow:
        edge = np.cos(angle + 1) * across + np.sin(angle + 1) * down - rng.uniform(-0.25, 0.25)
        light *= 1 - shadow / (1 + np.exp(-edge * rng.uniform(20, 80)))
    cloud = cv2.resize(rng.normal(0, 1, (6, 6)).astype(np.float32), shape[::-1])
    light *= 1 + 0.012 * cloud
    return np.clip(level * light[..., None] * tint, 0, 255).astype(np.float32)


def shoot(page: np.ndarray, rng: Rng, grain: float | None = None) -> np.ndarray:
    """What a camera makes of it: a little blur, noise, JPEG."""
    page = cv2.GaussianBlur(page, (0, 0), rng.uniform(0.4, 1.1))
    page = page + rng.normal(0, rng.uniform(0.5, 3.5) if grain is None else grain, page.shape)
    page = np.clip(page, 0, 255).astype(np.uint8)
    quality = int(rng.integers(70, 96))
    coded = cv2.imencode(".jpg", page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]


def put(page: np.ndarray, strokes: np.ndarray, top: int, left: int, colour) -> None:
    """Write strokes on a page in place; ink takes away light, so shadows fall on it too."""
    window = page[max(0, top) : top + strokes.shape[0], max(0, left) : left + strokes.shape[1]]
    cut = strokes[max(0, -top) :, max(0, -left) :][: window.shape[0], : window.shape[1]]
    alpha = cut[..., None]
    window *= 1 - alpha + alpha * (np.array(colour, np.float32) / 235)


def pen(rng: Rng) -> tuple[int, int, int]:
    """One of the five colours, a little different every time."""
    colour = np.array(list(PENS.values())[rng.integers(len(PENS))])
    return tuple(np.clip(colour + rng.integers(-15, 16, 3), 5, 200))
