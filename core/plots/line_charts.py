"""Lines of several runs, drawn with Altair for pages and with matplotlib for files.

Each run has a colour, a shape and a dash, so that it is known without colour too.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.plots.lines import MOST_POINTS, Line, Lines, corners, thin
from core.plots.style import (
    AXIS_OF_NUMBERS,
    AXIS_OF_PERCENT,
    AXIS_OF_STEPS,
    CURVE_HEIGHT,
    LEGEND_BELOW,
    RUN_DASHES,
    RUN_MARKERS,
    SPLIT_NAMES,
    encodings,
    legend_name,
    of_run,
)
from core.units import percent, round_percent

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    import altair as alt
    from matplotlib.figure import Figure

_ALL_POINTS, _LEAST_POINTS = 900, 50  # of a chart, of a line in it
_SHAPES = 12  # along one line


def lines_chart(chart: Lines) -> dict[str, Any]:
    """The chart for a page, as a specification in Vega-Lite.

    Altair writes it without the points, which are added as they are: it would look at each.
    """
    import altair as alt

    rows = [row for line in chart.lines for row in _rows(line, chart)]
    numbers = {line.name: line.number for line in chart.lines}
    by_split = any(line.split for line in chart.lines)
    color, shape = encodings(numbers)
    base = alt.Chart(alt.NamedData("points")).encode(
        x=alt.X(
            "x:Q",
            title=chart.x_title,
            scale=alt.Scale(type="log", nice=False)
            if chart.x_log
            else alt.Scale(zero=False, nice=not chart.x_fraction),
            axis=alt.Axis(**_ticks(chart.x_fraction, chart.x_whole)),
        ),
        y=alt.Y(
            "y:Q",
            title=chart.y_title,
            scale=alt.Scale(zero=False),
            axis=alt.Axis(**_ticks(chart.y_fraction)),
        ),
        color=color,
        order="order:Q",
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            *([alt.Tooltip("split:N", title="Images")] if by_split else []),
            alt.Tooltip("x_says:N", title=chart.x_title),
            alt.Tooltip("y_says:N", title=chart.y_title),
        ],
    )
    dash = _dash_of_split() if by_split else _dash_of_run(numbers)
    lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash, detail="split:N")
    shapes = base.mark_point(filled=True, size=60, opacity=1).encode(shape=shape)
    layers = [lines, shapes.transform_filter("datum.shape")]
    if chart.mark:
        rings = base.mark_point(size=260, strokeWidth=2, filled=False, shape="circle")
        layers.append(rings.transform_filter("datum.ring"))
    if chart.diagonal:
        layers.insert(0, _diagonal(chart))
    drawn = alt.layer(*layers).properties(height=CURVE_HEIGHT)
    return {**drawn.to_dict(validate=False), "datasets": {"points": rows}}


def _dash_of_split() -> "alt.StrokeDash":
    import altair as alt

    return alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=list(SPLIT_NAMES[:2]), range=[[1, 0], [6, 3]]),
        legend=alt.Legend(orient="bottom", title=None, symbolType="stroke"),
    )


def _dash_of_run(numbers: Mapping[str, int]) -> "alt.StrokeDash":
    import altair as alt

    dashes = [RUN_DASHES[dash] for _, _, dash in map(of_run, numbers.values())]
    scale = alt.Scale(domain=list(numbers), range=dashes)
    return alt.StrokeDash("run:N", scale=scale, legend=None)


def _diagonal(chart: Lines) -> "alt.Chart":
    import altair as alt

    points = [{"x": at, "y": at} for at in corners(chart).tolist()]
    line = alt.Chart(alt.Data(values=points))
    return line.mark_line(strokeDash=[2, 4], strokeWidth=1.5, color="#888888").encode(
        x="x:Q", y="y:Q"
    )


def _ticks(fraction: bool, whole: bool = False) -> dict[str, Any]:
    return AXIS_OF_PERCENT if fraction else AXIS_OF_STEPS if whole else AXIS_OF_NUMBERS


def _says(value: float, fraction: bool) -> str:
    """What a tooltip says of a point."""
    if fraction:
        return percent(value, 2)
    return f"{value:,.0f}" if value == round(value) else f"{value:.4g}"


def _rows(line: Line, chart: Lines) -> list[dict]:
    most = max(_LEAST_POINTS, min(MOST_POINTS, _ALL_POINTS // len(chart.lines)))
    kept = thin(np.log(line.x) if chart.x_log else line.x, line.y, line.marks, most)
    every = max(1, len(kept) // _SHAPES)
    offset = line.number * every // 3
    return [
        {
            "run": line.name,
            "split": line.split,
            "x": round(float(line.x[index]), 6),
            "y": round(float(line.y[index]), 6),
            "x_says": _says(float(line.x[index]), chart.x_fraction),
            "y_says": _says(float(line.y[index]), chart.y_fraction),
            "shape": (place + offset) % every == 0,
            "ring": index in line.marks,
            "order": place,
        }
        for place, index in enumerate(kept)
    ]


def lines_figure(chart: Lines) -> "Figure":
    """The same chart for a file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=120, layout="constrained")
    axes = figure.subplots()
    if chart.diagonal:
        axes.plot(corners(chart), corners(chart), ":", color="#888888")
    if chart.x_log:
        axes.set_xscale("log")
    for line in chart.lines:
        colour, shape, dash = of_run(line.number)
        kept = thin(np.log(line.x) if chart.x_log else line.x, line.y, line.marks)
        pattern = ([1, 0], [6, 3])[line.split == "validation"] if line.split else RUN_DASHES[dash]
        every = max(1, len(kept) // _SHAPES)
        axes.plot(
            line.x[kept],
            line.y[kept],
            color=colour,
            linestyle="-" if pattern[1] == 0 else (0, tuple(pattern)),
            marker=RUN_MARKERS[shape],
            markevery=(line.number * every // 3 % every, every),
            markersize=5,
            label=_label(line),
        )
        marks = list(line.marks)
        axes.plot(line.x[marks], line.y[marks], "o", color=colour, markersize=13, fillstyle="none")
    axes.set_title(chart.title + (f" (ring: {chart.mark})" if chart.mark else ""), parse_math=False)
    axes.set(xlabel=chart.x_title, ylabel=chart.y_title)
    if chart.x_fraction:
        axes.xaxis.set_major_formatter(lambda x, _: round_percent(x))
    elif chart.x_whole:
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    if chart.y_fraction:
        axes.yaxis.set_major_formatter(lambda y, _: round_percent(y))
    axes.grid(alpha=0.3)
    if chart.lines:
        legend = axes.legend(fontsize=8, **LEGEND_BELOW)
        for text in legend.get_texts():
            text.set_parse_math(False)
    else:
        axes.text(0.5, 0.5, "nothing to draw", ha="center", transform=axes.transAxes)
    return figure


def _label(line: Line) -> str:
    name = legend_name(line.name)
    return f"{name}, {line.split}" if line.split else name
