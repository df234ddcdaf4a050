"""How figures are printed: Markdown tables, so that they can go into the README as they are."""

import sys
from collections.abc import Sequence


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A heading and a Markdown table on standard output."""
    lines = [f"\n### {title}\n", _line(header), _line(["---"] * len(header))]
    lines += [_line(row) for row in rows]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
