"""The pieces of HTML say what they are given, safely."""

import re
from pathlib import Path

import numpy as np
import pytest

from core.errors import StudioError
from core.serving import Prediction
from core.settings import PROJECT_DIR
from pages.components.shared import html
from tests.overriding import use


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
    assert "<script>" not in html.prediction("<script>", "sure")
    assert '<img src="data:' in html.strip([(np.zeros((2, 2), np.uint8), '">', "s")])
    assert 'alt="&quot;&gt;"' in html.strip([(np.zeros((2, 2), np.uint8), '">', "s")])


def test_bars_show_every_class_or_the_most_probable_ones():
    prediction = Prediction(tuple("abc"), np.array([0.2, 0.7, 0.1], np.float32))
    assert html.bars(prediction).count("<dt>") == 3
    first_two = html.bars(prediction, most=2)
    assert first_two.index("<dt>b</dt>") < first_two.index("<dt>a</dt>")
    assert "<dt>c</dt>" not in first_two


def test_messages_are_read_without_paths_in_a_public_demo_alone(monkeypatch):
    demo = use(monkeypatch, public=True, runs_dir=Path("/srv/my studio/runs"))
    error = StudioError(f"Nothing can be written to {demo.runs_dir}.")
    assert html.told(error) == "Nothing can be written to the folder of trained models."
    use(monkeypatch, public=False)
    assert html.told(error) == "Nothing can be written to /srv/my studio/runs."


def test_every_page_shows_errors_through_the_function_that_removes_paths():
    """`str(error)` and `{error}` would show a visitor the server's folders."""
    for path in (PROJECT_DIR / "pages").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        raw = re.findall(r"str\(error\)|\{error\}|\.reason\b.*\bplain|plain\(.*\.reason\b", text)
        assert not raw or path.name in ("html.py", "chosen.py"), (path, raw)
