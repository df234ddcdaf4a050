"""The API as a process of its own, for tests and benchmarks that need a real server."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.settings import PROJECT_DIR


@dataclass(frozen=True)
class Served:
    """A server that runs: where it is reached, as `http://127.0.0.1:1234`, and its process."""

    url: str
    process: subprocess.Popen


@contextmanager
def serve(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """`python -m core api` on a free port, with all that it makes in a folder."""
    places = {f"STUDIO_{name.upper()}_DIR": str(folder / name) for name in ("runs", "work")}
    with (folder / "api.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "api", "--port", "0", *arguments],
            cwd=PROJECT_DIR,
            env={**os.environ, **places, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+:\d+", line)
        if found is None:
            raise RuntimeError(f"The API did not start: {(folder / 'api.log').read_text()}")
        yield Served(found[0], process)
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
