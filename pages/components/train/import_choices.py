"""What is decided before an import: which folders are classes, their names, which are left out."""

from collections.abc import Mapping

import streamlit as st

from core.datasets import Choices, LayoutError
from core.datasets.choices import LEAVE_OUT_SMALL
from core.datasets.layout import Layout
from core.datasets.refusals import TOO_SMALL, why
from core.errors import StudioError
from pages.components.shared import html, keys

NONE: Mapping[str, str] = {}
_TALLEST = 420  # pixels


def chosen(source: str, names: Mapping[str, str] = NONE) -> Choices:
    """What was decided by buttons for an upload or a path, with names that its folders lack."""
    decided = st.session_state.get(keys.IMPORT_CHOICES, {}).get(source, Choices())
    return decided.also(rename={**names, **decided.rename}) if names else decided


def forget(source: str) -> None:
    """Decide nothing for it."""
    st.session_state.get(keys.IMPORT_CHOICES, {}).pop(source, None)


def show_refusal(error: StudioError, source: str) -> None:
    """Why the images would be refused, with a button for each choice that would help."""
    st.warning(html.message(error), icon=":material/folder_off:")
    remedies = error.remedies if isinstance(error, LayoutError) else ()
    with st.container(horizontal=True):
        for number, remedy in enumerate(remedies):
            st.button(
                html.plain(remedy.title),
                icon=":material/build:",
                on_click=_choose,
                args=(source, dict(remedy.changes)),
                key=f"remedy_{number}_{source}",
            )
    if not remedies:
        _offer_undo(source)


def offer_leaving_out(failure: str, source: str) -> None:
    """After an import that failed since a class was too small: a button that leaves it out."""
    if TOO_SMALL in failure and not chosen(source).leave_out_small:
        st.button(
            LEAVE_OUT_SMALL.title,
            icon=":material/build:",
            on_click=_choose,
            args=(source, dict(LEAVE_OUT_SMALL.changes)),
            key=f"leave_out_{source}",
        )


def _choose(source: str, changes: dict) -> None:
    decided = st.session_state.setdefault(keys.IMPORT_CHOICES, {})
    decided[source] = chosen(source).also(**changes)


def _offer_undo(source: str) -> None:
    if chosen(source) != Choices():
        st.button(
            "Undo these choices",
            icon=":material/undo:",
            on_click=forget,
            args=(source,),
            key=f"undo_{source}",
        )


def show_layout(layout: Layout, source: str, called: Mapping[str, str] = NONE) -> Choices | None:
    """The classes, to be renamed or left out; what is to be said of them.

    Args:
        layout: as it was found with what was chosen.
        source: the upload or path.
        called: names of classes whose folders are called otherwise.

    Returns:
        all that was decided; None if a name cannot be used.
    """
    import pandas as pd

    classes = len(layout.class_names)
    st.markdown(f"Found {len(layout.places):,} images in {classes} classes:")
    for note in layout.notes:
        st.caption(html.plain(note))
    if layout.skipped:
        st.caption(f"Left out: {html.plain(why(layout.skipped))}")
    _offer_undo(source)
    names = list(layout.class_names)
    table = pd.DataFrame({"class": names, "images": layout.counts.values(), "import": True})
    table = st.data_editor(
        table,
        hide_index=True,
        height=min(35 * (classes + 1) + 3, _TALLEST),
        disabled=["images"],
        column_config={
            "class": st.column_config.TextColumn("Class", help="Double-click to rename the class."),
            "images": st.column_config.NumberColumn("Images", width="small"),
            "import": st.column_config.CheckboxColumn("Import", width="small"),
        },
        key=f"{keys.IMPORT_NAME}_classes_{source}_{hash(layout.class_names)}",
    )
    included = table["import"].fillna(True).astype(bool).tolist()
    written = [str(name or "").strip() for name in table["class"]]
    rows = list(zip(names, written, included, strict=True))
    known = chosen(source, called)
    try:
        edited = {a: b for a, b, take in rows if take and a != b}
        renamed = {old: edited.pop(new, new) for old, new in known.rename.items()}
        return known.also(
            rename={**renamed, **edited},
            leave_out=(*known.leave_out, *(name for name, _, take in rows if not take)),
        )
    except StudioError as error:
        st.error(html.message(error), icon=":material/label_off:")
        return None
