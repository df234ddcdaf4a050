"""The confidence below which a prediction counts as not sure: one slider on all pages."""

import streamlit as st

from pages.components.shared import keys

USUAL = 60  # per cent
USUAL_FOR_PHOTOS = (
    80  # of the bundled model: nine of ten predictions lie above, 96 % of them correct
)


USUALLY = {keys.UNSURE_BELOW: USUAL, keys.NOTHING_FITS_BELOW: USUAL_FOR_PHOTOS}


def usual(photo: bool) -> float:
    """What counts while there is no slider, a fraction."""
    return (USUAL_FOR_PHOTOS if photo else USUAL) / 100


def pick() -> float:
    """The slider; returns a fraction. Where it stands is in the URL."""
    return _slider(
        "Confidence threshold",
        USUAL,
        keys.UNSURE_BELOW,
        "Predictions with less confidence than this are marked as not sure.",
    )


def pick_for_photos() -> float:
    """The same for photos, which may show anything."""
    return _slider(
        "Confidence threshold",
        USUAL_FOR_PHOTOS,
        keys.NOTHING_FITS_BELOW,
        "With less confidence than this, the model only says “perhaps”. This catches many "
        "images of things it has never learned, but not all. The confidence of pretrained "
        "networks is calibrated on validation images.",
    )


def _slider(label: str, usual: int, key: str, text: str) -> float:
    percent = st.slider(
        label, 0, 100, usual, 5, format="%d %%", key=key, bind="query-params", help=text
    )
    return percent / 100
