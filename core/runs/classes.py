"""What a run knows of its classes beyond their names: other names, and the groups they are in.

`classes.tsv` in the folder of a run has a line for each class, in their order: its id, its name,
its group as a path with slashes (`animal/dog/terrier`), and its other names, with commas. Most runs
have no such file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core import stored
from core.errors import RunError, StoredError

CLASSES = "classes.tsv"
HEADER = ("id", "name", "group", "names")
_MOST_BYTES = 4_000_000
_MOST_DEPTH = 6


@dataclass(frozen=True)
class ClassEntry:
    """One class.

    Attributes:
        id: what a catalogue calls it: `n02099712`.
        name: as in the card of the run.
        group: from the widest to the narrowest: `("animal", "dog", "retriever")`.
        names: other words for it.
    """

    id: str
    name: str
    group: tuple[str, ...]
    names: tuple[str, ...]

    def matches(self, text: str) -> bool:
        """Whether one of its names or groups holds a text; capitals make no difference."""
        wanted = text.casefold().strip()
        return any(wanted in word.casefold() for word in (self.name, *self.names, *self.group))


def as_text(entries: Iterable[ClassEntry]) -> str:
    """The content of the file."""
    rows = [HEADER, *((e.id, e.name, "/".join(e.group), ", ".join(e.names)) for e in entries)]
    return "".join("\t".join(row) + "\n" for row in rows)


def parsed(text: str) -> tuple[ClassEntry, ...]:
    """What `as_text` has written.

    Raises:
        StoredError: if it is anything else.
    """
    rows = [line.split("\t") for line in text.splitlines()]
    if not rows or tuple(rows[0]) != HEADER or any(len(row) != len(HEADER) for row in rows):
        raise StoredError(f"its lines must have the columns {', '.join(HEADER)}")
    entries = []
    for class_id, name, group, names in rows[1:]:
        path = tuple(filter(None, group.split("/")))
        if not 1 <= len(path) <= _MOST_DEPTH or not name or not class_id:
            raise StoredError(f"the class {name or class_id!r} lacks a name or a group")
        entries.append(ClassEntry(class_id, name, path, tuple(filter(None, names.split(", ")))))
    return tuple(entries)


@lru_cache(maxsize=8)
def read_classes(
    path: Path, sha256: str, class_names: tuple[str, ...]
) -> tuple[ClassEntry, ...] | None:
    """The classes of a run, in their order; None if its card names others.

    Args:
        path: the file, whose digest was checked.
        sha256: that digest, so that another file is read anew.
        class_names: those of the card.

    Raises:
        RunError: if the file is damaged.
    """
    try:
        entries = parsed(stored.read_text(path, _MOST_BYTES))
    except StoredError as error:
        raise RunError(
            f"The groups of classes of run {path.parent.name!r} cannot be read: {error}."
        ) from error
    return entries if tuple(entry.name for entry in entries) == class_names else None


def labels_by_name(
    class_names: Sequence[str], entries: Sequence[ClassEntry] | None = None
) -> Mapping[str, int]:
    """Which class each name means: names of the card first, then ids, then other names.

    An other name that two classes share means neither.
    """
    found = {name: label for label, name in enumerate(class_names)}
    others: dict[str, int | None] = {}
    for label, entry in enumerate(entries or ()):
        found.setdefault(entry.id, label)
        for name in entry.names:
            others[name] = label if others.get(name, label) == label else None
    for name, label in others.items():
        if label is not None:
            found.setdefault(name, label)
    return found
