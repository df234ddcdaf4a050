"""The first page without a browser."""

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.datasets import sample_pictures
from core.images import encode_png
from pages.components import keys

APP = str(Path(__file__).resolve().parents[2] / "app.py")


def drawn(picture: np.ndarray) -> dict:
    """What the canvas sends for a drawing."""
    url = "data:image/png;base64," + base64.b64encode(encode_png(picture)).decode()
    return {"drawing": {"raw": {"objects": [1]}, "data": url}}


def digit(label: int) -> np.ndarray:
    return 255 - cv2.resize(sample_pictures("mnist")[label], (320, 320))


@pytest.fixture
def app():
    return AppTest.from_file(APP, default_timeout=60)


def html_of(app) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_a_blank_canvas_asks_to_draw(app):
    app.run()
    assert not app.exception
    assert [heading.value for heading in app.subheader] == ["Nothing to read yet"]
    assert "Draw a digit from 0 to 9" in " ".join(text.value for text in app.markdown)


@pytest.mark.parametrize("label", [2, 7])
def test_a_drawing_is_answered_by_three_models(app, label):
    app.session_state[keys.CANVAS] = drawn(digit(label))
    app.run()
    assert not app.exception
    assert html_of(app).count(f"<b>{label}</b>") == 4  # the large answer and one for each model
    assert [heading.value for heading in app.subheader] == [
        "What the model saw",
        "The same picture, read by each model",
    ]


def test_a_picture_without_ink_is_said_to_be_blank(app):
    app.session_state[keys.CANVAS] = drawn(np.full((320, 320), 255, np.uint8))
    app.run()
    assert not app.exception
    assert "blank" in app.info[0].value


def test_several_digits_are_read_from_left_to_right(app):
    row = np.hstack([digit(4), digit(2)])
    app.session_state[keys.CANVAS] = drawn(row)
    app.run()
    assert "<b>42</b>" in html_of(app)
    assert [tab.label for tab in app.tabs] == ["1. digit: 4", "2. digit: 2"]


def test_an_answer_below_the_threshold_is_marked_as_not_sure(app):
    app.session_state[keys.CANVAS] = drawn(digit(7))
    app.session_state[keys.UNSURE_BELOW] = 100
    app.run()
    assert "<b>7?</b>" in html_of(app)
    assert any("could be 7 or" in caption.value for caption in app.caption)


def test_without_a_model_the_page_asks_for_one(app):
    app.session_state[keys.RUNS] = []
    app.run()
    assert not app.exception
    assert "Choose at least one model" in app.info[0].value


def test_a_chosen_run_that_is_gone_is_replaced_by_the_usual_ones(app):
    app.session_state[keys.RUNS] = ["was-deleted"]
    app.session_state[keys.CANVAS] = drawn(digit(7))
    app.run()
    assert not app.exception
    assert "<b>7</b>" in html_of(app)


def test_every_setting_has_help(app):
    app.run()
    for widget in [*app.slider, *app.multiselect]:
        assert widget.help, widget.label
