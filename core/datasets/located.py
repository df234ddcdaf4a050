"""Images by their folders, while splits and classes are being found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.datasets.choices import same_class

Image = tuple[str, tuple[str, ...]]  # the whole path, and the folders and name that still count


@dataclass(frozen=True)
class Located:
    """An image, the folder that is its class, the split it came in, and the folders inside."""

    path: str
    class_name: str
    split: str
    inside: tuple[str, ...] = ()


@dataclass
class Structure:
    """Where every image belongs, what is left out and why, and what is to be said of it."""

    located: list[Located] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def by_top(images: Iterable[Image]) -> dict[str, list[Image]]:
    """The images of each outermost folder, without that folder."""
    grouped: dict[str, list[Image]] = {}
    for path, parts in images:
        if len(parts) > 1:
            grouped.setdefault(parts[0], []).append((path, parts[1:]))
    return grouped


def class_folders(images: Iterable[Image]) -> set[str]:
    """The outermost folders, however they are spelt."""
    return {same_class(parts[0]) for _, parts in images if len(parts) > 1}


def some(names: Iterable[str]) -> str:
    """A few names as a list in a sentence."""
    names = sorted(names)
    shown = [readable(name) for name in names[:4]]
    if len(names) > 4:
        return ", ".join(shown) + f" … ({len(names)})"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def listed(folders: Iterable[str]) -> str:
    """Folders as a list in a sentence; at most eight."""
    names = sorted(folders)
    shown = ", ".join(f"{readable(name)}/" for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def readable(name: str) -> str:
    """A name without what cannot be printed."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)
