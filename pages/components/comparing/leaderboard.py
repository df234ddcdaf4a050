"""The figures of all runs in a table, and whether the best one leads by more than chance."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import comparison
from core.comparison import FIGURES, Compared
from pages.components import html, keys, run_picker
from pages.components.comparing import chosen

_COLUMNS = ("accuracy", "f1", "seconds", "latency_seconds", "file_bytes")


def show(found: Sequence[Compared]) -> None:
    """Table, sentence, and everything else that was measured."""
    chosen.still_there(found)
    if ahead := comparison.leaders(found):
        icon = ":material/trophy:" if ahead.significant else ":material/balance:"
        st.markdown(f"{icon} {html.plain(comparison.sentence(ahead))}")
    else:
        st.markdown("Choose a second model to see which of the two is better, and by how much.")
    st.dataframe(
        _marked(found, _table(found)),
        hide_index=True,
        row_height=40,
        key=keys.LEADERBOARD,
        column_config={
            "run": st.column_config.TextColumn("Trained model", pinned=True),
            "model": "Kind",
            **{name: _column(name) for name in _COLUMNS},
        },
    )
    st.caption(
        "★ the best of each column · behind the accuracy its 95 % interval · click a heading to "
        f"sort. {_machines(found)}"
    )
    everything = st.expander("All figures", key=keys.ALL_FIGURES, on_change="rerun")
    if everything.open:
        with everything:
            _show_all(found)


def _table(found: Sequence[Compared]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "run": one.id,
                **{name: one.figures[name] for name in _COLUMNS},
                "model": run_picker.title(one.run),
            }
            for one in sorted(found, key=lambda one: -one.figures["accuracy"])
        ]
    )


def _column(name: str):
    figure = FIGURES[name]
    return st.column_config.NumberColumn(figure.title, help=figure.help)


def _marked(found: Sequence[Compared], table: pd.DataFrame):
    """The table as it is read: units, the interval, a star and bold type for the best."""
    styled = table.style
    for name in _COLUMNS:
        top = {one.figures[name] for one in found if one.id in comparison.best(found, name)}
        styled = styled.format(_writer(name, top, found), subset=[name])
        styled = styled.map(
            lambda value, top=top: "font-weight: 700" if value in top else "", subset=[name]
        )
    return styled


def _writer(name: str, top: set, found: Sequence[Compared]):
    intervals = {
        one.figures["accuracy"]: (one.figures["accuracy_low"], one.figures["accuracy_high"])
        for one in found
    }

    def write(value: float) -> str:
        text = comparison.written(name, value)
        if name == "accuracy":
            low, high = intervals[value]
            text += f" ({low * 100:.2f}–{high * 100:.2f})"
        return f"{text} ★" if value in top else text

    return write


def _machines(found: Sequence[Compared]) -> str:
    known = {one.run.card.cost.get("machine") for one in found} - {None}
    if not known:
        return "What answers cost was not measured for these."
    if len(known) > 1:
        return (
            "Times were measured on different machines and cannot be set against each other: "
            + ("; ".join(sorted(known)) + ".")
        )
    return f"Times of answers were measured on {known.pop()}."


def _show_all(found: Sequence[Compared]) -> None:
    rows = []
    for name, figure in FIGURES.items():
        row = {"figure": figure.title, "help": figure.help}
        for one in found:
            star = " ★" if one.id in comparison.best(found, name) else ""
            row[one.id] = comparison.written(name, one.figures[name]) + star
        rows.append(row)
    table = pd.DataFrame(rows)
    st.dataframe(
        table[["figure", *(one.id for one in found), "help"]],
        hide_index=True,
        height="content",
        column_config={
            "figure": st.column_config.TextColumn("Figure", pinned=True),
            "help": st.column_config.TextColumn("What it says", width="large"),
        },
    )
