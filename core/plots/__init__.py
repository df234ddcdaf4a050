"""Metrics become charts: Altair on pages, matplotlib figures in files. One function per chart."""

from core.plots.comparing import (
    CLASS_METRICS,
    MOST_CLASSES,
    accuracy_figure,
    class_bars,
    class_figure,
    confusion_figure,
    scaled,
)
from core.plots.data import class_counts, contact_sheet, image_sizes
from core.plots.fonts import save
from core.plots.line_charts import lines_chart, lines_figure
from core.plots.lines import (
    Line,
    Lines,
    coverage_lines,
    learning_lines,
    precision_recall_lines,
    reliability_lines,
    robustness_lines,
    roc_lines,
    thin,
)
from core.plots.run import run_figure, training_curve
from core.plots.style import AXIS_TITLES, SPLIT_NAMES, of_run

__all__ = [
    "AXIS_TITLES",
    "CLASS_METRICS",
    "MOST_CLASSES",
    "SPLIT_NAMES",
    "Line",
    "Lines",
    "accuracy_figure",
    "class_bars",
    "class_counts",
    "class_figure",
    "confusion_figure",
    "contact_sheet",
    "coverage_lines",
    "training_curve",
    "learning_lines",
    "lines_chart",
    "lines_figure",
    "of_run",
    "image_sizes",
    "precision_recall_lines",
    "reliability_lines",
    "robustness_lines",
    "roc_lines",
    "run_figure",
    "save",
    "scaled",
    "thin",
]
