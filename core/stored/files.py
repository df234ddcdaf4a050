"""Opening and writing files so that none of them can block, and none is half written."""

import fcntl
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import StoredError

MOST_BYTES = 4 * 2**20  # of a file without a limit of its own
_WRITTEN = re.compile(r"\.(.+)\.([0-9]{1,10})")  # what a process of that number is writing


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The contents of a regular file of at most `most` bytes; a pipe or a device never blocks.

    Raises:
        StoredError: if it is missing, cannot be read, is too large or is no regular file.
    """
    try:
        with open(opened(path, most), "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise StoredError(f"{path.name}: {error.strerror or error}") from error
    if len(content) > most:
        raise StoredError(too_large(path, len(content), most))
    return content


def opened(path: Path, most: int | None, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file; raises `StoredError` or `OSError`.

    With `O_NONBLOCK`, or a pipe would keep whoever opens it.
    """
    try:
        number = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except ValueError as error:  # a name that no file can have
        raise StoredError(f"{str(path)!r}: {error}") from error
    try:
        status = os.fstat(number)
        _check_kind(path, status)
        if most is not None and status.st_size > most:
            raise StoredError(too_large(path, status.st_size, most))
    except StoredError:
        os.close(number)
        raise
    return number


def too_large(path: Path, size: int, most: int) -> str:
    """What is said of a file, or of what is packed in it."""
    return f"{path.name} may have {most:,} bytes. Received: {size:,} or more"


def check_regular(path: Path) -> Path:
    """The path of a file that another library may open by its name.

    Raises:
        StoredError: if it is missing or is no regular file.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise StoredError(f"{path.name}: {getattr(error, 'strerror', error)}") from error
    _check_kind(path, status)
    return path


def _check_kind(path: Path, status: os.stat_result) -> None:
    """Raise `StoredError` unless it is a regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
        raise StoredError(f"{path.name} is {kind}, not a file")


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The contents of a small UTF-8 file.

    Raises:
        StoredError: if it cannot be read or is not UTF-8.
    """
    try:
        return read_bytes(path, most).decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoredError(f"{path.name} is not UTF-8 text: {error.reason}") from error


def read_tail(path: Path, most: int = MOST_BYTES) -> str:
    """The last bytes of a log as text, whatever is in it; empty if it cannot be read."""
    try:
        with open(opened(path, None), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most).decode("utf-8", "replace")
    except (OSError, StoredError):
        return ""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file aside and rename it into place; into a pipe or a device directly.

    Raises:
        OSError: if it cannot be written; nothing half-written stays.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        os.replace(fresh, path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def check_room(folder: Path, needed: int) -> None:
    """Raise `OSError` unless a file of so many bytes can be written to a folder now.

    For libraries that take the whole process down when a disk fills up, as HDF5 does.
    """
    trial = folder / f".room.{os.getpid()}"
    try:
        with trial.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, needed)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(trial)) from error
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)


def append(path: Path, text: str) -> None:
    """Add to a log.

    Raises:
        OSError: if it cannot be written.
        StoredError: if it is no regular file.
    """
    with open_log(path) as file:
        file.write(text.encode("utf-8", "replace"))


def open_log(path: Path) -> Any:
    """A binary file to add to; raises as `append` does."""
    return open(opened(path, None, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab")


def is_locked(path: Path) -> bool:
    """Whether a living process holds a lock file. Nothing is written for that."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(number)


def sweep_written(folder: Path) -> None:
    """Remove files that `write_whole` was writing when its process was killed."""
    with suppress(OSError):
        for path in folder.iterdir():
            written = _WRITTEN.fullmatch(path.name)
            if written and not _lives(int(written[2])) and path.is_file():
                with suppress(OSError):
                    path.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
