"""Charts of one run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.names import MOST_OF_TITLE, all_shown, shown
from core.plots.comparing import draw_confusion
from core.plots.style import (
    AXIS_OF_NUMBERS,
    AXIS_OF_PERCENT,
    AXIS_OF_STEPS,
    AXIS_TITLES,
    CURVE_HEIGHT,
    LEGEND_BELOW,
    MARK_COLOUR,
    SPLIT_COLOURS,
    SPLIT_NAMES,
    TURN_COLOUR,
)
from core.units import percent, round_percent

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    import altair as alt
    from matplotlib.figure import Figure

    from core.runs import Run, RunCard

UNFROZEN = "unfrozen: fine-tuning"
_WORD_GAP, _WORD_HEIGHT = 4, 15  # pixels
_LEGEND_GAP = 8  # pixels


def training_curve(
    history: Sequence[Mapping[str, float]],
    axis: str,
    figure: str = "accuracy",
    end: float | None = None,
    best: float | None = None,
    mark: str = "best",
) -> "alt.LayerChart":
    """A metric on training and validation images, over epochs, trees or whatever it learns by.

    Where a pretrained network was unfrozen, a line is drawn between the two phases.

    Args:
        history: the points, each with `axis`, the metric and `val_` the metric.
        axis: one of `core.runs.AXES`.
        figure: `accuracy` or `loss`.
        end: where the axis ends; None where the points do.
        best: the point that gets a mark.
        mark: the word beside it.
    """
    import altair as alt

    words = [] if best is None else [(best, mark, MARK_COLOUR)]
    if (turn := unfrozen_at(history, axis)) is not None:
        words.append((turn, UNFROZEN, TURN_COLOUR))
    at = [point[axis] for point in history] or [0]
    layers = _curves(history, axis, figure, end, _WORD_GAP + _WORD_HEIGHT * len(words))
    middle = (min(at) + max(*at, end or 0)) / 2
    for row, (place, word, colour) in enumerate(words):
        align = "right" if place > middle else "left"
        layers += _mark({"at": place, "says": word}, row, colour, align)
    return alt.layer(*layers).properties(height=CURVE_HEIGHT)


def _curves(
    history: Sequence[Mapping[str, float]], axis: str, figure: str, end: float | None, above: int
) -> list["alt.Chart"]:
    """The lines and the points on them, with `above` pixels free between chart and legend."""
    import altair as alt

    accuracy = figure == "accuracy"
    first = min((point[axis] for point in history), default=0)
    scale = alt.Scale(domain=[first, max(end, first + 1)]) if end else alt.Scale(zero=False)
    base = alt.Chart(_table(history, axis, figure)).encode(
        x=alt.X("at:Q", title=AXIS_TITLES[axis], scale=scale, axis=alt.Axis(**AXIS_OF_STEPS)),
        y=alt.Y(
            "value:Q",
            title="Accuracy" if accuracy else "Loss",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(**(AXIS_OF_PERCENT if accuracy else AXIS_OF_NUMBERS)),
        ),
        color=alt.Color(
            "split:N",
            title=None,
            scale=alt.Scale(domain=list(SPLIT_NAMES[:2]), range=list(SPLIT_COLOURS[:2])),
            legend=alt.Legend(
                orient="top", symbolType="circle", symbolStrokeWidth=0, offset=_LEGEND_GAP + above
            ),
        ),
        tooltip=[
            alt.Tooltip("split:N", title="Images"),
            alt.Tooltip("at:Q", title=AXIS_TITLES[axis], format=","),
            alt.Tooltip("says:N", title="Value"),
        ],
    )
    dash = alt.StrokeDash(
        "split:N",
        legend=None,
        scale=alt.Scale(domain=list(SPLIT_NAMES[:2]), range=[[1, 0], [6, 3]]),
    )
    line = base.mark_line(strokeWidth=2.5).encode(strokeDash=dash)
    return [line, base.mark_point(filled=True, size=40, opacity=1)]


def _table(history: Sequence[Mapping[str, float]], axis: str, figure: str):
    """A row for each point of each line, with what its tooltip says."""
    import pandas as pd

    write = percent if figure == "accuracy" else "{:.4f}".format
    rows = [
        {"at": point[axis], "split": split, "value": point[name], "says": write(point[name])}
        for split, name in zip(SPLIT_NAMES, (figure, f"val_{figure}"), strict=False)
        for point in history
        if name in point
    ]
    return pd.DataFrame(rows, columns=["at", "split", "value", "says"])


def unfrozen_at(history: Sequence[Mapping[str, float]], axis: str) -> float | None:
    """Where on the axis a pretrained network was unfrozen: between two epochs; None if never."""
    turn = next((point[axis] for point in history if point.get("phase") == 2), None)
    return None if turn is None else turn - 0.5


def _mark(marked: Mapping[str, float | str], row: int, colour: str, align: str) -> list:
    """A dotted line across the chart, and above the chart, where no curve is, its word.

    Args:
        marked: `at`, where on the axis, and `says`, the word.
        row: of the words that stand above each other; 0 is next to the chart.
        align: the side of the line that ends the word: `left` or `right`.
    """
    import altair as alt

    chart = alt.Chart(alt.Data(values=[marked])).encode(x="at:Q")
    line = chart.mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=colour)
    text = chart.mark_text(align=align, baseline="bottom", color=colour)
    above = alt.value(-_WORD_GAP - row * _WORD_HEIGHT)
    return [line, text.encode(y=above, text="says:N")]


def run_figure(run: "Run", best: int | None) -> "Figure":
    """The training curve and the confusion matrix of a run, side by side.

    Args:
        run: a trained model.
        best: index of the point of its history that gets a mark; None for none.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 5.6), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.1])
    _draw_curve(left, run.card, best)
    matrix = run.evaluation("test").confusion_matrix
    draw_confusion(right, matrix, all_shown(run.card.class_names), "Confusion matrix, test images")
    figure.suptitle(
        f"{shown(run.title, MOST_OF_TITLE)}: {percent(run.card.metrics['accuracy'], 2)} of "
        f"{run.card.metrics['test_size']:,} test images right",
        parse_math=False,
    )
    return figure


def _draw_curve(axes, card: "RunCard", best: int | None) -> None:
    at = [point[card.axis] for point in card.history]
    for name, split, colour, style in zip(
        ("accuracy", "val_accuracy"), SPLIT_NAMES, SPLIT_COLOURS, ("-", "--"), strict=False
    ):
        values = [point[name] for point in card.history]
        axes.plot(at, values, style, color=colour, marker="o", markersize=3, label=split)
    if best is not None:
        axes.axvline(at[best], color=MARK_COLOUR, linestyle=":", label="best")
    if (turn := unfrozen_at(card.history, card.axis)) is not None:
        axes.axvline(turn, color=TURN_COLOUR, linestyle=":", label=UNFROZEN)
    axes.set(xlabel=AXIS_TITLES[card.axis], ylabel="accuracy", title="Training curve")
    axes.yaxis.set_major_formatter(lambda y, _: round_percent(y))
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.grid(alpha=0.3)
    if card.history:
        axes.legend(**LEGEND_BELOW)
    else:
        axes.text(0.5, 0.5, "no training curve was kept", ha="center", transform=axes.transAxes)
