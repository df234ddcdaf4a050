"""The three steps of the Train page; which one is shown stands in its URL."""

import streamlit as st

from pages.components.shared import choice, keys

FIRST = "data"
STEPS = {
    "data": ":material/photo_library: 1 · Images",
    "model": ":material/tune: 2 · Model",
    "runs": ":material/show_chart: 3 · Runs",
}


def pick() -> str:
    """The step that is shown."""
    return choice.segments(keys.STEP, "Step", STEPS, FIRST, keys.NEXT_STEP, hidden=True)


def is_first() -> bool:
    """Whether the first step will be shown; may be asked before `pick`."""
    chosen = st.session_state.get(keys.NEXT_STEP) or st.session_state.get(keys.STEP)
    return (chosen or st.query_params.get(keys.STEP, FIRST)) == FIRST


def go_to(step: str) -> None:
    """Show another step, from a button."""
    st.session_state[keys.NEXT_STEP] = step
