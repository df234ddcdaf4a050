"""Occlusion: hide a patch, see how far the probability falls, patch by patch.

M. D. Zeiler & R. Fergus (2014), "Visualizing and understanding convolutional networks". Any model
can be asked that way, since it only has to predict.
"""

from dataclasses import dataclass

import numpy as np

from core.preprocessing import reads
from core.serving import Predictor

_LEAST = 1e-7  # probability that still counts, which float32 keeps apart from 0 and 1
_SMALL = 64  # pixels of a side up to which patches are a fifth of it, beyond a quarter
_AT_ONCE = 8 * 2**20  # bytes of images that are predicted at once


@dataclass(frozen=True)
class Patches:
    """Squares that are hidden one after another.

    Attributes:
        size: pixels of a side.
        stride: pixels from one to the next.
    """

    size: int
    stride: int

    @staticmethod
    def of(shape: tuple[int, ...]) -> "Patches":
        """Patches for an image of that height and width, which overlap by half."""
        side = min(shape[:2])
        size = max(2, round(side / (5 if side <= _SMALL else 4)))
        return Patches(size, max(1, size // 2))

    def boxes(self, shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
        """Rows and columns of each; those at the edges are cut off, so every pixel is hidden
        equally often."""
        ways = [
            [
                slice(max(start, 0), min(start + self.size, length))
                for start in range(self.stride - self.size, length, self.stride)
            ]
            for length in shape[:2]
        ]
        return [(rows, columns) for rows in ways[0] for columns in ways[1]]


def blank(predictor: Predictor, image: np.ndarray) -> np.ndarray:
    """What a hidden pixel shows, uint8, `(C,)`: paper in a drawing, in a photo its mean colour."""
    if reads(predictor.run.card.preprocessing) == "photos":
        return image.reshape(-1, image.shape[2]).mean(axis=0).round().astype(np.uint8)
    return np.zeros(image.shape[2], np.uint8)


def occlusion(
    predictor: Predictor, image: np.ndarray, index: int, patches: Patches | None = None
) -> np.ndarray:
    """How far hiding each pixel lowers the log odds of a class, on average over the patches.

    Args:
        predictor: any model.
        image: as the model takes it, uint8, `(H, W, C)`.
        index: of the class.
        patches: what is hidden; None for those that suit the image.

    Returns:
        float32, `(H, W)`: positive where hiding lowers the odds.
    """
    patches = patches or Patches.of(image.shape)
    boxes, colour = patches.boxes(image.shape), blank(predictor, image)
    before = log_odds(predictor.probabilities(image[None])[:, index])[0]
    total, times = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    size = max(1, _AT_ONCE // image.nbytes)
    for start in range(0, len(boxes), size):
        part = boxes[start : start + size]
        batch = np.repeat(image[None], len(part), axis=0)
        for hidden, box in zip(batch, part, strict=True):
            hidden[box] = colour
        after = log_odds(predictor.probabilities(batch)[:, index])
        for box, fall in zip(part, before - after, strict=True):
            total[box] += fall
            times[box] += 1
    return (total / times).astype(np.float32)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """`log p / (1 − p)`, which still tells 99.9 % from 99.99 %."""
    clipped = np.clip(probabilities.astype(np.float64), _LEAST, 1 - _LEAST)
    return np.log(clipped / (1 - clipped))
