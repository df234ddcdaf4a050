"""Training curves on a page. A chart takes longer to make than the rest of a page, so each is made
once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import plots


def show(
    key: str, history: Sequence[Mapping[str, float]], axis: str, metric: str = "accuracy", **marks
) -> None:
    """A metric over what the model learned by; `marks` go to `core.plots.training_curve`."""
    st.vega_lite_chart(_spec(history, axis, metric, **marks), width="stretch", key=key)


@st.cache_data(show_spinner=False, max_entries=200)
def _spec(history, axis: str, metric: str, **marks) -> dict[str, Any]:
    return plots.training_curve(history, axis, metric, **marks).to_dict()
