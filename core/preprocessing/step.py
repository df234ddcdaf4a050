"""The steps of a recipe, kept so that a page can show them, and what they lead to."""

from dataclasses import dataclass

import numpy as np


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
    """

    batch: np.ndarray
    steps: tuple[Step, ...]
    item_steps: tuple[tuple[Step, ...], ...]
    rows: tuple[int, ...] = ()
