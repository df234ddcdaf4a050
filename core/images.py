"""Bytes become validated uint8 arrays, once, at the border.

PNG, JPEG, GIF (first frame), BMP, WebP and TIFF are read, whatever their mode: palette,
transparency, 16 bits a channel, CMYK, grey. Size and pixels are checked before anything is
decoded, so that a small file cannot claim a huge picture.
"""

import io
import warnings

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import ImageError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000

_GROUND = 127  # around a picture that does not fill its frame

_ALLOWED = "PNG, JPEG, GIF, BMP, WebP and TIFF pictures can be read"


def decode(content: bytes) -> np.ndarray:
    """Read a picture.

    Args:
        content: a whole file.

    Returns:
        uint8, shape `(H, W)` if the picture is grey, else `(H, W, 3)` RGB; upright according to
        its EXIF orientation, transparency laid over white.

    Raises:
        ImageError: if it is empty, too large, of another format, or damaged.
    """
    if not content:
        raise ImageError(f"The file is empty (0 bytes). {_ALLOWED}.")
    if len(content) > MAX_BYTES:
        raise ImageError(
            f"The file is too large: at most {MAX_BYTES // 2**20} MB are allowed. "
            f"Received: {len(content) / 2**20:.1f} MB."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures; we refuse them below
        picture = _open(content)
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise ImageError(
                f"The picture has too many pixels: at most {MAX_PIXELS // 10**6} million are "
                f"allowed. Received: {width:,} × {height:,}."
            )
        try:
            picture.load()
            return _to_array(ImageOps.exif_transpose(picture))
        except Exception as error:  # a damaged file can fail anywhere inside a codec
            raise ImageError(
                f"The {picture.format} picture is damaged or cut off and cannot be read."
            ) from error


def _open(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"The picture has too many pixels: at most {MAX_PIXELS // 10**6} million are allowed."
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"The file is not a picture the studio knows, whatever its name says. {_ALLOWED}."
        ) from error
    except Exception as error:
        raise ImageError("The picture is damaged or cut off and cannot be read.") from error


def _to_array(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):
        return _scale_to_uint8(np.asarray(picture))
    if picture.mode in ("1", "L") and "transparency" not in picture.info:
        return np.asarray(picture.convert("L"))
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        ground = Image.new("RGBA", rgba.size, "white")
        picture = Image.alpha_composite(ground, rgba)
    return np.asarray(picture.convert("RGB"))


def _scale_to_uint8(values: np.ndarray) -> np.ndarray:
    """More than 8 bits a channel, brought to 0-255 by the range the values need."""
    values = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
    values = np.maximum(values, 0)
    top = float(values.max())
    limit = next((limit for limit in (1.0, 255.0, 65535.0) if top <= limit), top)
    return np.round(values * (255 / limit)).astype(np.uint8)


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
    """The picture reduced so that neither side exceeds `longest` pixels; never enlarged."""
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
    """All of the picture, resized to fit `size`, on a grey ground; arguments as `fit_image`."""
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
    """All of the picture, out of proportion if need be; arguments as `fit_image`."""
    height, width = image.shape[:2]
    if (height, width) == tuple(size):
        return image
    shrinks = height > size[0] or width > size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (size[1], size[0]), interpolation=method)


FITS = {"crop": fit_image, "whole": pad_image, "stretch": stretch_image}


def encode_png(image: np.ndarray) -> bytes:
    """A picture as the bytes of a PNG file.

    Raises:
        ImageError: if it is not a picture.
    """
    image = _checked(image)
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", image)[1].tobytes()


def _checked(image: np.ndarray) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.size == 0:
        raise ImageError(
            "A picture is a uint8 array of shape (H, W) or (H, W, 3). "
            f"Received: {image.dtype} of shape {image.shape}."
        )
    if image.ndim == 3 and image.shape[2] == 1:
        return image[..., 0]
    if image.ndim == 3 and image.shape[2] != 3:
        raise ImageError(f"A picture has 1 or 3 channels. Received: {image.shape[2]}.")
    return image
