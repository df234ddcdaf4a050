"""The image lab: what OpenCV does to a picture, and to a model's opinion of it."""

import streamlit as st

from pages.components import choice, keys, welcome
from pages.components.lab import breaking, pipeline, source, variants

VIEWS = {
    "pipeline": "Step by step",
    "random": "Random changes",
    "robustness": "Where models break",
}


def page() -> None:
    """A picture, and three ways to play with it."""
    welcome.show("image_lab")
    view = pick_view()
    if view == "robustness":
        breaking.show()
        return
    picture = source.pick()
    if picture is None:
        st.markdown("Choose or take a picture above to begin.")
    elif view == "random":
        variants.show(picture)
    else:
        pipeline.show(picture)


def pick_view() -> str:
    """Which part of the lab is shown; it stands in the address."""
    return choice.segments(keys.LAB_VIEW, "What to do", VIEWS, hidden=True)


page()
