"""Submit, list, find, cancel and delete jobs."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from filelock import FileLock, Timeout

from core import visitors
from core.errors import JobError, disk_sentence, unknown
from core.jobs import job as jobs
from core.jobs import limits
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.settings import PROJECT_DIR, settings

DISPATCHER_LOCK = ".dispatcher.lock"
_POLL = 0.1  # seconds between two looks at a job that is waited for


def submit(kind: str, job_settings: Mapping[str, Any]) -> Job:
    """Queue a job for whoever asks; it starts as soon as those before it have ended.

    Args:
        kind: one of `KINDS`.
        job_settings: what exactly to do; values that JSON knows.

    Raises:
        JobError: if the kind is unknown or nothing can be written.
        StudioError: if the settings cannot work.
    """
    if kind not in KINDS:
        raise JobError(unknown("kind of job", kind, KINDS))
    limits.check(kind, job_settings, everything())
    KINDS[kind].check(job_settings)
    job_id = jobs.new_id()
    draft, folder = jobs.root() / f".{job_id}", jobs.root() / job_id
    try:
        draft.mkdir(parents=True)
        owner = visitors.current()
        config = {"kind": kind, "settings": dict(job_settings), "owner": owner}
        jobs.replace_json(draft / "config.json", config)
        status = {"state": "queued", "times": {"queued": jobs.now()}}
        jobs.replace_json(draft / "status.json", status)
        os.rename(draft, folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise JobError(disk_sentence(error, jobs.root())) from error
    limits.count(owner)
    ensure_dispatcher()
    return jobs.read(folder)


def list_jobs() -> list[Job]:
    """Every job of whoever asks, latest first; damaged ones are left out."""
    return [job for job in everything() if visitors.may_see(job.owner)]


def everything() -> list[Job]:
    """Everybody's jobs, latest first; damaged ones are left out."""
    found = []
    if jobs.root().is_dir():
        for folder in sorted(jobs.root().iterdir(), reverse=True):
            if jobs.is_id(folder.name):
                try:
                    found.append(jobs.read(folder))
                except JobError:
                    continue
    return found


def load(job_id: str) -> Job:
    """The job of that id.

    Raises:
        JobError: if there is none, or it cannot be read.
    """
    if not jobs.is_id(job_id) or not (jobs.root() / job_id).is_dir():
        raise JobError(unknown("job", job_id, (job.id for job in list_jobs())))
    job = jobs.read(jobs.root() / job_id)
    if not visitors.may_see(job.owner):
        raise JobError(unknown("job", job_id, (job.id for job in list_jobs())))
    return job


def cancel(job_id: str) -> Job:
    """Ask a job to stop; one that has not begun never begins.

    Raises:
        JobError: if there is none, or it has ended already.
    """
    job = load(job_id)
    if job.ended:
        raise JobError(f"The job {job_id} cannot be cancelled: it is {job.state} already.")
    (job.folder / "cancel").touch()
    _end_if_not_begun(job)
    ensure_dispatcher()
    return load(job_id)


def _end_if_not_begun(job: Job) -> None:
    """Write down that a job was cancelled that no process has taken up."""
    with suppress(Timeout), FileLock(job.folder / jobs.ALIVE, timeout=0):
        if jobs.read(job.folder).state == "cancelled":
            jobs.write_status(job.folder, state="cancelled")


def finish(job_id: str) -> Job:
    """Ask a running job to end early and keep what there is.

    Raises:
        JobError: if there is none, it does not run, or there would be nothing of use.
    """
    job = load(job_id)
    if job.state != "running" or not KINDS[job.kind].can_finish:
        raise JobError(f"The job {job_id} cannot be ended early: it is {_described(job)}.")
    (job.folder / "finish").touch()
    return load(job_id)


def can_go_on(job: Job) -> bool:
    """Whether a job that was cancelled or failed left something to go on from."""
    return job.state in ("cancelled", "failed") and KINDS[job.kind].can_go_on(job.kept)


def go_on(job_id: str) -> Job:
    """Queue a job again that was cancelled or failed; it goes on where it was.

    Raises:
        JobError: if there is none, or nothing to go on from.
        StudioError: if its settings cannot work any more.
    """
    job = load(job_id)
    if not can_go_on(job):
        raise JobError(f"The job {job_id} cannot go on: it is {_described(job)}.")
    limits.check(job.kind, job.settings, everything())
    KINDS[job.kind].check(job.settings)
    for name in ("cancel", "finish", jobs.OVERTIME, jobs.NO_ROOM):
        (job.folder / name).unlink(missing_ok=True)
    jobs.write_status(job.folder, state="queued", error="", tries=job.tries + 1)
    limits.count(job.owner)
    ensure_dispatcher()
    return load(job_id)


def _described(job: Job) -> str:
    return f"a job of the kind {job.kind}, {job.state}"


def delete(job_id: str) -> None:
    """Remove an ended job and its log; what it made stays.

    Raises:
        JobError: if there is none, or it has not ended yet.
    """
    job = load(job_id)
    if not job.ended:
        raise JobError(f"The job {job_id} is {job.state}. Cancel it before deleting it.")
    shutil.rmtree(job.folder, ignore_errors=True)


def wait(job_id: str, on_change: Callable[[Job], None] = lambda job: None) -> Job:
    """Wait until a job has ended, telling how far it is."""
    before = None
    while True:
        job = load(job_id)
        if job != before:
            on_change(job)
            before = job
        if job.ended:
            return job
        if job.state == "queued":
            ensure_dispatcher()
        time.sleep(_POLL)


def ensure_dispatcher() -> None:
    """Start the process that runs queued jobs, unless there is one or nothing to do."""
    everybodys = everything()
    limits.forget_now_and_then(everybodys)
    if all(job.ended for job in everybodys):
        return
    if jobs.is_held(jobs.root() / DISPATCHER_LOCK):
        return
    environment = {
        "OMP_WAIT_POLICY": "passive",  # threads that wait busily slow a busy machine by tens
        **os.environ,
        "STUDIO_DATA_DIR": str(settings.data_dir),
        "STUDIO_RUNS_DIR": str(settings.runs_dir),
        "STUDIO_WORK_DIR": str(settings.work_dir),
        "STUDIO_PUBLIC": str(int(settings.public)),
    }
    with (jobs.root() / "dispatcher.log").open("a") as log:
        subprocess.Popen(
            [sys.executable, "-m", "core.jobs.dispatcher"],
            cwd=PROJECT_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it outlives the app that started it
        )
