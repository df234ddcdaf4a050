"""A job as it lies on disk.

<work folder>/jobs/<id>/
├── config.json   kind, settings, whose it is; never changed
├── status.json   state and progress; replaced as a whole
├── log.txt       what happened, a line each
├── cancel        there if it was asked to stop
├── finish        there if it was asked to end early and keep what there is
├── kept/         what spares it beginning anew when it is tried again
├── alive.lock    held by the process that does the work
└── process       its number
"""

import errno
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from core import settings, stored, visitors
from core.errors import JobError, StoredError, disk_sentence
from core.jobs import record

STATES = ("queued", "running", "done", "cancelled", "failed")
ALIVE, KEPT = "alive.lock", "kept"
ENDED = ("done", "cancelled", "failed")
STOPPED = "It was stopped before it finished; nothing was saved."
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")
OVERTIME = "overtime"  # an empty file: a public demo has no more time for it
NO_ROOM = "no_room"  # an empty file, for which even a full disk has room
DAMAGED = "damaged"  # the kind of a job of which nobody knows what it was to do
_LOG_BYTES = 2**16  # of the end of a log; nobody is shown more
_LOCK_PATIENCE = 5.0  # seconds; longer than anybody holds a lock only to see whether it is free


@dataclass(frozen=True)
class Job:
    """One piece of long work, as it was when it was read.

    Attributes:
        id: begins with the time it was submitted, so that ids sort first in, first out.
        folder: where it lies.
        kind: one of `core.jobs.KINDS`; `DAMAGED` if its configuration cannot be read.
        settings: what exactly to do.
        owner: whose it is; empty if nobody knows.
        network: from where it was asked for in a public demo, see `core.shares`; else empty.
        expected: seconds it may take, as far as that is known.
        state: one of `STATES`.
        stage, epoch, epochs, fraction, metrics, note, history: how far it is, see
            `core.progress.Progress`.
        fraction_before: fraction of the stage that was done when it was resumed.
        stage_since: when the stage began, ISO 8601 in UTC.
        result: what a finished job says of what it made.
        error: why it failed, in a sentence.
        tries: how often it was resumed.
        damaged: whether its files cannot be read; then it counts as failed.
        times: when it was `queued`, `running` and ended, ISO 8601 in UTC.
    """

    id: str
    folder: Path
    kind: str
    settings: Mapping[str, Any]
    owner: str
    network: str = ""
    expected: float = 0.0
    state: str = "queued"
    stage: str = ""
    epoch: int = 0
    epochs: int = 0
    fraction: float = 0.0
    fraction_before: float = 0.0
    stage_since: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    history: Sequence[Mapping[str, float]] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    times: Mapping[str, str] = field(default_factory=dict)
    tries: int = 0
    damaged: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not ended yet."""
        return not self.ended and (self.folder / "cancel").exists()

    @property
    def finishing(self) -> bool:
        """Whether it was asked to end early and has not ended yet."""
        return not self.ended and (self.folder / "finish").exists()

    @property
    def kept(self) -> Path:
        """The folder of what spares it beginning anew."""
        return self.folder / KEPT

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        text = stored.read_tail(self.folder / "log.txt", _LOG_BYTES)
        return visitors.without_paths("\n".join(text.splitlines()[-lines:]))


def root() -> Path:
    """The folder that all jobs lie in."""
    return settings.current().work_dir / "jobs"


def new_id() -> str:
    """An id that sorts after all earlier ones."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f-") + secrets.token_hex(2)


def is_id(text: str) -> bool:
    """Whether a job could have that id."""
    return isinstance(text, str) and bool(_ID.fullmatch(text))


def read(folder: Path) -> Job:
    """The job in a folder. One whose process is gone without a word counts as failed.

    Raises:
        JobError: if it cannot be read.
    """
    try:
        config, status = record.read_config(folder), record.read_status(folder)
        if status.state == "running" and not is_alive(folder):
            # It may have ended between the two looks.
            status = record.read_status(folder)
            if status.state == "running":
                status = _without_process(folder, status)
        elif status.state == "queued" and (folder / "cancel").exists():
            status = replace(status, state="cancelled")
        elif status.state == "queued" and not os.access(folder, os.W_OK):
            error = disk_sentence(OSError(errno.EROFS, os.strerror(errno.EROFS)), folder)
            status = replace(status, state="failed", error=error)
    except (OSError, StoredError) as error:
        raise JobError(f"The job {folder.name!r} cannot be read: {error}.") from error
    told = {name: visitors.without_paths(getattr(status, name)) for name in ("error", "note")}
    return Job(id=folder.name, folder=folder, **{**vars(config), **vars(status), **told})


def _without_process(folder: Path, status: record.Status) -> record.Status:
    """How a job ended that nothing runs any more."""
    if (folder / "cancel").exists():
        return replace(status, state="cancelled", error=STOPPED)
    return replace(status, state="failed", error=died_sentence(folder))


def read_damaged(folder: Path, reason: str) -> Job:
    """A job that `read` refuses, as one that has failed for that reason."""
    times = {}
    with suppress(ValueError):  # an id may name a day that no calendar has
        begun = datetime.strptime(folder.name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        times["queued"] = begun.isoformat(timespec="seconds")
    try:
        config = record.read_config(folder)
    except StoredError:
        config = record.Config(DAMAGED, {}, "")
    return Job(
        id=folder.name,
        folder=folder,
        **vars(config),
        state="failed",
        error=visitors.without_paths(reason),
        times=times,
        damaged=True,
    )


def died_sentence(folder: Path) -> str:
    """Why a job is over whose process ended without a word."""
    if (folder / NO_ROOM).exists():
        return disk_sentence(OSError(errno.ENOSPC, ""), root())
    return (
        "Its process ended unexpectedly: memory ran out, it was killed, or the machine was "
        "switched off. No partial result was saved; start it again."
    )


def write_status(folder: Path, **changes: Any) -> None:
    """Change entries of the status; readers see the old or the new one, never a half.

    Raises:
        JobError: if what is there cannot be read.
        OSError: if nothing can be written.
    """
    try:
        status = record.read_status(folder)
    except StoredError as error:
        raise JobError(f"The job {folder.name!r} cannot be read: {error}.") from error
    if "state" in changes:
        changes["times"] = {**status.times, changes["state"]: now()}
    if changes.get("stage", status.stage) != status.stage:
        changes |= {"stage_since": now(), "fraction_before": changes.get("fraction", 0.0)}
    record.write_status(folder, replace(status, **changes))


def write_log(folder: Path, line: str) -> None:
    """Add a line to the log, with the time.

    Raises:
        OSError, StoredError: if it cannot be written.
    """
    stored.append(folder / "log.txt", f"{now()} {line}\n")


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """What the system refuses inside becomes a `JobError` that names the folder."""
    try:
        yield
    except OSError as error:
        raise JobError(disk_sentence(error, folder)) from error


def now() -> str:
    """ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def seconds_since(time: str) -> float:
    """How long ago that was, ISO 8601 with a zone; 0 for what is no such time."""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def lock_of(folder: Path) -> FileLock:
    """The lock that the process of a job holds as long as it lives."""
    return FileLock(folder / ALIVE, timeout=_LOCK_PATIENCE)


def is_alive(folder: Path) -> bool:
    """Whether a process holds the job's lock. Locks end with their process, however it ends."""
    return stored.is_locked(folder / ALIVE)
