"""Change every image of a batch at random, as a `Policy` allows.

`DRAWN_DIGITS` imitates how people really draw: a digit leans, is stretched, sits a little off
centre, is written with a thin or a thick pen, wobbles, or has been scanned coarsely.
"""

import cv2
import numpy as np

from core.augmentation.operations import apply_random
from core.augmentation.policy import FILLS, Policy
from core.opencv_ops import changes, filters

_LEAST_BLUR = 0.1  # pixels: less than that does nothing


def augment(images: np.ndarray, policy: Policy, seed: int | np.random.Generator) -> np.ndarray:
    """Return a changed copy of every image.

    Args:
        images: uint8, shape `(N, H, W, C)`.
        policy: how far each change may go.
        seed: a seed or a NumPy generator; the same seed gives the same images.

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
    if policy.flip and rng.random() < policy.flip:
        image = image[:, ::-1]
    if policy.wobble:
        image = _displace(image, policy, rng)
    elif policy.moves:
        image = _warp(image, _random_affine(image.shape, policy, rng), policy.fill)
    if policy.brightness or policy.contrast:
        image = _change_light(image, policy, rng)
    image = _change_more(image, policy, rng)
    for _ in range(policy.random_operations):
        image = apply_random(image, policy.magnitude, policy.fill, rng)
    return image


def _change_more(image: np.ndarray, policy: Policy, rng: np.random.Generator) -> np.ndarray:
    """The changes that the image lab shows one at a time, each with random values."""
    shape = image.shape
    image = np.ascontiguousarray(image[..., 0] if shape[2:] == (1,) else image)
    if policy.flip_vertical and rng.random() < policy.flip_vertical:
        image = changes.flip_vertical(image)
    if policy.perspective:
        tilt, turn = rng.uniform(-1, 1, 2) * policy.perspective
        image = changes.perspective(image, tilt, turn, policy.fill)
    if policy.colour:
        change = rng.uniform(-1, 1, 2) * policy.colour
        image = changes.colour_jitter(image, 90 * change[0], max(0.0, 1 + change[1]), 1.0)
    if policy.blur and (sigma := rng.uniform() * policy.blur) > _LEAST_BLUR:
        image = filters.gaussian_blur(image, sigma)
    if policy.noise:
        image = changes.gaussian_noise(image, rng.uniform() * policy.noise * 255, rng)
    if policy.salt_pepper:
        image = changes.salt_and_pepper(image, rng.uniform() * policy.salt_pepper, rng)
    if policy.cutout:
        image = changes.cutout(image, policy.cutout, *rng.uniform(size=2), 0)
    return image.reshape(shape)


def _warp(image: np.ndarray, matrix: np.ndarray, fill: str) -> np.ndarray:
    image = np.ascontiguousarray(image)
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=FILLS[fill])


def _change_light(image: np.ndarray, policy: Policy, rng: np.random.Generator) -> np.ndarray:
    contrast = 1 + rng.uniform(-1, 1) * policy.contrast
    brightness = rng.uniform(-1, 1) * policy.brightness * 255
    mean = image.mean()
    changed = (image.astype(np.float32) - mean) * contrast + mean + brightness
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def _random_affine(shape: tuple, policy: Policy, rng: np.random.Generator) -> np.ndarray:
    """A 2x3 matrix that turns, stretches, slants and shifts about the centre of the image."""
    height, width = shape[:2]
    angle = np.deg2rad(rng.uniform(-1, 1) * policy.rotation)
    stretch = np.diag(1 + rng.uniform(-1, 1, 2) * policy.scale)
    if policy.zoom:
        stretch *= 1 + rng.uniform(-1, 1) * policy.zoom
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
    return cv2.remap(
        np.ascontiguousarray(image),
        map_x.astype(np.float32),
        map_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=FILLS[policy.fill],
    )


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
