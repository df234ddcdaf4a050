"""The confidence below which an answer counts as not sure: one slider, the same on all pages."""

import streamlit as st

from pages.components import keys

USUAL = 60  # per cent
USUAL_FOR_PHOTOS = 80  # the bundled model keeps nine of ten answers, 96 % of them right


USUALLY = {keys.UNSURE_BELOW: USUAL, keys.NOTHING_FITS_BELOW: USUAL_FOR_PHOTOS}


def usual(photo: bool) -> float:
    """What counts while there is no slider, a fraction."""
    return (USUAL_FOR_PHOTOS if photo else USUAL) / 100


def pick() -> float:
    """The slider; returns a part of 1. Where it stands is in the address of the page."""
    return _slider(
        "Not sure below",
        USUAL,
        keys.UNSURE_BELOW,
        "An answer with less confidence than this is marked as not sure.",
    )


def pick_for_photos() -> float:
    """The same for photos, which may show anything."""
    return _slider(
        "Not certain below",
        USUAL_FOR_PHOTOS,
        keys.NOTHING_FITS_BELOW,
        "With less confidence than this in every class, the model only says “perhaps”. It "
        "catches many images of things it has never learned, not all. Confidence of pretrained "
        "networks was matched to how often they are right on validation images.",
    )


def _slider(label: str, usual: int, key: str, text: str) -> float:
    percent = st.slider(
        label, 0, 100, usual, 5, format="%d %%", key=key, bind="query-params", help=text
    )
    return percent / 100
