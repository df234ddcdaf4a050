import io
import warnings

import pytest
from matplotlib.figure import Figure

from core.plots import fonts


@pytest.mark.parametrize("name", ["cats", "猫", "แมว", "قطط", "한국어", "😀🐶", "\U000e0041"])
def test_names_in_any_script_are_drawn_without_a_warning(name):
    figure = Figure()
    axes = figure.subplots()
    axes.set_yticks([0], [name], parse_math=False)
    axes.set_title(name, parse_math=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fonts.save(figure, io.BytesIO(), format="png")


def test_a_font_that_has_the_signs_comes_after_the_usual_one(monkeypatch):
    signs = {"usual": {65}, "one": {0x732B}, "other": {0x0E41, 0x732B}, "more": {0x41}}
    monkeypatch.setattr(fonts, "_usual", lambda: "usual")
    monkeypatch.setattr(fonts, "_installed", lambda: tuple((n.title(), n) for n in signs))
    monkeypatch.setattr(fonts, "_signs_of", lambda path: signs[path])
    fonts.families_for.cache_clear()
    try:
        assert fonts.families_for(frozenset("A")) == ("DejaVu Sans",)
        assert fonts.families_for(frozenset("A猫")) == ("DejaVu Sans", "One")
        assert fonts.families_for(frozenset("猫แ")) == ("DejaVu Sans", "One", "Other")
    finally:
        fonts.families_for.cache_clear()
