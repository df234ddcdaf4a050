"""Choose which finished trainings answer."""

from collections.abc import Iterable

import streamlit as st

from core import runs
from core.errors import StudioError
from core.models import MODELS
from core.runs import Run
from core.serving import Predictor, load_predictor
from pages.components import address, keys

_BESIDE = 4  # runs that a link to the comparison names
FIRST_CHOICE = ("mnist-cnn", "mnist-random-forest", "mnist-logistic-regression")


def title(run: Run) -> str:
    """What a run is called on a page."""
    if run.card.members:
        return f"Ensemble of {len(run.card.members)}"
    spec = MODELS.get(run.card.model)
    return spec.title if spec else run.card.model


def usual(known: Iterable[str]) -> list[str]:
    """Which of these runs are chosen at first: shipped ones, else the first few."""
    known = list(known)
    return [name for name in FIRST_CHOICE if name in known] or known[:3]


def pick_runs() -> list[Run]:
    """A multi-select of all runs; the first one chosen gives the main answer."""
    known = {run.id: run for run in runs.list_runs()}
    usual_ones = usual(known)
    address.recall_several(keys.RUNS, list(known), usual_ones)
    chosen = st.multiselect(
        "Models that answer",
        list(known),
        format_func=lambda run_id: f"{title(known[run_id])} · {run_id}",
        key=keys.RUNS,
        placeholder="Choose at least one model",
        help="The first one gives the large answer; the others are shown beside it for comparison.",
    )
    address.note_several(keys.RUNS, chosen, usual_ones)
    return [known[run_id] for run_id in chosen]


def compare_with(run: Run) -> list[str]:
    """Names of runs to set it against: itself, and shipped ones on the same test pictures."""
    alike = [one.id for one in runs.list_runs() if one.card.test_set == run.card.test_set]
    shipped = [name for name in FIRST_CHOICE if name in alike]
    return list(dict.fromkeys([run.id, *shipped, *alike]))[:_BESIDE]


def sees_alike(first: Run, second: Run) -> bool:
    """Whether two runs are shown the same picture in the same way."""
    return (first.card.preprocessing, tuple(first.card.input_shape)) == (
        second.card.preprocessing,
        tuple(second.card.input_shape),
    )


def reads_digits(run: Run) -> bool:
    """Whether it reads drawn digits, rather than photographs or clothes."""
    return run.card.preprocessing.endswith("_digit")


def open_run(run: Run) -> Predictor | None:
    """Its predictor; if it cannot be opened, says why and returns None."""
    try:
        return load_predictor(run)
    except StudioError as error:
        st.error(str(error), icon=":material/error:")
        return None
