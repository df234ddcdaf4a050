"""Runs, and jobs that train or failed to: watch, look at, resume, delete."""

import streamlit as st

from core import jobs, runs
from core.errors import StudioError
from core.jobs import Job
from core.runs import Run
from pages.components.shared import (
    broken,
    deleting,
    html,
    job_progress,
    keys,
    run_picker,
    tables,
    url,
)
from pages.components.train import importing, model_form, run_view
from pages.components.train import training_view as view


def show() -> None:
    """What runs now, then what has failed, then every run."""
    running = job_progress.running("train")
    for job in running:
        view.show_running(job.id)
    for job in jobs.list_jobs():
        if job.kind == "train" and _is_broken(job):
            _show_broken(job)
    broken.show_jobs()
    broken.show_runs()
    deleting.offer_undo("run")
    _announce_last()
    importing.show()
    finished = {run.id: run for run in runs.list_runs()}
    if not finished:
        st.info("There are no trained models yet.", icon=":material/info:")
        return
    st.subheader("Trained models", anchor=False)
    run = _pick(finished)
    title = f"All {len(finished)} trained models as a table"
    table = st.expander(title, key=keys.ALL_RUNS, on_change="rerun")
    if table.open:
        with table:
            _show_table(list(finished.values()))
    with st.container(border=True):
        run_view.show(run)


def _is_broken(job: Job) -> bool:
    return job.state in ("failed", "cancelled") and not job.damaged


def _show_broken(job: Job) -> None:
    """A training that failed or was cancelled, with what can be done about it."""
    with st.container(border=True):
        st.markdown(f"**{html.plain(view.title(job))}**: {job.state}")
        if job.state == "failed":
            st.error(html.plain(job.error), icon=":material/error:")
        elif job.error:
            st.caption(html.plain(job.error))
        with st.container(horizontal=True):
            if jobs.can_resume(job):
                epochs = len(job.history)
                st.button(
                    f"Resume after epoch {epochs}" if epochs else "Resume",
                    type="primary",
                    icon=":material/play_arrow:",
                    on_click=_resume,
                    args=(job.id,),
                    key=f"resume_{job.id}",
                    help="Training continues from its last checkpoint.",
                )
            st.button(
                "Change the settings",
                icon=":material/tune:",
                on_click=model_form.fill,
                args=(job.settings,),
                key=f"change_{job.id}",
            )
            deleting.confirm(
                "Remove",
                f"Remove **{html.plain(view.title(job))}** from this list, with its log and its "
                "checkpoint?",
                job.id,
                jobs.delete,
                "Yes, remove it",
            )
        with st.expander("Log"):
            st.code(job.log_tail() or "The log is empty.", language=None)


def _resume(job_id: str) -> None:
    try:
        jobs.resume(job_id)
    except StudioError as error:
        st.toast(html.message(error))


def _announce_last() -> None:
    """Show the run of the training that has just ended, the first time it is seen."""
    ended = [job for job in jobs.list_jobs() if job.kind == "train" and "run" in job.result]
    # by when it ended: one that was resumed may be older than others
    last = max(ended, key=lambda job: job.times.get("done", ""), default=None)
    if last is None:
        st.session_state.setdefault(keys.SEEN_JOB, "")
        return
    known = last.id if keys.SHOWN_RUN in st.query_params else ""
    if st.session_state.setdefault(keys.SEEN_JOB, known) == last.id:
        return
    st.session_state[keys.NEXT_RUN] = last.result["run"]
    st.session_state[keys.SEEN_JOB] = last.id


def _pick(finished: dict[str, Run]) -> Run:
    # the latest first; what others have trained comes last, whenever it was made
    latest = sorted(
        finished.values(),
        key=lambda run: (run.card.published is None, run.card.created),
        reverse=True,
    )
    options, called = [run.id for run in latest], runs.names_of(latest)
    url.recall(keys.SHOWN_RUN, options, options[0], keys.NEXT_RUN)
    chosen = st.selectbox(
        "Trained model",
        options,
        format_func=lambda run_id: (
            f"{called[run_id]} · {run_picker.title(finished[run_id])} · "
            f"{html.accuracy(finished[run_id].card.accuracy)}"
        ),
        key=keys.SHOWN_RUN,
    )
    url.note(keys.SHOWN_RUN, chosen)
    return finished[chosen]


def _show_table(finished: list[Run]) -> None:
    import pandas as pd

    called = runs.names_of(finished)
    table = pd.DataFrame(
        [
            {
                "name": called[run.id],
                "dataset": run.card.dataset,
                "model": run_picker.title(run),
                "accuracy": run.card.accuracy,
                "seconds": run.card.seconds or None,
                "trained": run.card.created.replace("T", " ")[:16],
            }
            for run in finished
        ]
    )
    st.dataframe(
        tables.written(table, ["accuracy"], ["seconds"], decimals=2),
        hide_index=True,
        column_config={
            "name": "Name",
            "dataset": "Dataset",
            "model": "Model",
            "accuracy": "Test accuracy",
            "seconds": "Training time",
            "trained": "Trained on (UTC)",
        },
    )
