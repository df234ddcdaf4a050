"""Folders that are written aside and renamed into place when they are whole.

A draft is locked by the process that writes it. Locks end with their process, however it ends, so
what a killed one left behind is told from what is still being written, and removed.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def draft(parent: Path, name: str) -> Iterator[Path]:
    """A new, empty folder in `parent`; unless it is renamed meanwhile, it goes away at the end.

    Raises:
        OSError: if nothing can be written there.
    """
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    folder = parent / f"{name}-{secrets.token_hex(4)}"
    with FileLock(f"{folder}.lock") as lock:
        try:
            folder.mkdir()
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)


def sweep(parent: Path) -> None:
    """Remove the drafts in `parent` whose process is gone."""
    if not parent.is_dir():
        return
    for folder in {path.with_name(path.name.removesuffix(".lock")) for path in parent.iterdir()}:
        with suppress(Timeout, OSError), FileLock(f"{folder}.lock", timeout=0) as lock:
            shutil.rmtree(folder, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)
