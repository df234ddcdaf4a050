"""A click that is handled further down, where everything typed a moment before is known.

What stands in a field is sent when the field is left, which may be by the click itself; a callback
that was given its arguments when the page was drawn would miss it. The click is remembered until
somebody asks, so a page that is drawn again meanwhile does not lose it.
"""

import streamlit as st


def ask(key: str) -> None:
    """The callback of a button: remember that it was clicked."""
    st.session_state[key] = True


def asked(key: str) -> bool:
    """Whether it was clicked; only once for each click."""
    return st.session_state.pop(key, False)
