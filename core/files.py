"""Files that a person names, which may be anything: a pipe that never ends, a folder, a device."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFIFO: "it is a named pipe, not a file",
    stat.S_IFSOCK: "it is a socket, not a file",
    stat.S_IFCHR: "it is a device, not a file",
    stat.S_IFBLK: "it is a device, not a file",
    stat.S_IFDIR: "it is a folder, not a file",
}


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading; never waits for what is no ordinary file.

    Raises:
        OSError: if it cannot be read, or is a folder, pipe, socket or device; `strerror` says so.
    """
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except ValueError as error:  # a path cannot hold a zero byte
        raise OSError(errno.EINVAL, "its name holds a zero byte", str(path)) from error
    try:
        _check_kind(os.fstat(number), path)
    except OSError:
        os.close(number)
        raise
    return os.fdopen(number, "rb")


def check_target(path: Path) -> None:
    """Look beforehand whether a file may be written there.

    Raises:
        OSError: if something else than an ordinary file is there already, or it cannot be told.
    """
    try:
        _check_kind(os.stat(path), path)
    except FileNotFoundError:
        return
    except ValueError as error:
        raise OSError(errno.EINVAL, "its name holds a zero byte", str(path)) from error


def _check_kind(status: os.stat_result, path: Path) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, _KINDS.get(kind, "it is no ordinary file"), str(path))
