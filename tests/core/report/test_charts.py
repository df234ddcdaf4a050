from xml.etree import ElementTree

import numpy as np
import pytest

from core.images import decode
from core.report import charts, png, svg
from tests.core.made_up import several

EPOCHS = tuple(
    {"epoch": n, "accuracy": n / 4, "loss": 1 / n, "val_accuracy": n / 5, "val_loss": 2 / n}
    for n in (1, 2, 3)
)
TREES = tuple({"trees": n, "accuracy": n / 40, "val_accuracy": n / 50} for n in (10, 20))
ALWAYS_FIRST, ALWAYS_LAST = ["accuracy"], ["classes-f1", "calibration", "coverage"]


@pytest.mark.parametrize(
    ("history", "curves"),
    [
        ((), []),
        (TREES, ["training-curves-accuracy"]),
        (EPOCHS, ["training-curves-accuracy", "training-curves-loss"]),
    ],
    ids=["none", "trees", "epochs"],
)
@pytest.mark.parametrize("count", [1, 3])
def test_there_is_a_chart_for_everything_that_was_kept(count, history, curves):
    found = several(count, classes=3, images=30, history=history)
    matrices = [f"confusion-run-{number}" for number in range(count)]
    assert list(charts(found)) == [*ALWAYS_FIRST, *curves, *matrices, *ALWAYS_LAST]


def is_image(content: bytes) -> bool:
    """Whether it is a PNG on which something is drawn."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    pixels = decode(content)
    return len(np.unique(pixels)) > 2 and min(pixels.shape[:2]) > 200


def is_drawing(content: bytes) -> bool:
    """Whether it is an SVG on which something is drawn."""
    root = ElementTree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 3


@pytest.mark.slow
def test_every_chart_of_the_bundled_runs_becomes_a_png_and_the_same_svg_each_time(bundled):
    first, again = charts(bundled), charts(bundled)
    assert len(first) == 9
    for name in first:
        assert is_image(png(first[name]())), name
        drawing = svg(first[name]())
        assert is_drawing(drawing), name
        assert drawing == svg(again[name]()), name


@pytest.mark.parametrize(("count", "classes"), [(1, 2), (1, 30), (5, 2)])
@pytest.mark.few(1)
def test_charts_of_any_number_of_runs_and_classes_are_drawn(count, classes):
    for draw in charts(several(count, classes=classes, images=90)).values():
        assert is_image(png(draw()))


def test_charts_of_absent_classes_are_drawn(with_gaps):
    for name, draw in charts(with_gaps).items():
        assert is_image(png(draw())), name


def test_class_names_of_any_signs_are_drawn():
    names = ("$x^2$", "<b>&x", "-->", "ü ✓", "a\\b", "$", "x" * 30)
    drawn = charts(several(2, classes=len(names), images=70, class_names=names))
    for chart in ("confusion-run-0", "classes-f1"):
        assert is_image(png(drawn[chart]()))
        assert is_drawing(svg(drawn[chart]()))


def test_the_confidence_below_which_predictions_are_withheld_is_marked():
    found = several(2, classes=3, images=60)
    drawn = [svg(charts(found, below)["coverage"]()) for below in (0.5, 0.9, 0.9)]
    assert drawn[0] != drawn[1] == drawn[2]
    title = charts(found, 0.9)["coverage"]().axes[0].get_title()
    assert "not sure below 90 %" in title
