import io
from dataclasses import replace

import numpy as np
import pytest

from core import plots
from core.datasets import Overview


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
    found = {(row["class"], row["part"]): row["pictures"] for row in rows}
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
    assert chart["encoding"]["color"]["scale"]["domain"] == list(plots.PART_NAMES)
    orders = {row["part"]: row["order"] for row in chart["data"]["values"]}
    assert orders == {"training": 0, "validation": 1, "test": 2}


def test_the_chart_of_classes_grows_with_them():
    heights = [plots.class_counts(look(classes)).to_dict()["height"] for classes in (2, 10, 100)]
    assert heights == sorted(set(heights))


def test_the_chart_of_sizes_counts_pictures_of_each_size():
    found = values(plots.picture_sizes(look(sizes=[(20, 30)] * 5 + [(30, 20)] * 2 + [(30, 30)])))
    assert sorted((row["width"], row["height"], row["pictures"]) for row in found) == [
        (20, 30, 2),
        (30, 20, 5),
        (30, 30, 1),
    ]


def test_many_sizes_become_few_dots_that_stand_for_all_pictures():
    rng = np.random.default_rng(0)
    found = values(plots.picture_sizes(look(sizes=rng.integers(1, 2000, (20_000, 2)))))
    assert len(found) <= 42**2
    assert sum(row["pictures"] for row in found) == 20_000
    assert all(type(row[key]) is int for row in found for key in ("width", "height", "pictures"))


@pytest.mark.parametrize(("classes", "rows"), [(2, 2), (10, 10), (50, 40)])
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
    picture = np.zeros((8, 8, 1), np.uint8)
    figure = plots.contact_sheet(replace(look(), samples=((picture,) * 3, (picture,))))
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("name", ["cats", "a_b^c", "$\\frac$"])
def test_the_sheet_can_be_written_whatever_the_classes_are_called(name):
    file = io.BytesIO()
    plots.contact_sheet(look(class_names=(name, "dogs"), title=name)).savefig(file)
    assert file.getvalue().startswith(b"\x89PNG")


def test_the_sheet_tells_how_many_pictures_there_are():
    assert plots.contact_sheet(look()).get_suptitle() == "My pets: 21 pictures"
