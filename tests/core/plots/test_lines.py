from collections.abc import Callable
from itertools import pairwise

import altair as alt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import plots
from core.comparison import Compared
from core.evaluation import precision_recall, roc
from core.plots import Line, Lines, lines_chart, lines_figure, of_run, thin
from core.plots.lines import MOST_POINTS
from core.plots.style import RUN_COLOURS, RUN_DASHES, RUN_MARKERS, RUN_SHAPES
from core.runs import AXES, Run
from tests.core.made_up import made_up, made_up_run, several
from tests.core.plots.saved import as_file, is_image

STEPS = np.arange(1000.0)
LONG = {
    "straight": (STEPS, STEPS),
    "falling": (STEPS, -STEPS),
    "flat": (STEPS, np.full(1000, 0.5)),
    "upright": (np.zeros(1000), STEPS),
    "a dot": (np.zeros(1000), np.zeros(1000)),
    "a step": (STEPS / 999, (STEPS >= 3).astype(float)),
    "steep at first": (STEPS / 999, 1 - np.exp(-STEPS / 5)),
    "noise": (STEPS, np.random.default_rng(0).random(1000)),
    "barely too long": (STEPS[: MOST_POINTS + 1], STEPS[: MOST_POINTS + 1]),
}
in_a_few_examples = settings(max_examples=50, deadline=None)


def check_thinned(kept: np.ndarray, length: int, keep: tuple[int, ...]) -> None:
    assert kept.dtype == int
    assert kept[0] == 0 and kept[-1] == length - 1
    assert (np.diff(kept) > 0).all()
    assert set(keep) <= set(kept.tolist())
    assert len(kept) <= MOST_POINTS + 2 + len(keep)


@pytest.mark.parametrize("length", [1, 2, MOST_POINTS])
def test_a_short_line_keeps_every_point(length):
    x = np.linspace(0, 1, length)
    assert thin(x, x**2, (0,)).tolist() == list(range(length))


@pytest.mark.parametrize("name", LONG)
def test_a_long_line_keeps_its_ends_and_what_it_is_asked_to(name):
    for keep in [(), (7,), (2, 100, 149)]:
        x, y = LONG[name]
        check_thinned(thin(x, y, keep), len(x), keep)


@in_a_few_examples
@given(st.integers(MOST_POINTS + 1, 3000), st.integers(0, 10_000), st.integers(0, 3))
def test_any_long_line_is_thinned(length, seed, bends):
    rng = np.random.default_rng(seed)
    keep = tuple(rng.choice(length, 3, replace=False).tolist())
    x = np.sort(rng.random(length) ** (1 + bends))
    check_thinned(thin(x, rng.random(length) ** 3, keep), length, keep)


@pytest.mark.parametrize("name", ["straight", "falling", "a step", "steep at first"])
def test_a_thinned_line_looks_the_same(name):
    """Every point lies on it, as far as one can see."""
    x, y = ((v - v.min()) / np.ptp(v) for v in LONG[name])
    kept = thin(x, y)
    along = np.linspace(0, len(kept) - 1, 5000)
    drawn = [np.interp(along, np.arange(len(kept)), v[kept]) for v in (x, y)]
    distance = np.hypot(*(v[:, None] - line for v, line in zip((x, y), drawn, strict=True)))
    assert distance.min(axis=1).max() < 0.005


def curve(axis: str, points: int = 5, best: int = 2, loss: bool = False) -> tuple[dict, ...]:
    """A training curve that is best on validation at one of its points."""
    history = []
    for number in range(points):
        val = 0.9 - 0.01 * abs(number - best)
        point = {axis: 10 * (number + 1), "accuracy": 0.5 + number / 100, "val_accuracy": val}
        history.append(point | ({"loss": 1 / (number + 1), "val_loss": 2.0} if loss else {}))
    return tuple(history)


def learned(*axes: str, **details) -> list[Run]:
    """A run for each axis; `` for one without a training curve."""
    return [
        made_up_run(f"run-{number}", history=curve(axis, **details) if axis else ())
        for number, axis in enumerate(axes)
    ]


@pytest.mark.parametrize("axis", AXES)
def test_runs_that_learn_by_the_same_steps_share_their_axis(axis):
    chart = plots.learning_lines(learned(axis, axis))
    assert (chart.x_title, chart.x_fraction, chart.y_fraction) == (
        plots.AXIS_TITLES[axis],
        False,
        True,
    )
    assert [(line.name, line.number, line.split) for line in chart.lines] == [
        ("run-0", 0, "training"),
        ("run-0", 0, "validation"),
        ("run-1", 1, "training"),
        ("run-1", 1, "validation"),
    ]
    for line in chart.lines:
        name = "accuracy" if line.split == "training" else "val_accuracy"
        assert line.x.tolist() == [10, 20, 30, 40, 50]
        assert line.y.tolist() == [point[name] for point in curve(axis)]


def test_runs_that_learn_by_different_steps_are_drawn_over_the_part_of_their_training():
    chart = plots.learning_lines(learned("epoch", "trees", "epoch"))
    assert (chart.x_title, chart.x_fraction) == ("Fraction of the training", True)
    assert len(chart.lines) == 6
    for line in chart.lines:
        assert line.x == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


@pytest.mark.parametrize("best", [0, 2, 4])
def test_the_best_point_on_validation_is_marked(best):
    chart = plots.learning_lines(learned("epoch", "epoch", best=best))
    marks = {(line.name, line.split): line.marks for line in chart.lines}
    assert marks == {
        (name, part): (best,) if part == "validation" else ()
        for name in ("run-0", "run-1")
        for part in ("training", "validation")
    }
    assert chart.mark


@pytest.mark.parametrize(
    ("axes", "names", "x_fraction"),
    [
        (("", "epoch", "", "epoch"), {"run-1": 1, "run-3": 3}, False),
        (("trees", "", "epoch"), {"run-0": 0, "run-2": 2}, True),
        (("", ""), {}, True),
        ((), {}, True),
    ],
    ids=["two of four", "two of three", "none of two", "no runs"],
)
def test_runs_without_a_training_curve_are_left_out(axes, names, x_fraction):
    """Those that are left keep their place, and with it their looks."""
    chart = plots.learning_lines(learned(*axes))
    assert {line.name: line.number for line in chart.lines} == names
    assert chart.x_fraction == x_fraction
    valid(lines_chart(chart))


def test_a_figure_that_a_run_did_not_keep_leaves_it_out():
    found = [
        made_up_run("network", history=curve("epoch", loss=True)),
        made_up_run("forest", history=curve("trees")),
    ]
    chart = plots.learning_lines(found, "loss")
    assert {line.name for line in chart.lines} == {"network"}
    assert chart.lines[0].y == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert (chart.y_title, chart.y_fraction) == ("Loss", False)
    assert chart.lines[1].marks == (2,)  # best on validation by accuracy, not by loss


def test_bins_with_predictions_make_the_line_of_calibration():
    (one,) = several(1)
    chart = plots.reliability_lines([one])
    full = one.reliability.counts > 0
    assert (chart.lines[0].x == one.reliability.confidence[full]).all()
    assert (chart.lines[0].y == one.reliability.accuracy[full]).all()
    assert np.isfinite(chart.lines[0].y).all()
    assert chart.diagonal


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.83, 1.0])
def test_the_threshold_is_marked_in_the_line_of_coverage(threshold):
    (one,) = several(1)
    (line,) = plots.coverage_lines([one], threshold).lines
    (mark,) = line.marks
    confident = (one.evaluation.confidences >= np.float32(threshold)).mean()
    if confident:
        assert line.x[mark] == pytest.approx(confident)
        right = one.evaluation.right[one.evaluation.confidences >= np.float32(threshold)]
        assert line.y[mark] == pytest.approx(right.mean())
    else:
        assert mark == len(line.x) - 1
    assert line.x[0] == 1
    assert np.isfinite(line.y).all()


@pytest.mark.parametrize("label", [0, 9])
def test_a_class_against_the_rest_has_its_curves_and_areas(label):
    found = several(2)
    chart = plots.precision_recall_lines(found, label)
    curves = [precision_recall(one.evaluation, label) for one in found]
    for line, expected in zip(chart.lines, curves, strict=True):
        assert (line.x == expected.x).all()
        assert (line.y == expected.y).all()
    assert chart.notes == {
        one.id: f"{expected.area:.4f}" for one, expected in zip(found, curves, strict=True)
    }
    assert f"class {label} against the rest" in chart.title
    chart = plots.roc_lines(found, label)
    curves = [roc(one.evaluation, label) for one in found]
    for line, expected in zip(chart.lines, curves, strict=True):
        seen = expected.x > 0
        assert line.x[seen] == pytest.approx(expected.x[seen])
        assert (line.y == expected.y).all()
        assert (np.diff(line.x) >= 0).all()
    assert list(chart.notes.values()) == [f"{expected.area:.4f}" for expected in curves]


@pytest.mark.parametrize("make", [plots.roc_lines, plots.precision_recall_lines])
def test_a_class_without_images_has_no_lines(make):
    absent = make([made_up("one", [0, 0, 1], np.full((3, 3), 1 / 3))], 2)
    assert absent.lines == ()
    valid(lines_chart(absent))
    texts = [text.get_text() for text in lines_figure(absent).axes[0].texts]
    assert texts == ["nothing to draw"]
    assert is_image(as_file(lines_figure(absent)))


def learning(found: list[Compared]) -> Lines:
    axes = ["epoch" if number % 3 else "trees" for number in range(len(found))]
    return plots.learning_lines(learned(*axes, points=40))


MAKE: dict[str, Callable[[list[Compared]], Lines]] = {
    "learning": learning,
    "epochs": lambda found: plots.learning_lines(learned(*["epoch"] * len(found), points=300)),
    "reliability": plots.reliability_lines,
    "coverage": lambda found: plots.coverage_lines(found, 0.8),
    "roc": lambda found: plots.roc_lines(found, 3),
    "precision and recall": lambda found: plots.precision_recall_lines(found, 3),
}


def valid(spec: dict) -> dict:
    """The same specification, if Vega-Lite allows it."""
    alt.LayerChart.from_dict(spec).to_dict(validate=True)
    return spec


def layers_of(spec: dict, channel: str) -> list[dict]:
    """That channel of all layers that have it."""
    found = [layer["encoding"].get(channel) for layer in spec["layer"]]
    return [one for one in found if one]


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("count", [1, 3, 12])
@pytest.mark.few(2)
def test_charts_are_valid_and_tell_every_run_apart(kind, count):
    chart = MAKE[kind](several(count))
    spec = valid(lines_chart(chart))
    names = [f"run-{number}" for number in range(count)]
    for channel, looks in (
        ("color", [of_run(number)[0] for number in range(count)]),
        ("shape", [RUN_SHAPES[of_run(number)[1]] for number in range(count)]),
    ):
        found = layers_of(spec, channel)
        assert found
        for one in found:
            assert one["scale"] == {"domain": names, "range": looks}
            assert one["legend"] is not None
    rows = [row for table in spec["datasets"].values() for row in table]
    assert {row["run"] for row in rows} == set(names)
    assert {row["run"] for row in rows if row["shape"]} == set(names)
    assert {row["run"] for row in rows if row["ring"]} == (set(names) if chart.mark else set())
    assert len(rows) <= (MOST_POINTS + 3) * len(chart.lines)
    titles = {one.get("title") for one in layers_of(spec, "x") if "title" in one}
    assert titles == {chart.x_title}


@pytest.mark.parametrize("kind", ["learning", "coverage", "roc"])
@pytest.mark.few(1)
def test_lines_differ_by_dashes_too(kind):
    spec = valid(lines_chart(MAKE[kind](several(3))))
    (dash,) = (one for one in layers_of(spec, "strokeDash") if "scale" in one)
    expected = [[1, 0], [6, 3]]
    if kind != "learning":
        expected = [RUN_DASHES[of_run(number)[2]] for number in range(3)]
    assert dash["scale"]["range"] == expected


def test_shapes_of_runs_with_the_same_line_do_not_cover_each_other():
    x = np.linspace(0, 1, 100)
    chart = Lines("A", "B", "C", tuple(Line(f"run-{n}", n, x, x) for n in range(3)))
    spec = valid(lines_chart(chart))
    (rows,) = spec["datasets"].values()
    places = [row["order"] for row in rows if row["shape"]]
    assert len(places) == len(set(places)) >= 3 * 10
    drawn = [line.get_markevery()[0] for line in drawn_lines(lines_figure(chart))]
    assert len(set(drawn)) == 3


def test_no_two_runs_look_alike():
    assert len({of_run(number) for number in range(210)}) == 210
    for one, other in pairwise(range(210)):
        assert all(a != b for a, b in zip(of_run(one), of_run(other), strict=True))
    assert {colour for colour, _, _ in map(of_run, range(30))} == set(RUN_COLOURS)
    assert len(RUN_MARKERS) == len(RUN_SHAPES) == len(set(RUN_SHAPES)) == len(set(RUN_MARKERS))


def drawn_lines(figure) -> list:
    """The lines of a figure that belong to a run."""
    return [line for line in figure.axes[0].lines if not line.get_label().startswith("_")]


@pytest.mark.parametrize("kind", MAKE)
def test_figures_have_a_line_and_a_legend_for_every_run(kind):
    chart = MAKE[kind](several(3))
    figure = lines_figure(chart)
    labels = [f"{line.name}, {line.split}" if line.split else line.name for line in chart.lines]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == labels
    for line, drawn in zip(chart.lines, drawn_lines(figure), strict=True):
        colour, shape, _ = of_run(line.number)
        assert (drawn.get_color(), drawn.get_marker()) == (colour, RUN_MARKERS[shape])
        assert drawn.get_xdata()[-1] == line.x[-1]
        assert drawn.get_ydata()[-1] == line.y[-1]
    assert figure.axes[0].get_xlabel() == chart.x_title
    assert figure.axes[0].get_ylabel() == chart.y_title


@pytest.mark.parametrize(
    ("kind", "count", "file"),
    [
        ("learning", 3, "png"),
        ("epochs", 1, "svg"),
        ("reliability", 3, "svg"),
        ("coverage", 12, "png"),
        ("roc", 12, "svg"),
        ("precision and recall", 1, "png"),
    ],
)
@pytest.mark.few(2)
def test_figures_are_written_to_files(kind, count, file):
    assert is_image(as_file(lines_figure(MAKE[kind](several(count))), file), file)


@pytest.mark.parametrize("name", ["$x_", "$\\frac$", "a_b^c", "Äpfel & <Birnen>"])
@pytest.mark.few(1)
def test_names_of_classes_are_not_read_as_formulas(name):
    found = several(1, 3, class_names=("no", name, "yes"))
    chart = plots.roc_lines(found, 1)
    assert name in chart.title
    valid(lines_chart(chart))
    figure = lines_figure(chart)
    assert is_image(as_file(figure))
    assert name in figure.axes[0].get_title()
    assert not figure.axes[0].title.get_parse_math()


def test_a_long_name_is_cut_in_the_legend_of_a_figure():
    points = np.array([0.0, 1.0])
    names = [f"{start}{'x' * 90}{end}" for start in "ab" for end in ("(one)", "(two)")]
    lines = tuple(Line(name, number, points, points) for number, name in enumerate(names))
    figure = lines_figure(Lines("A", "B", "C", lines))
    texts = {text.get_text() for text in figure.axes[0].get_legend().get_texts()}
    assert len(texts) == len(names)  # what tells them apart may stand at either end
    assert all(len(text) < 50 for text in texts)
