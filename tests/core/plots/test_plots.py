import io
from dataclasses import replace

import numpy as np
import pytest

from core import plots
from core.datasets import Overview
from core.runs import Run


def look(classes: int = 2, sizes=((8, 8),), samples: int = 3, **changed) -> Overview:
    counts = np.arange(1, 3 * classes + 1).reshape(3, classes)
    heights, widths = np.array(sizes).T
    details = {
        "name": "pets",
        "title": "My pets",
        "class_names": tuple(f"class {label}" for label in range(classes)),
        "counts": counts,
        "heights": heights,
        "widths": widths,
        "channels": 3,
        "input_shape": (8, 8, 3),
        "samples": tuple(
            tuple(np.full((8, 6 + label % 3, 3), 40 * n, np.uint8) for n in range(samples))
            for label in range(classes)
        ),
        "skipped": (),
        "ignored": 0,
        "notes": (),
    }
    return Overview(**(details | changed))


def values(chart) -> list[dict]:
    return chart.to_dict(validate=True)["data"]["values"]


def test_the_chart_of_classes_has_a_bar_for_each_class_and_part():
    rows = values(plots.class_counts(look()))
    found = {(row["class"], row["split"]): row["images"] for row in rows}
    assert found == {
        ("class 0", "training"): 1,
        ("class 1", "training"): 2,
        ("class 0", "validation"): 3,
        ("class 1", "validation"): 4,
        ("class 0", "test"): 5,
        ("class 1", "test"): 6,
    }


def test_classes_stay_in_the_order_of_their_labels_and_parts_in_that_of_the_legend():
    names = ("10", "9", "Äpfel")
    chart = plots.class_counts(look(3, class_names=names)).to_dict()
    assert chart["encoding"]["y"]["sort"] == list(names)
    assert chart["encoding"]["color"]["scale"]["domain"] == list(plots.SPLIT_NAMES)
    orders = {row["split"]: row["order"] for row in chart["data"]["values"]}
    assert orders == {"training": 0, "validation": 1, "test": 2}


def test_the_chart_of_classes_grows_with_them():
    heights = [plots.class_counts(look(classes)).to_dict()["height"] for classes in (2, 10, 100)]
    assert heights == sorted(set(heights))


def test_the_chart_of_sizes_counts_images_of_each_size():
    found = values(plots.image_sizes(look(sizes=[(20, 30)] * 5 + [(30, 20)] * 2 + [(30, 30)])))
    assert sorted((row["width"], row["height"], row["images"]) for row in found) == [
        (20, 30, 2),
        (30, 20, 5),
        (30, 30, 1),
    ]


def test_many_sizes_become_few_dots_that_stand_for_all_images():
    rng = np.random.default_rng(0)
    found = values(plots.image_sizes(look(sizes=rng.integers(1, 2000, (20_000, 2)))))
    assert len(found) <= 42**2
    assert sum(row["images"] for row in found) == 20_000
    assert all(type(row[key]) is int for row in found for key in ("width", "height", "images"))


@pytest.mark.parametrize(("classes", "rows"), [(2, 2), (10, 10), (50, 40)])
@pytest.mark.few(1)
def test_the_sheet_has_a_row_a_class(classes, rows):
    figure = plots.contact_sheet(look(classes))
    assert len(figure.axes) == rows * 3
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == [
        f"class {label}" for label in range(rows)
    ]
    assert all(len(axes.images) == 1 for axes in figure.axes)


def test_the_sheet_shows_the_samples_in_order():
    figure = plots.contact_sheet(look())
    shown = [int(np.asarray(axes.images[0].get_array()).max()) for axes in figure.axes]
    assert shown == [0, 40, 80, 0, 40, 80]


def test_a_class_with_fewer_samples_leaves_the_rest_of_its_row_empty():
    image = np.zeros((8, 8, 1), np.uint8)
    figure = plots.contact_sheet(replace(look(), samples=((image,) * 3, (image,))))
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("name", ["cats", "a_b^c", "$\\frac$"])
def test_the_sheet_can_be_written_whatever_the_classes_are_called(name):
    file = io.BytesIO()
    plots.contact_sheet(look(class_names=(name, "dogs"), title=name)).savefig(file)
    assert file.getvalue().startswith(b"\x89PNG")


def test_the_sheet_tells_how_many_images_there_are():
    assert plots.contact_sheet(look()).get_suptitle() == "My pets: 21 images"


EPOCHS = tuple(
    {
        "epoch": epoch,
        "accuracy": 0.5 + epoch / 10,
        "loss": 1 / epoch,
        "val_accuracy": 0.4 + epoch / 10,
        "val_loss": 2 / epoch,
    }
    for epoch in (1, 2, 3)
)


def curve(history=EPOCHS, axis: str = "epoch", **arguments) -> dict:
    return plots.training_curve(history, axis, **arguments).to_dict(validate=True)


def points_of(spec: dict) -> dict[tuple[str, float], float]:
    """What a training curve shows: `(part, where) -> value`."""
    sets = [rows for rows in spec["datasets"].values() if rows and "split" in rows[0]]
    return {(row["split"], row["at"]): row["value"] for rows in sets for row in rows}


@pytest.mark.parametrize(
    ("figure", "title", "form"), [("accuracy", "Accuracy", "~%"), ("loss", "Loss", ",~f")]
)
def test_a_training_curve_shows_a_figure_on_both_parts(figure, title, form):
    spec = curve(figure=figure)
    expected = {("training", point["epoch"]): point[figure] for point in EPOCHS}
    expected |= {("validation", point["epoch"]): point[f"val_{figure}"] for point in EPOCHS}
    assert points_of(spec) == expected
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["line", "point"]
    for layer in spec["layer"]:
        y, colour = layer["encoding"]["y"], layer["encoding"]["color"]
        assert (y["title"], y["axis"]["format"], y["scale"]["zero"]) == (title, form, False)
        assert colour["scale"]["domain"] == ["training", "validation"]
    dash = spec["layer"][0]["encoding"]["strokeDash"]["scale"]["range"]
    assert dash[0] != dash[1]  # who cannot tell the colours apart sees it by the dashes


@pytest.mark.parametrize("axis", sorted(plots.AXIS_TITLES))
def test_a_training_curve_is_drawn_over_what_was_learned_by(axis):
    history = [{axis: 10 * step, "accuracy": 0.5, "val_accuracy": 0.5} for step in (1, 2)]
    spec = curve(history, axis)
    assert {where for _, where in points_of(spec)} == {10, 20}
    assert spec["layer"][0]["encoding"]["x"]["title"] == plots.AXIS_TITLES[axis]


@pytest.mark.parametrize(
    ("history", "end", "domain"),
    [
        (EPOCHS, 10, [1, 10]),
        (EPOCHS[:1], 10, [1, 10]),
        (EPOCHS[:1], 1, [1, 2]),  # else the axis has no width
        ([], 10, [0, 10]),
        (EPOCHS, None, None),
    ],
)
def test_the_axis_of_a_training_curve_ends_where_the_training_will(history, end, domain):
    scale = curve(history, end=end)["layer"][0]["encoding"]["x"]["scale"]
    assert scale.get("domain") == domain


def test_the_best_point_gets_a_mark_with_a_word():
    spec = curve(best=2, mark="kept")
    rule, word = spec["layer"][2:]
    assert (rule["mark"]["type"], word["mark"]["type"]) == ("rule", "text")
    assert word["encoding"]["y"]["value"] < 0  # above the chart, where no curve is
    assert rule["data"]["values"] == word["data"]["values"] == [{"at": 2, "says": "kept"}]
    assert len(curve(mark="kept")["layer"]) == 2


def test_a_figure_that_was_not_measured_leaves_a_gap():
    history = [{"epoch": 1, "accuracy": 0.5}, EPOCHS[1]]
    assert set(points_of(curve(history))) == {
        ("training", 1),
        ("training", 2),
        ("validation", 2),
    }


def shown_run(small_run: Run, axis: str = "epoch", history=EPOCHS, **card) -> Run:
    points = tuple({axis: point["epoch"], **point} for point in history)
    if axis != "epoch":
        points = tuple({k: v for k, v in point.items() if k != "epoch"} for point in points)
    return replace(small_run, card=replace(small_run.card, history=points, **card))


@pytest.mark.parametrize(
    ("axis", "history", "best", "lines"),
    [("epoch", EPOCHS, 1, 3), ("trees", EPOCHS, 2, 3), ("epoch", EPOCHS, None, 2)],
    ids=["network", "forest", "without a mark"],
)
@pytest.mark.few(2)
def test_a_run_is_drawn_with_its_curve_and_its_confusions(small_run, axis, history, best, lines):
    figure = plots.run_figure(shown_run(small_run, axis, history), best)
    left, right = figure.axes
    assert left.get_xlabel() == plots.AXIS_TITLES[axis]
    assert len(left.lines) == lines
    assert list(left.lines[0].get_ydata()) == [point["accuracy"] for point in history]
    assert list(left.lines[1].get_ydata()) == [point["val_accuracy"] for point in history]
    if best is not None:
        assert left.lines[2].get_xdata()[0] == history[best]["epoch"]
    assert [label.get_text() for label in right.get_yticklabels()] == list("0123456789")
    matrix = small_run.evaluation("test").confusion_matrix
    numbers = sorted(int(text.get_text()) for text in right.texts)
    assert numbers == sorted(matrix[matrix > 0].tolist())
    assert figure.get_suptitle().startswith(f"{small_run.id}: ")
    assert as_png(figure).startswith(b"\x89PNG")


def as_png(figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file)
    return file.getvalue()


def test_a_run_without_a_training_curve_says_so(small_run):
    figure = plots.run_figure(shown_run(small_run, history=()), None)
    assert "no training curve was kept" in [text.get_text() for text in figure.axes[0].texts]
    assert as_png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("epochs", [1, 2, 60])
@pytest.mark.parametrize(("low", "high"), [(0.991, 0.994), (0.1, 0.99), (1.0, 1.0)])
def test_no_two_ticks_of_a_file_read_alike_and_no_legend_lies_on_the_curves(
    small_run, epochs, low, high
):
    values = np.linspace(low, high, epochs).tolist()
    history = [
        {"epoch": epoch, "accuracy": value, "val_accuracy": value}
        for epoch, value in enumerate(values, 1)
    ]
    run = shown_run(small_run, history=history)
    for figure in (plots.run_figure(run, 0), plots.lines_figure(plots.learning_lines([run]))):
        figure.canvas.draw()
        axes = figure.axes[0]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            labels = [text.get_text() for at, text in ticks if low <= at <= high]
            assert len(labels) == len(set(labels)) > 0
        assert all(float(at).is_integer() for at in axes.get_xticks())
        legend = axes.get_legend().get_window_extent()
        assert legend.y1 <= axes.xaxis.get_tightbbox().y0


@pytest.mark.parametrize("name", ["$x$", "$\\frac$", "a_b^c", "Äpfel & <Birnen>"])
def test_a_run_is_drawn_whatever_its_classes_are_called(small_run, name):
    names = (name, *small_run.card.class_names[1:])
    figure = plots.run_figure(shown_run(small_run, class_names=names), 1)
    assert as_png(figure).startswith(b"\x89PNG")
    assert figure.axes[1].get_yticklabels()[0].get_text() == name


def test_many_classes_are_drawn_without_numbers(small_run, monkeypatch):
    monkeypatch.setattr(plots.comparing, "_MOST_NUMBERED", 9)
    assert len(plots.run_figure(small_run, None).axes[1].texts) == 0
