"""Confusion matrices side by side, their difference, and the images in a cell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import plots
from core.comparison import Compared, run_names
from core.names import all_shown
from core.units import percent
from pages.components.compare import cases, chosen, matrix
from pages.components.shared import choice, html, keys, url

SCALES = {
    "counts": "Counts",
    "rows": "Fractions of the true class",
    "columns": "Fractions of the predicted class",
}
_SCALE_HELP = (
    "Counts: how many images. Fractions of the true class: what the images of a class are "
    "predicted as; the diagonal is recall. Fractions of the predicted class: which classes these "
    "images belong to; the diagonal is precision."
)
_USUAL = 2  # matrices shown at first
_MOST = 6
_DENSE = 14  # more classes than this need the whole width
_DIFFERENCE = "+difference"  # no run can have that name


def show(found: Sequence[Compared]) -> None:
    """Switches, matrices, and below them what was clicked."""
    chosen.still_there(found)
    classes = len(found[0].run.card.class_names)
    if classes > plots.MOST_CLASSES:
        st.info(
            f"A matrix of {classes:,} classes cannot be read. The view “Classes” lists the most "
            "confused ones.",
            icon=":material/info:",
        )
        return
    scale = _pick_scale()
    shown = _pick_matrices(found)
    if not shown:
        st.info("Choose at least one matrix.", icon=":material/info:")
        return
    pair = _pick_difference(shown)
    cell = _cell(found)
    if cell and cell[0] == _DIFFERENCE and not pair:
        cell = None
    if pair:
        _show_difference(*pair, scale, cell)
    else:
        _show_matrices(shown, scale, cell)
    st.caption(
        "Rows are true classes, columns are predicted classes: correct predictions lie on the "
        "diagonal. To see the images of a cell, click it, or move with the arrow keys and press "
        "Enter."
    )
    _list_view(found, shown, pair)
    if cell:
        _show_cell(found, cell, pair)


def _pick_scale() -> str:
    return choice.segments(keys.SCALE, "Cells show", SCALES, help=_SCALE_HELP)


def _pick_matrices(found: Sequence[Compared]) -> list[Compared]:
    known = {one.id: one for one in found}
    if len(known) <= _USUAL:
        return list(found)
    usual = list(known)[:_USUAL]
    url.recall_several(keys.MATRICES, list(known), usual)
    st.session_state[keys.MATRICES] = st.session_state[keys.MATRICES][:_MOST]
    names = st.multiselect(
        "Matrices side by side",
        list(known),
        format_func=run_names(found).get,
        key=keys.MATRICES,
        max_selections=_MOST,
        placeholder="Choose models",
    )
    url.note_several(keys.MATRICES, names, usual)
    return [known[name] for name in names]


def _pick_difference(shown: list[Compared]) -> tuple[Compared, Compared] | None:
    if len(shown) != 2:
        return None
    first, second = run_names(shown).values()
    ways = {"beside": "Side by side", "less": f"{html.plain(first)} minus {html.plain(second)}"}
    way = choice.segments(
        keys.DIFFERENCE,
        "Show",
        ways,
        help="In the difference, blue with a plus sign means more images in the first matrix; "
        "orange with a minus sign means more in the second.",
    )
    return (shown[0], shown[1]) if way == "less" else None


def _show_matrices(shown: Sequence[Compared], scale: str, cell) -> None:
    scaled = [plots.scaled(one.evaluation.confusion_matrix, scale) for one in shown]
    called = run_names(shown)
    most = max(values.max() for values in scaled)
    wide = len(shown[0].run.card.class_names) > _DENSE
    columns = 1 if wide else 2
    for start in range(0, len(shown), columns):
        row = st.columns(columns, gap="medium")
        for column, one, values in zip(row, shown[start:], scaled[start:], strict=False):
            with column:
                st.markdown(
                    f"**{html.plain(called[one.id])}** · {html.percent(one.evaluation.accuracy)}"
                )
                label = f"Confusion matrix of {called[one.id]}"
                _draw(one.id, label, values, _View(_names(one), scale, most, cell))


def _show_difference(first: Compared, second: Compared, scale: str, cell) -> None:
    values = plots.scaled(first.evaluation.confusion_matrix, scale) - plots.scaled(
        second.evaluation.confusion_matrix, scale
    )
    more, less = run_names((first, second)).values()
    st.markdown(f"**{html.plain(more)}** minus **{html.plain(less)}**")
    most = np.abs(values).max()
    view = _View(_names(first), scale, most, cell, signed=True)
    _draw(_DIFFERENCE, f"{more} minus {less}", values, view)


def _names(one: Compared) -> list[str]:
    return all_shown(one.run.card.class_names)


@dataclass(frozen=True)
class _View:
    """How matrices beside each other are shown; see `matrix.Matrix` for `names` and `most`."""

    names: Sequence[str]
    scale: str
    most: float
    cell: tuple[str, int, int] | None
    signed: bool = False


def _draw(name: str, label: str, values: np.ndarray, view: _View) -> None:
    scale, signed = view.scale, view.signed
    matrix.show(
        f"matrix_{name}",
        matrix.Matrix(
            label,
            view.names,
            values,
            [[_short(v, scale, signed) for v in row] for row in values],
            [[_full(v, scale, signed) for v in row] for row in values],
            view.most,
        ),
        view.cell[1:] if view.cell and view.cell[0] == name else None,
        lambda row, column: _open(name, row, column),
    )


def _short(value: float, scale: str, signed: bool) -> str:
    if value == 0:
        return ""
    sign = ("+" if value > 0 else "−") if signed else ""
    if scale == "counts":
        return f"{sign}{abs(value):.0f}"
    share = abs(value) * 100
    return f"{sign}{share:.0f}" if share >= 0.995 else f"{sign}{share:.1f}".replace("0.", ".", 1)


def _full(value: float, scale: str, signed: bool) -> str:
    sign = ("+" if value > 0 else "−" if value < 0 else "") if signed else ""
    if scale == "counts":
        return sign + html.counted(int(abs(value)), "image")
    return sign + percent(abs(value), 2)


def _open(name: str, row: int, column: int) -> None:
    st.query_params[keys.CELL] = f"{name}.{row}.{column}"


def _close() -> None:
    st.query_params.pop(keys.CELL, None)


def _cell(found: Sequence[Compared]) -> tuple[str, int, int] | None:
    """The chosen cell, from the URL: the run, the true class, the predicted class."""
    parts = st.query_params.get(keys.CELL, "").rsplit(".", 2)
    classes = len(found[0].run.card.class_names)
    if len(parts) != 3 or not all(
        p.isascii() and p.isdigit() and int(p) < classes for p in parts[1:]
    ):
        return None
    if parts[0] not in [_DIFFERENCE, *(one.id for one in found)]:
        return None
    return parts[0], int(parts[1]), int(parts[2])


def _list_view(found: Sequence[Compared], shown: Sequence[Compared], pair) -> None:
    """The same by keyboard alone: every filled cell of a matrix in a list."""
    names = all_shown(found[0].run.card.class_names)
    folded = st.expander("Cells as a list", key=keys.CELL_LIST, on_change="rerun")
    if not folded.open:
        return
    with folded, st.container(horizontal=True):
        ids = [one.id for one in shown]
        called = run_names(shown).get
        run_id = st.selectbox("Matrix of", ids, format_func=called, key=f"{keys.CELL_LIST}+run")
        one = next(one for one in shown if one.id == run_id)
        counts = one.evaluation.confusion_matrix
        order = np.argsort(-counts, axis=None, kind="stable")[: int((counts > 0).sum())]
        cells = [(int(i) // len(names), int(i) % len(names)) for i in order]
        cells.sort(key=lambda place: place[0] == place[1])  # misclassified first
        key = f"{keys.CELL_LIST}_{run_id}"
        st.selectbox(
            "True class → predicted class",
            cells,
            index=None,
            format_func=lambda place: (
                f"{names[place[0]]} → {names[place[1]]} ({html.counted(counts[place], 'image')})"
            ),
            key=key,
            placeholder="Choose a cell to see its images",
            on_change=_open_listed,
            args=(run_id, key),
        )


def _open_listed(run_id: str, key: str) -> None:
    if place := st.session_state[key]:
        _open(run_id, *place)


def _show_cell(found: Sequence[Compared], cell: tuple[str, int, int], pair) -> None:
    name, row, column = cell
    names = all_shown(found[0].run.card.class_names)
    what = f"{html.plain(names[row])} predicted as {html.plain(names[column])}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(what, anchor=False, width="content")
        st.button("Close", icon=":material/close:", on_click=_close, type="tertiary")
    if name == _DIFFERENCE:
        _show_difference_cell(found, pair, row, column)
        return
    one, title = next(one for one in found if one.id == name), run_names(found)[name]
    inside = np.flatnonzero(cases.in_cell(one.evaluation, row, column))
    st.markdown(f"{html.counted(len(inside), 'image')} by **{html.plain(title)}**")
    cases.show(found, cases.surest_first(one.evaluation, inside), f"{name}_{row}_{column}")


def _show_difference_cell(found: Sequence[Compared], shown, row: int, column: int) -> None:
    first, second = (cases.in_cell(one.evaluation, row, column) for one in shown)
    called = run_names(shown)
    for one, other, inside in zip(
        shown, shown[::-1], (first & ~second, second & ~first), strict=True
    ):
        places = np.flatnonzero(inside)
        st.markdown(
            f"{len(places):,} by **{html.plain(called[one.id])}** but not by "
            f"**{html.plain(called[other.id])}**"
        )
        order = cases.surest_first(one.evaluation, places)
        cases.show(found, order, f"{one.id}_only_{row}_{column}", f"_{one.id}")
