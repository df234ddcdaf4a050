"""A job as it lies on disk.

<work folder>/jobs/<id>/
├── config.json   kind, settings, owner; never changed
├── status.json   state and progress; replaced as a whole
├── log.txt       what happened, a line each
├── cancel        there if it was asked to stop
├── finish        there if it was asked to end early and keep what there is
├── kept/         what spares it beginning anew when it is tried again
├── alive.lock    held by the process that does the work
└── process       its number
"""

import errno
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core import visitors
from core.errors import JobError, disk_sentence
from core.settings import settings

STATES = ("queued", "running", "done", "cancelled", "failed")
ALIVE, KEPT = "alive.lock", "kept"
ENDED = ("done", "cancelled", "failed")
STOPPED = "It was stopped in the middle of its work; nothing half done was kept."
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")
OVERTIME = "overtime"  # an empty file: a public demo has no more time for it
NO_ROOM = "no_room"  # an empty file, for which even a full disk has room
_LOCK_PATIENCE = 5.0  # seconds; longer than anybody holds a lock only to see whether it is free


@dataclass(frozen=True)
class Job:
    """One piece of long work, as it was when it was read.

    Attributes:
        id: begins with the time it was submitted, so that ids sort first in, first out.
        folder: where it lies.
        kind: one of `core.jobs.KINDS`.
        settings: what exactly to do.
        owner: whose it is.
        state: one of `STATES`.
        stage, epoch, epochs, part, metrics, note, history: how far it is, see
            `core.progress.Progress`.
        result: what a finished job says of what it made.
        error: why it failed, in a sentence.
        tries: how often it was gone on with.
        times: when it was `queued`, `running` and ended, ISO 8601 in UTC.
    """

    id: str
    folder: Path
    kind: str
    settings: Mapping[str, Any]
    owner: str
    state: str = "queued"
    stage: str = ""
    epoch: int = 0
    epochs: int = 0
    part: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    history: Sequence[Mapping[str, float]] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    times: Mapping[str, str] = field(default_factory=dict)
    tries: int = 0

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
        try:
            text = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return visitors.without_paths("\n".join(text.splitlines()[-lines:]))


def root() -> Path:
    """The folder that all jobs lie in."""
    return settings.work_dir / "jobs"


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
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        if status["state"] == "running" and not is_alive(folder):
            # It may have ended between the two looks.
            status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
            if status["state"] == "running":
                stopped = (folder / "cancel").exists()
                status["state"] = "cancelled" if stopped else "failed"
                status["error"] = STOPPED if stopped else died_sentence(folder)
        elif status["state"] == "queued" and (folder / "cancel").exists():
            status["state"] = "cancelled"
        for told in ("error", "note"):
            if told in status:
                status[told] = visitors.without_paths(status[told])
        return Job(id=folder.name, folder=folder, **config, **status)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(f"The job {folder.name!r} cannot be read: {error}.") from error


def died_sentence(folder: Path) -> str:
    """Why a job is over whose process ended without a word."""
    if (folder / NO_ROOM).exists():
        return disk_sentence(OSError(errno.ENOSPC, ""), root())
    return (
        "Its process ended unexpectedly: memory ran out, it was killed, or the machine was "
        "switched off. No half of a result was kept; start it again."
    )


def write_status(folder: Path, **changes: Any) -> None:
    """Change entries of the status; readers see the old or the new one, never a half."""
    status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    if "state" in changes:
        changes["times"] = {**(status.get("times") or {}), changes["state"]: now()}
    replace_json(folder / "status.json", {**status, **changes})


def replace_json(path: Path, value: object) -> None:
    """Write a file as a whole and put it in place of the old one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def write_log(folder: Path, line: str) -> None:
    """Add a line to the log, with the time."""
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        log.write(f"{now()} {line}\n")


def now() -> str:
    """ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def lock_of(folder: Path) -> FileLock:
    """The lock that the process of a job holds as long as it lives."""
    return FileLock(folder / ALIVE, timeout=_LOCK_PATIENCE)


def is_alive(folder: Path) -> bool:
    """Whether a process holds the job's lock. Locks end with their process, however it ends."""
    return is_held(folder / ALIVE)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of that file."""
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
