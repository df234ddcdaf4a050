"""Charts of a dataset."""

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from core.datasets import Overview
from core.images import fit_within, to_rgb
from core.names import all_shown, shown
from core.plots.comparing import MOST_LETTERS
from core.plots.style import CLASS_AXIS, SPLIT_COLOURS, SPLIT_NAMES

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    import altair as alt
    from matplotlib.figure import Figure

_MOST_ROWS = 40  # more classes than this do not fit an image
_CELL = 0.8  # inches
_NAME_WIDTH = 17  # letters of the name of a class in a line


def class_counts(look: Overview) -> "alt.Chart":
    """How many images each class has, in training, validation and test."""
    import altair as alt

    rows = [
        {"class": name, "split": split, "order": order, "images": int(look.counts[order, label])}
        for label, name in enumerate(all_shown(look.class_names))
        for order, split in enumerate(SPLIT_NAMES)
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X(
                "images:Q",
                title="Images",
                axis=alt.Axis(tickMinStep=1, tickCount=8, format=",d"),
            ),
            y=alt.Y(
                "class:N",
                title=None,
                sort=all_shown(look.class_names),
                axis=alt.Axis(**CLASS_AXIS),
            ),
            color=alt.Color(
                "split:N",
                title=None,
                scale=alt.Scale(domain=list(SPLIT_NAMES), range=list(SPLIT_COLOURS)),
                legend=alt.Legend(orient="top"),
            ),
            order=alt.Order("order:Q"),
            tooltip=["class:N", "split:N", alt.Tooltip("images:Q", format=",")],
        )
        .properties(height=32 * len(look.class_names) + 120)
    )


def image_sizes(look: Overview) -> "alt.Chart":
    """How many images there are of each width and height; larger dots stand for more."""
    import altair as alt

    step = max(1, int(max(look.heights.max(), look.widths.max())) // 40)
    sizes = np.stack([look.widths // step * step, look.heights // step * step])
    found, counts = np.unique(sizes, axis=1, return_counts=True)
    rows = [
        {"width": int(width), "height": int(height), "images": int(count)}
        for (width, height), count in zip(found.T, counts, strict=True)
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(color=SPLIT_COLOURS[0], opacity=0.75)
        .encode(
            x=alt.X("width:Q", title="Width in pixels", scale=alt.Scale(zero=False)),
            y=alt.Y("height:Q", title="Height in pixels", scale=alt.Scale(zero=False)),
            size=alt.Size("images:Q", title="Images", scale=alt.Scale(range=[30, 500])),
            tooltip=["width:Q", "height:Q", alt.Tooltip("images:Q", format=",")],
        )
        .properties(height=260)
    )


def contact_sheet(look: Overview) -> "Figure":
    """Samples of each class, a row each; at most 40 classes."""
    from matplotlib.figure import Figure

    names = all_shown(look.class_names)[:_MOST_ROWS]
    columns = max(len(images) for images in look.samples)
    figure = Figure(figsize=(1.8 + columns * _CELL, 0.5 + len(names) * _CELL), dpi=120)
    grid = figure.subplots(len(names), columns, squeeze=False)
    for name, row, images in zip(names, grid, look.samples, strict=False):
        row[0].text(
            -0.2,
            0.5,
            "\n".join(wrap(shown(name, MOST_LETTERS), _NAME_WIDTH)),
            ha="right",
            va="center",
            transform=row[0].transAxes,
            fontsize=9,
            parse_math=False,
        )
        for axes in row:
            axes.axis("off")
        for axes, image in zip(row, images, strict=False):
            axes.imshow(to_rgb(fit_within(image, 160)), interpolation="nearest")
    left = 1.6 / figure.get_figwidth()
    top = 1 - 0.45 / figure.get_figheight()
    figure.subplots_adjust(left=left, right=0.99, top=top, bottom=0.02, wspace=0.05, hspace=0.05)
    figure.suptitle(f"{look.title}: {look.per_class.sum():,} images", fontsize=11, parse_math=False)
    return figure
