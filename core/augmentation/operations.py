"""The operations that RandAugment draws from, each on one uint8 image.

E. Cubuk, B. Zoph, J. Shlens & Q. Le (2020), "RandAugment: practical automated data augmentation
with a reduced search space".
"""

from collections.abc import Callable

import cv2
import numpy as np

from core.augmentation.policy import FILLS

_MOST_TURN, _MOST_SLANT, _MOST_MOVE = 30.0, 0.3, 0.3  # at full magnitude


def apply_random(
    image: np.ndarray, magnitude: float, fill: str, rng: np.random.Generator
) -> np.ndarray:
    """One operation, drawn from the ten, at the given magnitude in a random direction.

    Args:
        image: uint8, shape `(H, W, C)` or `(H, W)`.
        magnitude: 0 to 1.
        fill: what moves in from outside, one of `FILLS`.
        rng: draws the operation and its direction.
    """
    operation = OPERATIONS[rng.integers(len(OPERATIONS))]
    amount = magnitude * (1 if rng.random() < 0.5 else -1)
    return operation(np.ascontiguousarray(image), amount, FILLS[fill]).reshape(image.shape)


def _turn(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), amount * _MOST_TURN, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=fill)


def _affine(image: np.ndarray, linear: np.ndarray, move: np.ndarray, fill: int) -> np.ndarray:
    height, width = image.shape[:2]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([linear, centre - linear @ centre + move])
    return cv2.warpAffine(image, matrix, (width, height), borderMode=fill)


def _slant_sideways(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    return _affine(image, np.array([[1, amount * _MOST_SLANT], [0, 1]]), np.zeros(2), fill)


def _slant_upwards(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    return _affine(image, np.array([[1, 0], [amount * _MOST_SLANT, 1]]), np.zeros(2), fill)


def _move_sideways(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    move = np.array([amount * _MOST_MOVE * image.shape[1], 0])
    return _affine(image, np.eye(2), move, fill)


def _move_upwards(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    move = np.array([0, amount * _MOST_MOVE * image.shape[0]])
    return _affine(image, np.eye(2), move, fill)


def _brighten(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    return _rounded(image.astype(np.float32) * (1 + 0.9 * amount))


def _contrast(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    mean = image.mean()
    return _rounded((image.astype(np.float32) - mean) * (1 + 0.9 * amount) + mean)


def _sharpen(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    """Sharper or, with a negative amount, more blurred."""
    blurred = cv2.blur(image, (3, 3)).reshape(image.shape).astype(np.float32)
    return _rounded(image + (image - blurred) * 0.9 * amount)


def _posterise(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    """Fewer levels of brightness: 8 bits down to 4."""
    bits = round(4 * abs(amount))
    return image >> bits << bits


def _equalise(image: np.ndarray, amount: float, fill: int) -> np.ndarray:
    """Levels of brightness spread out evenly, channel by channel; by the magnitude."""
    channels = np.atleast_3d(image)
    even = np.stack(
        [
            cv2.equalizeHist(np.ascontiguousarray(channels[..., i]))
            for i in range(channels.shape[2])
        ],
        axis=-1,
    ).reshape(image.shape)
    return _rounded((1 - abs(amount)) * image.astype(np.float32) + abs(amount) * even)


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


OPERATIONS: tuple[Callable[[np.ndarray, float, int], np.ndarray], ...] = (
    _turn,
    _slant_sideways,
    _slant_upwards,
    _move_sideways,
    _move_upwards,
    _brighten,
    _contrast,
    _sharpen,
    _posterise,
    _equalise,
)
