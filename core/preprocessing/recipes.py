"""The recipes that a run's card names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import ImageError, RunError, unknown
from core.images import FITS, to_gray, to_rgb
from core.preprocessing.digits import MOST_DIGITS
from core.preprocessing.ink import find_ink
from core.preprocessing.items import prepare_item
from core.preprocessing.normalise import (
    MNIST_LAYOUT,
    OPTDIGITS_LAYOUT,
    DigitLayout,
    normalise_digit,
)
from core.preprocessing.step import Prepared, Step


def prepare_digits(image: np.ndarray, layout: DigitLayout) -> Prepared:
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
            f"At most {MOST_DIGITS} digits are recognised in one image. Received: about "
            f"{count:,}. Cut the image into pieces."
        )
    steps = [Step("Your image", shown, "The original image.")]
    if ink.is_part:
        steps.append(Step("Sheet", ink.scene, "Only what lies on the sheet is read."))
    steps.append(Step("Ink", ink.amount, ink.sentence))
    item_steps = ink.normalised
    if layout is not MNIST_LAYOUT:
        item_steps = tuple(normalise_digit(digit, layout) for row in ink.rows for digit in row)
    batch = np.stack([steps[-1].image[..., None] for steps in item_steps])
    crops = tuple(steps[0].image for steps in item_steps)
    rows = tuple(map(len, ink.rows))
    return Prepared(batch, tuple(steps), item_steps, rows, crops, layout)


_FITTED = {
    "crop": "Centre crop",
    "whole": "The whole image on a grey background",
    "stretch": "The whole image, stretched",
}


def prepare_photo(image: np.ndarray, input_shape: tuple[int, int, int], fit: str) -> Prepared:
    """An image of the model's size, in one of three ways.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        input_shape: height, width and channels that the model takes.
        fit: `crop`: the largest part from the middle; `whole`: all of it, on a grey ground;
            `stretch`: all of it, out of proportion.

    Raises:
        ImageError: if there is no such way.
    """
    if fit not in FITS:
        raise ImageError(unknown("way to fit an image", fit, FITS))
    image = to_rgb(image) if input_shape[2] == 3 else to_gray(image)
    fitted = FITS[fit](image, input_shape[:2])
    steps = (
        Step("Your image", image, "What you showed."),
        Step(
            "What the model saw",
            fitted,
            f"{_FITTED[fit]}, at {input_shape[1]}×{input_shape[0]} pixels.",
        ),
    )
    return Prepared(fitted.reshape(1, *input_shape), steps[:1], (steps[1:],))


_CENTRE = 0.875  # of the shorter side: 224 of 256 pixels, as ImageNet's networks are evaluated


def prepare_centre(image: np.ndarray, input_shape: tuple[int, int, int], fit: str) -> Prepared:
    """The same, but a crop is narrower by an eighth, as networks of ImageNet see photos.

    Arguments and errors are those of `prepare_photo`.
    """
    if fit != "crop":
        return prepare_photo(image, input_shape, fit)
    image = to_rgb(image) if input_shape[2] == 3 else to_gray(image)
    side = max(1, round(min(image.shape[:2]) * _CENTRE))
    top, left = ((length - side) // 2 for length in image.shape[:2])
    found = prepare_photo(image[top : top + side, left : left + side], input_shape, fit)
    return Prepared(found.batch, (Step("Your image", image, "What you showed."),), found.item_steps)


@dataclass(frozen=True)
class Recipe:
    """How any image becomes one that a model was trained on.

    Attributes:
        name: as a run's card has it.
        reads: what the image shows: `digits`, `clothes` or `photos`.
        prepare: makes the batch from an image, uint8, `(H, W)` or `(H, W, 3)`, the model's input
            shape and the way to fit it, which only photos have.
        takes: what an image file may show, a clause.
        result: what the prepared image looks like, a sentence.
    """

    name: str
    reads: Literal["digits", "clothes", "photos"]
    prepare: Callable[[np.ndarray, tuple[int, int, int], str], Prepared]
    takes: str
    result: str


_DIGITS = "one or several handwritten digits, dark on light or light on dark"
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "mnist_digit",
            "digits",
            lambda image, input_shape, fit: prepare_digits(image, MNIST_LAYOUT),
            _DIGITS,
            "One digit, light on black, its longer side 20 pixels, its centre of mass in the "
            "middle.",
        ),
        Recipe(
            "optdigits_digit",
            "digits",
            lambda image, input_shape, fit: prepare_digits(image, OPTDIGITS_LAYOUT),
            _DIGITS,
            "One digit, light on black, that fills the image.",
        ),
        Recipe(
            "fashion_item",
            "clothes",
            lambda image, input_shape, fit: prepare_item(image),
            "one piece of clothing on a plain background",
            "One piece of clothing, light on black, its longer side 28 pixels, centred.",
        ),
        Recipe(
            "photo",
            "photos",
            prepare_photo,
            "what its classes are; the largest part from the middle is taken",
            "The largest part from the middle of the photo, reduced to that size.",
        ),
        Recipe(
            "photo_centre",
            "photos",
            prepare_centre,
            "what its classes are; seven eighths of the shorter side, from the middle, are taken",
            "The middle of the photo, seven eighths of its shorter side, reduced to that size.",
        ),
    )
}


def reads(name: str) -> str:
    """What a recipe reads: `digits`, `clothes` or `photos`; empty for one that is not known."""
    return RECIPES[name].reads if name in RECIPES else ""


def prepare(
    name: str, image: np.ndarray, input_shape: tuple[int, int, int], fit: str = "crop"
) -> Prepared:
    """Apply a recipe by name.

    Args:
        name: one of `RECIPES`.
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        input_shape: what the result's images must measure.
        fit: of a photo, see `prepare_photo`; the other recipes find what they read.

    Raises:
        RunError: if the name is unknown or the recipe gives another shape.
        ImageError: if there is nothing to classify.
    """
    if name not in RECIPES:
        raise RunError(unknown("preprocessing recipe", name, RECIPES))
    prepared = RECIPES[name].prepare(image, tuple(input_shape), fit)
    if prepared.batch.shape[1:] != tuple(input_shape):
        raise RunError(
            f"The recipe {name!r} gives images of shape {prepared.batch.shape[1:]}, "
            f"but the model takes {tuple(input_shape)}."
        )
    return prepared
