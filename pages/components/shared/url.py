"""Choices that stand in the URL, so that a reload or a link brings them back.

Streamlit's own `bind="query-params"` writes what a choice is called; this writes its name. What
was written last is remembered, so that a link that was followed is told from a widget that was
used.
"""

import math
import time
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

_NOTED, _REPLACED = "noted_", "replaced_"
_BEHIND = 2.0  # seconds for which a browser may still send what stood in its URL before


def recall(key: str, options: Sequence[str], default: str, coming: str = "") -> None:
    """Before a widget is drawn: what it holds, from a button, a link, the session.

    Args:
        key: of the widget and of the query parameter.
        options: what may be chosen.
        default: what is chosen if nothing else is known.
        coming: session key under which a button asks for another choice.
    """
    wanted = st.session_state.pop(coming, None) if coming else None
    wanted = wanted if wanted in options else _asked(key, default)
    if wanted in options:
        st.session_state[key] = wanted
    if st.session_state.get(key) not in options:
        st.session_state[key] = default


def recall_several(key: str, options: Sequence[str], default: Sequence[str]) -> None:
    """The same for a widget that holds several choices; commas part them in the URL."""
    st.session_state[key] = several(key, options, default)


def several(key: str, options: Sequence[str], default: Sequence[str]) -> list[str]:
    """What such a widget will hold when it is drawn."""
    wanted = _asked(key, ",".join(default))
    chosen = st.session_state.get(key, default) if wanted is None else wanted.split(",")
    known = [choice for choice in chosen if choice in options]
    return known or (list(default) if chosen else [])


def note(key: str, chosen: str, default: str = "") -> None:
    """After it: write the choice to the URL, unless it is the default."""
    before = noted(key)
    if before not in (None, chosen):
        st.session_state[_REPLACED + key] = {**_replaced(key), before: time.monotonic()}
    st.session_state[_NOTED + key] = chosen
    if chosen != default:
        st.query_params[key] = chosen
    else:
        st.query_params.pop(key, None)


def note_several(key: str, chosen: Sequence[str], default: Sequence[str]) -> None:
    """The same for several choices."""
    note(key, ",".join(chosen), ",".join(default))


def noted(key: str) -> str | None:
    """What was written last in this session, also from before the page was left."""
    return st.session_state.get(_NOTED + key)


def bound(key: str) -> dict[str, str]:
    """Keep a number field in the URL: what the widget is given besides its key.

    An infinite number in a link is passed over. Streamlit would fail to make it a whole number.
    """
    with suppress(ValueError):
        if math.isinf(float(st.query_params.get(key, ""))):
            with suppress(StreamlitAPIException):  # the widget is bound already: the URL is its own
                del st.query_params[key]
            return {}
    return {"bind": "query-params"}


def went_back() -> bool:
    """Whether the browser's Back or Forward brought the page here: then the URL alone counts."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def linked(key: str, default: str | None = None) -> str | None:
    """What a link that was just followed asks for; None if nothing, or if it is known already.

    Args:
        key: of the entry in the URL.
        default: what a URL without it stands for, which Back may lead to.
    """
    text = st.query_params.get(key)
    if went_back():
        return default if text is None else text
    if text == noted(key) or text in _replaced(key):
        return None
    return text


def _replaced(key: str) -> dict[str, float]:
    """What stood in the URL a moment ago, with when it was replaced.

    A browser on which somebody clicks quickly still sends it: that is no link.
    """
    known, now = st.session_state.get(_REPLACED + key, {}), time.monotonic()
    return {text: when for text, when in known.items() if now - when < _BEHIND}


def _asked(key: str, default: str) -> str | None:
    """What a link asks for, or what was chosen before the page was left; None for nothing new."""
    wanted = linked(key, default)
    if wanted is not None:
        return wanted
    return noted(key) if key not in st.session_state else None
