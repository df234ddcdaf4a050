"""What all charts share. Colours are those of M. Okabe and K. Ito, which colour-blind people can
tell apart and which show on light and dark ground.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    import altair as alt

SPLIT_NAMES = ("training", "validation", "test")
SPLIT_COLOURS = ("#0072B2", "#E69F00", "#009E73")
MARK_COLOUR = "#CC79A7"
TURN_COLOUR = "#009E73"
AXIS_TITLES = {
    "epoch": "Epoch",
    "iteration": "Iteration",
    "trees": "Trees",
    "rounds": "Rounds",
    "images": "Training images",
}
CURVE_HEIGHT = 330  # pixels
CLASS_AXIS = {"labelOverlap": False, "labelLimit": 130}  # pixels, so that a phone has room
RUN_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
RUN_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
RUN_MARKERS = ("o", "s", "^", "D", "P", "v")  # the same for matplotlib
RUN_DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [12, 3])
_LEGEND_START, _LEGEND_END = 11, 9  # letters that are left of a long name
_FILE_START, _FILE_END = 27, 18  # the same in a file, which has more room
# What tells two long names apart may stand at either end.
_SHORTENED = (
    f"length(datum.label) > {_LEGEND_START + _LEGEND_END + 1} ? "
    f"substring(datum.label, 0, {_LEGEND_START}) + '…' + slice(datum.label, -{_LEGEND_END}) : "
    "datum.label"
)
RUN_LEGEND = {  # two names beside each other fit a phone
    "title": None,
    "orient": "top",
    "columns": 2,
    "labelLimit": 135,
    "labelExpr": _SHORTENED,
    "labelFontSize": 12,
    "symbolSize": 90,
    "symbolStrokeWidth": 0,
}
AXIS_OF_PERCENT = {"format": "~%", "labelExpr": "replace(datum.label, '%', ' %')"}
AXIS_OF_NUMBERS = {"format": ",~f"}  # without digits, as many as tell the ticks apart
LEGEND_BELOW = {  # of matplotlib: below the title of the x axis, where it covers no line
    "loc": "upper center",
    "bbox_to_anchor": (0.5, 0),
    "borderaxespad": 5.5,  # letters
    "ncols": 2,
}
AXIS_OF_STEPS = {"format": ",d", "tickMinStep": 1}  # epochs and trees are whole


def legend_name(name: str) -> str:
    """The name of a run for a legend or an axis of a file: a long one loses its middle."""
    if len(name) <= _FILE_START + _FILE_END + 1:
        return name
    return f"{name[:_FILE_START]}…{name[-_FILE_END:]}"


def of_run(number: int) -> tuple[str, int, int]:
    """Colour of the run at a place of a chart, and which of the shapes and dashes it has.

    No two of 210 runs share all three; shapes and dashes tell neighbours apart without colour.
    """
    return (
        RUN_COLOURS[number % len(RUN_COLOURS)],
        number % len(RUN_SHAPES),
        number % len(RUN_DASHES),
    )


def encodings(numbers: Mapping[str, int]) -> "tuple[alt.Color, alt.Shape]":
    """Colour and shape of the column `run` of a chart, with a legend.

    Args:
        numbers: the place of each run, see `of_run`, by its name.
    """
    import altair as alt

    names, looks = list(numbers), [of_run(number) for number in numbers.values()]
    legend = alt.Legend(**RUN_LEGEND)
    colours = alt.Scale(domain=names, range=[colour for colour, _, _ in looks])
    shapes = alt.Scale(domain=names, range=[RUN_SHAPES[shape] for _, shape, _ in looks])
    return (
        alt.Color("run:N", scale=colours, legend=legend),
        alt.Shape("run:N", scale=shapes, legend=legend),
    )
