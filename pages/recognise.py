"""Recognise: draw an image, upload it or take a photo, and see what models predict.

From `components/recognise/`: `image_source` (canvas, files, camera), `prediction` (predicted class,
probabilities, what the model saw, what each model predicts), `seen` (nearest training images, and a
warning if none is near), `many` (a table of many images), `many_classes` (a search and groups),
`inside` (the layers of a network), `sample_photos` (photos to click), `why` (what in the image
speaks for a class). From `components/shared/`: `run_picker` (digits or photos, models), `unsure`
(confidence threshold).
"""

import time

import streamlit as st

from core import samples
from core.errors import ForeignError, ImageError
from core.runs import Run
from core.serving import Result
from pages.components.recognise import (
    image_source,
    inside,
    many,
    many_classes,
    prediction,
    sample_photos,
    seen,
    why,
)
from pages.components.shared import (
    camera,
    choice,
    folded,
    html,
    keys,
    leaving,
    run_picker,
    unsure,
    welcome,
)
from pages.components.shared.contents import PAGES
from pages.components.shared.shown import File, Shown

# Seconds this thread rests once the prediction is on its way, so that it is sent and drawn before
# the explanations keep the processor busy: measured, it arrives about 15 ms earlier.
PREDICTION_FIRST = 0.015
MOST_CLASSES = 20
SOURCES = {"draw": "Draw", "upload": "Upload", "camera": "Camera"}


def page() -> None:
    """Heading and settings; everything that changes while drawing is in a fragment."""
    welcome.show("recognise", beginning=False)  # the hint is in the fragment
    recognise()


@st.fragment
def recognise() -> None:
    """Image and prediction side by side (on a phone one below the other), explanations below."""
    hint = st.container()
    top = st.container(horizontal=True, gap="small", key="what")
    body, tools, details = st.container(), st.container(), st.container()
    chosen, unsure_below = settings()
    digits = not chosen or run_picker.reads_digits(chosen[0])
    with top:
        run_picker.pick_things()
        source = pick_source(digits)
    with hint:
        welcome.hint("recognise", what_to_do_first(source, chosen))
    left, middle, right = _columns(body, source)
    with left:
        image_beside = st.container()
        shown = take_images(source, digits)
        fit = ""  # as the model has it
        if shown and chosen and run_picker.reads_photos(chosen[0]):
            if source == "upload" and len(shown) == 1:
                with image_beside:
                    prediction.show_uploaded(shown[0].read(prediction.UPLOADED_PIXELS))
            fit = pick_fit(chosen[0].card.fit)
    with right:
        if not chosen:
            st.info("Choose at least one model in the settings.", icon=":material/info:")
        elif len(shown) > 1:
            many.show(shown, chosen[0], unsure_below, fit, details)
        elif shown:
            image = shown[0].read()
            first = show_one(image, chosen[0], unsure_below, fit)
            if first is not None:
                explain(image, first, chosen, fit, details)
        else:
            st.subheader("No image yet", anchor=False)
            st.markdown(EMPTY[source] if digits else EMPTY_IMAGE[source])
            st.caption(INTRODUCTION["digits" if digits else "images"])
            show_classes(chosen[0])
    if source == "upload" and chosen and run_picker.reads_photos(chosen[0]):
        with tools if shown else left:
            sample_photos.offer(chosen[0].card.class_names)
    if source == "draw":  # after the prediction, which is what one waits for
        with left:
            image_source.stroke_buttons()
        with middle:
            image_source.drawing_tools()
        image_source.offer_again()


def _columns(body, source: str) -> tuple:
    """Where the image is shown, its tools, and the prediction; on a phone the tools come last."""
    if source != "draw":
        left, right = body.columns([4, 6], gap="large")
        return left, left, right
    left, middle, right = body.columns([340, 215, 500], gap="medium")
    middle.html('<i class="tools"></i>')
    return left, middle, right


def show_classes(run: Run) -> None:
    """What the model can tell apart."""
    names = run.card.class_names
    entries = many_classes.classes_of(run)
    if entries is not None:
        groups = many_classes.known_groups(entries)
        st.caption(f"This model knows {len(names):,} classes: {groups}.")
        return
    more = f" and {len(names) - MOST_CLASSES} more" if len(names) > MOST_CLASSES else ""
    listed = ", ".join(map(html.named, names[:MOST_CLASSES]))
    st.caption(f"This model knows only these classes: {listed}{more}.")


INTRODUCTION = {
    "digits": "Draw a digit and see at once what a neural network predicts, what it saw, and what "
    "simpler models predict.",
    "images": "Show an image and see what the model predicts, how confident it is, and what it "
    "saw.",
}
EMPTY = {
    "draw": "**Draw a digit from 0 to 9** in the white square, with the mouse or a finger, or "
    "click one of the samples. You can also write several digits side by side, such as "
    "2026.",
    "upload": "**Choose one image** to see the prediction, or **several** to get a table and a "
    "CSV file. Photos of handwriting on paper work too.",
    "camera": "**Allow the camera**, hold a handwritten digit in front of it and take a photo. "
    "No camera? Draw or upload instead.",
}


EMPTY_IMAGE = {
    "upload": "**Choose one image** to see the prediction, or **several** to get a table and a "
    "CSV file.",
    "camera": "**Allow the camera** and take a photo. No camera? Upload one instead.",
}


HELP_DIGITS = "One digit or several side by side: drawn, scanned, or in a photo."
HELP_IMAGE = "One or more images of what the model knows."
FIRST = {
    "draw": PAGES["recognise"].first,
    "upload": "Choose an image of handwritten digits. The model predicts which digits they are.",
    "camera": "Hold handwritten digits in front of the camera and take a photo.",
}
FIRST_IMAGE = {
    "upload": "Choose an image. The model predicts what it shows and how confident it is.",
    "samples": "Choose a photo, or click one of those below. The model predicts what it shows and "
    "how confident it is.",
    "camera": "Take a photo of one thing. The model predicts what it shows and how confident it "
    "is.",
}


def what_to_do_first(source: str, chosen: list[Run]) -> str:
    """The hint for newcomers, which follows what is recognised and where images come from."""
    if not chosen or run_picker.reads_digits(chosen[0]):
        return FIRST[source]
    photos = run_picker.reads_photos(chosen[0])
    if source == "upload" and photos and samples.known_to(chosen[0].card.class_names):
        return FIRST_IMAGE["samples"]
    return FIRST_IMAGE[source]


def settings() -> tuple[list[Run], float]:
    """Which models predict, and from which confidence on they count as sure."""
    place = folded.fold(
        "Settings: models and confidence", keys.SETTINGS, unsure.USUALLY, icon=":material/tune:"
    )
    chosen = run_picker.pick_runs(place)
    photo = bool(chosen) and run_picker.reads_photos(chosen[0])
    classes = len(chosen[0].card.class_names) if chosen else 0
    if place is None:
        return chosen, unsure.usual(photo, classes)
    with place:
        return chosen, unsure.pick_for_photos(classes) if photo else unsure.pick()


def pick_source(digits: bool) -> str:
    """Canvas, files or camera; only digits can be drawn."""
    titles = {name: title for name, title in SOURCES.items() if digits or name != "draw"}
    return choice.segments(keys.SOURCE, "Image source", titles, hidden=True)


FITS = {"crop": "Crop to the centre", "whole": "Pad", "stretch": "Stretch"}


def pick_fit(usual: str) -> str:
    """How a photo is brought to the square the model sees."""
    return choice.segments(
        keys.FIT,
        "Fit to a square",
        FITS,
        usual,
        help="The model sees a small square. Cropping keeps the centre of your image; padding "
        "keeps all of it and adds grey borders; stretching changes its proportions. “What the "
        "model saw” below shows the result.",
    )


def take_images(source: str, digits: bool = True) -> list[File]:
    """What was drawn, uploaded or taken with the camera."""
    if source != "draw":
        leaving.forget_canvas()
    if source != "upload":
        leaving.forget_uploader()
    if source != "camera":
        camera.forget_widget(keys.CAMERA)
    if source == "upload":
        return image_source.upload(HELP_DIGITS if digits else HELP_IMAGE)
    shown = image_source.photo() if source == "camera" else image_source.draw()
    return [shown] if shown else []


def show_one(shown: Shown, run: Run, unsure_below: float, fit: str) -> Result | None:
    """The prediction in large type, first of all, since that is what one waits for."""
    if shown.error:
        st.error(html.plain(f"{shown.name}: {shown.error}"), icon=":material/broken_image:")
        return None
    predictor = run_picker.open_run(run)
    if predictor is None:
        return None
    try:
        first = predictor.predict(shown.image, fit=fit)
        touching = len(first.prepared.parted)
        if touching and prediction.is_one_digit():
            first = predictor.predict(shown.image, first.prepared, part=False)
    except ForeignError as error:
        st.error(html.message(error), icon=":material/error:")
        return None
    except ImageError as error:
        st.info(html.message(error), icon=":material/info:")
        prediction.show_looked_at(shown.image, error)
        return None
    photo = run_picker.reads_photos(run)
    sure = ""
    if photo and first.confidence < unsure_below:
        sure = many_classes.what_is_sure(run, first, unsure_below)
    prediction.show_prediction(first, unsure_below, photo, sure)
    prediction.show_probabilities(first)
    many_classes.show(run, first)
    if touching:
        prediction.show_touching(touching)
    show_classes(run)
    st.caption(f"Predicted by {html.plain(run_picker.title(run))} ({html.plain(run.title)}).")
    return first


def explain(shown: Shown, first: Result, chosen: list[Run], fit: str, details) -> None:
    """How the prediction came about, what other models predict, and what the model has seen.

    Args:
        shown: the image.
        first: what the first of the chosen models predicts.
        chosen: the models.
        fit: how a photo is fitted; empty for as the model has it.
        details: where it is shown, but for a warning beside the prediction.
    """
    warning = st.container()
    time.sleep(PREDICTION_FIRST)
    found = seen.look_up(chosen[0], first)
    with warning:
        seen.warn(found)
    with details:
        why.offer(shown.image, first, chosen, fit)
        st.subheader("What the model saw", anchor=False)
        prediction.show_steps(first)
        st.subheader("What each model predicts", anchor=False)
        prediction.show_comparison(shown.image, first, chosen, fit)
        seen.show(chosen[0], first, found)
        inside.offer(shown, first, chosen, fit)


page()
