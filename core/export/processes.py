"""Python programs in processes of their own, which can be cancelled."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import ExportError
from core.progress import Progress, Reporter

_EVERY = 0.1  # seconds between two looks at a process
_TIME_LIMIT = 1800  # seconds
_MOST_SENTENCE = 300  # characters of what a program has written


def run_process(
    arguments: Sequence[str], folder: Path, report: Reporter, progress: Progress
) -> str:
    """The standard output of a Python program that is run in a folder.

    Raises:
        ExportError: if it fails; with the last line that it has written.
        Cancelled: if it was asked to stop; the process has ended then.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1"}
    with (folder / ".out").open("w+b") as out, (folder / ".err").open("w+b") as err:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        try:
            code = _wait(process, report, progress)
        finally:
            process.kill()
            process.wait()
        texts = [_text(file) for file in (out, err)]
    for name in (".out", ".err"):
        (folder / name).unlink()
    if code:
        raise ExportError(_failure(code, texts[1]))
    return texts[0]


def _wait(process: subprocess.Popen, report: Reporter, progress: Progress) -> int:
    begun = time.monotonic()
    while True:
        report(progress)
        try:
            return process.wait(_EVERY)
        except subprocess.TimeoutExpired:
            if time.monotonic() - begun > _TIME_LIMIT:
                raise ExportError(
                    f"The export took longer than {_TIME_LIMIT // 60} minutes and was ended."
                ) from None


def _text(file: Any) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _failure(code: int, text: str) -> str:
    if code < 0:
        return (
            f"The process that wrote or opened the file was ended by signal {-code}. Memory may "
            "have run out: close other programs and try again."
        )
    lines = text.strip().splitlines() or ["it says nothing"]
    return f"The file could not be written or opened: {lines[-1][:_MOST_SENTENCE]}"
