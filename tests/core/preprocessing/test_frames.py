"""What is drawn around digits, or comes in at the edge of an image, on one page with one digit."""

import cv2
import numpy as np
import pytest

from core.preprocessing import frames

DIGIT = np.zeros((200, 200), np.uint8)
cv2.ellipse(DIGIT, (100, 100), (22, 40), 0, 0, 360, 255, 6)

SLANTED = [(0, 65), (28, 65), (28, 140), (0, 140)]  # the box of a stroke at the left edge


def with_lines(*lines: list[tuple[int, int]], width: int = 6) -> np.ndarray:
    """The digit and strokes from point to point."""
    page = DIGIT.copy()
    cv2.polylines(page, [np.int32(line) for line in lines], False, 255, width)
    return page


def with_blocks(*blocks: tuple[slice, slice]) -> np.ndarray:
    """The digit and solid rectangles: rows and columns."""
    page = DIGIT.copy()
    for block in blocks:
        page[block] = 255
    return page


@pytest.mark.parametrize(
    ("page", "stays"),
    [
        (with_lines([SLANTED[0], SLANTED[2]]), True),
        (with_lines([(0, 90), (28, 115)]), False),
        (with_blocks((slice(40, 170), slice(0, 20))), False),
        (with_blocks((slice(95, 105), slice(0, 30))), False),
        (with_blocks((slice(57, 67), slice(0, 80))), False),
        (with_lines([(70, 0), (70, 150), (130, 150), (130, 0)]), True),
    ],
    ids=[
        "as tall as the digit",
        "much shorter",
        "a block",
        "a smear",
        "up to a corner",
        "around the digit",
    ],
)
def test_what_comes_in_at_the_edge_stays_only_if_it_may_be_writing(page, stays):
    inner = frames.without_edge_pieces(page, frames.pieces_of(page))
    assert (inner == (page if stays else DIGIT)).all()


@pytest.mark.parametrize(
    "page",
    [DIGIT, np.roll(DIGIT, 56, axis=0), np.zeros((50, 50), np.uint8)],
    ids=["clear of the edge", "only the digit at the edge", "no ink"],
)
def test_ink_without_foreign_pieces_is_the_same_array(page):
    assert frames.without_edge_pieces(page, frames.pieces_of(page)) is page


BOX = [(40, 40), (160, 40), (160, 160), (40, 160), (40, 40)]


@pytest.mark.parametrize(
    ("page", "stays"),
    [
        (with_lines(BOX, width=3), False),
        (with_lines([(-9, 30), (170, 30), (170, 170), (-9, 170)], width=3), False),
        (with_lines([(30, 40), (30, 160)], width=3), True),
        (with_lines(BOX, width=41), True),
    ],
    ids=["a box", "a box that the edge cuts off", "a stroke beside it", "as broad as a desk"],
)
def test_only_thin_lines_around_ink_are_frames(page, stays):
    bare = frames.without_frames(page, frames.pieces_of(page))
    assert (bare == (page if stays else DIGIT)).all()


def test_a_digit_with_a_dot_in_its_hole_is_no_frame():
    page = with_blocks((slice(96, 104), slice(96, 104)))
    assert frames.without_frames(page, frames.pieces_of(page)) is page


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (np.zeros((50, 50), np.uint8), (0, False)),
        (DIGIT, (0, False)),
        (np.roll(DIGIT, 56, axis=0), (0.5, False)),
        (with_lines([(0, 90), (28, 115)]), (1, False)),
        (with_blocks((slice(0, 190), slice(0, 9))), (2, False)),
        (with_blocks((slice(0, 100), slice(0, 9))), (1, False)),
        (with_blocks((slice(60, 140), slice(60, 140))), (0, True)),
        (with_lines(*([(x, 0), (x, 199)] for x in range(66, 140, 8)), width=1), (1, False)),
    ],
    ids=[
        "no ink",
        "clear of the edge",
        "a digit that runs out",
        "a smear at the edge",
        "a bar along a side",
        "a bar along half of a side",
        "a block",
        "lines that run out in many places",
    ],
)
def test_ink_is_doubted_for_what_lies_around_it(page, expected):
    assert frames.surroundings(page, frames.pieces_of(page)) == expected
