"""A map drawn over its image, in two colours that colour-blind people can tell apart."""

import cv2
import numpy as np

from core.images import to_rgb

# M. Okabe & K. Ito (2008), "Color universal design": orange and blue.
FOR, AGAINST = (230, 129, 0), (0, 114, 178)
_SIDE = 336  # pixels that a small image is enlarged to at least, by a whole number
_COLOUR_LEFT = 0.35  # of a photo's colours, so that those of the map can be read
_BRIGHTEST = 0.75  # of white strokes, on which a colour is pale otherwise


def overlay(
    image: np.ndarray, seen: np.ndarray, opacity: float = 0.7, against: bool = False
) -> np.ndarray:
    """Colour an image by what speaks for a class, and against it.

    Args:
        image: uint8, `(H, W)`, `(H, W, 1)` or `(H, W, 3)`.
        seen: `Explanation.map`, float32, `(H, W)`; its largest value is drawn in full colour.
        opacity: of that colour, 0 to 1.
        against: whether negative values are drawn too.

    Returns:
        uint8, `(h, w, 3)`; a small image is enlarged, its pixels stay crisp.
    """
    is_grey = image.ndim == 2 or image.shape[2] == 1
    colours = to_rgb(image).astype(np.float32) * np.float32(_BRIGHTEST if is_grey else 1)
    grey = colours.mean(axis=2, keepdims=True)
    base = grey + _COLOUR_LEFT * (colours - grey)
    drawn = seen if against else np.maximum(seen, 0)
    strength = np.abs(drawn) / max(float(np.abs(drawn).max()), 1e-12)
    alpha = np.clip(opacity, 0, 1) * strength[..., None]
    ink = np.where(drawn[..., None] >= 0, np.float32(FOR), np.float32(AGAINST))
    mixed = ((1 - alpha) * base + alpha * ink).round().astype(np.uint8)
    times = -(-_SIDE // max(mixed.shape[:2])) if max(mixed.shape[:2]) < _SIDE else 1
    size = (mixed.shape[1] * times, mixed.shape[0] * times)
    return cv2.resize(mixed, size, interpolation=cv2.INTER_NEAREST)
