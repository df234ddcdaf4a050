"""The recipes that a run's card names."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.errors import RunError, unknown
from core.images import to_gray
from core.preprocessing.digits import split_digits
from core.preprocessing.ink import find_ink
from core.preprocessing.normalise import MNIST_RECIPE, OPTDIGITS_RECIPE, Recipe, normalise_digit
from core.preprocessing.step import Step


@dataclass(frozen=True)
class Prepared:
    """A picture as a model was trained to see it.

    Attributes:
        batch: uint8, shape `(N, H, W, C)`; N is 1, or the number of digits side by side.
        steps: the steps of the whole picture.
        item_steps: for each of the N, its own steps.
    """

    batch: np.ndarray
    steps: tuple[Step, ...]
    item_steps: tuple[tuple[Step, ...], ...]


def prepare_digits(image: np.ndarray, recipe: Recipe) -> Prepared:
    """Find the ink, part the digits, normalise each.

    Raises:
        ImageError: if the picture is blank.
    """
    gray = to_gray(image)
    ink = find_ink(gray)
    digits = split_digits(ink.amount)
    steps = [
        Step("Your picture", image, "What you drew or showed."),
        Step("Ink", ink.amount, ink.sentence),
    ]
    item_steps = tuple(normalise_digit(digit, recipe) for digit in digits)
    batch = np.stack([steps[-1].image[..., None] for steps in item_steps])
    return Prepared(batch, tuple(steps), item_steps)


RECIPES: dict[str, Callable[[np.ndarray], Prepared]] = {
    "mnist_digit": partial(prepare_digits, recipe=MNIST_RECIPE),
    "optdigits_digit": partial(prepare_digits, recipe=OPTDIGITS_RECIPE),
}


def prepare(name: str, image: np.ndarray, input_shape: tuple[int, int, int]) -> Prepared:
    """Apply a recipe by name.

    Args:
        name: one of `RECIPES`.
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        input_shape: what the result's pictures must measure.

    Raises:
        RunError: if the name is unknown or the recipe gives another shape.
        ImageError: if there is nothing to classify.
    """
    if name not in RECIPES:
        raise RunError(unknown("preprocessing recipe", name, RECIPES))
    prepared = RECIPES[name](image)
    if prepared.batch.shape[1:] != tuple(input_shape):
        raise RunError(
            f"The recipe {name!r} gives pictures of shape {prepared.batch.shape[1:]}, "
            f"but the model takes {tuple(input_shape)}."
        )
    return prepared
