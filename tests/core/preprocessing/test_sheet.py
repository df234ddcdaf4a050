"""The part of an image that was written on: which rows and columns of it are taken."""

import cv2
import numpy as np
import pytest

from core.preprocessing import sheet

GRAIN = np.random.default_rng(0).integers(90, 150, (200, 240), np.uint8)


def framed(rows: slice, columns: slice, level: int = 255) -> np.ndarray:
    """Margins of one level around a grainy photo."""
    image = np.full(GRAIN.shape, level, np.uint8)
    image[rows, columns] = GRAIN[rows, columns]
    return image


def frayed() -> np.ndarray:
    """Beyond its last row, a fifth of the photo goes on for a while."""
    image = framed(slice(40, 150), slice(30, 200))
    image[150:170, 30:78] = 100
    return image


def outlined() -> np.ndarray:
    image = np.full(GRAIN.shape, 255, np.uint8)
    return cv2.rectangle(image, (30, 40), (199, 149), 0, 4)


@pytest.mark.parametrize("level", [0, 255])
def test_margins_of_one_level_are_left_out(level):
    """And two pixels of the photo on each side, where compression blurs it."""
    found = sheet.without_margins(framed(slice(40, 150), slice(30, 200), level))
    assert found == (slice(42, 148), slice(32, 198))


@pytest.mark.parametrize(
    "image",
    [
        GRAIN,
        np.full((200, 240), 255, np.uint8),
        framed(slice(90, 120), slice(30, 200)),
        frayed(),
        outlined(),
    ],
    ids=["no margins", "blank", "too small", "frayed", "an outline"],
)
def test_other_images_have_no_margins(image):
    assert sheet.without_margins(image) is None


def laid(corners: list[tuple[int, int]], light: int = 210, around: int = 60) -> np.ndarray:
    """A sheet with these corners on something else, and a stroke on it."""
    image = np.full((200, 240), around, np.uint8)
    cv2.fillPoly(image, [np.int32(corners)], light)
    return cv2.line(image, (100, 70), (100, 130), around, 6)


STRAIGHT = [(30, 20), (210, 20), (210, 180), (30, 180)]
TILTED = [(50, 15), (225, 45), (195, 185), (20, 155)]


@pytest.mark.parametrize("corners", [STRAIGHT, TILTED], ids=["straight", "tilted"])
@pytest.mark.parametrize("light", [True, False])
def test_a_sheet_is_found_with_what_is_written_on_it(corners, light):
    image = laid(corners) if light else 255 - laid(corners)
    (rows, columns), on_sheet = sheet.find_sheet(image, light)
    paper = np.zeros(image.shape, np.uint8)
    cv2.fillPoly(paper, [np.int32(corners)], 1)
    found = np.zeros(image.shape, bool)
    found[rows, columns] = on_sheet
    clear = cv2.erode(paper, np.ones((5, 5), np.uint8))  # its blurred edge is left out
    assert not (found & (clear == 0)).any()
    assert found.sum() > 0.9 * paper.sum()
    assert found[70:130, 100].all()  # the stroke lies on the sheet: it is no hole in it
    assert sheet.find_sheet(image, not light) is None


@pytest.mark.parametrize(
    "image",
    [
        np.full((200, 240), 200, np.uint8),
        laid([(80, 60), (160, 60), (160, 140), (80, 140)]),
        laid(STRAIGHT, 210, 170),
        laid(
            [(20, 20), (220, 20), (220, 180), (150, 180), (150, 90), (90, 90), (90, 180), (20, 180)]
        ),
        laid(STRAIGHT)[:12],
    ],
    ids=["blank", "small", "hardly lighter", "an arch", "12 rows"],
)
def test_what_else_is_light_is_no_sheet(image):
    assert sheet.find_sheet(image, light=True) is None


def test_beyond_the_sheet_the_nearest_level_on_it_goes_on():
    channel = np.full((40, 60), 10, np.uint8)
    channel[3:37, 3:30], channel[3:37, 30:57] = 100, 200
    on_sheet = np.zeros(channel.shape, bool)
    on_sheet[5:35, 5:55] = True  # its edge, where it is blurred, is left out
    filled = sheet.outside_filled(channel, on_sheet)
    assert (filled[:, :25] == 100).all() and (filled[:, 35:] == 200).all()
    assert sheet.outside_filled(channel, np.ones_like(on_sheet)) is channel
