"""Photos taken with the camera, which outlive a change of page as drawings and uploads do."""

from dataclasses import replace

import streamlit as st

from pages.components.shared.memory import recall, remember

_TAKEN = "photo_taken_"  # and the name of the widget: it holds the photo that is kept


def take(label: str, key: str, place: str) -> bytes | None:
    """The photo taken now, or the one from before; None until there is one.

    Args:
        label: of the widget.
        key: of the widget.
        place: the field of `Memory` that keeps it.
    """
    photo = st.camera_input(
        label,
        key=key,
        help="Your browser asks for permission first. The photo stays in memory while you look "
        "at other pages; it is not written to disk.",
    )
    if photo is not None:
        content = photo.getvalue()
        if content != getattr(recall(), place):
            remember(replace(recall(), **{place: content}))
        st.session_state[_TAKEN + key] = True
        return content
    if st.session_state.pop(_TAKEN + key, False):  # it was cleared with the widget's own button
        _forget(place)
    earlier = getattr(recall(), place)
    if earlier is not None:
        st.caption("You took this photo earlier. Take another one to replace it.")
        st.button("Remove this photo", on_click=_forget, args=(place,), key=f"forget_{place}")
    return earlier


def _forget(place: str) -> None:
    remember(replace(recall(), **{place: None}))


def forget_widget(key: str) -> None:
    """When the widget comes back it is empty: nobody has cleared it."""
    st.session_state.pop(_TAKEN + key, None)
