"""Arrays fitted to what is wanted: grey or coloured, smaller, cropped, padded; and encoded."""

import base64

import cv2
import numpy as np

from core.errors import ImageError

_GROUND = 127  # around an image that does not fill its frame


def to_gray(image: np.ndarray) -> np.ndarray:
    """uint8 `(H, W)` from `(H, W)`, `(H, W, 1)` or `(H, W, 3)` RGB.

    Raises:
        ImageError: if it is anything else.
    """
    image = _checked(image)
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """uint8 `(H, W, 3)` from `(H, W)`, `(H, W, 1)` or `(H, W, 3)` RGB.

    Raises:
        ImageError: if it is anything else.
    """
    image = _checked(image)
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)


def fit_within(image: np.ndarray, longest: int) -> np.ndarray:
    """The image reduced so that neither side exceeds `longest` pixels; never enlarged."""
    if max(image.shape[:2]) <= longest:
        return image
    factor = longest / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def fit_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The largest part from the middle that has the proportions of `size`, resized to it.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, C)`.
        size: height and width of the result, in pixels.
    """
    height, width = image.shape[:2]
    if (height, width) == tuple(size):
        return image
    factor = min(height / size[0], width / size[1])
    part_height = min(height, max(1, round(size[0] * factor)))
    part_width = min(width, max(1, round(size[1] * factor)))
    top, left = (height - part_height) // 2, (width - part_width) // 2
    part = image[top : top + part_height, left : left + part_width]
    method = cv2.INTER_AREA if factor > 1 else cv2.INTER_LINEAR
    return cv2.resize(part, (size[1], size[0]), interpolation=method)


def pad_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """All of the image, resized to fit `size`, on a grey ground; arguments as `fit_image`."""
    height, width = image.shape[:2]
    if (height, width) == tuple(size):
        return image
    factor = max(height / size[0], width / size[1])
    inside = (max(1, round(width / factor)), max(1, round(height / factor)))
    method = cv2.INTER_AREA if factor > 1 else cv2.INTER_LINEAR
    part = cv2.resize(image, inside, interpolation=method)
    padded = np.full((*size, *image.shape[2:]), _GROUND, np.uint8)
    top, left = (size[0] - inside[1]) // 2, (size[1] - inside[0]) // 2
    padded[top : top + inside[1], left : left + inside[0]] = part.reshape(
        *inside[::-1], *image.shape[2:]
    )
    return padded


def stretch_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """All of the image, out of proportion if need be; arguments as `fit_image`."""
    height, width = image.shape[:2]
    if (height, width) == tuple(size):
        return image
    shrinks = height > size[0] or width > size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (size[1], size[0]), interpolation=method)


FITS = {"crop": fit_image, "whole": pad_image, "stretch": stretch_image}


def fit_batch(images: np.ndarray, shape: tuple[int, int, int], fit: str) -> np.ndarray:
    """Images brought to a size and a number of channels.

    Args:
        images: uint8, shape `(N, H, W, C)`; C is 1 or 3.
        shape: height, width and channels of the result.
        fit: one of `FITS`.
    """
    if images.shape[1:] == tuple(shape):
        return images
    turn = to_rgb if shape[2] == 3 else to_gray
    fitted = [FITS[fit](turn(image), shape[:2]) for image in images]
    return np.stack(fitted).reshape(len(images), *shape)


def encode_png(image: np.ndarray) -> bytes:
    """An image as the bytes of a PNG file.

    Raises:
        ImageError: if it is not an image.
    """
    image = _checked(image)
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", image)[1].tobytes()


def data_url(image: np.ndarray) -> str:
    """An image as a data URL, as PNG.

    Raises:
        ImageError: if it is not an image.
    """
    return "data:image/png;base64," + base64.b64encode(encode_png(image)).decode()


def _checked(image: np.ndarray) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.size == 0:
        raise ImageError(
            "An image is a uint8 array of shape (H, W) or (H, W, 3). "
            f"Received: {image.dtype} of shape {image.shape}."
        )
    if image.ndim == 3 and image.shape[2] == 1:
        return image[..., 0]
    if image.ndim == 3 and image.shape[2] != 3:
        raise ImageError(f"An image has 1 or 3 channels. Received: {image.shape[2]}.")
    return image
