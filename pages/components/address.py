"""Choices that stand in the address of the page, so that a reload or a link brings them back.

Streamlit's own `bind="query-params"` writes what a choice is called; this writes its name.
"""

from collections.abc import Sequence

import streamlit as st


def recall(key: str, options: Sequence[str], default: str, coming: str = "") -> None:
    """Before a widget is drawn: what it holds, from a button, the session, or the address.

    Args:
        key: of the widget and of the entry in the address.
        options: what may be chosen.
        default: what is chosen if nothing else is known.
        coming: session key under which a button asks for another choice.
    """
    wanted = st.session_state.pop(coming, None) if coming else None
    if wanted in options:
        st.session_state[key] = wanted
    if st.session_state.get(key) not in options:
        asked = st.query_params.get(key, default)
        st.session_state[key] = asked if asked in options else default


def note(key: str, chosen: str, default: str = "") -> None:
    """After it: write the choice to the address, unless it is the default."""
    if chosen != default:
        st.query_params[key] = chosen
    else:
        st.query_params.pop(key, None)
