"""The process that runs queued jobs, one at a time, first in, first out; it ends with the last.

`python -m core.jobs.dispatcher`. Only one holds the lock; a second one leaves.
"""

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from filelock import FileLock, Timeout

from core import settings, stored, visitors
from core.errors import StudioError
from core.jobs import job as jobs
from core.jobs import limits, turns
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.jobs.queue import DISPATCHER_LOCK, clear_up, everything

PATIENCE = 1.0  # seconds that a job has to stop by itself
_POLL = 0.1
_LOOK = 0.5  # seconds between two looks at who else waits
_MOST_PROCESS = 20  # bytes that the number of a process takes
_TO_FINISH, _HASTE = 60.0, 20.0  # seconds to write down what there is; while others wait
_PASSED_OVER: set[str] = set()  # jobs nothing can be done about
_LOCK_PATIENCE = 3.0  # seconds; others hold the lock for an instant to see whether it is free
# Whoever uses the page goes first; left alone, work is as quick as without `nice`. All is written
# down at the end; TensorFlow would take its time to leave in an orderly way.
_CHILD = """import os, sys
os.nice(10)
from core.jobs.child import main
os._exit(main(sys.argv[1]))"""


def _nothing() -> None:
    """What there is to call once the lock was taken."""


def main(on_lock: Callable[[], None] = _nothing) -> None:
    """Run jobs until none is left; `on_lock` is called when it is sure that this process does it.

    A job submitted at the last moment is not overlooked: the queue is looked at once more after
    the lock was let go, and whoever submits looks at the lock after queueing.
    """
    _forget()
    while _something_to_do():
        try:
            with FileLock(jobs.root() / DISPATCHER_LOCK, timeout=_LOCK_PATIENCE):
                on_lock()
                on_lock = _nothing
                _tidy_up()
                while job := _something_to_do():
                    _deal_with(job)
                    _tidy_up()
        except Timeout:
            return


def _tidy_up() -> None:
    """Remove what was left behind and what visitors made a day ago."""
    clear_up()
    _forget()


def _forget() -> None:
    with suppress(StudioError, OSError):  # the queue does not wait for that
        limits.forget_old(everything())


def _something_to_do() -> Job | None:
    """The job to see to next."""
    everybodys = everything()[::-1]
    waiting = [job for job in everybodys if not job.ended and job.id not in _PASSED_OVER]
    return turns.first(waiting, everybodys)


def _deal_with(job: Job) -> None:
    """Run a job, or wait for one that a dispatcher started which is gone.

    Whatever fails in one job, those behind it get their turn.
    """
    try:
        if job.state == "queued" and not jobs.is_alive(job.folder):
            _run(job)
        _watch(job, lambda: jobs.is_alive(job.folder))
        now = jobs.read(job.folder)
        if now.tries == job.tries:  # else somebody has resumed it already
            _tidy(now)
    except (StudioError, OSError) as error:
        _pass_over(job, error)  # damaged, deleted meanwhile, or nothing can be written there
    except Exception as error:  # whatever it is, those behind it get their turn
        traceback.print_exc()
        _pass_over(job, error)


def _pass_over(job: Job, error: Exception) -> None:
    """Leave a job alone from now on, and say so in its status as far as that can be written."""
    _PASSED_OVER.add(job.id)
    with suppress(StudioError, OSError):
        if jobs.read(job.folder).state == "queued" and not jobs.is_alive(job.folder):
            jobs.write_status(job.folder, state="failed", error=f"It cannot be begun: {error}.")


def _run(job: Job) -> None:
    with stored.open_log(job.folder / "log.txt") as log:
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(job.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    _watch(job, lambda: child.poll() is None)


def _watch(job: Job, lives: Callable[[], bool]) -> None:
    """Wait until it ends; end it if it does not stop when asked."""
    asked, begun, looked = None, time.monotonic(), 0.0
    limited = settings.current().public and visitors.is_visitor(job.owner)
    while lives():
        if limited and time.monotonic() - looked > _LOOK:
            looked = time.monotonic()
            _mind_the_time(job, looked - begun)
        if asked is None and (job.folder / "cancel").exists():
            asked = time.monotonic()
        if asked is not None and time.monotonic() - asked > PATIENCE:
            _kill(job)
        time.sleep(_POLL)


def _mind_the_time(job: Job, seconds: float) -> None:
    """In a public demo work is ended after a while: early with what there is, else cancelled."""
    can_finish = KINDS[job.kind].can_finish
    if seconds < min(turns.ALONE, *turns.SHARED.values()) or (job.folder / jobs.OVERTIME).exists():
        return
    most = turns.seconds_for(job, can_finish, everything())
    if seconds < most:
        return
    to_finish = _TO_FINISH if most == turns.ALONE else min(_TO_FINISH, _HASTE)
    if can_finish and seconds < most + to_finish:
        (job.folder / "finish").touch()
    else:
        (job.folder / jobs.OVERTIME).touch()
        (job.folder / "cancel").touch()


def _kill(job: Job) -> None:
    """End the process that does the work; the lock it holds says that the number is still its."""
    with suppress(StudioError, OSError, ValueError):
        number = int(stored.read_text(job.folder / "process", _MOST_PROCESS))
        if number > 1 and jobs.is_alive(job.folder):  # 0 would be the dispatcher itself
            os.killpg(number, signal.SIGKILL)


def _tidy(job: Job) -> None:
    """Write down how it ended, unless it did so itself."""
    if not job.ended:  # the child ended before it began
        jobs.write_status(job.folder, state="failed", error=jobs.died_sentence(job.folder))
    elif job.state not in job.times:
        jobs.write_status(job.folder, state=job.state, error=job.error)
    if job.state == "cancelled" and (job.folder / jobs.OVERTIME).exists():
        jobs.write_status(job.folder, error=limits.OVERTIME)


if __name__ == "__main__":
    main(*(partial(os.close, int(number)) for number in sys.argv[1:]))
