"""Class by class: which classes are hard, and which are confused with each other."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import plots
from core.comparison import Compared, run_names
from core.names import all_shown
from pages.components.compare import cases, charts, chosen
from pages.components.shared import choice, class_report, html, keys

_PAIRS = 5
_EXAMPLES = 4


def show(found: Sequence[Compared]) -> None:
    """Bars for all runs; the report and the most confused classes of one."""
    chosen.still_there(found)
    metric = choice.segments(
        keys.CLASS_METRIC,
        "Metric",
        plots.CLASS_METRICS,
        help="Precision: of the images predicted as a class, the fraction that belongs to it. "
        "Recall: of the images of a class, the fraction that was found. F1: their harmonic mean.",
    )
    if len(found[0].run.card.class_names) <= plots.MOST_CLASSES:
        charts.show_classes(found, metric)
    one = _pick_run(found)
    st.subheader("Most confused classes", anchor=False)
    _show_confused(found, one)
    st.subheader("Classification report", anchor=False)
    class_report.show(one.id, one.evaluation, one.run.card.class_names)


def _pick_run(found: Sequence[Compared]) -> Compared:
    known = {one.id: one for one in found}
    name = choice.select(keys.CLASS_RUN, "Details of", run_names(found))
    return known[name]


def _show_confused(found: Sequence[Compared], one: Compared) -> None:
    names = all_shown(one.run.card.class_names)
    pairs = one.evaluation.most_confused(_PAIRS)
    if not pairs:
        st.success("Every test image is predicted correctly.", icon=":material/check_circle:")
        return
    images = cases.test_images(one)
    if isinstance(images, str):
        st.info(images, icon=":material/hide_image:")
    rows = []
    for truth, prediction, count in pairs:
        inside = np.flatnonzero(cases.in_cell(one.evaluation, truth, prediction))
        places = cases.surest_first(one.evaluation, inside)[:_EXAMPLES]
        shown = [] if isinstance(images, str) else [images[int(i)] for i in places]
        rows.append((f"{names[truth]} → {names[prediction]}", count, shown))
    st.html(html.STYLE + html.gallery(rows))
    st.caption("True class → predicted class, how often, and the most confident examples.")
