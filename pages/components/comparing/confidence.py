"""How sure the models are, whether they may be, and what withholding unsure answers gains."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import plots
from core.comparison import Compared, run_names
from core.units import round_percent
from pages.components import tables, unsure
from pages.components.comparing import charts, chosen


def show(found: Sequence[Compared]) -> None:
    """The slider with what it does to each run, then both charts."""
    chosen.still_there(found)
    threshold = unsure.pick()
    _show_table(found, threshold)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Fewer answers, better answers", anchor=False)
        charts.show_lines(
            "coverage", found, lambda: plots.coverage_lines(found, threshold), threshold
        )
        st.caption(
            "The more confidence is asked for, the fewer images are answered, and the more of "
            "the answers are right. The ring is where answers below "
            f"{round_percent(threshold)} are withheld."
        )
    with right:
        st.subheader("Is the confidence deserved?", anchor=False)
        charts.show_lines("calibration", found, lambda: plots.reliability_lines(found))
        st.caption(
            "Of the answers with 80 % confidence, 80 % should be right: then a curve lies on the "
            "dotted line. Below it a model is too sure of itself, above it too modest. Where there "
            "are few answers, the curve jumps."
        )


def _show_table(found: Sequence[Compared], threshold: float) -> None:
    import pandas as pd

    rows, called = [], run_names(found)
    for one in found:
        sure = one.evaluation.confidences >= np.float32(threshold)
        right = one.evaluation.right[sure]
        rows.append(
            {
                "run": called[one.id],
                "answered": float(sure.mean()),
                "accuracy": float(right.mean()) if len(right) else None,
                "wrong": int((~right).sum()),
                "error": one.reliability.expected_calibration_error,
            }
        )
    st.dataframe(
        tables.written(pd.DataFrame(rows), ["answered", "accuracy", "error"], decimals=2),
        hide_index=True,
        column_config={
            "run": "Trained model",
            "answered": st.column_config.NumberColumn("Images answered"),
            "accuracy": st.column_config.NumberColumn("Right among them"),
            "wrong": st.column_config.NumberColumn("Wrong answers left", format="localized"),
            "error": st.column_config.NumberColumn(
                "Calibration error",
                help="How far confidence and accuracy lie apart on average (expected calibration "
                "error, 15 bins).",
            ),
        },
    )
