"""Show what models predict: one class in large type, probabilities, and the steps before it."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core.errors import ImageError, NothingFound, StudioError
from core.images import data_url, fit_within
from core.names import shown
from core.runs import Run, names_of
from core.serving import Prediction, Result
from pages.components.recognise import many_classes
from pages.components.shared import choice, html, keys, run_picker
from pages.components.shared.shown import Shown

UPLOADED_PIXELS = 1_000_000  # as many as an image that is looked at needs
_UPLOADED_SIDE = 640  # pixels of its longer side
_TOP = 5  # of very many classes, the most probable ones


def show_prediction(
    result: Result, unsure_below: float, photo: bool = False, sure: str = ""
) -> None:
    """The predicted class in large type, with its confidence.

    Args:
        result: what the model predicts.
        unsure_below: confidence below which that is said.
        photo: whether anything may be in the image, so that perhaps no class fits.
        sure: what can be said all the same where the class is unsure, Markdown.
    """
    confidence = f"{html.percent(result.confidence)} confidence"
    if photo and result.confidence < unsure_below:
        closest = f"{confidence}, below the threshold"
        st.html(html.STYLE + html.prediction(result.label, closest, before="Perhaps "))
        st.caption(
            sure
            or f"The confidence is below {html.percent(unsure_below)}: the image may show none of "
            "the classes that the model knows. The threshold is in the settings."
        )
    elif result.confidence < unsure_below:
        st.html(html.STYLE + html.prediction(f"{result.label}?", f"not sure ({confidence})"))
        st.caption(_second_thoughts(result.predictions))
    else:
        st.html(html.STYLE + html.prediction(result.label, confidence))


def _second_thoughts(predictions: tuple[Prediction, ...]) -> str:
    """What was doubted most, and what else it could be."""
    doubted = min(predictions, key=lambda prediction: prediction.confidence)
    first, second = (
        html.named(doubted.class_names[index])
        for index in doubted.probabilities.argsort()[::-1][:2]
    )
    if len(predictions) > 1:
        return f"One of the digits could be {first} or {second}. Try drawing it more clearly."
    return f"It could be {first} or {second}. A larger or clearer image may help."


def second_guess(prediction: Prediction) -> str:
    """What else it could be, and how likely that is."""
    if len(prediction.class_names) < 2:
        return ""
    index = int(prediction.probabilities.argsort()[-2])
    probability = float(prediction.probabilities[index])
    return f"{shown(prediction.class_names[index])} ({html.percent(probability)})"


def show_probabilities(result: Result) -> None:
    """A bar for each class, for each digit read."""
    if len(result.predictions) == 1:
        few = len(result.predictions[0].class_names) <= many_classes.MANY
        st.html(html.bars(result.predictions[0], None if few else _TOP))
        return
    rows = len(result.rows)
    order = "from left to right" if rows == 1 else f"in {rows} rows, row by row"
    st.caption(f"{len(result.predictions)} digits, read {order}:")
    for tab, digit in zip(
        st.tabs([f"Digit {i}: {html.named(p.label)}" for i, p in enumerate(result.predictions, 1)]),
        result.predictions,
        strict=True,
    ):
        tab.html(html.bars(digit))


def is_one_digit() -> bool:
    """Whether somebody has said that digits were taken apart that are one."""
    return bool(st.session_state.get(keys.ONE_DIGIT))


def show_touching(count: int) -> None:
    """That digits touch each other and were split, and a switch for when they are one digit.

    The switch goes with the image: for one without such digits it is not there, and is off again.
    """
    st.toggle(
        "It is one digit",
        key=keys.ONE_DIGIT,
        help="Turn this on if a single digit was split.",
    )
    split = "would be" if is_one_digit() else "were"
    st.caption(f"{count} of the digits touch each other and {split} split.")


def show_steps(result: Result) -> None:
    """From the image to what the model saw, step by step."""
    prepared = result.prepared
    images = [(step.image, step.name, step.sentence) for step in prepared.steps]
    if len(result.predictions) == 1:
        images += [(step.image, step.name, step.sentence) for step in prepared.item_steps[0]]
    else:
        images += [
            (steps[-1].image, f"Digit {i}: {prediction.label}", html.percent(prediction.confidence))
            for i, (steps, prediction) in enumerate(
                zip(prepared.item_steps, result.predictions, strict=True), 1
            )
        ]
    st.html(html.strip(images))


def show_uploaded(uploaded: Shown) -> None:
    """An uploaded image, beside what is predicted for it; nothing if it cannot be read."""
    if uploaded.image is not None:
        url = data_url(fit_within(uploaded.image, _UPLOADED_SIDE))
        name = escape(shown(uploaded.name))
        st.html(f'{html.STYLE}<img class="uploaded" src="{url}" alt="{name}">')


def show_looked_at(image: np.ndarray, error: ImageError) -> None:
    """The image in which nothing was found, and what became of it on the way."""
    shown = [(image, "Your image", "As you drew or uploaded it.")]
    steps = error.steps if isinstance(error, NothingFound) else ()
    shown += [(step.image, step.name, step.sentence) for step in steps]
    st.html(html.STYLE + html.strip(shown))


def show_comparison(image: np.ndarray, first: Result, chosen: list[Run], fit: str) -> None:
    """What every chosen model predicts, side by side."""
    called = names_of(chosen)
    for column, run in zip(st.columns(max(3, len(chosen)))[: len(chosen)], chosen, strict=True):
        with column.container(border=True):
            st.markdown(f"**{html.plain(run_picker.title(run))}**")
            result = first if run is chosen[0] else read_with(image, run, first, chosen[0], fit)
            if result is not None:
                confidence = f"{html.percent(result.confidence)} confidence"
                bars = ""
                if len(result.predictions) == 1:
                    bars = html.bars(result.predictions[0], most=3)
                st.html(html.prediction(result.label, confidence, small=True) + bars)
            metrics, name = run.card.metrics, html.plain(called[run.id])
            if run.card.accuracy is None:
                st.caption(f"{name}. {html.plain(run.card.why_unmeasured)}")
                continue
            st.caption(
                f"{name} · {html.percent(metrics['accuracy'])} accuracy on "
                f"{metrics['test_size']:,} test images"
            )


def pick_digit(key: str, labels: Sequence[str]) -> int:
    """Which of several digits is looked at, from 0; a single one is not asked about.

    Args:
        key: of the widget.
        labels: what is predicted for each; empty where that is not known.
    """
    if len(labels) == 1:
        return 0
    titles = {
        str(number): f"Digit {number + 1}" + (f": {html.plain(label)}" if label else "")
        for number, label in enumerate(labels)
    }
    return int(choice.segments(key, "Digit", titles, hidden=True))


def read_with(
    image: np.ndarray, run: Run, first: Result, first_run: Run, fit: str
) -> Result | None:
    """What another model predicts; an image is prepared once for all models that see it alike."""
    predictor = run_picker.open_run(run)
    if predictor is None:
        return None
    alike = run_picker.sees_alike(run, first_run)
    try:
        prepared = first.prepared if alike else None
        return predictor.predict(image, prepared, fit, part=not is_one_digit())
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return None
