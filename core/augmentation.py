"""Seeded random changes to batches of pictures: the only augmentation there is.

Training, previews and figures all call `augment`, so what a person is shown is what a model is
trained on. Everything works on uint8 with OpenCV and NumPy; nothing here needs TensorFlow.

A `Policy` says how far each change may go. `DRAWN_DIGITS` imitates how people really draw:
a digit leans, is stretched, sits a little off centre, is written with a thin or a thick pen,
wobbles, or has been scanned coarsely.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Policy:
    """How far each random change may go. The default changes nothing.

    Attributes:
        shift: largest move along each axis, as a fraction of the side (0.1 = a tenth).
        rotation: largest turn in degrees, either way.
        scale: largest relative change of size, drawn separately for width and height.
        shear: largest slant, as horizontal pixels per vertical pixel.
        wobble: standard deviation, in pixels, of a smooth random displacement
            (Simard, Steinkraus & Platt, 2003, "Best practices for convolutional neural
            networks applied to visual document analysis").
        thickness: probability of a thinner or thicker stroke.
        coarseness: probability of being scanned at 30-60 % of the resolution and enlarged again.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    wobble: float = 0.0
    thickness: float = 0.0
    coarseness: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if value < 0:
                raise ValueError(f"`{name}` must be zero or more. Received: {name}={value}")
        for name in ("thickness", "coarseness"):
            value = getattr(self, name)
            if value > 1:
                raise ValueError(f"`{name}` is a probability, 0 to 1. Received: {name}={value}")


DRAWN_DIGITS = Policy(
    shift=0.06,
    rotation=12.0,
    scale=0.13,
    shear=0.18,
    wobble=0.6,
    thickness=0.35,
    coarseness=0.1,
)


def augment(images: np.ndarray, policy: Policy, seed: int | np.random.Generator) -> np.ndarray:
    """Return a changed copy of every picture.

    Args:
        images: uint8, shape `(N, H, W, C)`; light ink on a black ground, since what moves in
            from outside is black.
        policy: how far each change may go.
        seed: a seed or a NumPy generator; the same seed gives the same pictures.

    Returns:
        uint8 array of the shape of `images`.

    Raises:
        ValueError: if `images` is not a uint8 batch with four axes.
    """
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ValueError(
            "`images` must be a uint8 batch of shape (N, H, W, C). "
            f"Received: dtype={images.dtype}, shape={images.shape}"
        )
    rng = np.random.default_rng(seed)
    changed = np.empty_like(images)
    for index, image in enumerate(images):
        changed[index] = _augment_one(image, policy, rng).reshape(image.shape)
    return changed


def _augment_one(image: np.ndarray, policy: Policy, rng: np.random.Generator) -> np.ndarray:
    if policy.thickness and rng.random() < policy.thickness:
        image = _change_thickness(image, rng)
    if policy.coarseness and rng.random() < policy.coarseness:
        image = _scan_coarsely(image, rng)
    if policy.wobble:
        return _displace(image, policy, rng)
    return cv2.warpAffine(image, _random_affine(image.shape, policy, rng), image.shape[1::-1])


def _random_affine(shape: tuple, policy: Policy, rng: np.random.Generator) -> np.ndarray:
    """A 2x3 matrix that turns, stretches, slants and shifts about the centre of the picture."""
    height, width = shape[:2]
    angle = np.deg2rad(rng.uniform(-1, 1) * policy.rotation)
    stretch = np.diag(1 + rng.uniform(-1, 1, 2) * policy.scale)
    slant = np.array([[1, rng.uniform(-1, 1) * policy.shear], [0, 1]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ slant @ stretch
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    move = rng.uniform(-1, 1, 2) * policy.shift * (width, height)
    return np.column_stack([linear, centre - linear @ centre + move])


def _displace(image: np.ndarray, policy: Policy, rng: np.random.Generator) -> np.ndarray:
    """The affine change and a smooth wobble, in a single resampling so nothing blurs twice."""
    height, width = image.shape[:2]
    matrix = cv2.invertAffineTransform(_random_affine(image.shape, policy, rng))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    coarse = rng.normal(0, policy.wobble, (4, 4, 2)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    map_x = matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2] + smooth[..., 0]
    map_y = matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2] + smooth[..., 1]
    return cv2.remap(image, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR)


def _change_thickness(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A thinner or thicker pen: erosion or dilation, blended in by a random amount."""
    kernel = cv2.getStructuringElement(
        (cv2.MORPH_CROSS, cv2.MORPH_ELLIPSE)[rng.integers(2)], (3, 3)
    )
    other = (cv2.dilate if rng.random() < 0.5 else cv2.erode)(image, kernel)
    amount = rng.uniform(0.3, 1.0)
    blend = cv2.addWeighted(image, 1 - amount, other.reshape(image.shape), amount, 0)
    return cv2.convertScaleAbs(blend, alpha=float(image.max()) / max(1, int(blend.max())))


def _scan_coarsely(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = image.shape[:2]
    factor = rng.uniform(0.3, 0.6)
    small = cv2.resize(
        image, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA
    )
    method = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.integers(3)]
    return cv2.resize(small, (width, height), interpolation=method)
