"""Lines of several runs in one chart, described; `line_charts` draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.comparison import Compared, run_names
from core.evaluation import Curve, best_point, precision_recall, roc
from core.names import shown
from core.plots.style import AXIS_TITLES, SPLIT_NAMES
from core.runs import Run, names_of, names_of_ids
from core.units import round_percent

MOST_POINTS = 150  # of one line: more cannot be seen


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: of the run, as people read it.
        number: its place among the runs, which decides how it looks.
        x, y: its points, float, shape `(P,)`.
        split: `training` or `validation` in a training curve, else empty.
        marks: points that are marked with a ring, as indices.
    """

    name: str
    number: int
    x: np.ndarray
    y: np.ndarray
    split: str = ""
    marks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Lines:
    """A chart of lines.

    Attributes:
        title: what it shows.
        x_title, y_title: of the axes.
        lines: what is drawn.
        x_fraction, y_fraction: whether an axis holds fractions, to be written as percentages.
        x_whole: whether the x axis counts something that comes whole, such as epochs.
        diagonal: whether a line from corner to corner is drawn: perfect calibration, or
            guessing.
        mark: what the rings mean; empty if there are none.
        x_log: whether the x axis is logarithmic, so that a good curve does not lie in a corner.
        notes: a metric of each run by its id, written beside its name in tables.
    """

    title: str
    x_title: str
    y_title: str
    lines: tuple[Line, ...]
    x_fraction: bool = False
    y_fraction: bool = True
    x_whole: bool = False
    diagonal: bool = False
    mark: str = ""
    x_log: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)


def learning_lines(found: Sequence[Run], metric: str = "accuracy") -> Lines:
    """Training curves of several runs on training and validation images.

    Runs that learn by different steps, epochs and trees for instance, are drawn over the fraction
    of their training.
    """
    axes = {r.card.axis for r in found if r.card.history and metric in r.card.history[0]}
    common = axes.pop() if len(axes) == 1 else ""
    lines, called = [], names_of(found)
    for number, run in enumerate(found):
        history = run.card.history
        if not history or metric not in history[0]:
            continue
        at = np.array([point[run.card.axis] for point in history], float)
        if not common:
            at = at / at[-1]
        best = best_point(history)
        for split, name in zip(SPLIT_NAMES, (metric, f"val_{metric}"), strict=False):
            if name in history[0]:
                values = np.array([point[name] for point in history], float)
                marks = (best,) if split == "validation" else ()
                lines.append(Line(called[run.id], number, at, values, split, marks))
    return Lines(
        f"Training curves: {metric}",
        AXIS_TITLES[common] if common else "Fraction of the training",
        metric.capitalize(),
        tuple(lines),
        x_fraction=not common,
        x_whole=bool(common),
        y_fraction=metric == "accuracy",
        mark="best on validation",
    )


def robustness_lines(
    title: str, unit: str, severities: Sequence[float], accuracies: Mapping[str, Sequence[float]]
) -> Lines:
    """Accuracy of several runs, by their ids, over the severity of a corruption."""
    called = names_of_ids(accuracies)
    at = np.asarray(severities, float)
    lines = (
        Line(called[run_id], number, at, np.asarray(values, float))
        for number, (run_id, values) in enumerate(accuracies.items())
    )
    return Lines(title, unit, "Accuracy", tuple(lines))


def reliability_lines(found: Sequence[Compared]) -> Lines:
    """Accuracy over confidence; on the diagonal a model is calibrated."""
    lines, called = [], run_names(found)
    for number, one in enumerate(found):
        bins = one.reliability
        full = bins.counts > 0
        lines.append(Line(called[one.id], number, bins.confidence[full], bins.accuracy[full]))
    return Lines(
        "Calibration", "Confidence", "Accuracy", tuple(lines), x_fraction=True, diagonal=True
    )


def coverage_lines(found: Sequence[Compared], threshold: float) -> Lines:
    """Accuracy of the predictions above a threshold of confidence, over their fraction.

    Args:
        found: the runs.
        threshold: the confidence that gets a ring.
    """
    lines, called = [], run_names(found)
    for number, one in enumerate(found):
        curve = one.coverage
        left = curve.coverage > 0
        near = int(np.abs(curve.thresholds[left] - threshold).argmin())
        lines.append(
            Line(called[one.id], number, curve.coverage[left], curve.accuracy[left], marks=(near,))
        )
    return Lines(
        "Coverage and accuracy",
        "Coverage",
        "Accuracy above the threshold",
        tuple(lines),
        x_fraction=True,
        mark=f"not sure below {round_percent(threshold)}",
    )


def roc_lines(found: Sequence[Compared], label: int) -> Lines:
    """One class against the rest: true positive rate over false positive rate.

    Logarithmic in the false positive rate, from half an image on: there good models differ.
    """
    chart = _of_class(
        found, label, ("ROC", "False positive rate", "True positive rate"), roc, diagonal=True
    )
    least = [0.5 / max(1, int((one.evaluation.labels != label).sum())) for one in found]
    lines = (replace(line, x=np.clip(line.x, least[line.number], 1)) for line in chart.lines)
    return replace(chart, lines=tuple(lines), x_log=True)


def precision_recall_lines(found: Sequence[Compared], label: int) -> Lines:
    """One class against the rest: precision over recall."""
    return _of_class(
        found, label, ("Precision and recall", "Recall", "Precision"), precision_recall
    )


def _of_class(found, label, titles, make, diagonal=False) -> Lines:
    """Titles of the chart, of its x axis and of its y axis; `make` gives the curve of a run."""
    title, x_title, y_title = titles
    curves: list[Curve] = [make(one.evaluation, label) for one in found]
    name = shown(found[0].run.card.class_names[label]) if found else ""
    called = run_names(found)
    return Lines(
        f"{title}: {name} against the rest",
        x_title,
        y_title,
        tuple(
            Line(called[one.id], number, curve.x, curve.y)
            for number, (one, curve) in enumerate(zip(found, curves, strict=True))
            if len(curve.x)
        ),
        x_fraction=True,
        diagonal=diagonal,
        notes={one.id: f"{curve.area:.4f}" for one, curve in zip(found, curves, strict=True)},
    )


def corners(chart: Lines) -> np.ndarray:
    """Points of the line from corner to corner, on both axes alike, float, shape `(P,)`."""
    if not chart.x_log:
        return np.array([0.0, 1.0])
    return np.geomspace(min((float(line.x.min()) for line in chart.lines), default=1e-3), 1, 50)


def thin(
    x: np.ndarray, y: np.ndarray, keep: Sequence[int] = (), most: int = MOST_POINTS
) -> np.ndarray:
    """Indices of at most about `most` points that look the same, ends and `keep` included.

    They lie evenly along the line as it is seen, so that steep parts keep theirs.
    """
    if len(x) <= most:
        return np.arange(len(x))
    steps = [np.abs(np.diff(v)) / max(float(np.ptp(v)), 1e-12) for v in (x, y)]
    along = np.concatenate([[0], np.cumsum(steps[0] + steps[1])])
    even = np.linspace(0, along[-1], most)
    chosen = np.clip(np.searchsorted(along, even), 0, len(x) - 1)
    return np.unique(np.concatenate([[0, len(x) - 1], chosen, np.asarray(keep, int)])).astype(int)
