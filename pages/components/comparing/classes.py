"""Class by class: which classes are hard, and which are taken for which."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import plots, report
from core.comparison import Compared
from pages.components import choice, html, keys
from pages.components.comparing import cases, charts, chosen

_PAIRS = 5
_EXAMPLES = 4


def show(found: Sequence[Compared]) -> None:
    """Bars for all runs; the report and the commonest mistakes of one."""
    chosen.still_there(found)
    figure = choice.segments(
        keys.CLASS_FIGURE,
        "Figure",
        plots.CLASS_FIGURES,
        help="Precision: of the answers for a class, how many were right. Recall: of its pictures, "
        "how many were found. F1: both in one.",
    )
    charts.show_classes(found, figure)
    one = _pick_run(found)
    st.subheader("Most confused", anchor=False)
    _show_confused(found, one)
    st.subheader("Classification report", anchor=False)
    show_report(one.id, one.evaluation, one.run.card.class_names)


def _pick_run(found: Sequence[Compared]) -> Compared:
    known = {one.id: one for one in found}
    name = choice.select(keys.CLASS_RUN, "Look closer at", {one: one for one in known})
    return known[name]


def _show_confused(found: Sequence[Compared], one: Compared) -> None:
    names = one.run.card.class_names
    pairs = one.evaluation.most_confused(_PAIRS)
    if not pairs:
        st.success("It answered every test picture rightly.", icon=":material/check_circle:")
        return
    pictures = cases.test_pictures(one)
    if isinstance(pictures, str):
        st.info(pictures, icon=":material/hide_image:")
    rows = []
    for truth, answer, count in pairs:
        inside = (one.evaluation.labels == truth) & (one.evaluation.predictions == answer)
        places = np.flatnonzero(inside)
        places = places[np.argsort(-one.evaluation.confidences[places], kind="stable")]
        shown = (
            []
            if isinstance(pictures, str)
            else [_flat(pictures[int(i)]) for i in places[:_EXAMPLES]]
        )
        rows.append((f"{names[truth]} → {names[answer]}", count, shown))
    st.html(html.STYLE + html.gallery(rows))
    st.caption("True class → answer, how often, and those it was surest of.")


def _flat(picture: np.ndarray) -> np.ndarray:
    return picture[..., 0] if picture.shape[-1] == 1 else picture


def show_report(
    name: str, evaluation, class_names: Sequence[str], counted: str = "Test pictures"
) -> None:
    """Precision, recall, F1 and number of pictures of each class, and their means."""
    import pandas as pd

    rows = report.class_rows(evaluation, class_names)
    for title, mean in (("all, each class alike", "macro"), ("all, by pictures", "weighted")):
        average = getattr(evaluation, mean)
        rows.append(
            {
                "class": title,
                **{figure: average(getattr(evaluation, figure)) for figure in plots.CLASS_FIGURES},
                "pictures": len(evaluation.labels),
            }
        )
    table = pd.DataFrame(rows)[["class", "precision", "recall", "f1", "pictures"]]
    columns = {
        figure: st.column_config.NumberColumn(title, format="percent")
        for figure, title in plots.CLASS_FIGURES.items()
    }
    st.dataframe(
        table,
        hide_index=True,
        column_config={"class": "Class", "pictures": counted, **columns},
    )
    st.download_button(
        "Download this table as CSV",
        table.to_csv(index=False),
        f"{name}-classes.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"classes_csv_{name}",
    )
