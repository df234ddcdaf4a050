"""Printed lines are taken off a page; the stroke that crosses them stays."""

import cv2
import numpy as np
import pytest

from core.preprocessing.rules import without_rules

WIDTH, HEIGHT = 300, 240


def ruled(turn: float = 0, strength: float = 0.2, both: bool = False) -> np.ndarray:
    """Contrast of lines on paper, turned by some degrees."""
    lines = np.zeros((600, 600), np.float32)
    lines[::30] = lines[1::30] = strength
    if both:
        lines[:, ::30] = lines[:, 1::30] = strength
    matrix = cv2.getRotationMatrix2D((300, 300), turn, 1)
    return cv2.warpAffine(lines, matrix, (600, 600))[180 : 180 + HEIGHT, 150 : 150 + WIDTH]


STROKE = cv2.ellipse(np.zeros((HEIGHT, WIDTH), np.uint8), (150, 125), (30, 45), 0, 0, 360, 1, 8) > 0


@pytest.mark.parametrize("both", [False, True], ids=["ruled", "squared"])
@pytest.mark.parametrize("turn", [0, 3, -7.5, 12])
def test_lines_go_and_the_stroke_stays(turn, both):
    lines = ruled(turn, both=both)
    page = np.where(STROKE, np.float32(0.8), lines)
    bare = without_rules(page)
    assert (bare[STROKE] > 0).mean() > 0.9
    near = cv2.dilate(STROKE.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    printed = (lines > 0.1) & ~near
    assert (bare[printed] == 0).mean() > 0.95
    assert (bare == page)[bare > 0].all()


@pytest.mark.parametrize(
    "lines",
    [
        [((0, 120), (100, 120))],
        [((40, 20), (260, 220))],
        [((0, 2), (220, 2))],
        [],
    ],
    ids=["short", "steep", "a stroke along the edge", "none"],
)
def test_other_lines_are_ink(lines):
    page = np.where(STROKE, np.float32(0.8), np.float32(0))
    for start, end in lines:
        cv2.line(page, start, end, 0.8, 3)
    assert without_rules(page) is page


def test_a_broad_bar_is_no_line():
    page = np.zeros((HEIGHT, WIDTH), np.float32)
    page[100:130] = 0.5
    assert without_rules(page) is page


def test_in_images_of_few_pixels_lines_cannot_be_told_from_strokes():
    page = np.ascontiguousarray(ruled()[:47])
    assert without_rules(page) is page
