from itertools import product

import cv2
import numpy as np
import pytest

from core.errors import ImageError
from core.opencv_ops import Step
from tests.core.opencv_ops.images import (
    COLOUR,
    GREY,
    IMAGES,
    done,
    each_case,
    grid,
    said,
    same,
)

CHANNELS = (
    *("grey", "red", "green", "blue", "hue", "saturation", "value"),
    *("lightness", "lab_a", "lab_b"),
)
METHODS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}
SIZES = {1: (1, 1), 10: (5, 4), 50: (26, 18), 90: (48, 33), 100: (53, 37), 200: (106, 74)}

CHANNEL = grid("channel", name=CHANNELS)
INVERT = grid("invert")
RESIZE = grid("resize", percent=SIZES, method=["area"]) + grid(
    "resize", percent=(50, 200), method=[name for name in METHODS if name != "area"]
)


def channel(image, name):
    bgr = np.dstack([image] * 3) if image.ndim == 2 else image[..., ::-1].copy()
    space, place = {
        "grey": (cv2.COLOR_BGR2GRAY, ...),
        "red": (None, 2),
        "green": (None, 1),
        "blue": (None, 0),
        "hue": (cv2.COLOR_BGR2HSV, 0),
        "saturation": (cv2.COLOR_BGR2HSV, 1),
        "value": (cv2.COLOR_BGR2HSV, 2),
        "lightness": (cv2.COLOR_BGR2LAB, 0),
        "lab_a": (cv2.COLOR_BGR2LAB, 1),
        "lab_b": (cv2.COLOR_BGR2LAB, 2),
    }[name]
    converted = bgr if space is None else cv2.cvtColor(bgr, space)
    return converted if place is ... else converted[..., place]


def invert(image):
    return 255 - image


def resize(image, percent, method):
    return cv2.resize(image, SIZES[percent], interpolation=METHODS[method])


DIRECT = {"channel": channel, "invert": invert, "resize": resize}


@each_case(CHANNEL, INVERT, RESIZE)
def test_it_is_what_opencv_does(name, values):
    for image in IMAGES:
        received = done(name, image, **values)
        assert same(received, DIRECT[name](image, **values))


@each_case(CHANNEL, INVERT, RESIZE)
def test_the_call_says_what_is_done(name, values):
    assert same(said(name, COLOUR, values), done(name, COLOUR, **values))


@each_case(INVERT, RESIZE)
def test_the_call_says_what_is_done_to_a_grey_image(name, values):
    assert same(said(name, GREY, values), done(name, GREY, **values))


@pytest.mark.parametrize(
    ("name", "values", "call"),
    [
        ("channel", {"name": "grey"}, "cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)"),
        ("channel", {"name": "green"}, "image[..., 1]"),
        ("channel", {"name": "hue"}, "cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 0]"),
        ("channel", {"name": "lab_b"}, "cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 2]"),
        ("invert", {}, "cv2.bitwise_not(image)"),
    ],
)
def test_the_call_names_the_values(name, values, call):
    assert Step(name, values).call == call


@pytest.mark.parametrize(
    ("method", "flag"),
    [
        ("nearest", "INTER_NEAREST"),
        ("linear", "INTER_LINEAR"),
        ("cubic", "INTER_CUBIC"),
        ("area", "INTER_AREA"),
        ("lanczos", "INTER_LANCZOS4"),
    ],
)
def test_the_call_of_resize_names_size_and_interpolation(method, flag):
    assert Step("resize", {"percent": 150, "method": method}).call == (
        "cv2.resize(image, (max(1, round(width * 150 / 100)), max(1, round(height * 150 / 100))), "
        f"interpolation=cv2.{flag})"
    )


@pytest.mark.parametrize(
    ("shape", "percent", "expected"),
    [
        ((1, 1), 1, (1, 1)),
        ((1, 1), 49, (1, 1)),
        ((1, 1), 150, (2, 2)),
        ((1, 1), 200, (2, 2)),
        ((1, 100), 33, (1, 33)),
        ((3, 5), 50, (2, 2)),
        ((7, 9), 50, (4, 4)),
        ((3, 5), 150, (4, 8)),
        ((49, 51), 1, (1, 1)),
        ((150, 250), 1, (2, 2)),
        ((35, 53), 10, (4, 5)),
        ((37, 53), 99, (37, 52)),
    ],
)
def test_sizes_are_rounded_and_the_call_says_so(shape, percent, expected):
    grey = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    for image, method in product((grey, np.dstack([grey, 255 - grey, grey // 2])), METHODS):
        values = {"percent": percent, "method": method}
        received = done("resize", image, **values)
        assert received.shape == (*expected, *image.shape[2:])
        assert same(said("resize", image, values), received)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("red", [255, 0, 0, 100]),
        ("green", [0, 255, 0, 100]),
        ("blue", [0, 0, 255, 100]),
        ("grey", [76, 150, 29, 100]),
        ("hue", [0, 60, 120, 0]),
        ("saturation", [255, 255, 255, 0]),
        ("value", [255, 255, 255, 100]),
    ],
)
def test_channels_of_known_colours(name, expected):
    image = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (100, 100, 100)]], np.uint8)
    assert done("channel", image, name=name).tolist() == [expected]


def test_lab_tells_green_from_red_and_blue_from_yellow():
    image = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]], np.uint8)
    red, green, *_ = done("channel", image, name="lab_a")[0]
    *_, blue, yellow = done("channel", image, name="lab_b")[0]
    assert green < 128 < red
    assert blue < 128 < yellow


@pytest.mark.parametrize("name", ["grey", "red", "green", "blue", "value"])
def test_a_grey_image_is_its_own_channel(name):
    assert same(done("channel", GREY, name=name), GREY)


@pytest.mark.parametrize(
    ("name", "value"), [("hue", 0), ("saturation", 0), ("lab_a", 128), ("lab_b", 128)]
)
def test_a_grey_image_has_no_colour(name, value):
    assert (done("channel", GREY, name=name) == value).all()


def test_twice_inverted_is_as_before():
    assert same(done("invert", done("invert", COLOUR)), COLOUR)
    assert done("invert", np.array([[0, 1, 128, 255]], np.uint8)).tolist() == [[255, 254, 127, 0]]


def test_half_the_size_by_area_is_the_mean_of_four():
    image = np.array([[0, 10, 100, 100], [20, 30, 100, 104]], np.uint8)
    assert done("resize", image, percent=50, method="area").tolist() == [[15, 101]]


def test_twice_the_size_by_nearest_repeats_pixels():
    expected = np.repeat(np.repeat(COLOUR, 2, axis=0), 2, axis=1)
    assert same(done("resize", COLOUR, percent=200, method="nearest"), expected)


@pytest.mark.parametrize("method", METHODS)
def test_all_of_the_size_changes_nothing(method):
    for image in IMAGES:
        assert same(done("resize", image, percent=100, method=method), image)


@pytest.mark.parametrize("percent", [1, 33, 49])
def test_at_least_one_pixel_is_left(percent):
    assert done("resize", np.full((1, 1), 7, np.uint8), percent=percent).tolist() == [[7]]
    assert done("resize", np.zeros((1, 100, 3), np.uint8), percent=percent).shape == (1, percent, 3)


@pytest.mark.parametrize(
    ("shape", "percent", "millions"),
    [
        ((1300, 1000), 200, "5.2"),
        ((1300, 1000, 3), 200, "5.2"),
        ((1500, 2000), 120, "4.4"),
        ((2, 2_000_001), 100, "4.1"),
        ((1, 3_000_000), 150, "6.8"),
    ],
)
def test_an_image_that_would_be_too_large_is_refused(shape, percent, millions):
    with pytest.raises(ImageError) as refused:
        done("resize", np.zeros(shape, np.uint8), percent=percent)
    assert str(refused.value) == (
        f"Resize would make an image of {millions} million pixels; at most 4 million are allowed."
    )


def test_the_largest_allowed_image_is_made():
    image = np.zeros((500, 2000), np.uint8)
    assert done("resize", image, percent=200, method="nearest").shape == (1000, 4000)
    with pytest.raises(ImageError, match="at most 4 million are allowed"):
        done("resize", np.zeros((501, 2000), np.uint8), percent=200, method="nearest")


def test_a_large_image_may_be_made_smaller():
    image = np.zeros((6000, 9000), np.uint8)  # it is not looked at: nearest takes few of its pixels
    assert done("resize", image, percent=10, method="nearest").shape == (600, 900)
