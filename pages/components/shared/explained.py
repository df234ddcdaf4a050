"""Maps of what speaks for a class: computed once for all reruns, drawn over their images."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core import explain
from core.explain import Explanation
from core.serving import Predictor

_MOST = 200  # explanations that are remembered, at most 40 MB of large photos


def explanation(
    predictor: Predictor, image: np.ndarray, index: int | None, method: str = ""
) -> Explanation:
    """What `core.explain.explain` gives, remembered for everybody.

    Raises:
        StudioError: as there.
    """
    run = predictor.run
    return _explanation(str(run.folder), run.card.to_json(), image, index, method, predictor)


@st.cache_data(show_spinner="Asking the model why …", max_entries=_MOST)
def _explanation(
    folder: str, card: str, image: np.ndarray, index: int | None, method: str, _predictor: Predictor
) -> Explanation:
    return explain.explain(_predictor, image, index, method)


@st.cache_data(show_spinner=False, max_entries=2 * _MOST)
def _map(folder: str, card: str, image: np.ndarray, index: int, _predictor: Predictor):
    return explain.usual(_predictor).explain(_predictor, image, index)


def drawn(predictor: Predictor, image: np.ndarray, index: int, opacity: float) -> np.ndarray:
    """An image with what speaks for a class by the run's usual method, for galleries: unchecked.

    Raises:
        StudioError: as for `explanation`.
    """
    run = predictor.run
    seen = _map(str(run.folder), run.card.to_json(), image, index, predictor)
    return explain.overlay(image, seen, opacity, explain.usual(predictor).signed)


def legend(against: bool) -> str:
    """What the colours mean, as HTML."""
    entries: Sequence[tuple[tuple[int, int, int], str]] = [(explain.FOR, "speaks for the class")]
    if against:
        entries = [*entries, (explain.AGAINST, "speaks against it")]
    parts = [
        f'<span style="white-space:nowrap"><i aria-hidden="true" style="display:inline-block;'
        f"width:.9em;height:.9em;border-radius:.2em;vertical-align:-.1em;background:rgb{colour}"
        f'"></i> {escape(text)}</span>'
        for colour, text in entries
    ]
    return f'<div style="font-size:.9rem">{" &ensp; ".join(parts)}</div>'
