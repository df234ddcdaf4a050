"""The charts of a comparison as files."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core import plots
from core.comparison import Compared, run_names

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    from matplotlib.figure import Figure

UNSURE_BELOW = 0.6
MATRIX = "confusion-"  # how the names of confusion matrices begin
_DOTS_PER_INCH = 150


def charts(
    found: Sequence[Compared], unsure_below: float = UNSURE_BELOW
) -> dict[str, Callable[[], "Figure"]]:
    """Every chart by the name of its file, each drawn when it is called.

    Args:
        found: runs on the same test images.
        unsure_below: the confidence that is marked where predictions are withheld.
    """
    cards = [one.run for one in found]
    curves = {
        f"training-curves-{metric}": plots.learning_lines(cards, metric)
        for metric in ("accuracy", "loss")
    }
    few = len(cards[0].card.class_names) <= plots.MOST_CLASSES
    return {
        "accuracy": lambda: plots.accuracy_figure(found),
        **{
            name: lambda lines=lines: plots.lines_figure(lines)
            for name, lines in curves.items()
            if lines.lines
        },
        **(_of_classes(found) if few else {}),
        "calibration": lambda: plots.lines_figure(plots.reliability_lines(found)),
        "coverage": lambda: plots.lines_figure(plots.coverage_lines(found, unsure_below)),
    }


def _of_classes(found: Sequence[Compared]) -> dict[str, Callable[[], "Figure"]]:
    """Those with a row for each class."""
    called = run_names(found)
    return {
        **{
            f"{MATRIX}{one.id}": lambda one=one: plots.confusion_figure(one, name=called[one.id])
            for one in found
        },
        "classes-f1": lambda: plots.class_figure(found, "f1"),
    }


def chart_title(name: str, found: Sequence[Compared]) -> str:
    """What people call one of `charts` of these runs: `confusion-my-cnn` → “Confusion matrix of
    My CNN”.
    """
    if name.startswith(MATRIX):
        return f"Confusion matrix of {run_names(found)[name.removeprefix(MATRIX)]}"
    return name.replace("-", " ").capitalize()


def png(figure: "Figure") -> bytes:
    """A chart as PNG."""
    buffer = io.BytesIO()
    plots.save(figure, buffer, format="png", dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def svg(figure: "Figure") -> bytes:
    """A chart as SVG; the same chart gives the same bytes."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "classification-studio"}):
        plots.save(figure, buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
