"""Processes for files of other people: little memory and time, no secrets, gone with their parent.

The parent starts a module of the studio with one end of a socket. The module calls `confine` before
it opens anything.
"""

import json
import os
import resource
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.settings import PROJECT_DIR

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",  # each further one takes 64 MB of addresses, which are limited
    "CUDA_VISIBLE_DEVICES": "-1",  # a driver maps more addresses than the limit
    "OPENBLAS_NUM_THREADS": "1",
}
_SIZE = 8  # bytes that say how long a message is
_LONGEST = 2**16  # bytes of a message in JSON
_HUNG_UP = 0x2000 | select.POLLHUP  # POLLRDHUP, which Python does not name


class Gone(Exception):
    """The other end has closed the socket, or sends what it must not."""


def start(
    module: str, *arguments: str, folder: Path | None = None
) -> tuple[subprocess.Popen, socket.socket]:
    """Start a module in a process of its own.

    Args:
        module: its name; its first argument is the number of its end of the socket.
        arguments: further ones.
        folder: where temporary files go, and what counts as its home; none by default.

    Returns:
        The process, and our end of the socket.
    """
    ours, theirs = socket.socketpair()
    home = str(folder or "/nonexistent")
    environment = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    environment |= {**_QUIET, "HOME": home, "KERAS_HOME": home, "TMPDIR": home}
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs.fileno()), *arguments],
            cwd=PROJECT_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


def confine(memory: int) -> socket.socket:
    """What a module that `start` has started does first; its end of the socket.

    Args:
        memory: bytes that it may map, which bounds what it can allocate.
    """
    end = socket.socket(fileno=int(sys.argv[1]))
    threading.Thread(target=_end_with, args=(end,), daemon=True).start()
    with suppress(OSError):  # if memory runs out, this ends rather than the pages
        Path("/proc/self/oom_score_adj").write_text("800")
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_NOFILE, 256)
    return end


def allow_seconds(seconds: float) -> None:
    """End this process when it has computed for so long from now on, whatever it does."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


def _lower(which: int, value: int) -> None:
    _, most = resource.getrlimit(which)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(which, (value, value))


def _end_with(end: socket.socket) -> None:
    """End this process when the parent has, also in the middle of a prediction."""
    waiting = select.poll()
    waiting.register(end.fileno(), _HUNG_UP)
    waiting.poll()
    os._exit(0)


def send(
    end: socket.socket, content: bytes | Mapping[str, Any], until: float | None = None
) -> None:
    """Send bytes, or a mapping as JSON.

    Args:
        end: of the socket.
        content: what to send.
        until: the time, of `time.monotonic`, by which it must be gone.

    Raises:
        TimeoutError: if it is not.
        Gone: if nobody is there any more.
    """
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    try:
        end.settimeout(_left(until))
        end.sendall(len(payload).to_bytes(_SIZE, "big"))
        end.sendall(payload)
    except TimeoutError:
        raise
    except OSError as error:
        raise Gone(str(error)) from error


def receive(end: socket.socket, most: int, until: float | None = None) -> bytes:
    """What the other end has sent, at most `most` bytes.

    Raises:
        TimeoutError: if it is not there by then.
        Gone: if the other end has closed the socket, or sends more.
    """
    size = int.from_bytes(_exactly(end, _SIZE, until), "big")
    if size > most:
        raise Gone(f"{size} bytes where {most} are allowed")
    return _exactly(end, size, until)


def receive_json(end: socket.socket, until: float | None = None) -> dict[str, Any]:
    """A mapping that the other end has sent; raises as `receive` does."""
    try:
        found = json.loads(receive(end, _LONGEST, until))
    except ValueError as error:
        raise Gone(str(error)) from error
    if not isinstance(found, dict):
        raise Gone("it sends no mapping")
    return found


def _exactly(end: socket.socket, size: int, until: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            end.settimeout(_left(until))
            part = end.recv(min(size - len(parts), 2**20))
        except TimeoutError:
            raise
        except OSError as error:
            raise Gone(str(error)) from error
        if not part:
            raise Gone("it has ended")
        parts += part
    return bytes(parts)


def _left(until: float | None) -> float | None:
    if until is None:
        return None
    if (left := until - time.monotonic()) <= 0:
        raise TimeoutError
    return left
