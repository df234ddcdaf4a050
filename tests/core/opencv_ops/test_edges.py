import cv2
import numpy as np
import pytest

from core.opencv_ops import Step
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

SIZES = ("1", "3", "5", "7")
DIRECTIONS = ("magnitude", "x", "y")

CANNY = grid(
    "canny",
    blur=(0.0, 1.3, 10.0),
    low=(0, 60, 700),
    high=(0, 150, 1000),
    aperture=("3", "5", "7"),
    l2_gradient=(False, True),
)
SOBEL = grid("sobel", direction=DIRECTIONS, size=SIZES, scale=(0.05, 1.0, 8.0))
SCHARR = grid("scharr", direction=DIRECTIONS, scale=(0.05, 0.25, 1.0, 8.0))
LAPLACIAN = grid("laplacian", size=SIZES, scale=(0.05, 1.0, 8.0))


def canny(image, blur, low, high, aperture, l2_gradient):
    blurred = cv2.GaussianBlur(in_grey(image), (0, 0), blur) if blur else in_grey(image)
    found = np.empty_like(blurred)
    cv2.Canny(blurred, low, high, found, {"3": 3, "5": 5, "7": 7}[aperture], l2_gradient)
    return found


def in_bytes(change):
    """The size of a change, rounded, at most 255."""
    return np.minimum(np.rint(np.abs(change)), 255).astype(np.uint8)


def in_direction(direction, x, y):
    both = np.sqrt(np.square(x) + np.square(y))
    return in_bytes({"magnitude": both, "x": x, "y": y}[direction])


def sobel(image, direction, size, scale):
    x = cv2.Sobel(in_grey(image), cv2.CV_32F, 1, 0, None, int(size), scale)
    y = cv2.Sobel(in_grey(image), cv2.CV_32F, 0, 1, None, int(size), scale)
    return in_direction(direction, x, y)


def scharr(image, direction, scale):
    x = cv2.Sobel(in_grey(image), cv2.CV_32F, 1, 0, None, cv2.FILTER_SCHARR, scale)
    y = cv2.Sobel(in_grey(image), cv2.CV_32F, 0, 1, None, cv2.FILTER_SCHARR, scale)
    return in_direction(direction, x, y)


def laplacian(image, size, scale):
    return in_bytes(cv2.Laplacian(in_grey(image), cv2.CV_32F, None, int(size), scale))


DIRECT = {"canny": canny, "sobel": sobel, "scharr": scharr, "laplacian": laplacian}


@each_case(CANNY, SOBEL, SCHARR, LAPLACIAN)
def test_it_is_what_opencv_does(name, values):
    for image in IMAGES:
        assert same(done(name, image, **values), DIRECT[name](image, **values))


@each_case(
    grid("canny", blur=(0.0, 10.0), low=(0, 60), high=(150, 1000), l2_gradient=(False, True)),
    grid("canny", blur=(0.0, 1.3, 10.0), aperture=("3", "5", "7")),
    SOBEL,
    SCHARR,
    LAPLACIAN,
)
def test_the_call_says_what_is_done(name, values):
    for image in IMAGES:
        assert same(said(name, image, values), done(name, image, **values))


@pytest.mark.parametrize(
    ("name", "values", "call"),
    [
        (
            "canny",
            {"blur": 0, "low": 30, "high": 90, "aperture": "5", "l2_gradient": True},
            "cv2.Canny(gray, 30, 90, apertureSize=5, L2gradient=True)",
        ),
        (
            "canny",
            {"blur": 2.5},
            "cv2.Canny(cv2.GaussianBlur(gray, (0, 0), 2.5), 50, 150, apertureSize=3, "
            "L2gradient=False)",
        ),
        (
            "sobel",
            {"direction": "x", "size": "7", "scale": 0.5},
            "cv2.convertScaleAbs(cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=7, scale=0.5))",
        ),
        (
            "scharr",
            {"direction": "magnitude", "scale": 2},
            "cv2.convertScaleAbs(np.sqrt(cv2.Scharr(gray, cv2.CV_32F, 1, 0, scale=2.0) ** 2 + "
            "cv2.Scharr(gray, cv2.CV_32F, 0, 1, scale=2.0) ** 2))",
        ),
        (
            "laplacian",
            {"size": "1", "scale": 4},
            "cv2.convertScaleAbs(cv2.Laplacian(gray, cv2.CV_32F, ksize=1, scale=4.0))",
        ),
    ],
)
def test_the_call_names_the_values(name, values, call):
    assert Step(name, values).call == call


@pytest.mark.parametrize("name", DIRECT)
def test_a_plain_image_has_no_edges(name):
    assert not done(name, np.full((20, 30), 90, np.uint8)).any()
    assert not done(name, np.full((20, 30, 3), (200, 90, 10), np.uint8)).any()


@pytest.mark.parametrize("name", ["sobel", "scharr"])
def test_x_sees_upright_edges_and_y_level_ones(name):
    upright = np.zeros((20, 30), np.uint8)
    upright[:, 15:] = 200
    for image, seeing, blind in [(upright, "x", "y"), (upright.T, "y", "x")]:
        assert done(name, image, direction=seeing).any()
        assert not done(name, image, direction=blind).any()
        assert same(done(name, image, direction="magnitude"), done(name, image, direction=seeing))


def test_sobel_gives_the_slope_of_a_ramp():
    ramp = np.broadcast_to(np.arange(0, 60, 2, dtype=np.uint8), (10, 30))
    assert (done("sobel", ramp, direction="x", size="3", scale=1)[:, 1:-1] == 16).all()
    assert (done("sobel", ramp, direction="x", size="1", scale=1)[:, 1:-1] == 4).all()
    assert (done("scharr", ramp, direction="x", scale=0.25)[:, 1:-1] == 16).all()
    assert not done("laplacian", ramp)[:, 1:-1].any()


def test_both_sides_of_an_edge_count_alike():
    image = np.zeros((9, 9), np.uint8)
    image[4, 4] = 100
    for name in ("sobel", "scharr", "laplacian"):
        received = done(name, image)
        assert same(received, received[::-1].copy())
        assert same(received, received[:, ::-1].copy())


def test_canny_draws_a_thin_white_line():
    image = np.zeros((20, 30), np.uint8)
    image[:, 15:] = 200
    received = done("canny", image)
    assert set(np.unique(received)) == {0, 255}
    assert ((received > 0).sum(axis=1) == 1).all()


def test_thresholds_of_canny_may_be_the_wrong_way_round():
    assert same(done("canny", GREY, low=40, high=200), done("canny", GREY, low=200, high=40))


def test_a_blur_before_canny_takes_grain_away():
    grain = np.random.default_rng(0).integers(0, 256, (60, 60)).astype(np.uint8)
    edges = [(done("canny", grain, blur=blur) > 0).sum() for blur in (0, 1, 4)]
    assert edges[0] > edges[1] > edges[2]


def test_a_higher_threshold_leaves_fewer_edges():
    edges = [done("canny", COLOUR, blur=0, low=30, high=high) for high in (60, 200, 600)]
    for more, fewer in zip(edges, edges[1:], strict=False):
        assert (fewer <= more).all() and (fewer < more).any()
