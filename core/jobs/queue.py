"""Submit, list, find, cancel and delete jobs."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core import datasets, drafts, export, runs, settings, shares, stored, visitors
from core.errors import JobError, StoredError, StudioError, unknown
from core.jobs import job as jobs
from core.jobs import limits, record
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.settings import PROJECT_DIR
from core.training import checkpoints

DISPATCHER_LOCK = ".dispatcher.lock"
_DRAFTS = ".drafts"
_POLL = 0.1  # seconds between two looks at a job that is waited for


def submit(kind: str, job_settings: Mapping[str, Any]) -> Job:
    """Queue a job for the current visitor; it starts as soon as those before it have ended.

    Args:
        kind: one of `KINDS`.
        job_settings: what exactly to do; values that JSON knows.

    Raises:
        JobError: if the kind is unknown or nothing can be written.
        StudioError: if the settings cannot work.
    """
    if kind not in KINDS:
        raise JobError(unknown("kind of job", kind, KINDS))
    expected = limits.check(kind, job_settings, everything())
    KINDS[kind].check(job_settings)
    try:
        record.check_settings(kind, job_settings)
    except StoredError as error:
        raise JobError(f"A job of the kind {kind} cannot be queued: {error}.") from error
    folder, owner = jobs.root() / jobs.new_id(), visitors.current()
    with jobs.writing_to(jobs.root()):
        try:
            with drafts.draft(jobs.root() / _DRAFTS, folder.name) as draft:
                network = shares.whereabouts(owner)
                config = record.Config(kind, dict(job_settings), owner, network, expected)
                record.write_config(draft, config)
                record.write_status(draft, record.Status("queued", times={"queued": jobs.now()}))
                os.rename(draft, folder)
        finally:
            _clear_drafts()
    with suppress(OSError):  # it is queued already
        limits.count(owner)
    ensure_dispatcher()
    return jobs.read(folder)


def _clear_drafts() -> None:
    drafts.sweep(jobs.root() / _DRAFTS)
    with suppress(OSError):
        (jobs.root() / _DRAFTS).rmdir()  # unless another job is being submitted


def list_jobs() -> list[Job]:
    """Every job of the current visitor, latest first; damaged ones as failed, with the reason."""
    return [job for job in everything() if visitors.may_see(job.owner)]


def latest(kind: str, **settings: str) -> Job | None:
    """The latest job of a kind with those settings, of those that `list_jobs` gives."""
    for job in list_jobs():
        if (
            job.kind == kind
            and not job.damaged
            and all(job.settings.get(k) == v for k, v in settings.items())
        ):
            return job
    return None


def everything() -> list[Job]:
    """Everybody's jobs, latest first; damaged ones as failed, with the reason."""
    folders = [folder for folder in drafts.inside(jobs.root())[::-1] if jobs.is_id(folder.name)]
    return [job for job in map(_read, folders) if job is not None]


def _read(folder: Path) -> Job | None:
    """A job, whatever became of its files; None if it was removed meanwhile."""
    try:
        return jobs.read(folder)
    except JobError as error:
        return jobs.read_damaged(folder, str(error)) if os.path.lexists(folder) else None


def load(job_id: str) -> Job:
    """The job of that id.

    Raises:
        JobError: if there is none, or it cannot be read.
    """
    job = _find(job_id)
    if job.damaged:
        raise JobError(job.error)
    return job


def _find(job_id: str) -> Job:
    """The job of that id, also if it is damaged; raises `JobError` if there is none."""
    job = _read(jobs.root() / job_id) if jobs.is_id(job_id) else None
    if job is None or not visitors.may_see(job.owner):
        raise JobError(unknown("job", job_id, (job.id for job in list_jobs())))
    return job


def cancel(job_id: str) -> Job:
    """Ask a job to stop; one that has not begun never begins.

    Raises:
        JobError: if there is none, or it has ended already.
    """
    job = _find(job_id)
    at_work = not job.ended or (job.damaged and jobs.is_alive(job.folder))
    if job.damaged and not at_work:
        raise JobError(job.error)
    if not at_work:
        raise JobError(f"The job {job_id} cannot be cancelled: it is already {job.state}.")
    with jobs.writing_to(job.folder):
        (job.folder / "cancel").touch()
        if not job.damaged:
            _end_if_not_begun(job)
    ensure_dispatcher()
    return _find(job_id)


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
    with jobs.writing_to(job.folder):
        (job.folder / "finish").touch()
    return load(job_id)


def can_resume(job: Job) -> bool:
    """Whether a job that was cancelled or failed left a checkpoint."""
    return (
        not job.damaged
        and job.state in ("cancelled", "failed")
        and KINDS[job.kind].can_resume(job.kept)
    )


def resume(job_id: str) -> Job:
    """Queue a job again that was cancelled or failed; it resumes from its checkpoint.

    Raises:
        JobError: if there is none, or no checkpoint.
        StudioError: if its settings cannot work any more.
    """
    job = load(job_id)
    if not can_resume(job):
        raise JobError(f"The job {job_id} cannot be resumed: it is {_described(job)}.")
    limits.check(job.kind, job.settings, everything())
    KINDS[job.kind].check(job.settings)
    with jobs.writing_to(job.folder):
        for name in ("cancel", "finish", jobs.OVERTIME, jobs.NO_ROOM):
            (job.folder / name).unlink(missing_ok=True)
        jobs.write_status(job.folder, state="queued", error="", tries=job.tries + 1)
    with suppress(OSError):  # it is queued already
        limits.count(job.owner)
    ensure_dispatcher()
    return load(job_id)


def _described(job: Job) -> str:
    return f"a job of the kind {job.kind}, {job.state}"


def delete(job_id: str) -> None:
    """Remove an ended or damaged job and its log; what it made stays.

    Raises:
        JobError: if there is none, it has not ended yet, or the disk cannot be written to.
    """
    job = _find(job_id)
    if not job.ended or (job.damaged and jobs.is_alive(job.folder)):
        state = "at work" if job.damaged else job.state
        raise JobError(f"The job {job_id} is {state}. Cancel it before deleting it.")
    with jobs.writing_to(jobs.root()):
        drafts.remove(job.folder)


def clear_up() -> None:
    """Remove what killed processes have left behind, of whatever kind; others' is left alone."""
    with suppress(OSError, StudioError):  # a disk that cannot be written to stays as it is
        datasets.clear_up()
        runs.clear_up()
        export.clear_up()
        _clear_drafts()
        drafts.sweep_removed(jobs.root())
        checkpoints.sweep_old()
        for folder in (*drafts.inside(settings.current().runs_dir), *drafts.inside(jobs.root())):
            stored.sweep_written(folder)
            stored.sweep_written(folder / jobs.KEPT)


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


@lru_cache(maxsize=1)
def _clear_up_once() -> None:
    """When a page is opened for the first time after a start."""
    clear_up()


def ensure_dispatcher() -> None:
    """Start the process that runs queued jobs, unless there is one or nothing to do."""
    everybodys = everything()
    limits.forget_now_and_then(everybodys)
    _clear_up_once()
    if all(job.ended for job in everybodys):
        return
    if _is_starting() or stored.is_locked(jobs.root() / DISPATCHER_LOCK):
        return
    environment = {
        "OMP_WAIT_POLICY": "passive",  # threads that wait busily slow a busy machine by tens
        **os.environ,
        "STUDIO_DATA_DIR": str(settings.current().data_dir),
        "STUDIO_RUNS_DIR": str(settings.current().runs_dir),
        "STUDIO_WORK_DIR": str(settings.current().work_dir),
        "STUDIO_PUBLIC": str(int(settings.current().public)),
    }
    reading, starting = os.pipe()  # closed by the dispatcher when it holds the lock, or ends
    try:
        with jobs.writing_to(jobs.root()), stored.open_log(jobs.root() / "dispatcher.log") as log:
            subprocess.Popen(
                [sys.executable, "-m", "core.jobs.dispatcher", str(starting)],
                cwd=PROJECT_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it outlives the app that started it
                pass_fds=(starting,),
            )
    finally:
        os.close(starting)
        _forget_start()
        _starting.append(reading)


_starting: list[int] = []  # the end of the pipe to the dispatcher that was started last


def _forget_start() -> None:
    while _starting:
        os.close(_starting.pop())


def _is_starting() -> bool:
    """Whether the dispatcher that was started last has yet to take the lock. On a busy machine
    that takes seconds, in which others would be started in vain."""
    if not _starting:
        return False
    return not select.select(_starting, [], [], 0)[0]
