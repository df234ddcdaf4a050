"""The process that does the work of one job."""

import os
import signal
import sys
import time
import traceback
from pathlib import Path

from filelock import Timeout

from core.errors import Cancelled, StudioError
from core.jobs import job as jobs
from core.jobs.kinds import KINDS
from core.progress import Progress, Reporter

_BETWEEN_REPORTS = 0.2  # seconds
_UNEXPECTED = "Something unexpected went wrong: {error}. The last lines of its log tell where."


def main(folder_name: str) -> int:
    """Do the work of the job in that folder; write down how it went."""
    folder = Path(folder_name)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    try:
        with jobs.lock_of(folder):
            (folder / "process").write_text(str(os.getpid()))
            job = jobs.read(folder)
            if job.state == "queued":
                _work(job)
    except Timeout:
        return 1  # another process is at it
    return 0


def _work(job: jobs.Job) -> None:
    jobs.write_status(job.folder, state="running")
    jobs.write_log(job.folder, f"{job.kind} begins")
    try:
        report = Reporter(_Writer(job.folder), (job.folder / "cancel").exists)
        result = KINDS[job.kind].run(job.settings, report)
        _end(job, "done", part=1.0, result=result)
    except Cancelled as error:
        _end(job, "cancelled", error=str(error))
    except StudioError as error:
        _end(job, "failed", error=str(error))
    except MemoryError:
        _end(job, "failed", error="There was not enough memory. Close other programs, try again.")
    except Exception as error:  # whatever it is, the person gets a sentence and the log the rest
        traceback.print_exc()
        sentence = _UNEXPECTED.format(error=f"{type(error).__name__}: {error}")
        _end(job, "failed", error=sentence)


def _end(job: jobs.Job, state: str, **changes) -> None:
    jobs.write_log(job.folder, f"{state} {changes.get('error', '')}".rstrip())
    jobs.write_status(job.folder, state=state, **changes)


class _Writer:
    """Writes progress to the status, and each new stage to the log; not more often than seen."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.stage, self.written = folder, "", 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self.stage:
            jobs.write_log(self.folder, progress.stage)
        elif time.monotonic() - self.written < _BETWEEN_REPORTS:
            return
        self.stage, self.written = progress.stage, time.monotonic()
        jobs.write_status(self.folder, stage=progress.stage, part=progress.part, note=progress.note)
