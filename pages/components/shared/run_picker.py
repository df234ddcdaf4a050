"""Choose which trained models predict."""

from collections.abc import Iterable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import runs
from core.errors import StudioError
from core.foreign import TITLES
from core.models import MODELS
from core.preprocessing import reads
from core.runs import FOREIGN, Run
from core.serving import Predictor, load_predictor
from pages.components.shared import broken, html, keys, url

_BESIDE = 4  # runs that a link to the comparison names
FIRST_CHOICE = ("mnist-cnn", "mnist-random-forest", "mnist-logistic-regression")
# How far a network is ahead, and how far classical models go.
FIRST_COMPARED = (FIRST_CHOICE[0], "mnist-svm", *FIRST_CHOICE[1:])
# Bundled runs for photos, one click apart; the first one is chosen at first.
FOR_PHOTOS = {
    "imagenet-efficientnet-lite0": "Anything",
    "cifar10-efficientnet-lite0": "Ten classes",
}
FIRST_FOR_PHOTOS = next(iter(FOR_PHOTOS))


def title(run: Run) -> str:
    """What kind of model it is."""
    if run.card.members:
        return f"Ensemble of {len(run.card.members)}"
    spec = MODELS.get(run.card.model)
    title = spec.title if spec else run.card.model
    if run.card.family == FOREIGN:
        return f"Imported model ({TITLES[run.card.foreign.format]})"
    return f"{title}, imported" if run.card.foreign else title


def full_names(listed: Iterable[Run]) -> dict[str, str]:
    """What kind of model each run is and what somebody called it, by its id, as plain text."""
    listed = list(listed)
    called = runs.names_of(listed)
    return {run.id: f"{title(run)} · {called[run.id]}" for run in listed}


def usual(known: Iterable[str], first: Iterable[str] = FIRST_CHOICE) -> list[str]:
    """Which of these runs are chosen at first: bundled ones, else the first few."""
    known = list(known)
    return [name for name in first if name in known] or known[:3]


def pick_runs(place: DeltaGenerator | None) -> list[Run]:
    """The runs that predict; the first one chosen gives the main prediction.

    Args:
        place: where they can be chosen; None while they cannot.
    """
    known = {run.id: run for run in runs.list_runs()}
    usual_ones = usual(known)
    chosen = url.several(keys.RUNS, list(known), usual_ones)
    st.session_state[keys.RUNS] = chosen
    if place:
        with place:
            chosen = _choose(known)
            broken.say_runs()
    url.note_several(keys.RUNS, chosen, usual_ones)
    return [known[run_id] for run_id in chosen]


def _choose(known: Mapping[str, Run]) -> list[str]:
    return st.multiselect(
        "Models",
        list(known),
        format_func=full_names(known.values()).get,
        key=keys.RUNS,
        placeholder="Choose at least one model",
        help="The first model gives the main prediction; the others are compared with it below.",
    )


def pick_things() -> None:
    """Digits or photos: which of them the models that are chosen read. Not shown where there
    are models for one of them alone."""
    listed = runs.list_runs()
    photos = [run.id for run in listed if reads_photos(run)]
    if not photos or len(photos) == len(listed):
        return
    chosen = _chosen_first(listed)
    st.session_state[keys.THINGS] = "digits" if chosen and reads_digits(chosen) else "photos"
    st.segmented_control(
        "What to recognise",
        ["digits", "photos"],
        required=True,
        format_func={
            "digits": ":material/draw: Handwritten digits",
            "photos": ":material/image: Photos",
        }.get,
        key=keys.THINGS,
        label_visibility="collapsed",
        on_change=_turn_to_things,
        args=(photos,),
    )
    if st.session_state[keys.THINGS] == "photos" and chosen:
        _pick_photos(chosen, photos)


def _pick_photos(chosen: Run, photos: list[str]) -> None:
    """Which of the bundled models for photos predicts; none of them is marked if another does."""
    titles = {name: title for name, title in FOR_PHOTOS.items() if name in photos}
    if len(titles) < 2:
        return
    st.session_state[keys.PHOTO_RUN] = chosen.id if chosen.id in titles else None
    st.segmented_control(
        "What photos may show",
        list(titles),
        format_func=titles.get,
        key=keys.PHOTO_RUN,
        label_visibility="collapsed",
        on_change=_turn_to_run,
    )


def _turn_to_run() -> None:
    """Choose the run that was clicked, and no other."""
    if chosen := st.session_state[keys.PHOTO_RUN]:
        st.session_state[keys.RUNS] = [chosen]


def _chosen_first(listed: list[Run]) -> Run | None:
    """The run that gives the main prediction, before the choice of runs is drawn."""
    known = {run.id: run for run in listed}
    names = url.several(keys.RUNS, list(known), usual(known))
    return known[names[0]] if names else None


def _turn_to_things(photos: list[str]) -> None:
    """Choose models that read what was chosen."""
    if st.session_state[keys.THINGS] == "digits":
        wanted = usual(run.id for run in runs.list_runs() if run.id not in photos)
    elif FIRST_FOR_PHOTOS in photos:
        wanted = [FIRST_FOR_PHOTOS]
    else:
        wanted = photos[:1]
    st.session_state[keys.RUNS] = wanted


def compare_with(run: Run) -> list[str]:
    """Names of runs to set it against: itself, and bundled ones on the same test images."""
    alike = [other.id for other in runs.list_runs() if other.card.test_set == run.card.test_set]
    bundled = [name for name in FIRST_CHOICE if name in alike]
    return list(dict.fromkeys([run.id, *bundled, *alike]))[:_BESIDE]


def sees_alike(first: Run, second: Run) -> bool:
    """Whether two runs are shown the same image in the same way."""
    return (first.card.preprocessing, tuple(first.card.input_shape)) == (
        second.card.preprocessing,
        tuple(second.card.input_shape),
    )


def reads_digits(run: Run) -> bool:
    """Whether it reads drawn digits, rather than photos or clothes."""
    return reads(run.card.preprocessing) == "digits"


def reads_photos(run: Run) -> bool:
    """Whether it is shown any image as it is, fitted to its size."""
    return reads(run.card.preprocessing) == "photos"


def open_run(run: Run) -> Predictor | None:
    """Its predictor; if it cannot be opened, says why and returns None."""
    try:
        return load_predictor(run)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return None
