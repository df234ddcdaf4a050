"""A model of Keras becomes a LiteRT file, in a process of its own with little memory and time."""

import os
import select
import socket
import time
from pathlib import Path
from typing import Any

from core.errors import ForeignError
from core.progress import Progress, Reporter
from core.serving import confined

MOST_SECONDS = 600.0
_MEMORY, _FOR_A_BYTE = 8 * 2**30, 8  # of addresses: TensorFlow maps 3.5 GB, and of the file
_EVERY = 0.1  # seconds between two looks at the process
_CHILD = "core.foreign.keras_child"


def convert(
    source: Path,
    name: str,
    target: Path,
    size: tuple[int, int, int] | None,
    report: Reporter,
) -> None:
    """Write the LiteRT file of a `.keras` or `.h5` file.

    Args:
        source: the file.
        name: what it is called in a sentence.
        target: the file to write; temporary files go beside it.
        size: height, width and channels, for a model that takes any.
        report: told how far it is; may stop it.

    Raises:
        ForeignError: if the file is refused or damaged, or the process needs too much.
        Cancelled: if it was asked to stop; the process has ended then.
    """
    memory = _MEMORY + _FOR_A_BYTE * source.stat().st_size
    process, end = confined.start(_CHILD, str(memory), folder=target.parent)
    request = {
        "source": str(source),
        "name": name,
        "target": str(target),
        "size": size,
        "seconds": MOST_SECONDS * (os.cpu_count() or 1),
    }
    until = time.monotonic() + MOST_SECONDS
    try:
        confined.send(end, request, until)
        found = _waited_for(end, until, report)
    except TimeoutError as error:
        raise ForeignError(
            f"To open {name} took longer than {MOST_SECONDS / 60:.0f} minutes."
        ) from error
    except confined.Gone as error:
        raise ForeignError(
            f"The process that opened {name} ended unexpectedly: the file is damaged, or "
            "needs more memory or time than it may take. The studio is not affected."
        ) from error
    finally:
        end.close()
        process.kill()
        process.wait()
    if "error" in found:
        raise ForeignError(str(found["error"]))


def _waited_for(end: socket.socket, until: float, report: Reporter) -> dict[str, Any]:
    """What the process says in the end; raises as `confined.receive`, or `Cancelled`."""
    while True:
        report(Progress("converting", fraction=0.2))
        if select.select([end], [], [], _EVERY)[0]:
            return confined.receive_json(end, until)
        if time.monotonic() > until:
            raise TimeoutError
