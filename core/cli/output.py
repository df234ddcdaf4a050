"""How commands print: JSON for scripts, aligned columns for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any


def print_json(value: Any, indent: int | None = 2) -> None:
    """One JSON value on standard output; `indent=None` keeps it on one line."""
    sys.stdout.write(json.dumps(value, indent=indent) + "\n")
    sys.stdout.flush()


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns wide enough for their longest entry."""
    table = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


def say_left_out(kind: str, damaged: Iterable[tuple[str, str]]) -> None:
    """A line on standard error for each entry that a list lacks since it cannot be read."""
    for name, reason in damaged:
        sentence = " ".join(f"{kind} {name} is damaged and left out: {reason}".split())
        sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
