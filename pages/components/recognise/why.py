"""Why? What in the image speaks for a class, according to each of the chosen models."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.errors import StudioError
from core.explain import METHODS, Explanation, class_named, methods_for, overlay
from core.runs import Run
from core.serving import Predictor, Result
from pages.components.recognise import prediction
from pages.components.shared import choice, explained, folded, html, keys, run_picker

_PREDICTED, _USUAL = "+predicted", "+usual"  # what no class and no method can be called
_OPACITY = 70  # per cent
_SIDE = 280  # pixels of a map


@dataclass(frozen=True)
class _Asked:
    """One model with the image it is asked about.

    Attributes:
        predictor: the model.
        image: as it takes it, uint8, `(H, W, C)`.
    """

    predictor: Predictor
    image: np.ndarray


@dataclass(frozen=True)
class _Wanted:
    """What is asked.

    Attributes:
        class_name: which class; empty for the one that each model predicts.
        method: its name; empty for the usual one of each model.
        opacity: of the colours, 0 to 1.
        against: whether what speaks against the class is drawn by every method.
    """

    class_name: str
    method: str
    opacity: float
    against: bool


def offer(image: np.ndarray, first: Result, chosen: list[Run], fit: str) -> None:
    """A section that is opened on request; until then nothing is computed.

    Args:
        image: as it was shown.
        first: what the first of the chosen models predicts.
        chosen: models to ask.
        fit: of a photo.
    """
    usual = {keys.WHY_CLASS: _PREDICTED, keys.WHY_METHOD: _USUAL, keys.WHY_OPACITY: _OPACITY}
    place = folded.fold("Why?", keys.WHY, usual, icon=":material/help:")
    if place is None:
        return
    with place:
        asked = _asked(image, first, chosen, fit)
        if not asked:
            return
        wanted = _pick(asked, first)
        columns = st.columns(max(2, len(asked)))[: len(asked)] if len(asked) > 1 else [place]
        for column, one in zip(columns, asked, strict=True):
            with column:
                _show(one, wanted)


def _asked(image: np.ndarray, first: Result, chosen: list[Run], fit: str) -> list[_Asked]:
    """The models that can be asked, each with its own prepared image of one digit."""
    labels = [one.label for one in first.predictions]
    number, found = prediction.pick_digit(keys.WHY_DIGIT, labels), []
    for run in chosen:
        result = first
        if run is not chosen[0]:
            result = prediction.read_with(image, run, first, chosen[0], fit)
        predictor = result and run_picker.open_run(run)
        if predictor is None:
            continue
        if number >= len(result.prepared.batch):
            title = html.plain(run_picker.title(run))
            st.caption(f"{title} finds no digit number {number + 1}.")
            continue
        found.append(_Asked(predictor, result.prepared.batch[number]))
    return found


def _pick(asked: list[_Asked], first: Result) -> _Wanted:
    """The widgets, and what they say."""
    names = first.predictions[0].class_names
    classes = {_PREDICTED: "the predicted class", **{name: html.named(name) for name in names}}
    fitting = {method.name for one in asked for method in methods_for(one.predictor)}
    methods = {name: method.title for name, method in METHODS.items() if name in fitting}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choice.select(
            keys.WHY_CLASS,
            "Why, or why not?",
            classes,
            help="Ask about any class: also about one that was not predicted.",
            width=200,
        )
        method = choice.select(
            keys.WHY_METHOD,
            "Method",
            {_USUAL: "chosen for each model", **methods},
            help="  \n".join(
                f"**{METHODS[name].title}**: {METHODS[name].help}" for name in methods
            ),
            width=220,
        )
        opacity = st.slider(
            "Opacity",
            0,
            100,
            _OPACITY,
            5,
            format="%d %%",
            key=keys.WHY_OPACITY,
            bind="query-params",
            width=180,
        )
        against = st.toggle(
            "What speaks against it",
            key=keys.WHY_AGAINST,
            help="CAM and its relatives usually show only what speaks for a class. The other "
            "methods show both.",
        )
    return _Wanted(
        "" if name == _PREDICTED else name,
        "" if method == _USUAL else method,
        opacity / 100,
        against,
    )


def _show(one: _Asked, wanted: _Wanted) -> None:
    """The map of one model, what it shows, and whether it passes the deletion check."""
    run, note = one.predictor.run, ""
    st.markdown(f"**{html.plain(run_picker.title(run))}**")
    try:
        index, method = class_named(one.predictor, wanted.class_name), wanted.method
        if method and (reason := METHODS[method].why_not(one.predictor)):
            method, note = "", f"{METHODS[method].title} does not fit: {reason}"
        found = explained.explanation(one.predictor, one.image, index, method)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    against = wanted.against or found.how.signed
    drawn = overlay(one.image, found.map, wanted.opacity, against)
    title = f"{found.how.title}: “{found.class_name}”, {html.percent(found.probability)}"
    st.html(html.STYLE + html.strip([(drawn, title, "")], _SIDE) + explained.legend(against))
    _say(found)
    st.caption(html.plain(f"{note} {found.how.help}".strip()))


def _say(found: Explanation) -> None:
    """The deletion check."""
    sentences = html.plain(found.deletion.sentences(found.class_name))
    if found.deletion.verdict == "failed":
        st.warning(sentences, icon=":material/warning:")
    else:
        st.markdown(sentences)
