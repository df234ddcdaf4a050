"""How far a job is, with a way to stop it; looked at anew every second while it runs."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import jobs, runs
from core.errors import StudioError
from core.jobs import KINDS, Job, limits
from pages.components.shared import html

EVERY = 1.0  # seconds
_CANCELLED = "The last attempt was cancelled. Nothing was saved."
QUEUED = "Waiting in the queue"
_STATES = {"queued": QUEUED, "running": "Running"}


def running(kind: str) -> list[Job]:
    """Jobs of a kind that have not ended, oldest first."""
    return [job for job in jobs.list_jobs()[::-1] if job.kind == kind and not job.ended]


def still_going(job_id: str) -> Job:
    """The job that a part of the page shows; the whole page is shown anew when it has ended."""
    try:
        job = jobs.load(job_id)
    except StudioError:  # deleted
        st.rerun()
    if job.ended:
        st.rerun()
    return job


@st.fragment(run_every=EVERY)
def show_running(job_id: str) -> None:
    """Progress of a job; the whole page is shown anew when it has ended."""
    job = still_going(job_id)
    with st.container(border=True):
        st.markdown(f"**{html.plain(title(job))}**")
        text = "Stopping …" if job.stopping else _text(job)
        st.progress(min(1.0, job.fraction), text)
        with st.container(horizontal=True):
            st.button(
                "Cancel",
                icon=":material/cancel:",
                on_click=stop,
                args=(job.id,),
                disabled=job.stopping,
                key=f"cancel_{job.id}",
                help="Stops the job. Partial results are deleted; you can start it again.",
            )
        st.caption(
            "You can leave or reload this page: the job continues, and you find it here again."
        )


def start(kind: str, settings: Mapping[str, Any]) -> bool:
    """Queue a job; if it cannot be, says why and returns False."""
    try:
        jobs.submit(kind, settings)
    except StudioError as error:
        st.toast(html.message(error))
        return False
    return True


def show_unless_done(job: Job) -> bool:
    """Show a job that runs or has failed; whether it is done, so that its result is there."""
    if not job.ended:
        show_running(job.id)
    elif job.state != "done":
        show_failure(job)
    return job.state == "done"


def title(job: Job) -> str:
    """What a job is called on a page."""
    settings = dict(job.settings)
    if "run" in settings:
        settings["run"] = runs.names_of_ids([settings["run"]])[settings["run"]]
    return KINDS[job.kind].title.format(**settings)


def stop(job_id: str) -> None:
    """Ask a job to stop; it may have ended a moment ago, which is as good."""
    try:
        jobs.cancel(job_id)
    except StudioError as error:
        st.toast(html.message(error))


def show_failure(job: Job | None) -> None:
    """Why the last attempt failed, with the end of its log; nothing if it did not."""
    if job is None or job.state not in ("failed", "cancelled"):
        return
    if job.state == "cancelled":
        ended = limits.OVERTIME if job.error == limits.OVERTIME else _CANCELLED
        st.info(ended, icon=":material/cancel:")
        return
    st.error(html.plain(job.error), icon=":material/error:")
    with st.expander("Log of the last attempt"):
        st.code(job.log_tail(), language=None)


def _text(job: Job) -> str:
    stage = job.stage.capitalize() or _STATES.get(job.state, job.state)
    return f"{stage} · {job.note}" if job.note else stage
