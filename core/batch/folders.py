"""Which images there are: files as given; in folders, in order, those named like images."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.datasets.hidden import belongs_to_a_system
from core.datasets.refusals import by_name, why
from core.images import SUFFIXES

NONE_FOUND = "No images in "


@dataclass(frozen=True)
class Image:
    """One image to predict.

    Attributes:
        place: which of the given paths it came with, from 0, and its path below that one. Images
            come in the order of their places, which is the same every time.
        path: where it is.
    """

    place: tuple[int, tuple[str, ...]]
    path: Path


class Images:
    """The images at some paths, found one after another.

    Attributes:
        paths: the paths given.
        remarks: a sentence for each folder passed that holds no image, or other files too.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self.remarks: list[str] = []

    def __iter__(self) -> Iterator[Image]:
        self.remarks = []
        for number, path in enumerate(self.paths):
            if os.path.isdir(path):  # `Path.is_dir` raises where a name is too long
                yield from self._inside(number, path)
            else:
                yield Image((number, ()), path)

    def _inside(self, number: int, folder: Path) -> Iterator[Image]:
        others: list[tuple[str, str]] = []
        found = False
        for below in _files(folder, ()):
            relative = "/".join(below)
            path = folder.joinpath(*below)
            if belongs_to_a_system(relative):
                continue
            if path.suffix.lower() not in SUFFIXES:
                others.append((relative, by_name(relative)))
            elif path.is_file():
                found = True
                yield Image((number, below), path)
            else:
                others.append((relative, "It is a broken link, or not a file."))
        told = f" Skipped: {why(others)}" if others else ""
        if not found:
            self.remarks.append(f"{NONE_FOUND}{folder}.{told}")
        elif others:
            self.remarks.append(f"In {folder}:{told}")


def _files(folder: Path, below: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """What is in a folder and below, in order; links to folders are not followed."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:  # a folder that one may not look into holds nothing for us
        return
    for entry in listed:
        inside = (*below, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _files(folder / entry.name, inside)
        elif not entry.is_dir():
            yield inside
