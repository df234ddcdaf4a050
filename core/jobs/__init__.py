"""Long work in processes of its own: `submit("download", {"dataset": "cifar10"})`.

    submit ─ queued ─┬─ running ─┬─ done
               ▲     │           ├─ failed ────┐
               │     └───────────┴─ cancelled ─┤
               └───────── resume ──────────────┘

Everything is on disk, so a job outlives the page, the browser and the app that started it.
"""

from core.jobs.exports import exported_file, latest_export, proof_of
from core.jobs.job import ENDED, Job, seconds_since
from core.jobs.kinds import KINDS, JobKind
from core.jobs.migrating import migrate
from core.jobs.queue import (
    can_resume,
    cancel,
    clear_up,
    delete,
    ensure_dispatcher,
    finish,
    latest,
    list_jobs,
    load,
    resume,
    submit,
    wait,
)
from core.jobs.replays import replay_of

__all__ = [
    "migrate",
    "ENDED",
    "KINDS",
    "Job",
    "JobKind",
    "can_resume",
    "cancel",
    "clear_up",
    "delete",
    "ensure_dispatcher",
    "exported_file",
    "finish",
    "resume",
    "latest",
    "latest_export",
    "list_jobs",
    "load",
    "proof_of",
    "replay_of",
    "seconds_since",
    "submit",
    "wait",
]
