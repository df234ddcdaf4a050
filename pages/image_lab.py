"""The image lab: what OpenCV does to an image, and to a model's prediction.

From `components/lab/`: `source` (the image), `pipeline` with `editor` and `view` (Pipeline),
`variants` (Augmentation), `robustness` (Robustness).
"""

import streamlit as st

from pages.components.lab import pipeline, robustness, source, variants
from pages.components.shared import choice, keys, welcome

VIEWS = {
    "pipeline": "Pipeline",
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
    """Which view of the lab is shown; it stands in the URL."""
    return choice.segments(keys.LAB_VIEW, "View", VIEWS, hidden=True)


page()
