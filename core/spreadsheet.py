"""CSV files that a spreadsheet shows and does not run."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import IO, Any

# A cell that begins with one of these is a formula to Excel, LibreOffice and Google Sheets; see
# OWASP, "CSV Injection". The wide forms are typed on Japanese keyboards.
_FORMULA = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV with lines that end in a line feed.

    A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay
    numbers; None and NaN become empty cells.
    """
    text = io.StringIO()
    _write(text, header, rows)
    return text.getvalue()


def write_csv(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The same to a file, row after row."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    _write(text, header, rows)
    text.flush()
    text.detach()


def _write(text: IO[str], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_cell(title) for title in header])
    writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n")  # csv leaves a lone \r unquoted
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
