"""The pieces of HTML say what they are given, safely."""

import numpy as np
import pytest

from core.serving import Prediction
from pages.components import html


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0.0, "0.0 %"),
        (0.0001, "<0.1 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.9996, ">99.9 %"),
        (1.0, "100.0 %"),
    ],
)
def test_percentages_never_claim_more_than_they_know(part, text):
    assert html.percent(part) == text


def test_names_from_outside_are_escaped():
    prediction = Prediction(("<script>", "b"), np.array([0.9, 0.1], np.float32))
    assert "<script>" not in html.bars(prediction)
    assert "<script>" not in html.answer("<script>", "sure")
    assert '<img src="data:' in html.strip([(np.zeros((2, 2), np.uint8), '">', "s")])
    assert 'alt="&quot;&gt;"' in html.strip([(np.zeros((2, 2), np.uint8), '">', "s")])


def test_bars_show_every_class_or_the_most_probable_ones():
    prediction = Prediction(tuple("abc"), np.array([0.2, 0.7, 0.1], np.float32))
    assert html.bars(prediction).count("<dt>") == 3
    first_two = html.bars(prediction, most=2)
    assert first_two.index("<dt>b</dt>") < first_two.index("<dt>a</dt>")
    assert "<dt>c</dt>" not in first_two
