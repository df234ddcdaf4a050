"""Small pieces of Markdown: titles, tables, numbers as people write them."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

ENDS = (".", "!", "?")


def document(title: str, introduction: str, *parts: str) -> str:
    """A page: its title, what it is about, then its parts, with empty lines between."""
    return "\n\n".join(["# " + title, introduction, *parts]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; columns after the third that are empty in every row are left out."""
    listed = [[cell(text) for text in row] for row in rows]
    kept = [place for place in range(len(header)) if place < 3 or any(row[place] for row in listed)]
    lines = [[header[place] for place in kept], ["---"] * len(kept)]
    lines += [[row[place] for place in kept] for row in listed]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(text: str) -> str:
    """A text on one line that ends no cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(value: object) -> str:
    """A name or a value as it is typed."""
    return f"`{plain(value)}`"


def codes(values: Iterable[object]) -> str:
    """Several of them."""
    return ", ".join(map(code, values))


def plain(value: object) -> str:
    """A value as it is typed on the command line: no exponents, no zeros that say nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = f"{Decimal(repr(value)):f}"
        return re.sub(r"\.0+$", "", text)
    return str(value)


def sentence(text: str) -> str:
    """With a capital at the beginning and a full stop at the end."""
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text.endswith(ENDS) else ".")


def megabytes(size: int) -> str:
    """A size in bytes, as people say it."""
    return f"{size / 1e6:,.0f} MB" if size else ""


def anchor(heading: str) -> str:
    """What a link to a heading of a page ends in, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")
