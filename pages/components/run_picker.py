"""Choose which finished trainings answer."""

import streamlit as st

from core import runs
from core.errors import StudioError
from core.models import MODELS
from core.runs import Run
from core.serving import Predictor, load_predictor
from pages.components import keys

FIRST_CHOICE = ("mnist-cnn", "mnist-random-forest", "mnist-logistic-regression")


def title(run: Run) -> str:
    """What a run is called on a page."""
    spec = MODELS.get(run.card.model)
    return spec.title if spec else run.card.model


def pick_runs() -> list[Run]:
    """A multi-select of all runs; the first one chosen gives the main answer."""
    known = {run.id: run for run in runs.list_runs()}
    if any(run_id not in known for run_id in st.session_state.get(keys.RUNS, ())):
        del st.session_state[keys.RUNS]  # a chosen run was deleted meanwhile
    chosen = st.multiselect(
        "Models that answer",
        list(known),
        default=[run_id for run_id in FIRST_CHOICE if run_id in known] or list(known)[:3],
        format_func=lambda run_id: f"{title(known[run_id])} · {run_id}",
        key=keys.RUNS,
        bind="query-params",
        placeholder="Choose at least one model",
        help="The first one gives the large answer; the others are shown beside it for comparison.",
    )
    return [known[run_id] for run_id in chosen]


def open_run(run: Run) -> Predictor | None:
    """Its predictor; if it cannot be opened, says why and returns None."""
    try:
        return load_predictor(run)
    except StudioError as error:
        st.error(str(error), icon=":material/error:")
        return None
