"""What a model has seen in training that looks like this image, and a warning if nothing does."""

import streamlit as st

from core.errors import RunError
from core.explain import Nearest, nearest_of
from core.names import shown
from core.runs import Run
from core.serving import Result
from pages.components.recognise import prediction
from pages.components.shared import html, keys

_SIDE = 110  # pixels of a training image


def look_up(run: Run, result: Result) -> list[Nearest] | None:
    """The nearest training images for each digit or image; None if there are none to show."""
    try:
        return nearest_of(run, result.prepared.batch)
    except RunError as error:
        st.error(html.message(error), icon=":material/error:")
        return None


def warn(found: list[Nearest] | None) -> None:
    """Say so if the model was trained on nothing like this; otherwise nothing."""
    unlike = [number for number, one in enumerate(found or (), 1) if one.is_unlike]
    if not unlike:
        return
    what = "This image" if len(found) == 1 else f"Digit {', '.join(map(str, unlike))}"
    st.warning(
        f"**{what} is unlike the training images.** The model may have no class for it, however "
        "confident it is. Below are the training images that are nearest.",
        icon=":material/help:",
    )


def show(run: Run, result: Result, found: list[Nearest] | None) -> None:
    """The nearest training images, with their classes."""
    st.subheader("Nearest training images", anchor=False)
    if found is None:
        st.caption(_why_none(run))
        return
    number = prediction.pick_digit(keys.NEAREST_OF, [one.label for one in result.predictions])
    one, names = found[number], run.card.class_names
    st.html(
        html.strip(
            [
                (near.image, shown(names[near.label]), f"similarity {near.similarity:.3f}")
                for near in one.neighbours
            ],
            _SIDE,
        )
    )
    st.caption(_how(run, one))


def _why_none(run: Run) -> str:
    if run.card.members:
        return "An ensemble keeps no training images. Choose one of its members to see them."
    if run.card.foreign or run.card.published:
        return "There are none: this model was not trained here."
    return (
        "There are none: this model was trained before the studio kept training images. Train it "
        "again to see them."
    )


def _how(run: Run, one: Nearest) -> str:
    """What was compared, and from when on an image counts as unlike them."""
    total = run.card.metrics.get("train_size", one.kept)
    kept = f"{one.kept:,} of {total:,}" if one.kept < total else f"{one.kept:,}"
    what = "inputs of its last layer" if run.card.family == "network" else "inputs of the model"
    text = (
        f"The nearest of {kept} training images that are kept for this. Similarity is the cosine "
        f"of the angle between the features of two images, the {what}: 1 means the same direction."
    )
    if one.measured is None:
        return text
    return (
        f"{text} {html.percent(1 - one.measured.flagged)} of the validation images have a "
        f"similarity of at least {one.measured.threshold:.3f}; with less, an image counts as "
        "unlike the training images."
    )
