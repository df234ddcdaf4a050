from itertools import product

import cv2
import numpy as np
import pytest

from core.errors import ImageError
from core.preprocessing import MNIST_LAYOUT, OPTDIGITS_LAYOUT, normalise_digit
from core.preprocessing.normalise import crop_to_ink, enlarge, stroke_width


def rows_and_columns(image: np.ndarray) -> tuple[int, int]:
    """Height and width of the smallest rectangle that holds all ink."""
    return crop_to_ink(image).shape


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    moments = cv2.moments(image)
    return moments["m01"] / moments["m00"], moments["m10"] / moments["m00"]


def page_with(digit: np.ndarray, side: int, top: int, left: int) -> np.ndarray:
    """A black page of 500 pixels with the digit at some size and place."""
    page = np.zeros((500, 500), np.uint8)
    page[top : top + side, left : left + side] = cv2.resize(digit, (side, side))
    return page


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    a, b = first.ravel().astype(float), second.ravel().astype(float)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize(("side", "top", "left"), [(28, 0, 472), (60, 430, 10), (450, 20, 40)])
def test_any_place_and_size_gives_the_geometry_of_mnist(digit_image, side, top, left):
    for label in range(10):
        final = normalise_digit(page_with(digit_image(label), side, top, left))[-1].image
        assert final.shape == (28, 28)
        assert final.dtype == np.uint8
        assert max(rows_and_columns(final)) == 20
        assert centre_of_mass(final) == pytest.approx((14, 14), abs=0.6)
        assert final.max() == 255
        assert similarity(final, digit_image(label)) > 0.8


def test_mnist_digits_come_out_as_they_went_in(mnist_test):
    images = mnist_test[0][:200]
    final = np.stack([normalise_digit(image)[-1].image for image in images])
    assert np.abs(final.astype(int) - images).mean() < 1
    assert (final == images).all(axis=(1, 2)).mean() > 0.8


@pytest.mark.parametrize("label", range(10))
def test_optdigits_fill_their_grid(digit_image, label):
    final = normalise_digit(page_with(digit_image(label), 200, 30, 50), OPTDIGITS_LAYOUT)[-1].image
    height, width = rows_and_columns(final)
    assert final.shape == (8, 8)
    assert height == 8 or width == 6
    assert width <= 6


@pytest.mark.parametrize(("pen", "change"), [(1, "thicker"), (14, ""), (30, ""), (90, "thinner")])
def test_extreme_pens_are_brought_into_the_range_of_mnist(pen, change):
    page = np.zeros((300, 300), np.uint8)
    cv2.ellipse(page, (150, 150), (80, 100), 0, 0, 360, 255, pen)
    steps = {step.name: step for step in normalise_digit(page)}
    assert ("Stroke" in steps) == bool(change)
    low, high = (part * 96 for part in MNIST_LAYOUT.usual_strokes)
    if change:
        assert change in steps["Stroke"].sentence
        width = stroke_width(enlarge(steps["Stroke"].image))
        assert low - 1 <= width <= high + 1


@pytest.mark.parametrize("pen", [5, 9, 15, 25])
def test_the_width_of_a_stroke_is_measured(pen):
    page = np.zeros((200, 200), np.uint8)
    page[40:160, 90 : 90 + pen] = 255
    assert stroke_width(page) == pytest.approx(pen, abs=1.5)


def test_no_ink_has_no_width():
    assert stroke_width(np.zeros((9, 9), np.uint8)) == 0


@pytest.mark.parametrize("function", [crop_to_ink, normalise_digit])
@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (500, 3)])
def test_without_ink_there_is_nothing_to_normalise(function, shape):
    with pytest.raises(ImageError, match="blank"):
        function(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("recipe", [MNIST_LAYOUT, OPTDIGITS_LAYOUT])
def test_ink_of_any_proportions_fits(recipe):
    for shape, level in product(
        [(1, 1), (1, 2), (2, 1), (1, 800), (800, 1), (3, 800), (2, 2), (7, 400)], [1, 40, 255]
    ):
        final = normalise_digit(np.full(shape, level, np.uint8), recipe)[-1].image
        assert final.shape == (recipe.side, recipe.side)
        assert final.any()


@pytest.mark.parametrize(
    ("recipe", "names"),
    [
        (MNIST_LAYOUT, ["Cropped", "Fit in 20×20", "Centred"]),
        (OPTDIGITS_LAYOUT, ["Cropped", "Fit in 6×8", "Centred"]),
    ],
)
def test_steps_are_named_in_order(digit_image, recipe, names):
    steps = normalise_digit(digit_image(7), recipe)
    assert [step.name for step in steps if step.name != "Stroke"] == names
    for step in steps:
        assert step.image.dtype == np.uint8
        assert step.image.ndim == 2
        assert step.image.size > 0
        assert step.sentence.endswith(".")
