"""Watch a training job: metrics, training curve, time left; stop it early, or cancel it."""

import streamlit as st

from core import datasets, jobs, plots, units
from core.errors import StudioError
from core.jobs import Job
from core.models import MODELS
from core.runs import AXES
from pages.components.shared import html, job_progress, keys, replaying
from pages.components.train import curve

_METRIC_WIDTH = 155  # pixels: two beside each other on a phone
_LOG_LINES = 30
_FIRST, _LONG = 5.0, 60.0  # seconds of learning: before the first nothing is said of what is left
_MUCH, _SOMETHING = 0.1, 0.02  # fractions that have to be done: of a short and of a long training
_STAGES = {
    "loading": "Loading the images",
    "preparing": "Preparing the images",
    "features": "Extracting features with the backbone",
    "fitting": "Training",
    "exporting": "Saving the model",
    "evaluating": "Predicting the test images",
    "references": "Keeping some training images",
    "measuring": "Measuring the prediction time",
}


def title(job: Job) -> str:
    """The model and the dataset, as people write them."""
    model = MODELS.get(job.settings["model"])
    dataset = datasets.title_of(job.settings["dataset"])
    return f"{model.title if model else job.settings['model']} · {dataset}"


@st.fragment(run_every=job_progress.EVERY)
def show_running(job_id: str) -> None:
    """How far a training is; the whole page is shown anew when it has ended."""
    job = job_progress.still_going(job_id)
    with st.container(border=True):
        st.subheader(html.plain(title(job)), anchor=False)
        if job.state == "queued":
            _show_waiting(job)
        else:
            _show_metrics(job)
            _show_recording(job)
        _show_buttons(job)
        log = st.expander("Log", key=f"{keys.LOG}_{job.id}", on_change="rerun")
        if log.open:
            log.code(job.log_tail(_LOG_LINES) or "Nothing yet.", language=None)
        st.caption(
            "You can leave or reload this page: training continues, and you find it here again."
        )


def _show_waiting(job: Job) -> None:
    ahead = [other for other in jobs.list_jobs() if not other.ended and other.id < job.id]
    st.progress(0.0, job_progress.QUEUED)
    if ahead:
        what = html.plain(job_progress.title(ahead[-1]))
        st.caption(f"Jobs run one at a time. Ahead of this one: {what}.")


def _show_metrics(job: Job) -> None:
    st.progress(min(1.0, job.fraction), _where(job))
    axis = axis_of(job)
    points = [point for point in job.history if axis in point]
    metrics = {**(points[-1] if points else {}), **job.metrics}
    best = max((p["val_accuracy"] for p in points if "val_accuracy" in p), default=None)
    with st.container(horizontal=True, gap="xsmall"):
        for label, value in {
            plots.AXIS_TITLES[axis]: _position(job, axis),
            "Training accuracy": _percent(metrics.get("accuracy")),
            "Validation accuracy": _percent(metrics.get("val_accuracy")),
            "Best so far": _percent(best),
        }.items():
            st.metric(label, value, width=_METRIC_WIDTH)
    if points:
        curve.show(f"curve_{job.id}", points, axis, end=_end(job, axis))
    else:
        st.caption("The training curve appears after the first validation.")


def _show_recording(job: Job) -> None:
    """Filters and predictions as they form, of a network that has ended an epoch."""
    spec = MODELS.get(job.settings["model"])
    if spec is None or spec.family != "network":
        return
    watch = st.expander("Watch it learn to see", key=f"{keys.WATCH}_{job.id}", on_change="rerun")
    if not watch.open:
        return
    with watch:
        recording = jobs.replay_of(job)
        if recording is None:
            st.caption("Filters and predictions appear here after the first epoch.")
            return
        try:
            classes = datasets.find(job.settings["dataset"]).class_names
        except StudioError:  # deleted meanwhile
            classes = [str(label) for label in range(recording.probabilities.shape[2])]
        replaying.show(f"replay_{job.id}", recording, classes)


def axis_of(job: Job) -> str:
    """What its training curve is drawn over."""
    spec = MODELS.get(job.settings["model"])
    return spec.learns_by if spec else AXES[0]


def _end(job: Job, axis: str) -> int | None:
    """Where the training curve will end, so that it does not move about while it grows."""
    spec = MODELS.get(job.settings["model"])
    if spec is None or axis == "images":  # by more and more images: all of them at the end
        return None
    settings = job.settings.get("hyperparameters", {})
    ends = [settings.get(spec.steps, 0), settings.get("fine_tune_epochs", 0)]
    return sum(ends) if all(type(end) is int for end in ends) and ends[0] else None


def _position(job: Job, axis: str) -> str:
    if axis == "epoch" and job.epochs:
        return f"{min(job.epoch, job.epochs)}/{job.epochs}"
    at = job.history[-1].get(axis) if job.history else None
    return "–" if at is None else f"{at:,}"


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else html.percent(fraction)


def _where(job: Job) -> str:
    if job.stopping:
        return "Stopping …"
    if job.finishing:
        return "Stopping early …"
    text = _STAGES.get(job.stage, "Starting")
    if job.note:
        text += f" · {job.note}"
    left = seconds_left(job)
    return f"{text} · about {units.about(left)} left" if left else text


def seconds_left(job: Job) -> float | None:
    """Of learning, from how long it has taken so far; None while that says too little.

    The first images take longer: the network is being translated for the machine.
    """
    if job.stage != "fitting" or not job.stage_since:
        return None
    elapsed = jobs.seconds_since(job.stage_since)
    done = job.fraction - job.fraction_before
    if elapsed < _FIRST or done < (_MUCH if elapsed < _LONG else _SOMETHING):
        return None
    return elapsed / done * (1 - job.fraction)


def _show_buttons(job: Job) -> None:
    busy = job.stopping or job.finishing
    with st.container(horizontal=True):
        if job.state == "running":
            st.button(
                "Stop early",
                icon=":material/done_all:",
                on_click=_finish,
                args=(job.id,),
                disabled=busy or not job.history,
                key=f"finish_{job.id}",
                help="Ends training now and keeps the best model so far.",
            )
        st.button(
            "Cancel",
            icon=":material/cancel:",
            on_click=job_progress.stop,
            args=(job.id,),
            disabled=job.stopping,
            key=f"cancel_{job.id}",
            help="Stops training at once. No model is saved.",
        )


def _finish(job_id: str) -> None:
    try:
        jobs.finish(job_id)
    except StudioError as error:
        st.toast(html.message(error))
