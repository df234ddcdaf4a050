"""Figures become charts: Altair on pages, matplotlib figures in files. One function per chart.

Colours are those of M. Okabe and K. Ito, which colour-blind people can tell apart.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.datasets import Overview
from core.images import fit_within, to_rgb

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    import altair as alt
    from matplotlib.figure import Figure

    from core.runs import Run, RunCard

PART_NAMES = ("training", "validation", "test")
PART_COLOURS = ("#0072B2", "#E69F00", "#009E73")
MARK_COLOUR = "#CC79A7"
AXIS_TITLES = {
    "epoch": "Epoch",
    "iteration": "Iteration",
    "trees": "Trees",
    "rounds": "Rounds",
    "pictures": "Training pictures",
}
_MOST_ROWS = 40  # more classes than this do not fit a picture
_CURVE_HEIGHT = 330  # pixels
_MOST_NUMBERED = 20  # classes whose confusions are written as numbers
_CELL = 0.8  # inches


def class_counts(look: Overview) -> "alt.Chart":
    """How many pictures each class has, in training, validation and test."""
    import altair as alt

    rows = [
        {"class": name, "part": part, "order": order, "pictures": int(look.counts[order, label])}
        for label, name in enumerate(look.class_names)
        for order, part in enumerate(PART_NAMES)
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X(
                "pictures:Q",
                title="Pictures",
                axis=alt.Axis(tickMinStep=1, tickCount=8, format=",d"),
            ),
            y=alt.Y(
                "class:N",
                title=None,
                sort=list(look.class_names),
                axis=alt.Axis(labelOverlap=False),
            ),
            color=alt.Color(
                "part:N",
                title=None,
                scale=alt.Scale(domain=list(PART_NAMES), range=list(PART_COLOURS)),
                legend=alt.Legend(orient="top"),
            ),
            order=alt.Order("order:Q"),
            tooltip=["class:N", "part:N", alt.Tooltip("pictures:Q", format=",")],
        )
        .properties(height=32 * len(look.class_names) + 120)
    )


def picture_sizes(look: Overview) -> "alt.Chart":
    """How many pictures there are of each width and height; larger dots stand for more."""
    import altair as alt

    step = max(1, int(max(look.heights.max(), look.widths.max())) // 40)
    sizes = np.stack([look.widths // step * step, look.heights // step * step])
    found, counts = np.unique(sizes, axis=1, return_counts=True)
    rows = [
        {"width": int(width), "height": int(height), "pictures": int(count)}
        for (width, height), count in zip(found.T, counts, strict=True)
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(color=PART_COLOURS[0], opacity=0.75)
        .encode(
            x=alt.X("width:Q", title="Width in pixels", scale=alt.Scale(zero=False)),
            y=alt.Y("height:Q", title="Height in pixels", scale=alt.Scale(zero=False)),
            size=alt.Size("pictures:Q", title="Pictures", scale=alt.Scale(range=[30, 500])),
            tooltip=["width:Q", "height:Q", alt.Tooltip("pictures:Q", format=",")],
        )
        .properties(height=260)
    )


def contact_sheet(look: Overview) -> "Figure":
    """Samples of each class, a row each; at most 40 classes."""
    from matplotlib.figure import Figure

    names = look.class_names[:_MOST_ROWS]
    columns = max(len(pictures) for pictures in look.samples)
    figure = Figure(figsize=(1.8 + columns * _CELL, 0.5 + len(names) * _CELL), dpi=120)
    grid = figure.subplots(len(names), columns, squeeze=False)
    for name, row, pictures in zip(names, grid, look.samples, strict=False):
        row[0].text(
            -0.2,
            0.5,
            name,
            ha="right",
            va="center",
            transform=row[0].transAxes,
            fontsize=9,
            parse_math=False,
        )
        for axes in row:
            axes.axis("off")
        for axes, picture in zip(row, pictures, strict=False):
            axes.imshow(to_rgb(fit_within(picture, 160)), interpolation="nearest")
    left = 1.6 / figure.get_figwidth()
    top = 1 - 0.45 / figure.get_figheight()
    figure.subplots_adjust(left=left, right=0.99, top=top, bottom=0.02, wspace=0.05, hspace=0.05)
    figure.suptitle(
        f"{look.title}: {look.per_class.sum():,} pictures", fontsize=11, parse_math=False
    )
    return figure


def learning_curve(
    history: Sequence[Mapping[str, float]],
    axis: str,
    figure: str = "accuracy",
    end: float | None = None,
    best: float | None = None,
    mark: str = "best",
) -> "alt.LayerChart":
    """A figure on training and validation pictures, over epochs, trees or whatever it learns by.

    Args:
        history: the points, each with `axis`, the figure and `val_` the figure.
        axis: one of `core.runs.AXES`.
        figure: `accuracy` or `loss`.
        end: where the axis ends; None where the points do.
        best: the point that gets a mark.
        mark: the word beside it.
    """
    import altair as alt
    import pandas as pd

    rows = [
        {"at": point[axis], "part": part, "value": point[name]}
        for part, name in zip(PART_NAMES, (figure, f"val_{figure}"), strict=False)
        for point in history
        if name in point
    ]
    table = pd.DataFrame(rows, columns=["at", "part", "value"])
    first = min((point[axis] for point in history), default=0)
    scale = alt.Scale(domain=[first, max(end, first + 1)]) if end else alt.Scale(zero=False)
    percent = figure == "accuracy"
    base = alt.Chart(table).encode(
        x=alt.X(
            "at:Q", title=AXIS_TITLES[axis], scale=scale, axis=alt.Axis(tickMinStep=1, format=",d")
        ),
        y=alt.Y(
            "value:Q",
            title="Accuracy" if percent else "Loss",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format=".0%" if percent else ".2~f"),
        ),
        color=alt.Color(
            "part:N",
            title=None,
            scale=alt.Scale(domain=list(PART_NAMES[:2]), range=list(PART_COLOURS[:2])),
            legend=alt.Legend(orient="top", symbolType="circle", symbolStrokeWidth=0),
        ),
        tooltip=[
            alt.Tooltip("part:N", title="Pictures"),
            alt.Tooltip("at:Q", title=AXIS_TITLES[axis], format=","),
            alt.Tooltip("value:Q", title="Value", format=".2%" if percent else ".4f"),
        ],
    )
    dash = alt.StrokeDash(
        "part:N",
        legend=None,
        scale=alt.Scale(domain=list(PART_NAMES[:2]), range=[[1, 0], [6, 3]]),
    )
    layers = [base.mark_line(strokeWidth=2.5).encode(strokeDash=dash)]
    layers.append(base.mark_point(filled=True, size=40, opacity=1))
    if best is not None:
        layers += _best_mark(alt, best, mark)
    return alt.layer(*layers).properties(height=_CURVE_HEIGHT)


def _best_mark(alt, best: float, mark: str) -> list:
    """A dotted line where the best point is, with a word to it."""
    marked = alt.Chart(alt.Data(values=[{"at": best, "says": mark}])).encode(x="at:Q")
    line = marked.mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=MARK_COLOUR)
    word = marked.mark_text(align="left", dx=5, dy=-6, baseline="bottom", color=MARK_COLOUR)
    return [line, word.encode(y=alt.value("height"), text="says:N")]


def run_figure(run: "Run", best: int | None) -> "Figure":
    """The learning curve and the confusion matrix of a run, side by side.

    Args:
        run: a finished training.
        best: index of the point of its history that gets a mark; None for none.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 5.6), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.1])
    _draw_curve(left, run.card, best)
    _draw_confusion(right, run)
    figure.suptitle(
        f"{run.id}: {run.card.metrics['accuracy']:.2%} of {run.card.metrics['test_size']:,} test "
        "pictures right",
        parse_math=False,
    )
    return figure


def _draw_curve(axes, card: "RunCard", best: int | None) -> None:
    at = [point[card.axis] for point in card.history]
    for name, part, colour, style in zip(
        ("accuracy", "val_accuracy"), PART_NAMES, PART_COLOURS, ("-", "--"), strict=False
    ):
        values = [point[name] for point in card.history]
        axes.plot(at, values, style, color=colour, marker="o", markersize=3, label=part)
    if best is not None:
        axes.axvline(at[best], color=MARK_COLOUR, linestyle=":", label="best")
    axes.set(xlabel=AXIS_TITLES[card.axis], ylabel="accuracy", title="Learning curve")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.grid(alpha=0.3)
    if card.history:
        axes.legend()
    else:
        axes.text(0.5, 0.5, "no learning curve was kept", ha="center", transform=axes.transAxes)


def _draw_confusion(axes, run: "Run") -> None:
    matrix = run.evaluation("test").confusion_matrix
    names, parts = run.card.class_names, matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set(xlabel="answer", ylabel="true class", title="Confusion matrix, test pictures")
    if len(names) <= _MOST_NUMBERED:
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if parts[row, column] > 0.5 else "black"
            if count:
                axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=8)
