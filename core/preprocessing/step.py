"""One step of a recipe, kept so that a page can show it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Step:
    """A picture on its way to the model.

    Attributes:
        name: two or three words.
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        sentence: what happened, in words a student understands.
    """

    name: str
    image: np.ndarray
    sentence: str
