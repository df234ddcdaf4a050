"""Folders that are written aside and renamed into place when they are whole, or put aside and
removed.

A draft is locked by the process that writes it. Locks end with their process, however it ends, so
what a killed one left behind is told from what is still being written, and removed.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_REMOVED = re.compile(r"\.[a-z0-9][a-z0-9_-]{0,63}-deleted-[a-z0-9_]{8}")
_TRIES = 5  # at a folder that somebody else finds empty and removes


@contextmanager
def draft(parent: Path, name: str) -> Iterator[Path]:
    """A new, empty folder in `parent`; unless it is renamed meanwhile, it goes away at the end.

    Raises:
        OSError: if nothing can be written there.
    """
    for left in reversed(range(_TRIES)):
        parent.mkdir(parents=True, exist_ok=True)
        sweep(parent)
        folder = parent / f"{name}-{secrets.token_hex(4)}"
        lock = FileLock(f"{folder}.lock")
        try:
            lock.acquire()
            break
        except FileNotFoundError:
            if not left:
                raise
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def sweep(parent: Path) -> None:
    """Remove the drafts in `parent` whose process is gone."""
    for folder in {path.with_name(path.name.removesuffix(".lock")) for path in inside(parent)}:
        with suppress(Timeout, OSError), FileLock(f"{folder}.lock", timeout=0) as lock:
            _remove(folder)
            Path(lock.lock_file).unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a folder, or whatever lies in its place: gone at once, however long its files take.

    Renaming takes no room, so this works on a full disk.

    Raises:
        OSError: if it cannot be removed; it is whole then.
    """
    doomed = path.with_name(f".{path.name}-deleted-{secrets.token_hex(4)}")
    os.rename(path, doomed)
    _remove(doomed)


def sweep_removed(parent: Path) -> None:
    """Remove what `remove` had put aside in `parent` when its process was killed.

    Nobody needs it any more, so there is no lock: whoever else is at it wants the same.
    """
    for path in inside(parent):
        if _REMOVED.fullmatch(path.name):
            _remove(path)


def inside(parent: Path) -> list[Path]:
    """What lies in a folder, by name; nothing if it is missing or cannot be read."""
    try:
        return sorted(parent.iterdir())
    except OSError:
        return []


def _remove(path: Path) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
