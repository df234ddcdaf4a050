"""How confident the models are, whether they may be, and what a threshold gains."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import plots
from core.comparison import Compared, run_names
from core.units import round_percent
from pages.components.compare import charts, chosen
from pages.components.shared import tables, unsure


def show(found: Sequence[Compared]) -> None:
    """The slider with what it does to each run, then both charts."""
    chosen.still_there(found)
    threshold = unsure.pick()
    _show_table(found, threshold)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Accuracy and coverage", anchor=False)
        charts.show_lines(
            "coverage", found, lambda: plots.coverage_lines(found, threshold), threshold
        )
        st.caption(
            "The higher the threshold, the fewer images are covered and the more of their "
            "predictions are correct. The ring marks a threshold of "
            f"{round_percent(threshold)}."
        )
    with right:
        st.subheader("Calibration", anchor=False)
        charts.show_lines("calibration", found, lambda: plots.reliability_lines(found))
        st.caption(
            "Of the predictions with 80 % confidence, 80 % should be correct: then the curve lies "
            "on the dotted line. Below it a model is overconfident, above it underconfident. The "
            "curve jumps where there are few predictions."
        )


def _show_table(found: Sequence[Compared], threshold: float) -> None:
    import pandas as pd

    rows, called = [], run_names(found)
    for one in found:
        sure = one.evaluation.confidences >= np.float32(threshold)
        correct = one.evaluation.right[sure]
        rows.append(
            {
                "run": called[one.id],
                "coverage": float(sure.mean()),
                "accuracy": float(correct.mean()) if len(correct) else None,
                "incorrect": int((~correct).sum()),
                "error": one.reliability.expected_calibration_error,
            }
        )
    st.dataframe(
        tables.written(pd.DataFrame(rows), ["coverage", "accuracy", "error"], decimals=2),
        hide_index=True,
        column_config={
            "run": "Trained model",
            "coverage": st.column_config.NumberColumn(
                "Coverage",
                help="The fraction of the images whose confidence is above the threshold.",
            ),
            "accuracy": st.column_config.NumberColumn("Accuracy above the threshold"),
            "incorrect": st.column_config.NumberColumn(
                "Incorrect above the threshold", format="localized"
            ),
            "error": st.column_config.NumberColumn(
                "Calibration error",
                help="How far confidence and accuracy lie apart on average (expected calibration "
                "error, 15 bins).",
            ),
        },
    )
