"""The page on settings, from the table in the docstring of `core/settings.py`."""

import re

from core import settings
from docs.reference.markdown import code, document, sentence, table

_INTRODUCTION = (
    "All settings are optional environment variables, set before the studio starts, such as "
    "`STUDIO_RUNS_DIR=~/runs make run`. An empty variable counts as not set. Relative paths are "
    "relative to the folder the studio is started in."
)
_DEFAULTS = "Default folders are in the project's folder, wherever the studio is started."


def page() -> str:
    """The text of docs/settings.md."""
    rows = [(code(name), sentence(text), default) for name, text, default in variables()]
    header = ("variable", "meaning", "default")
    return document("Settings", _INTRODUCTION, table(header, rows), _DEFAULTS)


def variables() -> list[tuple[str, str, str]]:
    """Name, meaning and default of every environment variable."""
    row = r"^\| `(\w+)` \| (.+?) \| (.*?) \|$"
    return re.findall(row, settings.__doc__ or "", re.MULTILINE)
