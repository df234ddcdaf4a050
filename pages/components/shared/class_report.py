"""Precision, recall, F1 and number of images of each class, as a table and a CSV file."""

from collections.abc import Sequence

import streamlit as st

from core import plots, report
from core.evaluation import Evaluation
from pages.components.shared import tables

_MOST_ROWS = 100
_MEANS = {"macro": "macro average", "weighted": "weighted average"}


def show(
    name: str,
    evaluation: Evaluation,
    class_names: Sequence[str],
    counted: str = "Test images",
    means: bool = True,
) -> None:
    """The table, with a button that downloads it.

    Args:
        name: of the file, without its ending, and of the button.
        evaluation: labels and predictions.
        class_names: of the classes.
        counted: what the numbers of images are called.
        means: whether their means over the classes stand below.
    """
    import pandas as pd

    rows = report.class_rows(evaluation, class_names)
    if len(rows) > _MOST_ROWS:
        occur = evaluation.confusion_matrix.sum(axis=0) + evaluation.support > 0
        rows = [row for row, is_there in zip(rows, occur, strict=True) if is_there]
        left_out = len(class_names) - len(rows)
        if left_out:
            st.caption(
                f"{left_out:,} classes are left out: no image shows or is predicted as them."
            )
    for mean, title in _MEANS.items() if means else ():
        average = getattr(evaluation, mean)
        rows.append(
            {
                "class": title,
                **{metric: average(getattr(evaluation, metric)) for metric in plots.CLASS_METRICS},
                "images": len(evaluation.labels),
            }
        )
    table = pd.DataFrame(rows)[["class", "precision", "recall", "f1", "images"]]
    st.dataframe(
        tables.written(table, plots.CLASS_METRICS),
        hide_index=True,
        column_config={"class": "Class", "images": counted, **plots.CLASS_METRICS},
    )
    tables.offer_csv(
        "Download this table as CSV",
        list(table),
        table.itertuples(index=False),
        f"{name}-classes.csv",
        key=f"classes_csv_{name}",
    )
