"""Widgets that are seldom needed: folded away, and built only when somebody unfolds them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def fold(title: str, key: str, usual: Mapping[str, Any], **more: Any):
    """An expander; None while its content need not be built, so that the page is there sooner.

    Args:
        title: of the expander.
        key: under which the session holds whether it is open.
        usual: the key of each widget in it, which is also its query parameter, with what it
            holds at first. A widget that holds something else is built: Streamlit would forget it.
        more: goes to the expander.
    """
    folded = st.expander(title, key=key, on_change="rerun", **more)
    changed = any(
        name in st.query_params or st.session_state.get(name, value) != value
        for name, value in usual.items()
    )
    return folded if folded.open or changed else None
