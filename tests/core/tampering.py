"""Ways to spoil a stored file: odd values in each of its fields, and other things in its place."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any


def deep(levels: int) -> Any:
    """A list in a list in a list …"""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


# As JSON, since Python writes some of them in no way that others read.
ODD = {
    "null": "null",
    "true": "true",
    "negative": "-1",
    "fraction": "0.5",
    "huge": "1" + "0" * 400,
    "endless": "1e999",
    "nan": "NaN",
    "infinity": "-Infinity",
    "text": '"x"',
    "empty text": '""',
    "half a sign": '"\\ud800"',
    "long": json.dumps("x" * 1_000_000),
    "list": "[1]",
    "empty list": "[]",
    "map": '{"x": [null]}',
    "deep": "[" * 5000 + "]" * 5000,
    "deeper": "[" * 100_000 + "]" * 100_000,
}


def with_value(path: Path, field: str, value: str) -> None:
    """Give one field of a JSON file another value, which is JSON itself."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content[field] = "@@@"
    path.write_text(json.dumps(content).replace('"@@@"', value), encoding="utf-8")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)


REPLACEMENTS = {
    "missing": lambda path: None,
    "pipe": os.mkfifo,
    "folder": lambda path: path.mkdir(),
    "loop of links": _loop,
    "link to nothing": lambda path: path.symlink_to("nowhere"),
    "empty": lambda path: path.touch(),
    "large": _large,
    "junk": lambda path: path.write_bytes(bytes(range(256)) * 20),
    "device": lambda path: path.symlink_to("/dev/zero"),
}


def replace_by(path: Path, name: str) -> None:
    """Put one of `REPLACEMENTS` in the place of a file."""
    with suppress(FileNotFoundError):
        path.unlink()
    REPLACEMENTS[name](path)


def fields_of(path: Path) -> Iterator[str]:
    """The fields of a JSON file."""
    yield from json.loads(path.read_text(encoding="utf-8"))
