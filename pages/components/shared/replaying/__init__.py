"""The replay of a training: filters and predictions epoch by epoch, also while it goes on."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core import runs
from core.errors import StudioError
from core.explain import pack_replay
from core.runs import Replay, Run
from pages.components.shared import drawn, html

FOLDER = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "replay_training",
    css=drawn.style(FOLDER / "replay.css"),
    js=drawn.script(FOLDER / "replay.js"),
)


def show(key: str, replay: Replay, class_names: Sequence[str]) -> None:
    """Draw a recording; a slider goes through its epochs without a rerun.

    Args:
        key: of the widget; with the same key the slider stays where it is.
        replay: what was recorded so far.
        class_names: of the model.
    """
    _COMPONENT(key=key, data=pack_replay(replay, class_names))


def show_run(run: Run) -> None:
    """The recording of a run, or why there is none and what to do."""
    try:
        recording = runs.replay(run)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    if recording is None:
        st.info(why_none(run), icon=":material/info:")
        return
    st.caption(
        "What the network predicted for 16 validation images after each epoch, and the filters of "
        "its first layer at that time."
    )
    show(f"replay_{run.id}", recording, run.card.class_names)


def why_none(run: Run) -> str:
    """Why a run has no recording, as Markdown."""
    if run.card.foreign is not None:
        return "This model was imported, so there is no recording of its training."
    if run.card.members or run.card.family != "network":
        return "Only the training of a network is recorded, and this model is none."
    if run.card.published:
        return "This network was trained by others, so there is no recording of it."
    return (
        "This network was trained before recordings existed. Train it again to get one: on the "
        "page “Train a model”, step 3, view “Settings”, click “Train again with other settings”."
    )
