"""One class against the rest: how many are found, at how many false alarms?"""

from collections.abc import Sequence

import streamlit as st

from core import plots
from core.comparison import Compared, run_names
from core.names import all_shown
from pages.components.compare import charts, chosen
from pages.components.shared import choice, keys


def show(found: Sequence[Compared]) -> None:
    """ROC and precision-recall curves of a class, and the areas under them."""
    import pandas as pd

    chosen.still_there(found)
    names = all_shown(found[0].run.card.class_names)
    options = {str(number): name for number, name in enumerate(names)}
    label = int(choice.select(keys.ONE_CLASS, "Class", options))
    roc, precision_recall = _lines(charts.shown_as(found), label, found)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("ROC curve", anchor=False)
        charts.show_lines("roc", found, lambda: roc, label)
        st.caption(
            "The fraction of the class that is found, over the fraction of the other images that "
            "are predicted as it, on a logarithmic axis. The dotted line is guessing."
        )
    with right:
        st.subheader("Precision–recall curve", anchor=False)
        charts.show_lines("precision_recall", found, lambda: precision_recall, label)
        st.caption("How precision changes as more images of the class are found.")
    st.dataframe(
        pd.DataFrame(
            [
                {"run": name, "roc": roc.notes[run_id], "pr": precision_recall.notes[run_id]}
                for run_id, name in run_names(found).items()
            ]
        ),
        hide_index=True,
        column_config={
            "run": "Trained model",
            "roc": "Area under the ROC curve",
            "pr": "Average precision",
        },
    )


@st.cache_resource(show_spinner=False, max_entries=60)
def _lines(known: tuple, label: int, _found: Sequence[Compared]):
    return plots.roc_lines(_found, label), plots.precision_recall_lines(_found, label)
