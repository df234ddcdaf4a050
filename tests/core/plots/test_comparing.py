import numpy as np
import pytest

from core import plots
from core.plots import CLASS_METRICS, of_run, scaled
from core.plots.comparing import MOST_BARS
from core.plots.style import RUN_MARKERS, RUN_SHAPES
from tests.core.made_up import made_up, right_and_wrong, several
from tests.core.plots.saved import as_file, is_image

MATRIX = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 6]])


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("counts", MATRIX),
        ("rows", [[0.75, 0.25, 0], [0, 0, 0], [0.25, 0, 0.75]]),
        ("columns", [[0.6, 1, 0], [0, 0, 0], [0.4, 0, 1]]),
    ],
)
def test_a_matrix_is_scaled_by_what_its_parts_are_of(scale, expected):
    received = scaled(MATRIX, scale)
    assert received.dtype == np.float64
    assert received == pytest.approx(np.array(expected))
    assert MATRIX.dtype != np.float64 and MATRIX[0, 0] == 3


@pytest.mark.parametrize("scale", ["counts", "rows", "columns"])
def test_an_empty_matrix_stays_empty(scale):
    assert (scaled(np.zeros((4, 4), np.int64), scale) == 0).all()


@pytest.mark.parametrize("classes", [2, 10, 30])
def test_rows_and_columns_add_up_to_one(classes):
    matrix = several(1, classes)[0].evaluation.confusion_matrix
    assert scaled(matrix, "rows").sum(axis=1) == pytest.approx(1)
    columns = scaled(matrix, "columns").sum(axis=0)
    assert columns == pytest.approx((matrix.sum(axis=0) > 0).astype(float))


@pytest.mark.parametrize("classes", [10, 30])
@pytest.mark.parametrize("count", [1, 3, MOST_BARS, MOST_BARS + 1, 12])
def test_every_class_has_a_bar_or_a_shape_for_each_run(classes, count):
    found = several(count, classes)
    spec = plots.class_bars(found).to_dict(validate=True)
    marks = [layer["mark"]["type"] for layer in spec["layer"]]
    assert marks == (["bar", "point"] if count <= MOST_BARS else ["point"])
    (rows,) = spec["datasets"].values()
    assert {(row["run"], row["class"]): row["value"] for row in rows} == {
        (one.id, f"class {label}"): pytest.approx(value)
        for one in found
        for label, value in enumerate(one.evaluation.f1)
    }
    names = [one.id for one in found]
    for layer in spec["layer"]:
        encoding = layer["encoding"]
        colours = [of_run(number)[0] for number in range(count)]
        assert encoding["color"]["scale"] == {"domain": names, "range": colours}
        assert encoding["y"]["sort"] == [f"class {label}" for label in range(classes)]
        assert encoding["x"]["scale"]["zero"] == (count <= MOST_BARS)
    shapes = spec["layer"][-1]["encoding"]["shape"]["scale"]
    expected = [RUN_SHAPES[of_run(number)[1]] for number in range(count)]
    assert shapes == {"domain": names, "range": expected}


def test_the_chart_of_classes_grows_with_classes_and_bars():
    heights = [
        plots.class_bars(several(count, classes)).to_dict()["height"]
        for count, classes in ((1, 10), (4, 10), (4, 30))
    ]
    assert heights == sorted(set(heights))


@pytest.mark.parametrize("figure", CLASS_METRICS)
def test_classes_are_compared_by_any_of_three_figures(figure):
    (one,) = several(1)
    spec = plots.class_bars([one], figure).to_dict(validate=True)
    (rows,) = spec["datasets"].values()
    assert [row["value"] for row in rows] == pytest.approx(getattr(one.evaluation, figure))
    assert spec["layer"][0]["encoding"]["x"]["title"] == CLASS_METRICS[figure]
    drawn = plots.class_figure([one], figure).axes[0]
    assert drawn.get_xlabel() == CLASS_METRICS[figure]
    assert drawn.lines[0].get_xdata() == pytest.approx(getattr(one.evaluation, figure))


def test_a_class_without_a_figure_has_no_bar():
    one = made_up("one", [0, 0, 1], np.eye(4)[[0, 1, 1]])
    spec = plots.class_bars([one]).to_dict(validate=True)
    (rows,) = spec["datasets"].values()
    assert [row["class"] for row in rows] == ["class 0", "class 1"]
    assert len(spec["layer"][0]["encoding"]["y"]["sort"]) == 4
    assert is_image(as_file(plots.class_figure([one])))


@pytest.mark.parametrize(("classes", "count", "file"), [(10, 12, "png"), (30, 3, "svg")])
def test_the_figure_of_classes_has_a_row_for_each(classes, count, file):
    found = several(count, classes)
    figure = plots.class_figure(found)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        f"class {label}" for label in range(classes)
    ]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [o.id for o in found]
    for number, line in enumerate(axes.lines):
        colour, shape, _ = of_run(number)
        assert (line.get_color(), line.get_marker()) == (colour, RUN_MARKERS[shape])
        assert line.get_ydata().tolist() == list(range(classes))
    assert is_image(as_file(figure, file), file)


@pytest.mark.parametrize("count", [1, 3, 12])
def test_accuracies_are_drawn_with_their_intervals(count):
    found = several(count)
    figure = plots.accuracy_figure(found)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [one.id for one in found]
    for number, (one, bars) in enumerate(zip(found, axes.containers, strict=True)):
        point, _, (interval,) = bars.lines
        assert point.get_xdata()[0] == pytest.approx(one.evaluation.accuracy)
        assert point.get_ydata()[0] == number
        ((low, _), (high, _)) = interval.get_segments()[0]
        assert (low, high) == pytest.approx(one.evaluation.accuracy_interval)
    assert is_image(as_file(figure))


@pytest.mark.parametrize("pattern", [[1] * 10, [0] * 10, [1]], ids=["all", "none", "one image"])
def test_an_accuracy_at_the_very_end_can_be_drawn(pattern):
    assert is_image(as_file(plots.accuracy_figure([right_and_wrong("one", pattern)])))


@pytest.mark.parametrize(
    ("classes", "scale", "file"),
    [(2, "counts", "png"), (10, "rows", "svg"), (10, "columns", "png"), (30, "rows", "png")],
)
@pytest.mark.few(1)
def test_a_confusion_matrix_is_drawn_with_its_counts(classes, scale, file):
    (one,) = several(1, classes)
    matrix = one.evaluation.confusion_matrix
    figure = plots.confusion_figure(one, scale)
    (axes,) = figure.axes
    written = {
        (int(y), int(x)): int(text.get_text())
        for text in axes.texts
        for x, y in [text.get_position()]
    }
    assert written == {place: count for place, count in np.ndenumerate(matrix) if count}
    shades = np.asarray(axes.images[0].get_array())
    expected = scaled(matrix, scale)
    assert shades == pytest.approx(expected / expected.max() if scale == "counts" else expected)
    names = [f"class {label}" for label in range(classes)]
    assert [text.get_text() for text in axes.get_xticklabels()] == names
    assert [text.get_text() for text in axes.get_yticklabels()] == names
    assert axes.get_title() == "run-0"
    assert is_image(as_file(figure, file), file)


def test_a_matrix_of_very_many_classes_is_drawn_without_numbers():
    figure = plots.confusion_figure(several(1, 31)[0])
    assert len(figure.axes[0].texts) == 0
    widths = [plots.confusion_figure(several(1, n)[0]).get_figwidth() for n in (2, 10, 50, 60)]
    assert widths == sorted(widths)
    assert widths[-1] == widths[-2] < 30


@pytest.mark.parametrize("scale", ["counts", "rows", "columns"])
def test_a_matrix_of_predictions_that_are_all_wrong_is_drawn(scale):
    figure = plots.confusion_figure(right_and_wrong("one", [0, 0, 0]), scale)
    assert [text.get_text() for text in figure.axes[0].texts] == ["3"]


@pytest.mark.parametrize("name", ["$x_", "$\\frac$", "a_b^c", "Äpfel & <Birnen>"])
@pytest.mark.few(1)
def test_names_of_classes_are_not_read_as_formulas(name):
    found = several(2, 3, class_names=("no", name, "yes"))
    spec = plots.class_bars(found).to_dict(validate=True)
    assert name in spec["layer"][0]["encoding"]["y"]["sort"]
    for figure in (plots.class_figure(found), plots.confusion_figure(found[0])):
        assert is_image(as_file(figure))
        label = figure.axes[0].get_yticklabels()[1]
        assert (label.get_text(), label.get_parse_math()) == (name, False)
