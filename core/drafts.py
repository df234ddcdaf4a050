"""Folders that are written aside and renamed into place when they are whole, or put aside and
removed.

A draft is locked by the process that writes it. Locks end with their process, however it ends, so
what a killed one left behind is told from what is still being written, and removed.
"""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from filelock import FileLock, Timeout

from core.errors import StudioError, disk_sentence

_REMOVED = re.compile(r"\.[a-z0-9][a-z0-9_-]{0,63}-deleted-[a-z0-9_]{8}")
UNDO_SECONDS = 60.0  # for which what was set aside can be brought back
_ASIDE = re.compile(r"\.([a-z0-9][a-z0-9_-]{0,63})-undo-(\d{10,15})-[a-z0-9]{8}")
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
    list_aside(parent)
    for path in inside(parent):
        if _REMOVED.fullmatch(path.name):
            _remove(path)


@dataclass(frozen=True)
class Aside:
    """A folder that was deleted a moment ago and can be brought back.

    Attributes:
        name: what it was called; the name is free.
        folder: where it lies until then.
        until: seconds since 1970 after which it is removed for good.
    """

    name: str
    folder: Path
    until: float


def set_aside(path: Path) -> Aside:
    """Remove a folder, or whatever lies in its place, such that it can be brought back for a while.

    Its name is free at once. Renaming takes no room, so this works on a full disk.

    Raises:
        OSError: if it cannot be removed; it is where it was then.
    """
    until = time.time() + UNDO_SECONDS
    milliseconds = round(until * 1000)
    folder = path.with_name(f".{path.name}-undo-{milliseconds}-{secrets.token_hex(4)}")
    os.rename(path, folder)
    timer = Timer(UNDO_SECONDS + 1, list_aside, (path.parent,))  # which removes what is too old
    timer.daemon = True
    timer.start()
    return Aside(path.name, folder, until)


def list_aside(parent: Path) -> list[Aside]:
    """What was set aside in `parent`, latest first; what is too old to be brought back goes."""
    found = []
    for path in inside(parent):
        if known := _ASIDE.fullmatch(path.name):
            until = int(known[2]) / 1000
            if until > time.time():
                found.append(Aside(known[1], path, until))
            else:
                _remove(path)
    return sorted(found, key=lambda aside: -aside.until)


def bring_back(aside: Aside) -> Path:
    """Put it where it was; returns that place.

    Raises:
        FileExistsError: if something else has its name by now; it stays aside then.
        OSError: if it is gone, or cannot be renamed.
    """
    target = aside.folder.with_name(aside.name)
    if os.path.lexists(target):
        raise FileExistsError(target)
    os.rename(aside.folder, target)
    return target


def restore(
    name: str,
    found: Iterable[Aside],
    kind: str,
    failure: type[StudioError],
    cure: str,
    places: Iterable[Path] = (),
) -> None:
    """Bring back what was deleted last under that name, or say why that cannot be.

    Args:
        name: what it was called.
        found: what may be brought back, latest first.
        kind: what such a thing is called in a sentence.
        failure: class of what is raised.
        cure: what to do with whatever has the name by now.
        places: folders besides its own in which the name has to be free.

    Raises:
        StudioError: of the class `failure`, if it is gone, its name is taken, or the disk cannot be
            written to.
    """
    aside = next((aside for aside in found if aside.name == name), None)
    if aside is None:
        raise failure(
            f"The {kind} {name!r} cannot be restored: that is possible for "
            f"{UNDO_SECONDS:.0f} seconds after it was deleted."
        )
    try:
        if any(os.path.lexists(place / name) for place in places):
            raise FileExistsError(name)
        bring_back(aside)
    except FileExistsError as error:
        raise failure(
            f"The {kind} {name!r} cannot be restored: there is a new {kind} of that name. {cure}"
        ) from error
    except OSError as error:
        raise failure(disk_sentence(error, aside.folder.parent)) from error


def inside(parent: Path) -> list[Path]:
    """What lies in a folder, by name; nothing if it is missing or cannot be read."""
    try:
        return sorted(parent.iterdir())
    except OSError:
        return []


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder; 0 if it is gone."""
    try:
        return sum(path.lstat().st_size for path in folder.iterdir())
    except OSError:
        return 0


def _remove(path: Path) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
