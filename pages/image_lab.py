"""The image lab: what OpenCV does to an image, and to a model's opinion of it."""

import streamlit as st

from pages.components import choice, keys, welcome
from pages.components.lab import pipeline, robustness, source, variants

VIEWS = {
    "pipeline": "Step by step",
    "augmentation": "Augmentation",
    "robustness": "Robustness",
}


def page() -> None:
    """An image, and three ways to play with it."""
    welcome.show("image_lab")
    view = pick_view()
    if view == "robustness":
        robustness.show()
        return
    image = source.pick()
    if image is None:
        st.markdown("Choose or take an image above to begin.")
    elif view == "augmentation":
        variants.show(image)
    else:
        pipeline.show(image)


def pick_view() -> str:
    """Which part of the lab is shown; it stands in the address."""
    return choice.segments(keys.LAB_VIEW, "What to do", VIEWS, hidden=True)


page()
