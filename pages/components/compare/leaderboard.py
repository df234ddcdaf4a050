"""The metrics of all runs in a table, and whether the best one leads by more than chance."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core import comparison
from core.comparison import METRICS, Compared
from pages.components.compare import chosen, sortable
from pages.components.compare.sortable import Cell, Column
from pages.components.shared import html, keys, run_picker

_COLUMNS = ("accuracy", "f1", "seconds", "latency_seconds", "file_bytes")


def show(found: Sequence[Compared]) -> None:
    """Table, sentence, and everything else that was measured."""
    chosen.still_there(found)
    called = comparison.run_names(found)
    if ahead := comparison.leaders(found):
        icon = ":material/trophy:" if ahead.significant else ":material/balance:"
        sentence = comparison.sentence(ahead, called)
        st.markdown(f"{icon} {html.plain(sentence)}")
    else:
        st.markdown("Choose a second model to see which of the two is better, and by how much.")
    sortable.show(
        keys.LEADERBOARD,
        "Leaderboard",
        [
            Column("Trained model", number=False),
            *(_column(name) for name in _COLUMNS),
            Column("Model", number=False),
        ],
        [_row(found, one, called[one.id]) for one in found],
        sorted_by=1,
    )
    st.caption(
        "★ best of its column · accuracy with its 95 % interval in brackets · click a heading "
        f"to sort. {_machines(found)}"
    )
    everything = st.expander("All metrics", key=keys.ALL_METRICS, on_change="rerun")
    if everything.open:
        with everything:
            _show_all(found, called)


def _column(name: str) -> Column:
    metric = METRICS[name]
    return Column(metric.title, metric.help, falling=metric.best == "high")


def _row(found: Sequence[Compared], one: Compared, name: str) -> list[Cell]:
    title = run_picker.title(one.run)
    return [
        Cell(name, name),
        *(_cell(found, one, metric) for metric in _COLUMNS),
        Cell(title, title),
    ]


def _cell(found: Sequence[Compared], one: Compared, name: str) -> Cell:
    """A metric with its unit, accuracy with its interval; a star if it is the best."""
    text = comparison.written(name, one.metrics[name])
    if name == "accuracy":
        low, high = one.metrics["accuracy_low"], one.metrics["accuracy_high"]
        text += f" ({low * 100:.2f}–{high * 100:.2f})"
    best = one.id in comparison.best(found, name)
    return Cell(f"{text} ★" if best else text, one.metrics[name], best)


def _machines(found: Sequence[Compared]) -> str:
    known = {one.run.card.cost.get("machine") for one in found} - {None}
    if not known:
        return "Prediction times were not measured for these models."
    if len(known) > 1:
        return "Prediction times were measured on different machines and cannot be compared: " + (
            "; ".join(sorted(known)) + "."
        )
    return f"Prediction times were measured on {known.pop()}."


def _show_all(found: Sequence[Compared], called: Mapping[str, str]) -> None:
    import pandas as pd

    rows = []
    for name, metric in METRICS.items():
        row = {"metric": metric.title, "help": metric.help}
        for one in found:
            star = " ★" if one.id in comparison.best(found, name) else ""
            row[f"run {one.id}"] = comparison.written(name, one.metrics[name]) + star
        rows.append(row)
    table = pd.DataFrame(rows)
    st.dataframe(
        table[["metric", *(f"run {one.id}" for one in found), "help"]],
        hide_index=True,
        height="content",
        column_config={
            "metric": st.column_config.TextColumn("Metric", pinned=True),
            "help": st.column_config.TextColumn("Meaning", width="large"),
            **{f"run {run_id}": name for run_id, name in called.items()},
        },
    )
