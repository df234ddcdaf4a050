"""The environment variables of the studio, read once: `settings.current().data_dir`.

| variable | what it sets | default |
|---|---|---|
| `STUDIO_DATA_DIR` | folder of downloaded datasets | `data/` |
| `STUDIO_RUNS_DIR` | folder of your runs (bundled runs are always listed too) | `saved_models/` |
| `STUDIO_WORK_DIR` | folder of jobs, uploads and caches | `.studio/` |
| `STUDIO_PUBLIC` | `1` for a public demo: visitors see only their own data, and jobs and uploads are limited | `0` |
| `STUDIO_CHROMIUM` | the Chromium or Chrome in which a model exported as a web page is proven | one that is installed |
| `STUDIO_API_TOKEN` | the token that every request to the REST API has to carry | none |
| `STUDIO_API_ORIGINS` | other websites that may call the REST API, and names this server is reached by: `https://a.org,https://b.org` | none |
| `STUDIO_API_MAX_MB` | megabytes that one request to the REST API may hold | `50` |
| `STUDIO_API_MAX_IMAGES` | images that one request to the REST API may hold | `500` |
| `STUDIO_API_RATE` | requests a minute to the REST API from one network; `0` for any number | `0`, in a public demo `600` |
"""  # noqa: E501 - a table row cannot be broken

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_NO = ("", "0", "no", "off", "false")
_MOST_SIGNS = 6  # of a number
_DEMO_RATE = 600  # requests a minute to the REST API: a class of thirty, one every three seconds
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
        api_token: what requests to the REST API have to carry; empty if nothing is needed.
        api_origins: other websites that may call it, as browsers write them: `https://a.org`.
        chromium: the browser that exported pages are proven in; empty for one that is installed.
        api_megabytes, api_images: what one request may hold.
        api_rate: requests a minute from one network; 0 for any number.
    """

    data_dir: Path
    runs_dir: Path
    work_dir: Path
    public: bool = False
    api_token: str = ""
    api_origins: tuple[str, ...] = ()
    chromium: str = ""
    api_megabytes: int = 50
    api_images: int = 500
    api_rate: int = 0
    embedded_data_dir: Path = PROJECT_DIR / "data"
    bundled_runs_dir: Path = PROJECT_DIR / "saved_models"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables of the table above; an empty one counts as not set, and so does what
        is no whole number where one is needed."""

        def folder(variable: str, default: str) -> Path:
            return Path(environment.get(variable) or PROJECT_DIR / default).expanduser().resolve()

        def number(variable: str, default: int, least: int = 1) -> int:
            text = environment.get(variable, "").strip()
            is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_SIGNS
            return max(least, int(text)) if is_number else default

        public = environment.get("STUDIO_PUBLIC", "").strip().lower() not in _NO
        origins = environment.get("STUDIO_API_ORIGINS", "").lower().split(",")
        return cls(
            data_dir=folder("STUDIO_DATA_DIR", "data"),
            runs_dir=folder("STUDIO_RUNS_DIR", "saved_models"),
            work_dir=folder("STUDIO_WORK_DIR", ".studio"),
            public=public,
            api_token=environment.get("STUDIO_API_TOKEN", "").strip(),
            api_origins=tuple(o.strip().rstrip("/") for o in origins if o.strip()),
            chromium=environment.get("STUDIO_CHROMIUM", "").strip(),
            api_megabytes=number("STUDIO_API_MAX_MB", 50),
            api_images=number("STUDIO_API_MAX_IMAGES", 500),
            api_rate=number("STUDIO_API_RATE", _DEMO_RATE if public else 0, least=0),
        )


_current = Settings.from_environment()


def current() -> Settings:
    """The settings that count now."""
    return _current


def adopt(others: Settings) -> None:
    """Use these values from now on: in a process of its own, those of the one that started it."""
    global _current
    _current = others


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
