"""The page on settings, from the table in the docstring of `core/settings.py`."""

import re

from core import settings
from docs.reference.markdown import code, document, sentence, table

_INTRODUCTION = (
    "The studio runs without any of these; they are environment variables, set before it starts, "
    "such as `STUDIO_RUNS_DIR=~/runs make run`. An empty one counts as not set, and paths without "
    "a beginning slash are within the folder the studio is started in."
)
_DEFAULTS = "Folders that are defaults lie in the project's folder, wherever the studio is started."


def page() -> str:
    """The text of docs/settings.md."""
    rows = [(code(name), sentence(text), default) for name, text, default in variables()]
    header = ("variable", "what it sets", "default")
    return document("Settings", _INTRODUCTION, table(header, rows), _DEFAULTS)


def variables() -> list[tuple[str, str, str]]:
    """Name, meaning and default of every environment variable."""
    row = r"^\| `(\w+)` \| (.+?) \| (.*?) \|$"
    return re.findall(row, settings.__doc__ or "", re.MULTILINE)
