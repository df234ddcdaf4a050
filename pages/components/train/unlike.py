"""How well a trained model notices images that are unlike those it was trained on."""

import streamlit as st

from core.runs import Run
from pages.components.shared import html

_HOW = (
    "AUROC, the area under the ROC curve: how often a test image is more similar to the training "
    "images than one of these (or has more confidence). 0.5 is chance, 1 is perfect."
)
_LIKE_DIGITS = " Letters like digits are B D G I L O Q S Z: people confuse them with digits too."


def show(run: Run) -> None:
    """A table of other images, and how often similarity and confidence tell them apart."""
    import pandas as pd

    measured = run.card.out_of_distribution
    st.markdown(
        f"Images with a similarity below **{measured.threshold:.3f}** to every stored training "
        f"image are marked as unlike them: {html.percent(measured.flagged)} of the validation "
        "images, and as many of these, for which the model has no class:"
    )
    names = list(measured.auroc)
    rows = {
        "other images": names,
        "marked": [html.percent(measured.noticed[name]) for name in names],
        "AUROC, similarity": [f"{measured.auroc[name]:.3f}" for name in names],
        "AUROC, confidence": [f"{measured.auroc_confidence[name]:.3f}" for name in names],
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(_HOW + (_LIKE_DIGITS if any("like digits" in name for name in names) else ""))
