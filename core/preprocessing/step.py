"""The steps of a recipe, kept so that a page can show them, and what they lead to."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

PARTED_HEIGHT = 64  # pixels


@dataclass(frozen=True)
class Step:
    """An image on its way to the model.

    Attributes:
        name: two or three words.
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        sentence: what happened, in words a student understands.
    """

    name: str
    image: np.ndarray
    sentence: str


@dataclass(frozen=True)
class Prepared:
    """An image as a model was trained to see it.

    Attributes:
        batch: uint8, shape `(N, H, W, C)`; N is 1, or the number of digits.
        steps: the steps of the whole image.
        item_steps: for each of the N, its own steps.
        rows: how many of the N stand in each row, from the top; empty if there are no rows.
        crops: of digits, the ink of each of the N, uint8; empty for anything else.
        layout: of digits, the `DigitLayout` that they were brought to.
        parted: which of the N touched each other and were taken apart.
        whole: the same before that; None if none were.
    """

    batch: np.ndarray
    steps: tuple[Step, ...]
    item_steps: tuple[tuple[Step, ...], ...]
    rows: tuple[int, ...] = ()
    crops: tuple[np.ndarray, ...] = ()
    layout: Any = None
    parted: tuple[int, ...] = ()
    whole: "Prepared | None" = None

    def without_steps(self) -> "Prepared":
        """No more than a model needs: the steps of a photo take megabytes."""
        small = tuple(reduced_crop(crop) for crop in self.crops)
        return replace(self, steps=(), item_steps=(), crops=small)


def reduced_crop(crop: np.ndarray) -> np.ndarray:
    """Ink no higher than digits that touch are taken apart at."""
    if crop.shape[0] <= PARTED_HEIGHT:
        return crop
    width = max(1, round(crop.shape[1] * PARTED_HEIGHT / crop.shape[0]))
    return cv2.resize(crop, (width, PARTED_HEIGHT), interpolation=cv2.INTER_AREA)
