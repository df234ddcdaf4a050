"""How commands print: JSON for scripts, aligned columns for people."""

import io
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import stored
from core.errors import StudioError, disk_sentence
from core.files import check_target

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    from matplotlib.figure import Figure


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


def say_cautions(sentences: Iterable[str]) -> None:
    """A line on standard error for each thing to mind in what was printed."""
    sys.stderr.writelines(f"{sentence}\n" for sentence in sentences)
    sys.stderr.flush()


def write_file(path: Path, make: Callable[[], bytes], failure: type[StudioError]) -> None:
    """Write what `make` gives to a file, whole or not at all.

    Raises:
        StudioError: of the class `failure`, if nothing can be written there.
    """
    try:
        check_target(path)
        stored.write_whole(path, make())
    except OSError as error:
        raise failure(disk_sentence(error, path.parent)) from error


def as_png(figure: "Figure") -> bytes:
    """A chart as the content of a file."""
    from core.plots import save

    buffer = io.BytesIO()
    save(figure, buffer)
    return buffer.getvalue()
