import cv2
import numpy as np
import pytest

from core.opencv_ops import OPERATIONS, Step
from tests.core.opencv_ops.images import (
    COLOUR,
    GREY,
    IMAGES,
    done,
    each_case,
    grid,
    in_grey,
    said,
    same,
)

METHODS = ("binary", "binary_inverse", "truncate", "to_zero", "to_zero_inverse")
THRESHOLD = grid("threshold", method=METHODS, value=(0, 1, 90, 127, 254, 255))
OTSU = grid("otsu", inverse=(False, True))
TRIANGLE = grid("triangle", inverse=(False, True))
ADAPTIVE = grid(
    "adaptive_threshold",
    method=("mean", "gaussian"),
    radius=(1, 7, 60),
    offset=(-50.0, 0.0, 4.7, 50.0),
    inverse=(False, True),
)


def threshold(image, method, value):
    gray = in_grey(image)
    above, nothing = gray > value, np.zeros_like(gray)
    return {
        "binary": np.where(above, 255, nothing),
        "binary_inverse": np.where(above, nothing, 255),
        "truncate": np.minimum(gray, value),
        "to_zero": np.where(above, gray, nothing),
        "to_zero_inverse": np.where(above, nothing, gray),
    }[method].astype(np.uint8)


def parted(image, value, inverse):
    """White above that value; below it, if inverse."""
    return np.where((in_grey(image) > value) != inverse, 255, 0).astype(np.uint8)


def otsu(image, inverse):
    """By definition: the value for which the means of both sides are farthest apart."""
    gray = in_grey(image)
    levels = np.arange(256)
    counts = np.bincount(gray.ravel(), minlength=256)
    best, between = 0, 0.0
    for value in range(255):
        below, above = counts[: value + 1], counts[value + 1 :]
        if below.any() and above.any():
            means = (
                np.average(levels[: value + 1], weights=below),
                np.average(levels[value + 1 :], weights=above),
            )
            apart = below.sum() * above.sum() * (means[0] - means[1]) ** 2
            if apart > between * (1 + 1e-9):
                best, between = value, apart
    return parted(image, best, inverse)


def triangle(image, inverse):
    found, _ = cv2.threshold(in_grey(image), 0, 255, cv2.THRESH_TRIANGLE)
    return parted(image, found, inverse)


def adaptive_threshold(image, method, radius, offset, inverse):
    means = {"mean": cv2.ADAPTIVE_THRESH_MEAN_C, "gaussian": cv2.ADAPTIVE_THRESH_GAUSSIAN_C}
    kind = [cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV][inverse]
    return cv2.adaptiveThreshold(in_grey(image), 255, means[method], kind, radius * 2 + 1, offset)


DIRECT = {
    "threshold": threshold,
    "otsu": otsu,
    "triangle": triangle,
    "adaptive_threshold": adaptive_threshold,
}
each_value = each_case(THRESHOLD, OTSU, TRIANGLE, ADAPTIVE)


@each_value
def test_it_is_what_opencv_does(name, values):
    for image in IMAGES:
        assert same(done(name, image, **values), DIRECT[name](image, **values))


@each_value
def test_the_call_says_what_is_done(name, values):
    for image in IMAGES:
        assert same(said(name, image, values), done(name, image, **values))


@pytest.mark.parametrize(
    ("name", "values", "call"),
    [
        ("threshold", {"value": 40}, "cv2.threshold(gray, 40, 255, cv2.THRESH_BINARY)[1]"),
        (
            "threshold",
            {"method": "to_zero_inverse", "value": 0},
            "cv2.threshold(gray, 0, 255, cv2.THRESH_TOZERO_INV)[1]",
        ),
        ("otsu", {}, "cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]"),
        (
            "triangle",
            {"inverse": True},
            "cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_TRIANGLE)[1]",
        ),
        (
            "adaptive_threshold",
            {"method": "mean", "radius": 10, "offset": -2.5, "inverse": True},
            "cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, "
            "21, -2.5)",
        ),
    ],
)
def test_the_call_names_the_values(name, values, call):
    assert Step(name, values).call == call


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("binary", [0, 0, 255, 255]),
        ("binary_inverse", [255, 255, 0, 0]),
        ("truncate", [0, 100, 100, 100]),
        ("to_zero", [0, 0, 101, 255]),
        ("to_zero_inverse", [0, 100, 0, 0]),
    ],
)
def test_the_threshold_itself_is_not_above(method, expected):
    image = np.array([[0, 100, 101, 255]], np.uint8)
    assert done("threshold", image, method=method, value=100).tolist() == [expected]


@pytest.mark.parametrize("name", ["otsu", "triangle"])
@pytest.mark.parametrize("inverse", [False, True])
def test_the_note_tells_the_threshold_that_was_used(name, inverse):
    for image in IMAGES:
        flag = {"otsu": cv2.THRESH_OTSU, "triangle": cv2.THRESH_TRIANGLE}[name]
        found, _ = cv2.threshold(in_grey(image), 0, 255, flag)
        note = OPERATIONS[name].note(image, {"inverse": inverse})
        assert note == f"The threshold it found is {round(found)}."
        assert same(done(name, image, inverse=inverse), parted(image, round(found), inverse))


def test_otsu_parts_two_groups():
    image = np.array([[10, 20, 30, 200, 210, 220]], np.uint8)
    assert done("otsu", image).tolist() == [[0, 0, 0, 255, 255, 255]]
    assert OPERATIONS["otsu"].note(image, {"inverse": False}) == "The threshold it found is 30."


def test_the_triangle_finds_few_bright_pixels_on_a_dark_ground():
    image = np.random.default_rng(0).normal(30, 4, (60, 60)).clip(0, 255).astype(np.uint8)
    image[10:14, 10:14] = 220
    white = done("triangle", image) > 0
    assert white[10:14, 10:14].all()
    assert white.mean() < 0.1


@pytest.mark.parametrize("method", ["mean", "gaussian"])
def test_the_adaptive_one_does_not_mind_a_shadow(method):
    paper = np.broadcast_to(np.linspace(250, 60, 120), (60, 120))
    ink = np.zeros((60, 120), bool)
    ink[10:50, 10:110:20] = True
    image = np.where(ink, paper * 0.6, paper).astype(np.uint8)
    black = done("adaptive_threshold", image, method=method, radius=9, offset=5) == 0
    assert (black == ink).mean() > 0.99
    assert (done("otsu", image) == 0)[~ink].mean() > 0.3


def test_a_larger_offset_leaves_less_black():
    black = [
        (done("adaptive_threshold", GREY, offset=offset) == 0).mean() for offset in (-50, 0, 9, 50)
    ]
    assert black == sorted(black, reverse=True)
    assert black[0] > black[1] > black[2]


@pytest.mark.parametrize("name", ["otsu", "triangle", "adaptive_threshold"])
def test_inverse_gives_the_negative(name):
    assert same(done(name, GREY, inverse=True), 255 - done(name, GREY, inverse=False))


@pytest.mark.parametrize("name", ["otsu", "triangle", "adaptive_threshold"])
def test_only_black_and_white_are_left(name):
    assert set(np.unique(done(name, COLOUR))) == {0, 255}
