"""Paths of files become classes and parts: a folder per class, or train/ and test/ above them."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import DatasetError
from core.images import SUFFIXES

MIN_PICTURES = 10
_PARTS = {
    "train": "train",
    "training": "train",
    "validation": "val",
    "valid": "val",
    "val": "val",
    "test": "test",
    "testing": "test",
}
_OF_SYSTEMS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_FOLDERS_OF_SYSTEMS = {"__macosx", "@eadir", "$recycle.bin"}
_NO_CLASS = "It is not inside a class folder."


@dataclass(frozen=True)
class Place:
    """Where a picture belongs: its path, the index of its class, its part of the dataset."""

    path: str
    label: int
    part: str


@dataclass(frozen=True)
class Layout:
    """What a folder or zip holds, by its names alone.

    Attributes:
        class_names: in the order of their labels.
        places: the pictures, test first and training last, so that of two copies of a picture
            the one in training is left out.
        skipped: other files and why they are left out.
        ignored: number of hidden files of operating systems.
        notes: what else is worth knowing.
    """

    class_names: tuple[str, ...]
    places: tuple[Place, ...]
    skipped: tuple[tuple[str, str], ...]
    ignored: int
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of pictures of each class."""
        counted = Counter(place.label for place in self.places)
        return {name: counted[label] for label, name in enumerate(self.class_names)}


def arrange(paths: Iterable[str]) -> Layout:
    """Find classes and parts in the paths of files.

    A class is the folder above its pictures, however deep they lie in it. Folders that hold
    everything else are passed through. If the outermost folders are called train, validation and
    test, the classes are the folders inside them.

    Raises:
        DatasetError: if there are fewer than two classes, fewer than ten pictures in one, or
            train and test do not fit together.
    """
    pictures, skipped, ignored = [], [], 0
    for path in paths:
        if belongs_to_a_system(path):
            ignored += 1
        elif PurePosixPath(path).suffix.lower() not in SUFFIXES:
            skipped.append((path, "It is not a picture by its name."))
        else:
            pictures.append((path, tuple(unicodedata.normalize("NFC", path).split("/"))))
    pictures = _without_wrapper(pictures)
    split = _is_split(pictures)
    depth = 2 if split else 1
    for path, parts in pictures:
        if len(parts) <= depth:
            skipped.append((path, _NO_CLASS))
    inside = [(path, parts) for path, parts in pictures if len(parts) > depth]
    names = _in_order({_readable(parts[depth - 1]) for _, parts in inside})
    label_of = {name: label for label, name in enumerate(names)}
    places = [
        Place(
            path,
            label_of[_readable(parts[depth - 1])],
            _PARTS[parts[0].lower()] if split else "unsplit",
        )
        for path, parts in inside
    ]
    rank = {"test": 0, "val": 1, "train": 2, "unsplit": 3}
    layout = Layout(
        class_names=names,
        places=tuple(sorted(places, key=lambda place: (rank[place.part], place.label, place.path))),
        skipped=tuple(skipped),
        ignored=ignored,
        notes=tuple(_notes(inside, depth)),
    )
    check_counts(layout.class_names, layout.counts, len(skipped))
    if split:
        counts = Counter((place.part, place.label) for place in layout.places)
        check_parts(layout.class_names, counts, any(p.part == "test" for p in layout.places))
    return layout


def check_counts(names: Sequence[str], counts: Mapping[str, int], skipped: int) -> None:
    """Raise `DatasetError` unless there are two classes with ten pictures each."""
    left_out = f" {skipped:,} files could not be used." if skipped else ""
    if not any(counts.values()):
        raise DatasetError(
            f"No pictures in class folders were found.{left_out} Bring a folder for each class, "
            "with its pictures inside: cats/1.jpg, dogs/1.jpg."
        )
    if len(names) < 2:
        raise DatasetError(
            f"There is only one class, {names[0]!r}: a model needs at least two to tell apart."
            f"{left_out} Bring a folder for each class."
        )
    few = [f"{name!r} has {counts[name]}" for name in names if counts[name] < MIN_PICTURES]
    if few:
        more = f" and {len(few) - 5} more" if len(few) > 5 else ""
        raise DatasetError(
            f"Every class needs at least {MIN_PICTURES} pictures. Received: "
            f"{', '.join(few[:5])}{more}.{left_out}"
        )


def check_parts(
    names: Sequence[str], counts: Mapping[tuple[str, int], int], has_test: bool
) -> None:
    """Raise `DatasetError` unless every class can be learnt from train/, and measured in test/."""
    few = [name for label, name in enumerate(names) if counts[("train", label)] < 2]
    if few:
        raise DatasetError(
            "Every class needs at least 2 pictures in train/, or it cannot be learnt. Too few of: "
            f"{', '.join(map(repr, few[:5]))}."
        )
    if has_test:
        absent = [name for label, name in enumerate(names) if not counts[("test", label)]]
        if absent:
            raise DatasetError(
                "Every class of train/ needs pictures in test/ too, or it cannot be measured. "
                f"Missing: {', '.join(map(repr, absent[:5]))}."
            )


def belongs_to_a_system(path: str) -> bool:
    *folders, name = path.split("/")
    return (
        any(part.startswith(".") for part in (*folders, name))
        or any(folder.lower() in _FOLDERS_OF_SYSTEMS for folder in folders)
        or name.lower() in _OF_SYSTEMS
    )


def _without_wrapper(pictures: list) -> list:
    """Pass through folders that hold all the others and no picture themselves."""
    while pictures and len({parts[0] for _, parts in pictures}) == 1:
        if min(len(parts) for _, parts in pictures) < 3:
            break
        pictures = [(path, parts[1:]) for path, parts in pictures]
    return pictures


def _is_split(pictures: list) -> bool:
    tops = {parts[0] for _, parts in pictures if len(parts) > 1}
    parts_found = {_PARTS.get(top.lower()) for top in tops}
    if not tops or parts_found.isdisjoint({"train", "test"}):
        return False
    deep = {_PARTS.get(parts[0].lower()) for _, parts in pictures if len(parts) > 2}
    if None not in parts_found and "train" not in parts_found:
        raise DatasetError(
            f"There are {_listed(tops)} but no train/. Bring train/ and test/, each with a folder "
            "per class, or only a folder per class."
        )
    if None not in parts_found and "train" not in deep:
        raise DatasetError(
            f"{_listed(tops)} hold pictures, but no folder per class. Put the pictures of each "
            "class in a folder of its own: train/cats/1.jpg."
        )
    if None in parts_found and deep >= {"train", "test"}:
        others = [top for top in tops if top.lower() not in _PARTS]
        raise DatasetError(
            f"Beside train/ and test/ there is {_listed(others)}. Bring either train/, validation/ "
            "and test/ with a folder per class in each, or only a folder per class."
        )
    return None not in parts_found


def _listed(folders: Iterable[str]) -> str:
    return ", ".join(f"{_readable(folder)}/" for folder in sorted(folders))


def _in_order(names: set[str]) -> tuple[str, ...]:
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _readable(name: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)


def _notes(inside: list, depth: int) -> Iterable[str]:
    deeper = [parts for _, parts in inside if len(parts) > depth + 1]
    if deeper:
        example = "/".join(_readable(part) for part in deeper[0][depth - 1 : -1])
        yield (
            f"{len(deeper):,} pictures lie in folders inside class folders ({example}/); they "
            f"count to the outer class ({_readable(deeper[0][depth - 1])})."
        )
