"""The process that does the work of one job."""

import os
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from filelock import Timeout

from core import settings, stored, visitors
from core.errors import (
    Cancelled,
    JobError,
    OutOfMemory,
    StudioError,
    disk_sentence,
    is_disk_full,
    is_out_of_memory,
)
from core.jobs import job as jobs
from core.jobs.kinds import KINDS
from core.progress import Progress, Reporter

_BETWEEN_REPORTS = 0.2  # seconds
_UNEXPECTED = "Unexpected error: {error}. The last lines of its log show where."


def main(folder_name: str) -> int:
    """Do the work of the job in that folder; write down how it went."""
    folder = Path(folder_name)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    try:
        with jobs.lock_of(folder):
            stored.write_whole(folder / "process", str(os.getpid()).encode())
            with suppress(OSError):  # if memory runs out, this ends rather than the pages
                Path("/proc/self/oom_score_adj").write_text("800")
            job = jobs.read(folder)
            if job.state == "queued":
                with visitors.acting_as(job.owner):
                    _work(job)
    except Timeout:
        return 1  # another process is at it
    except JobError as error:  # its files were damaged meanwhile; whoever lists it says so
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        if is_disk_full(error):
            (folder / jobs.NO_ROOM).touch()
        return 1
    return 0


def _work(job: jobs.Job) -> None:
    jobs.write_status(job.folder, state="running")
    jobs.write_log(job.folder, f"{job.kind} begins")
    (job.folder / jobs.NO_ROOM).unlink(missing_ok=True)  # there is room again
    try:
        report = Reporter(
            _Writer(job.folder),
            (job.folder / "cancel").exists,
            should_finish=(job.folder / "finish").exists,
        )
        result = KINDS[job.kind].run(job.settings, report, job.folder / jobs.KEPT)
        _end(job, "done", fraction=1.0, result=result)
    except Cancelled as error:
        _end(job, "cancelled", error=str(error))
    except StudioError as error:
        _end(job, "failed", error=str(error))
    except Exception as error:  # whatever it is, the person gets a sentence and the log the rest
        if is_out_of_memory(error):
            sentence = str(OutOfMemory())
        elif is_disk_full(error):
            temporary = Path(tempfile.gettempdir())
            sentence = disk_sentence(
                error, job.folder.parent, settings.current().runs_dir, temporary
            )
        else:
            sentence = _UNEXPECTED.format(error=f"{type(error).__name__}: {error}")
        with suppress(OSError):
            traceback.print_exc()
        _end(job, "failed", error=sentence)


def _end(job: jobs.Job, state: str, **changes) -> None:
    jobs.write_log(job.folder, f"{state} {changes.get('error', '')}".rstrip())
    jobs.write_status(job.folder, state=state, **changes)


class _Writer:
    """Writes progress to the status, and each new stage and point of the training curve to the
    log; not more often than seen.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.stage, self.points, self.written = folder, "", 0, 0.0

    def __call__(self, progress: Progress) -> None:
        points = len(progress.history) or self.points
        if progress.stage != self.stage:
            jobs.write_log(self.folder, progress.stage)
        if points > self.points:
            jobs.write_log(self.folder, _as_line(progress.history[-1]))
        elif progress.stage == self.stage and time.monotonic() - self.written < _BETWEEN_REPORTS:
            return
        self.stage, self.points, self.written = progress.stage, points, time.monotonic()
        changes = asdict(progress)
        if not progress.history:
            del changes["history"]  # what is known of it stays
        jobs.write_status(self.folder, **changes)


def _as_line(metrics: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
