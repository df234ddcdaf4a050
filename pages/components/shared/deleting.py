"""Delete a thing after asking, and bring it back while that is possible."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core import datasets, runs
from core.errors import StudioError
from pages.components.shared import html, keys

_LOOK_EVERY = 5.0  # seconds, so that an undo that is too late is not offered for long


@dataclass(frozen=True)
class _Kind:
    """Something that can be brought back: what it is called, and how it is done."""

    word: str
    listed: Callable
    restore: Callable[[str], None]
    show_next: str


_KINDS = {
    "run": _Kind("model", runs.list_aside, runs.restore, keys.NEXT_RUN),
    "dataset": _Kind("dataset", datasets.list_aside, datasets.restore, keys.NEXT_DATASET),
}


def confirm(
    title: str,
    question: str,
    name: str,
    remove: Callable[[str], object],
    yes: str = "Yes, delete it",
    icon_only: bool = False,
) -> None:
    """A button that asks first; the question belongs to this thing alone and closes with a click.

    Args:
        title: of the button.
        question: Markdown that names the thing.
        name: what `remove` is called with; together with the title, unique on the page.
        remove: what is done after the click. A `StudioError` is shown.
        yes: of the second button.
        icon_only: whether the title of the first one is shown only when it is pointed at.
    """
    key = f"ask_{title}_{name}"
    with st.popover(
        "" if icon_only else title,
        icon=":material/delete:",
        help=title if icon_only else None,
        key=key,
        on_change="rerun",
    ):
        st.markdown(question)
        st.button(
            yes,
            type="primary",
            on_click=_remove,
            args=(remove, name, key),
            key=f"yes_{key}",
        )


def _remove(remove: Callable[[str], object], name: str, key: str) -> None:
    st.session_state[key] = False
    try:
        remove(name)
    except StudioError as error:
        st.toast(html.message(error))


@st.fragment(run_every=_LOOK_EVERY)
def _offer(kind: str) -> None:
    for aside in _KINDS[kind].listed():
        with st.container(
            border=True,
            horizontal=True,
            vertical_alignment="center",
            key=f"aside_{kind}_{aside.folder.name}",
        ):
            st.markdown(f":material/delete: Deleted **{html.plain(aside.name)}**.", width="stretch")
            if st.button(
                "Undo", icon=":material/undo:", key=f"undo_{kind}_{aside.folder.name}"
            ) and _restore(kind, aside.name):
                st.rerun()


def offer_undo(kind: str) -> None:
    """A line for each thing of a kind that was deleted a moment ago; also after a reload.

    Args:
        kind: `run` or `dataset`.
    """
    if _KINDS[kind].listed():
        _offer(kind)


def _restore(kind: str, name: str) -> bool:
    try:
        _KINDS[kind].restore(name)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return False
    st.session_state[_KINDS[kind].show_next] = name
    return True
