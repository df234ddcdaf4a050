"""The widget that suits a parameter: the forms of models, operations and policies are made of it.

A widget is bound to the URL, or it begins with a value that the caller knows.
"""

from typing import Any

import streamlit as st

from core.param import Param, Value
from pages.components.shared import url

_WIDEST_SLIDER = 2000  # a field suits a wider range better
_SLIDER_STEPS = (1.0, 0.5, 0.1, 0.05)
_FINEST = 0.01
_PLACES = 50


def show(param: Param, key: str, value: Value | None = None, slider: bool = False) -> Value:
    """Draw the widget and return what it holds.

    Args:
        param: title, help, limits and default.
        key: of the widget.
        value: what the widget begins with, for one whose caller writes the URL. It then keeps its
            own: a default that follows would undo what is moved quickly. None: the widget begins
            with the parameter's default, and `key` is also its query parameter.
        slider: whether a number is moved rather than typed, unless its range is too wide for that.

    Returns:
        A value of the parameter's type. Only a text without choices can be one that the parameter
        does not allow: see `Param.parse`.
    """
    bound = value is None
    common: dict[str, Any] = {"key": key, "help": param.help}
    if bound:
        common |= url.bound(key)
    else:
        st.session_state.setdefault(key, value)
    if isinstance(param.default, bool):
        return st.checkbox(param.title, bound and param.default, **common)
    if param.choices:
        first = param.choices.index(param.default) if bound else 0
        return st.selectbox(param.title, param.choices, first, **common)
    if isinstance(param.default, str):
        return st.text_input(param.title, param.default if bound else "", **common)
    kind = type(param.default)
    low, high = kind(param.low), kind(param.high)
    if slider and high - low <= _WIDEST_SLIDER:
        start = param.default if bound else None
        return st.slider(param.title, low, high, start, _slider_step(param), **common)
    start = param.default if bound else "min"
    step, form = (1, "%d") if kind is int else (_button_step(param.default), "%g")
    return st.number_input(param.title, low, high, start, step, form, **common)


def _button_step(default: float) -> float:
    """A sensible step for the buttons of a field: 0.002 → 0.001, 0.3 → 0.1."""
    if default == 0:
        return 0.1
    return 10.0 ** int(f"{default:e}".rpartition("e")[2]) if 0 < default < 1 else 1.0


def _slider_step(param: Param) -> int | float:
    """The coarsest step that leaves fifty places or more and meets the default."""
    if isinstance(param.default, int):
        return 1
    for step in _SLIDER_STEPS:
        places, place = (param.high - param.low) / step, (param.default - param.low) / step
        if places >= _PLACES and all(abs(p - round(p)) < 1e-6 for p in (places, place)):
            return step
    return _FINEST
