"""The confidence below which a prediction counts as not sure: one slider on all pages."""

import streamlit as st

from pages.components.shared import keys

USUAL = 60  # per cent
USUAL_FOR_PHOTOS = (
    80  # of the bundled model: nine of ten predictions lie above, 96 % of them correct
)
USUAL_OF_MANY = 50  # of very many classes: eight of ten photos lie above, 95 % of them correct
_MANY = 100  # classes


USUALLY = {
    keys.UNSURE_BELOW: USUAL,
    keys.NOTHING_FITS_BELOW: USUAL_FOR_PHOTOS,
    keys.NOT_ONE_CLASS_BELOW: USUAL_OF_MANY,
}


def usual(photo: bool, classes: int) -> float:
    """What counts while there is no slider, a fraction."""
    if photo and classes >= _MANY:
        return USUAL_OF_MANY / 100
    return (USUAL_FOR_PHOTOS if photo else USUAL) / 100


def pick() -> float:
    """The slider; returns a fraction. Where it stands is in the URL."""
    return _slider(
        "Confidence threshold",
        USUAL,
        keys.UNSURE_BELOW,
        "Predictions with less confidence than this are marked as not sure.",
    )


def pick_for_photos(classes: int) -> float:
    """The same for photos, which may show anything.

    Args:
        classes: how many the model knows. Very many share the probability, since some are alike.
    """
    if classes >= _MANY:
        return _slider(
            "Confidence threshold",
            USUAL_OF_MANY,
            keys.NOT_ONE_CLASS_BELOW,
            "With less confidence than this, the model only says “perhaps”. Of very many classes "
            "several may be alike; the groups below then say what is clear.",
        )
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
