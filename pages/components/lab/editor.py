"""The pipeline as a list of steps that can be added, set, ordered, switched off and removed."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import streamlit as st

from core.errors import StudioError
from core.opencv_ops import GROUPS, MOST_STEPS, OPERATIONS, Step, from_text, to_text
from core.param import Param, Value
from pages.components.shared import html, keys, param_field, url

FIRST_PIPELINE = "gaussian_blur~canny"


def edit() -> list[Step]:
    """Draw the editor; the steps as they are set now, which also stand in the URL."""
    steps = _recall()
    _offer_more(steps)
    if not steps:
        st.info("Add a step to begin.", icon=":material/add:")
    edited = [
        _edit_step(number, step_id, step, len(steps))
        for number, (step_id, step) in enumerate(steps.items())
    ]
    st.session_state[keys.STEPS] = dict(zip(steps, edited, strict=True))
    url.note(keys.PIPELINE, to_text(edited) or "none", FIRST_PIPELINE)
    return edited


def _recall() -> dict[int, Step]:
    """The steps by number: from a link that was just followed, else those of before."""
    asked = url.linked(keys.PIPELINE, FIRST_PIPELINE)
    if asked is None and keys.STEPS in st.session_state:
        return st.session_state[keys.STEPS]
    if asked is None:  # first visit, or back from another page
        asked = url.noted(keys.PIPELINE) or FIRST_PIPELINE
    try:
        steps = from_text("" if asked == "none" else asked)
    except StudioError as error:
        st.warning(f"The pipeline in this link is not valid. {html.message(error)}")
        steps = from_text(FIRST_PIPELINE)
    return {_new_id(): step for step in steps}


def _new_id() -> int:
    """A number no step of this session has had; fields of a step are known by it."""
    numbers = st.session_state.setdefault(keys.STEP_NUMBERS, count(1))
    return next(numbers)


def _offer_more(steps: dict[int, Step]) -> None:
    order = sorted(OPERATIONS.values(), key=lambda op: GROUPS.index(op.group))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Add a step",
            [operation.name for operation in order],
            index=None,
            format_func=lambda name: f"{OPERATIONS[name].group} · {OPERATIONS[name].title}",
            key=keys.NEW_STEP,
            placeholder="Choose an operation",
            on_change=_add,
            disabled=len(steps) >= MOST_STEPS,
        )
        st.button("Clear", icon=":material/delete_sweep:", on_click=_clear, disabled=not steps)


def _add() -> None:
    name = st.session_state[keys.NEW_STEP]
    if name:
        st.session_state[keys.STEPS] = {**st.session_state[keys.STEPS], _new_id(): Step(name)}
    st.session_state[keys.NEW_STEP] = None


def _clear() -> None:
    st.session_state[keys.STEPS] = {}


def _edit_step(number: int, step_id: int, step: Step, total: int) -> Step:
    """One step: its switch, its place, its fields."""
    with st.container(border=True, key=f"step_{step_id}"):
        st.session_state.setdefault(f"{step_id}.on", step.on)
        on = st.toggle(
            f"{number + 1} · {step.spec.title}", key=f"{step_id}.on", help=step.spec.sentence
        )
        values = {}
        if on:
            for param in step.spec.params:
                key = f"{step_id}.{param.name}"
                values[param.name] = _value(param, step.values[param.name], key)
        _place_buttons(number, step_id, total)
    return replace(step, values=values or step.values, on=on)


def _place_buttons(number: int, step_id: int, total: int) -> None:
    with st.container(horizontal=True, gap="small"):
        for name, icon, by in (("Move up", "arrow_upward", -1), ("Move down", "arrow_downward", 1)):
            st.button(
                name,
                icon=f":material/{icon}:",
                key=f"{step_id}.{name}",
                disabled=not 0 <= number + by < total,
                on_click=_move,
                args=(step_id, by),
                type="tertiary",
            )
        st.button(
            "Remove",
            icon=":material/close:",
            key=f"{step_id}.remove",
            on_click=_remove,
            args=(step_id,),
            type="tertiary",
        )


def _value(param: Param, before: Value, key: str) -> Value:
    """What is set; what it was before while the text in the field is not allowed."""
    value = param_field.show(param, key, before, slider=True)
    try:
        return param.parse(value)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return before


def _move(step_id: int, by: int) -> None:
    order = list(st.session_state[keys.STEPS])
    place = order.index(step_id)
    order[place], order[place + by] = order[place + by], order[place]
    steps = st.session_state[keys.STEPS]
    st.session_state[keys.STEPS] = {number: steps[number] for number in order}


def _remove(step_id: int) -> None:
    steps = dict(st.session_state[keys.STEPS])
    steps.pop(step_id, None)
    st.session_state[keys.STEPS] = steps


def names(steps: Sequence[Step]) -> list[str]:
    """What the steps are called, in their order."""
    return [f"{number} · {step.spec.title}" for number, step in enumerate(steps, 1)]
