"""The end of the form: how long it will take, the button that starts it, the same as Python."""

import streamlit as st

from core import runs, units
from core.datasets import DatasetSpec
from core.jobs import limits
from core.training import TrainConfig, estimate
from pages.components import job_progress, keys, later, run_view, steps

_SHORT = 10.0  # seconds


def show(spec: DatasetSpec, config: TrainConfig | None) -> None:
    """Start the training that the form describes."""
    ahead = job_progress.running("train")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            disabled=config is None,
            on_click=later.ask,
            args=(keys.START,),
        )
        if later.asked(keys.START) and config is not None:
            _start(config)
        if config is not None:
            st.markdown(_how_long(spec, config))
    if ahead:
        st.caption(f"It will wait its turn: {len(ahead)} before it.")


def show_script(config: TrainConfig | None) -> None:
    """The same training in plain Python."""
    if config is None:
        return
    title = "Show the Python: the same training as a plain script"
    script = st.expander(title, key=keys.SCRIPT, on_change="rerun")
    if script.open:
        with script:
            run_view.show_python(config, config.name or "train")


def _how_long(spec: DatasetSpec, config: TrainConfig) -> str:
    found = estimate(config, spec, runs.list_runs())
    if found is None:
        return "How long it takes is not known yet: nothing like it was trained here."
    basis = "of the same kind" if found.alike else "of other models, so only roughly"
    if found.seconds < _SHORT:
        return "**A few seconds** on this machine."
    ends = ""
    if limits.apply() and found.seconds > limits.MOST_SECONDS:
        most = units.about(limits.MOST_SECONDS)
        ends = f" This demo ends it after {most} and keeps the best epoch so far."
    return (
        f"**About {units.about(found.seconds)}** on this machine, judging by earlier "
        f"trainings {basis}.{ends}"
    )


def _start(config: TrainConfig) -> None:
    if job_progress.start("train", config.to_mapping()):
        steps.go_to("trainings")
        st.rerun()
