"""Charts of several runs that are not lines: accuracies, classes, confusion matrices."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.comparison import Compared, run_names
from core.names import all_shown, shown
from core.plots.style import (
    AXIS_OF_PERCENT,
    CLASS_AXIS,
    LEGEND_BELOW,
    RUN_MARKERS,
    encodings,
    legend_name,
    of_run,
)
from core.units import percent, round_percent

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    import altair as alt
    from matplotlib.figure import Figure

MOST_CLASSES = 200  # that are drawn, each in a row of its own
MOST_BARS = 4  # runs that have bars; more have dots alone
CLASS_METRICS = {"f1": "F1", "precision": "Precision", "recall": "Recall"}
_MOST_NUMBERED = 30  # classes whose confusions are written as numbers
MOST_LETTERS = 28  # of the name of a class
_ROW = 15  # pixels for a bar
_GAP = 12  # pixels between classes


def scaled(matrix: np.ndarray, scale: str) -> np.ndarray:
    """A confusion matrix as `counts`, or as fractions of its `rows` or its `columns`, float."""
    matrix = matrix.astype(np.float64)
    if scale == "counts":
        return matrix
    totals = matrix.sum(axis=1 if scale == "rows" else 0, keepdims=True)
    return np.divide(matrix, totals, out=np.zeros_like(matrix), where=totals > 0)


def class_bars(found: Sequence[Compared], figure: str = "f1") -> "alt.LayerChart":
    """A metric for every class, a bar for each run, with its shape at the end.

    Args:
        found: the runs.
        figure: one of `CLASS_METRICS`.
    """
    import altair as alt
    import pandas as pd

    names, called = all_shown(found[0].run.card.class_names), run_names(found)
    rows = [
        (called[one.id], name, float(value), percent(value, 2))
        for one in found
        for name, value in zip(names, getattr(one.evaluation, figure), strict=True)
        if not np.isnan(value)
    ]
    runs = list(called.values())
    color, shape = encodings({name: number for number, name in enumerate(runs)})
    barred = len(found) <= MOST_BARS
    base = alt.Chart(pd.DataFrame(rows, columns=["run", "class", "value", "says"])).encode(
        x=alt.X(
            "value:Q",
            title=CLASS_METRICS[figure],
            axis=alt.Axis(**AXIS_OF_PERCENT),
            scale=alt.Scale(zero=barred),
        ),
        y=alt.Y("class:N", title=None, sort=names, axis=alt.Axis(**CLASS_AXIS, grid=not barred)),
        color=color,
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("class:N", title="Class"),
            alt.Tooltip("says:N", title=CLASS_METRICS[figure]),
        ],
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(shape=shape)
    if not barred:
        return alt.layer(points).properties(height=24 * len(names) + 90)
    offset = alt.YOffset("run:N", sort=runs, scale=alt.Scale(domain=runs))
    bars = base.mark_bar(opacity=0.55).encode(yOffset=offset)
    height = len(names) * (_ROW * len(found) + _GAP) + 90
    return alt.layer(bars, points.encode(yOffset=offset)).properties(height=height)


def class_figure(found: Sequence[Compared], figure: str = "f1") -> "Figure":
    """The same for a file: a row for each class, a shape for each run."""
    from matplotlib.figure import Figure

    names, called = all_shown(found[0].run.card.class_names), run_names(found)
    drawn = Figure(
        figsize=(8, 1.8 + 0.28 * len(names) + 0.1 * len(found)), dpi=120, layout="constrained"
    )
    axes = drawn.subplots()
    for number, one in enumerate(found):
        colour, shape, _ = of_run(number)
        values = getattr(one.evaluation, figure)
        axes.plot(
            values,
            np.arange(len(names)),
            RUN_MARKERS[shape],
            color=colour,
            markersize=7,
            alpha=0.85,
            label=legend_name(called[one.id]),
        )
    axes.set_yticks(
        range(len(names)), [shown(name, MOST_LETTERS) for name in names], parse_math=False
    )
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(lambda x, _: round_percent(x))
    axes.set(xlabel=CLASS_METRICS[figure], title=f"{CLASS_METRICS[figure]} class by class")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, **LEGEND_BELOW)
    return drawn


def accuracy_figure(found: Sequence[Compared]) -> "Figure":
    """The accuracy of each run with its 95 % interval, for a file."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 1.4 + 0.36 * len(found)), dpi=120, layout="constrained")
    axes = drawn.subplots()
    for number, one in enumerate(found):
        colour, shape, _ = of_run(number)
        accuracy = one.evaluation.accuracy
        low, high = one.evaluation.accuracy_interval
        axes.errorbar(
            accuracy,
            number,
            xerr=[[max(0.0, accuracy - low)], [max(0.0, high - accuracy)]],
            fmt=RUN_MARKERS[shape],
            color=colour,
            capsize=4,
        )
    names = [legend_name(name) for name in run_names(found).values()]
    axes.set_yticks(range(len(found)), names, parse_math=False)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda x, _: round_percent(x))
    axes.set(xlabel="Test accuracy, with its 95 % interval", title="Accuracy")
    axes.grid(alpha=0.3)
    return drawn


def confusion_figure(one: Compared, scale: str = "rows", name: str = "") -> "Figure":
    """The confusion matrix of a run, for a file.

    Args:
        one: the run.
        scale: `counts`, `rows` or `columns`; see `scaled`.
        name: of the run among others; by default its title.
    """
    from matplotlib.figure import Figure

    names = all_shown(one.run.card.class_names)
    side = min(24.0, 3.0 + 0.42 * len(names))
    drawn = Figure(figsize=(side + 0.6, side), dpi=120, layout="constrained")
    name = legend_name(name or run_names([one])[one.id])
    draw_confusion(drawn.subplots(), one.evaluation.confusion_matrix, names, name, scale)
    return drawn


def draw_confusion(
    axes, matrix: np.ndarray, names: Sequence[str], title: str, scale: str = "rows"
) -> None:
    """Draw a confusion matrix on matplotlib's axes, shaded by `rows`, with the counts written."""
    parts = scaled(matrix, scale)
    parts = parts / max(parts.max(), 1e-12) if scale == "counts" else parts
    axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    labels = [shown(name, MOST_LETTERS) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(names)), labels, parse_math=False)
    axes.set(xlabel="answer", ylabel="true class")
    axes.set_title(title, parse_math=False)
    if len(names) <= _MOST_NUMBERED:
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if parts[row, column] > 0.5 else "black"
            if count:
                text = axes.text(column, row, count, ha="center", va="center", color=colour)
                text.set(fontsize=8, in_layout=False)
