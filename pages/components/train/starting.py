"""The end of the form: how long it will take, the button that starts it, the same as Python."""

import streamlit as st

from core import names, runs, units
from core.datasets import DatasetSpec
from core.jobs import limits
from core.training import TrainConfig, estimate
from core.training.script import as_script
from pages.components.shared import html, job_progress, keys
from pages.components.train import later, run_view, steps
from pages.components.train.model_form import Form

_SHORT = 10.0  # seconds


def show(spec: DatasetSpec, form: Form) -> None:
    """Start the training that the form describes."""
    ahead, config = job_progress.running("train"), form.config
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            disabled=bool(form.problem),
            on_click=later.ask,
            args=(keys.START,),
        )
        if later.asked(keys.START) and not form.problem:
            _start(config)
        if config is not None:
            st.markdown(_how_long(spec, config))
    if form.problem:
        st.error(form.problem, icon=":material/error:")
    if ahead:
        st.caption(f"It will wait in the queue: {html.counted(len(ahead), 'job')} ahead of it.")


def show_script(config: TrainConfig | None) -> None:
    """The same training in plain Python."""
    if config is None:
        return
    title = "Python code: the same training as a script"
    script = st.expander(title, key=keys.SCRIPT, on_change="rerun")
    if script.open:
        with script:
            run_view.show_python(as_script(config), names.to_id(config.name or "train", "train"))


def _how_long(spec: DatasetSpec, config: TrainConfig) -> str:
    expected = estimate(config, spec, runs.list_runs())
    if expected is None:
        return "No estimate yet: no similar model was trained on this machine."
    basis = "earlier runs" if expected.own else "the speed of this machine"
    basis += "" if expected.alike else " (of other models, so only roughly)"
    if expected.seconds < _SHORT:
        return "**A few seconds** on this machine."
    ends = ""
    if limits.apply() and expected.seconds > limits.MOST_SECONDS:
        most = units.about(limits.MOST_SECONDS)
        ends = f" This demo stops training after {most} and keeps the best epoch so far."
    return (
        f"**About {units.about(expected.seconds)}** on this machine, estimated from {basis}.{ends}"
    )


def _start(config: TrainConfig) -> None:
    if job_progress.start("train", config.to_mapping()):
        steps.go_to("runs")
        st.rerun()
