"""Look inside a network: a switch, what is chosen, and the component that shows it."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core import runs
from core.errors import StudioError
from core.explain import Looking, linear_of, look_inside, why_not_inside
from core.models import MODELS
from core.runs import Run, names_of
from core.serving import Predictor, Result
from core.visitors import STUDIO
from pages.components.recognise import prediction
from pages.components.shared import choice, drawn, html, keys, run_picker
from pages.components.shared.shown import Shown

FOLDER = Path(__file__).parent
_FILES = ("arithmetic.js", "maps.js", "explain.js", "panel.js", "linear.js", "main.js")
_COMPONENT = st.components.v2.component(
    "look_inside",
    css=drawn.style(FOLDER / "inside.css"),
    js=drawn.script(*(FOLDER / name for name in _FILES)),
)


def offer(shown: Shown, first: Result, chosen: Sequence[Run], fit: str) -> None:
    """The switch; nothing is computed before it is on.

    Args:
        shown: the image.
        first: what the first chosen run predicts for it.
        chosen: the chosen runs.
        fit: how photos are fitted.
    """
    st.subheader("Look inside", anchor=False)
    on = st.toggle(
        "Show the layers of the network",
        key=keys.INSIDE,
        bind="query-params",
        help="The feature maps of this image from layer to layer, and how each number is "
        "computed. Beside them the weights of a linear model.",
    )
    if on:
        _show(shown, first, list(chosen), fit)


@st.fragment
def _show(shown: Shown, first: Result, chosen: list[Run], fit: str) -> None:
    networks = [run for run in chosen if not why_not_inside(run)]
    if not networks:
        st.info(
            html.plain(why_not_inside(chosen[0])) + " Choose a network in the settings.",
            icon=":material/info:",
        )
        return
    run = _pick_network(networks)
    predictor = run_picker.open_run(run)
    if predictor is None:
        return
    try:
        image = _pick_image(shown, predictor, first, chosen[0], fit)
        beside = _pick_linear(run)
        looking = Looking(
            predictor,
            image,
            run_picker.title(run),
            _opened(run),
            beside,
            run_picker.title(beside.run) if beside else "",
        )
        data = look_inside(looking)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    _say(run, beside)
    _COMPONENT(key=_key(run), data=data, on_row_change=lambda: None)


def _key(run: Run) -> str:
    return f"{keys.INSIDE_MAPS}_{run.id}"


def _opened(run: Run) -> int | None:
    """The row of a large network that somebody has opened in the browser."""
    row = st.session_state.get(_key(run), {}).get("row")
    return row if type(row) is int else None


def _pick_network(networks: list[Run]) -> Run:
    """Which of the chosen networks is looked into."""
    if len(networks) == 1:
        return networks[0]
    called = names_of(networks)
    titles = {run.id: called[run.id] for run in networks}
    name = choice.segments(keys.INSIDE_RUN, "Network", titles)
    return next(run for run in networks if run.id == name)


def _pick_image(shown: Shown, predictor: Predictor, first: Result, first_run: Run, fit: str):
    """The image as this network is given it, of several digits the one that is chosen."""
    alike = run_picker.sees_alike(predictor.run, first_run)
    prepared = first.prepared if alike else predictor.prepare(shown.image, fit)
    batch = prepared.batch
    labels = [one.label for one in first.predictions]
    labels = labels if len(labels) == len(batch) else [""] * len(batch)
    return batch[prediction.pick_digit(keys.INSIDE_DIGIT, labels)]


def _pick_linear(run: Run) -> Predictor | None:
    """A linear model of the pixels with the same classes, if there is one; bundled ones first."""
    alike = [
        other
        for other in runs.list_runs()
        if (spec := MODELS.get(other.card.model)) is not None
        and spec.linear
        and run_picker.sees_alike(run, other)
        and other.card.class_names == run.card.class_names
    ]
    alike.sort(key=lambda other: other.card.owner != STUDIO)
    predictors = {}
    for other in alike:
        predictor = run_picker.open_run(other)
        if predictor is not None and linear_of(predictor) is not None:
            predictors[other.id] = predictor
    if not predictors:
        return None
    if len(predictors) == 1:
        return next(iter(predictors.values()))
    called = names_of([predictor.run for predictor in predictors.values()])
    titles = {run_id: html.plain(called[run_id]) for run_id in predictors}
    return predictors[choice.select(keys.TEMPLATES, "Linear model beside it", titles)]


def _say(run: Run, beside: Predictor | None) -> None:
    st.caption(
        "Each row is computed from the rows before it, as in the file that serves: scaling pixels "
        "and batch normalisation may be part of the weights. Choose a map to see how its numbers "
        "are computed."
    )
    if beside is None:
        st.caption(
            "No linear model is shown beside it: none with the same classes looks at the same "
            "pixels. Train a logistic regression on the pixels of "
            f"{html.plain(run.card.dataset)} to compare."
        )
