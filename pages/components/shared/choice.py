"""One choice of several, which stands in the URL."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.shared import url


def segments(
    key: str,
    label: str,
    options: Mapping[str, str],
    default: str = "",
    coming: str = "",
    hidden: bool = False,
    **more: Any,
) -> str:
    """Buttons side by side, one of which is pressed.

    Args:
        key: of the widget, and of the query parameter.
        label: what is chosen.
        options: what each choice is called.
        default: what is chosen at first; the first one if empty.
        coming: session key under which a button elsewhere asks for another choice.
        hidden: whether the label is for screen readers alone.
        more: goes to the widget.
    """
    default = default or next(iter(options))
    url.recall(key, list(options), default, coming)
    chosen = st.segmented_control(
        label,
        list(options),
        required=True,
        format_func=options.get,
        key=key,
        label_visibility="collapsed" if hidden else "visible",
        **more,
    )
    url.note(key, chosen, default)
    return chosen


def select(key: str, label: str, options: Mapping[str, str], default: str = "", **more: Any) -> str:
    """A list that folds out; arguments as for `segments`."""
    default = default or next(iter(options))
    url.recall(key, list(options), default)
    chosen = st.selectbox(label, list(options), format_func=options.get, key=key, **more)
    url.note(key, chosen, default)
    return chosen
