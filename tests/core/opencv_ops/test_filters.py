import cv2
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

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

GAUSSIAN = grid("gaussian_blur", sigma=(0.1, 0.7, 2.0, 20.0))
MEDIAN = grid("median_blur", radius=(1, 2, 6, 15))
BILATERAL = grid(
    "bilateral",
    diameter=(1, 4, 9, 15),
    sigma_colour=(1.0, 50.0, 200.0),
    sigma_space=(1.0, 50.0, 200.0),
)
MORPHOLOGY = grid(
    "morphology",
    operation=("erode", "dilate", "open", "close", "gradient"),
    shape=("rectangle", "ellipse", "cross"),
    radius=(1, 3),
    iterations=(1, 2, 10),
) + grid("morphology", operation=("erode", "close"), radius=[20], iterations=(1, 10))
EQUALIZE = grid("equalize")
CLAHE = grid("clahe", clip=(0.5, 2.0, 40.0), tiles=(1, 3, 8, 32))
CONTOURS = grid(
    "contours", dark=(False, True), least_area=(0, 10, 80, 100_000), thickness=(1, 2, 10)
)


def gaussian_blur(image, sigma):
    return cv2.GaussianBlur(image, ksize=None, sigmaX=sigma, sigmaY=sigma)


def median_blur(image, radius):
    size = 2 * radius + 1
    rim = [(radius, radius), (radius, radius), (0, 0)][: image.ndim]
    around = sliding_window_view(np.pad(image, rim, mode="edge"), (size, size), axis=(0, 1))
    return np.median(around, axis=(-2, -1)).astype(np.uint8)


def bilateral(image, diameter, sigma_colour, sigma_space):
    return cv2.bilateralFilter(image, d=diameter, sigmaColor=sigma_colour, sigmaSpace=sigma_space)


def morphology(image, operation, radius, iterations, shape="ellipse"):
    size = 2 * radius + 1
    cross = np.zeros((size, size), np.uint8)
    cross[radius] = cross[:, radius] = 1
    element = {
        "rectangle": np.ones((size, size), np.uint8),
        "ellipse": cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)),
        "cross": cross,
    }[shape]

    def smaller(image):
        return cv2.erode(image, element, iterations=iterations)

    def larger(image):
        return cv2.dilate(image, element, iterations=iterations)

    return {
        "erode": lambda: smaller(image),
        "dilate": lambda: larger(image),
        "open": lambda: larger(smaller(image)),
        "close": lambda: smaller(larger(image)),
        "gradient": lambda: cv2.subtract(larger(image), smaller(image)),
    }[operation]()


def on_lightness(image, change):
    """A change of a grey image, done to the lightness of one in colour."""
    if image.ndim == 2:
        return change(image)
    light, a, b = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2LAB))
    return cv2.cvtColor(cv2.merge([change(light), a, b]), cv2.COLOR_LAB2RGB)


def equalize(image):
    return on_lightness(image, cv2.equalizeHist)


def clahe(image, clip, tiles):
    return on_lightness(image, cv2.createCLAHE(clip, (tiles, tiles)).apply)


def pieces(image, dark, least_area):
    """Outlines of what Otsu's threshold parts from the ground, and their areas."""
    value, _ = cv2.threshold(in_grey(image), 0, 255, cv2.THRESH_OTSU)
    mask = (in_grey(image) > value) != dark
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return [(one, area) for one in outlines if (area := cv2.contourArea(one)) >= least_area]


def contours(image, dark, least_area, thickness):
    drawn = np.dstack([in_grey(image)] * 3)
    for outline, _ in pieces(image, dark, least_area):
        cv2.drawContours(drawn, [outline], 0, (230, 80, 0), thickness)
    return drawn


DIRECT = {
    "gaussian_blur": gaussian_blur,
    "median_blur": median_blur,
    "bilateral": bilateral,
    "morphology": morphology,
    "equalize": equalize,
    "clahe": clahe,
    "contours": contours,
}


@each_case(GAUSSIAN, MEDIAN, BILATERAL, MORPHOLOGY, EQUALIZE, CLAHE, CONTOURS)
def test_it_is_what_opencv_does(name, values):
    for image in IMAGES:
        assert same(done(name, image, **values), DIRECT[name](image, **values))


@each_case(GAUSSIAN, MEDIAN, BILATERAL, MORPHOLOGY)
def test_the_call_says_what_is_done(name, values):
    for image in IMAGES:
        assert same(said(name, image, values), done(name, image, **values))


@each_case(EQUALIZE, CLAHE)
def test_the_call_says_what_is_done_to_lightness(name, values):
    for image in IMAGES:

        def as_said(lightness, image=image):
            return said(name, image, values, lightness=lightness)

        assert same(on_lightness(image, as_said), done(name, image, **values))


@each_case(CONTOURS)
def test_the_call_says_how_contours_are_drawn(name, values):
    for image in IMAGES:
        drawn = np.dstack([in_grey(image)] * 3)
        assert same(said(name, image, values, drawn=drawn), done(name, image, **values))


@pytest.mark.parametrize(
    ("name", "values", "call"),
    [
        ("gaussian_blur", {"sigma": 3}, "cv2.GaussianBlur(image, (0, 0), 3.0)"),
        ("median_blur", {"radius": 15}, "cv2.medianBlur(image, 31)"),
        (
            "bilateral",
            {"diameter": 5, "sigma_colour": 20, "sigma_space": 7.5},
            "cv2.bilateralFilter(image, 5, 20.0, 7.5)",
        ),
        (
            "morphology",
            {"operation": "gradient", "shape": "cross", "radius": 3, "iterations": 2},
            "cv2.morphologyEx(image, cv2.MORPH_GRADIENT, "
            "cv2.getStructuringElement(cv2.MORPH_CROSS, (7, 7)), iterations=2)",
        ),
        ("equalize", {}, "cv2.equalizeHist(lightness)"),
        (
            "clahe",
            {"clip": 1.5, "tiles": 4},
            "cv2.createCLAHE(clipLimit=1.5, tileGridSize=(4, 4)).apply(lightness)",
        ),
        (
            "contours",
            {"least_area": 40, "thickness": 7},
            "mask = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]; "
            "found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE); "
            "found = [one for one in found if cv2.contourArea(one) >= 40]; "
            "cv2.drawContours(drawn, found, -1, (230, 80, 0), 7)",
        ),
    ],
)
def test_the_call_names_the_values(name, values, call):
    assert Step(name, values).call == call


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("least_area", [0, 10, 80, 100_000])
def test_the_note_counts_the_contours(dark, least_area):
    for image in IMAGES:
        areas = sorted((area for _, area in pieces(image, dark, least_area)), reverse=True)
        step = Step("contours", {"dark": dark, "least_area": least_area})
        note = step.spec.note(image, step.values)
        if areas:
            assert note.startswith(f"{len(areas)} contour{'s' * (len(areas) > 1)}; ")
            assert f" largest first: {', '.join(f'{area:,.0f}' for area in areas[:5])}" in note
            assert note.endswith(
                ", and so on." if len(areas) > 5 else f"{areas[min(4, len(areas) - 1)]:,.0f}."
            )
        else:
            assert note == "No contour of that size was found."


def with_rectangles(*sizes: tuple[int, int]) -> np.ndarray:
    """Dark rectangles of those heights and widths on white; an outline runs inside the rim."""
    image = np.full((60, 10 + sum(width + 5 for _, width in sizes)), 255, np.uint8)
    left = 5
    for height, width in sizes:
        image[5 : 5 + height, left : left + width] = 40
        left += width + 5
    return image


@pytest.mark.parametrize(
    ("sizes", "least_area", "note"),
    [
        ([(11, 21)], 10, "1 contour; areas in pixels, largest first: 200."),
        (
            [(11, 21), (51, 41), (3, 3)],
            10,
            "2 contours; areas in pixels, largest first: 2,000, 200.",
        ),
        (
            [(11, 21), (51, 41), (3, 3)],
            0,
            "3 contours; areas in pixels, largest first: 2,000, 200, 4.",
        ),
        ([(11, 21)], 201, "No contour of that size was found."),
        ([(11, 21)], 200, "1 contour; areas in pixels, largest first: 200."),
        (
            [(11, size + 1) for size in range(1, 7)],
            10,
            "6 contours; areas in pixels, largest first: 60, 50, 40, 30, 20, and so on.",
        ),
        (
            [(11, size + 1) for size in range(1, 6)],
            10,
            "5 contours; areas in pixels, largest first: 50, 40, 30, 20, 10.",
        ),
    ],
)
def test_the_note_gives_areas(sizes, least_area, note):
    step = Step("contours", {"least_area": least_area})
    dark = with_rectangles(*sizes)
    assert step.spec.note(dark, step.values) == note
    bright = Step("contours", {"least_area": least_area, "dark": False})
    assert bright.spec.note(255 - dark, bright.values) == note
    assert bright.spec.note(np.dstack([255 - dark] * 3), bright.values) == note


def test_contours_are_drawn_over_the_image_in_grey():
    image = with_rectangles((30, 30))
    received = done("contours", image, thickness=1)
    drawn = (received == (230, 80, 0)).all(axis=-1)
    inside = np.zeros_like(drawn)
    inside[6:34, 6:34] = True
    assert drawn.sum() == 4 * 29
    assert not drawn[inside].any()
    assert same(received[~drawn], np.dstack([image] * 3)[~drawn])


def test_a_blur_keeps_the_sum_of_light():
    image = np.zeros((41, 41), np.uint8)
    image[15:26, 15:26] = 200
    received = done("gaussian_blur", image, sigma=2.0)
    assert abs(int(received.sum(dtype=int)) / image.sum(dtype=int) - 1) < 0.01
    assert received.max() <= 200
    assert ((received > 0) & (received < 200)).any()


def test_a_median_removes_single_pixels_and_keeps_edges():
    image = np.zeros((20, 20), np.uint8)
    image[:, 10:] = 200
    spoilt = image.copy()
    spoilt[5, 5], spoilt[12, 15] = 255, 0
    assert same(done("median_blur", spoilt, radius=1), image)


def test_a_bilateral_filter_keeps_the_edge_that_a_blur_smears():
    edge = np.zeros((20, 20), np.uint8)
    edge[:, 10:] = 200
    assert same(done("bilateral", edge, diameter=9, sigma_colour=20), edge)
    assert not same(done("gaussian_blur", edge), edge)


@pytest.mark.parametrize(
    ("operation", "size"), [("erode", 6), ("dilate", 14), ("open", 10), ("close", 10)]
)
def test_morphology_changes_the_size_of_a_square(operation, size):
    image = np.zeros((30, 30), np.uint8)
    image[10:20, 10:20] = 255
    values = {"operation": operation, "shape": "rectangle"}
    assert (done("morphology", image, radius=2, **values) > 0).sum() == size**2
    assert (done("morphology", image, radius=1, iterations=2, **values) > 0).sum() == size**2


def test_opening_removes_a_speck_and_closing_fills_a_hole():
    image = np.zeros((20, 20), np.uint8)
    image[5:15, 5:15] = 255
    speck, hole = image.copy(), image.copy()
    speck[1, 1], hole[10, 10] = 255, 0
    for shape in ("rectangle", "cross"):
        assert same(done("morphology", speck, operation="open", shape=shape)[:4], image[:4])
        assert same(done("morphology", hole, operation="close", shape=shape), image)


@pytest.mark.parametrize("name", ["equalize", "clahe"])
def test_equalising_makes_a_flat_image_stronger_and_keeps_its_hue(name):
    flat = (COLOUR // 4 + 90).astype(np.uint8)
    received = done(name, flat)
    assert received.std() > 1.3 * flat.std()
    first, second = (cv2.cvtColor(one, cv2.COLOR_RGB2LAB).astype(int) for one in (flat, received))
    assert np.abs(first - second)[..., 1:].mean() < 6


def test_an_equalised_image_reaches_from_black_to_white():
    received = done("equalize", GREY // 3 + 80)
    assert received.min() == 0
    assert received.max() == 255
