"""The three steps of the Train page; which one is shown stands in its address."""

import streamlit as st

from pages.components import address, keys

FIRST = "data"
STEPS = {
    "data": ":material/photo_library: 1 · Pictures",
    "model": ":material/tune: 2 · Model",
    "trainings": ":material/show_chart: 3 · Trainings",
}


def pick() -> str:
    """The step that is shown."""
    address.recall(keys.STEP, list(STEPS), FIRST, keys.NEXT_STEP)
    step = st.segmented_control(
        "Step",
        list(STEPS),
        required=True,
        format_func=STEPS.get,
        key=keys.STEP,
        label_visibility="collapsed",
    )
    address.note(keys.STEP, step, FIRST)
    return step


def go_to(step: str) -> None:
    """Show another step, from a button."""
    st.session_state[keys.NEXT_STEP] = step
