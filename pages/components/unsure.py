"""The confidence below which an answer counts as not sure: one slider, the same on all pages."""

import streamlit as st

from pages.components import keys

USUAL = 60  # per cent


def pick() -> float:
    """The slider; returns a part of 1. Where it stands is in the address of the page."""
    percent = st.slider(
        "Not sure below",
        0,
        100,
        USUAL,
        5,
        format="%d %%",
        key=keys.UNSURE_BELOW,
        bind="query-params",
        help="An answer with less confidence than this is marked as not sure.",
    )
    return percent / 100
