"""The recipes that a run's card names."""

from collections.abc import Callable

import numpy as np

from core.errors import ImageError, RunError, unknown
from core.images import FITS, to_gray, to_rgb
from core.preprocessing.digits import MOST_DIGITS
from core.preprocessing.ink import find_ink
from core.preprocessing.items import prepare_item
from core.preprocessing.normalise import MNIST_RECIPE, OPTDIGITS_RECIPE, Recipe, normalise_digit
from core.preprocessing.step import Prepared, Step


def prepare_digits(image: np.ndarray, recipe: Recipe) -> Prepared:
    """Find the ink, part the digits, normalise each.

    Raises:
        NothingFound: if the image is blank.
        ImageError: if it holds too many digits.
    """
    shown = image
    image = to_rgb(image) if image.ndim == 3 and image.shape[2] == 3 else to_gray(image)
    ink = find_ink(image)
    count = sum(map(len, ink.rows))
    if count > MOST_DIGITS:
        raise ImageError(
            f"At most {MOST_DIGITS} digits are read in one image. Received: about {count:,}. Cut "
            "the image into parts."
        )
    steps = [Step("Your picture", shown, "What you drew or showed.")]
    if ink.is_part:
        steps.append(Step("Sheet", ink.scene, "Only what lies on the sheet is read."))
    steps.append(Step("Ink", ink.amount, ink.sentence))
    item_steps = tuple(normalise_digit(digit, recipe) for row in ink.rows for digit in row)
    batch = np.stack([steps[-1].image[..., None] for steps in item_steps])
    return Prepared(batch, tuple(steps), item_steps, tuple(map(len, ink.rows)))


_FITTED = {
    "crop": "The middle of it",
    "whole": "All of it, on a grey ground",
    "stretch": "All of it, stretched",
}


def prepare_photo(
    image: np.ndarray, input_shape: tuple[int, int, int], fit: str = "crop"
) -> Prepared:
    """A picture of the model's size, in one of three ways.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        input_shape: height, width and channels that the model takes.
        fit: `crop`: the largest part from the middle; `whole`: all of it, on a grey ground;
            `stretch`: all of it, out of proportion.

    Raises:
        ImageError: if there is no such way.
    """
    if fit not in FITS:
        raise ImageError(unknown("way to fit a picture", fit, FITS))
    image = to_rgb(image) if input_shape[2] == 3 else to_gray(image)
    fitted = FITS[fit](image, input_shape[:2])
    steps = (
        Step("Your picture", image, "What you showed."),
        Step(
            "What the model saw",
            fitted,
            f"{_FITTED[fit]}, at {input_shape[1]}×{input_shape[0]} pixels.",
        ),
    )
    return Prepared(fitted.reshape(1, *input_shape), steps[:1], (steps[1:],))


RECIPES: dict[str, Callable[[np.ndarray, tuple[int, int, int], str], Prepared]] = {
    "mnist_digit": lambda image, input_shape, fit: prepare_digits(image, MNIST_RECIPE),
    "optdigits_digit": lambda image, input_shape, fit: prepare_digits(image, OPTDIGITS_RECIPE),
    "fashion_item": lambda image, input_shape, fit: prepare_item(image),
    "photo": prepare_photo,
}


def prepare(
    name: str, image: np.ndarray, input_shape: tuple[int, int, int], fit: str = "crop"
) -> Prepared:
    """Apply a recipe by name.

    Args:
        name: one of `RECIPES`.
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        input_shape: what the result's pictures must measure.
        fit: of a photograph, see `prepare_photo`; the other recipes find what they read.

    Raises:
        RunError: if the name is unknown or the recipe gives another shape.
        ImageError: if there is nothing to classify.
    """
    if name not in RECIPES:
        raise RunError(unknown("preprocessing recipe", name, RECIPES))
    prepared = RECIPES[name](image, tuple(input_shape), fit)
    if prepared.batch.shape[1:] != tuple(input_shape):
        raise RunError(
            f"The recipe {name!r} gives pictures of shape {prepared.batch.shape[1:]}, "
            f"but the model takes {tuple(input_shape)}."
        )
    return prepared
