"""The process that runs queued jobs, one at a time, first in, first out; it ends with the last.

`python -m core.jobs.dispatcher`. Only one holds the lock; a second one leaves at once.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from filelock import FileLock, Timeout

from core.datasets import clear_up
from core.jobs import job as jobs
from core.jobs.job import Job
from core.jobs.queue import DISPATCHER_LOCK, list_jobs

PATIENCE = 15.0  # seconds that a job has to stop by itself
_POLL = 0.1
_LOCK_PATIENCE = 3.0  # seconds; others hold the lock for an instant to see whether it is free
_CHILD = "import sys; from core.jobs.child import main; sys.exit(main(sys.argv[1]))"


def main() -> None:
    """Run jobs until none is left.

    A job submitted at the last moment is not overlooked: the queue is looked at once more after
    the lock was let go, and whoever submits looks at the lock after queueing.
    """
    while _something_to_do():
        try:
            with FileLock(jobs.root() / DISPATCHER_LOCK, timeout=_LOCK_PATIENCE):
                while job := _something_to_do():
                    _deal_with(job)
        except Timeout:
            return


def _something_to_do() -> Job | None:
    """The job to see to next: one that runs already, else the first in the queue."""
    waiting = [job for job in list_jobs()[::-1] if not job.ended]
    return min(waiting, key=lambda job: job.state != "running", default=None)


def _deal_with(job: Job) -> None:
    if job.state == "running":  # started by a dispatcher that is gone
        _watch(job, None)
    else:
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(job.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(job.folder / "log.txt").open("a"),
            start_new_session=True,
        )
        _watch(job, child)
    _tidy(jobs.read(job.folder))


def _watch(job: Job, child: subprocess.Popen | None) -> None:
    """Wait until it ends; end it if it does not stop when asked."""
    asked = None
    while child.poll() is None if child else jobs.is_alive(job.folder):
        if asked is None and (job.folder / "cancel").exists():
            asked = time.monotonic()
        if asked is not None and child and time.monotonic() - asked > PATIENCE:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        time.sleep(_POLL)


def _tidy(job: Job) -> None:
    """Write down how it ended, unless it did so itself, and clear up what it left."""
    if not job.ended:  # the child ended before it began
        job_state = {"state": "failed", "error": jobs.died_sentence(job.folder)}
        jobs.write_status(job.folder, **job_state)
    else:
        jobs.write_status(job.folder, state=job.state, error=job.error)
    clear_up()


if __name__ == "__main__":
    main()
