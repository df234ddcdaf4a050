"""The environment variables of the studio, read once: `settings.current().data_dir`.

| variable | what it sets | default |
|---|---|---|
| `STUDIO_DATA_DIR` | folder of downloaded datasets | `data/` |
| `STUDIO_RUNS_DIR` | folder of your runs (bundled runs are always listed too) | `saved_models/` |
| `STUDIO_WORK_DIR` | folder of jobs, uploads and caches | `.studio/` |
| `STUDIO_PUBLIC` | `1` for a public demo: visitors see only their own data, and jobs and uploads are limited | `0` |
"""  # noqa: E501 - a table row cannot be broken

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_NO = ("", "0", "no", "off", "false")
PROJECT_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Where things are.

    Attributes:
        data_dir: datasets found and downloaded.
        embedded_data_dir: bundled datasets.
        runs_dir: your own runs.
        bundled_runs_dir: bundled runs.
        work_dir: work in progress and caches.
        public: whether strangers use it.
    """

    data_dir: Path
    runs_dir: Path
    work_dir: Path
    public: bool = False
    embedded_data_dir: Path = PROJECT_DIR / "data"
    bundled_runs_dir: Path = PROJECT_DIR / "saved_models"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables of the table above; an empty one counts as not set."""

        def folder(variable: str, default: str) -> Path:
            return Path(environment.get(variable) or PROJECT_DIR / default).expanduser().resolve()

        return cls(
            data_dir=folder("STUDIO_DATA_DIR", "data"),
            runs_dir=folder("STUDIO_RUNS_DIR", "saved_models"),
            work_dir=folder("STUDIO_WORK_DIR", ".studio"),
            public=environment.get("STUDIO_PUBLIC", "").strip().lower() not in _NO,
        )


_current = Settings.from_environment()


def current() -> Settings:
    """The settings that count now."""
    return _current


@contextmanager
def override(**changes: Any) -> Iterator[Settings]:
    """Use some other values for as long as the block lasts, in all threads of this process.

    Args:
        changes: attributes of `Settings`.

    Raises:
        TypeError: if there is no such attribute.
    """
    global _current
    before = _current
    _current = replace(before, **changes)
    try:
        yield _current
    finally:
        _current = before
