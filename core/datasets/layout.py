"""Paths of files become classes and splits: a folder per class, or train/ and test/ above them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from unicodedata import normalize

from core.datasets.ambiguous import check_not_in_names
from core.datasets.choices import AS_FOUND, Choices, clean_name, same_class
from core.datasets.hidden import belongs_to_a_system, hidden_classes, hidden_folder
from core.datasets.refusals import (
    MIN_IMAGES,
    NOT_CHOSEN,
    by_name,
    check_counts,
    check_splits,
    too_small,
)
from core.datasets.structure import Located, Structure, structure
from core.errors import DatasetError, unknown
from core.images import SUFFIXES
from core.names import shown_path

_RANK = {"test": 0, "val": 1, "train": 2, "unsplit": 3}


@dataclass(frozen=True)
class Place:
    """Where an image belongs: its path, the index of its class, its split."""

    path: str
    label: int
    split: str


@dataclass(frozen=True)
class Layout:
    """What a folder or zip holds, by its names alone.

    Attributes:
        class_names: in the order of their labels.
        places: the images, test first and training last, so that of two copies of an image
            the one in training is left out.
        skipped: other files and why they are left out.
        ignored: number of hidden files of operating systems.
        notes: what else is worth knowing.
        names_guessed: how the names were read, if the zip does not say it; else empty.
    """

    class_names: tuple[str, ...]
    places: tuple[Place, ...]
    skipped: tuple[tuple[str, str], ...]
    ignored: int
    notes: tuple[str, ...]
    names_guessed: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Number of images of each class."""
        counted = Counter(place.label for place in self.places)
        return {name: counted[label] for label, name in enumerate(self.class_names)}


def arrange(paths: Iterable[str], choices: Choices = AS_FOUND) -> Layout:
    """Find classes and splits in the paths of files.

    A class is the folder above its images, however deep they lie in it. Folders that hold
    everything else are passed through. If the outermost folders are called train, validation and
    test, in whatever words are in use, the classes are the folders inside them.

    Raises:
        LayoutError: if it is not clear what the classes are, if there are fewer than two, fewer
            than ten images in one, or if train and test do not fit together.
        DatasetError: if a choice names a class that there is not.
    """
    images, skipped, ignored = _sort_out(paths)
    found = structure(images, choices)
    skipped += found.left_out
    located = _named(found, choices)
    names = {image.class_name for image in located}
    if len(names) < 2 and not choices.classes:
        check_not_in_names(images)
    located, left_out = _without(located, choices, names)
    skipped += left_out
    layout = _layout(located, skipped, ignored, found.notes)
    check_counts(layout.class_names, layout.counts, skipped)
    counts = Counter((place.split, place.label) for place in layout.places)
    if splits := {place.split for place in layout.places} - {"unsplit"}:
        check_splits(layout.class_names, counts, "test" in splits)
    return layout


def _sort_out(paths: Iterable[str]) -> tuple[list, list[tuple[str, str]], int]:
    """Images with the parts of their paths; other files with reasons; how many are ignored."""
    images, skipped, ignored = [], [], 0
    for path in paths:
        is_image = PurePosixPath(path).suffix.lower() in SUFFIXES
        if belongs_to_a_system(path) or (not is_image and hidden_folder(path)):
            ignored += 1
        elif is_image:
            images.append((path, tuple(normalize("NFC", path).split("/"))))
        else:
            skipped.append((path, by_name(path)))
    classes = hidden_classes((path for path, _ in images), MIN_IMAGES)
    kept = []
    for path, parts in images:
        if (folder := hidden_folder(path)) and folder not in classes:
            skipped.append((path, f"It is in the hidden folder {shown_path(folder)}/."))
        else:
            kept.append((path, parts))
    return kept, skipped, ignored


def _named(found: Structure, choices: Choices) -> list[Located]:
    """With the names of classes as they are to be: two spellings of one become one."""
    cleaned = [replace(image, class_name=clean_name(image.class_name)) for image in found.located]
    spelt = _one_spelling(cleaned, found)
    known = {spelt.get(image.class_name, image.class_name) for image in cleaned}
    for old in choices.rename:
        if old not in known:
            raise DatasetError(unknown("class", old, known))
    renamed = {name: clean_name(choices.rename.get(name, name)) for name in known}
    return [
        replace(image, class_name=renamed[spelt.get(image.class_name, image.class_name)])
        for image in cleaned
    ]


def _one_spelling(located: Sequence[Located], found: Structure) -> dict[str, str]:
    """Cats in train/ and cats in test/ are one class, unless one split has both."""
    spellings: dict[str, dict[str, set[str]]] = {}
    for image in located:
        by_split = spellings.setdefault(same_class(image.class_name), {})
        by_split.setdefault(image.split, set()).add(image.class_name)
    same: dict[str, str] = {}
    for by_split in spellings.values():
        names = set().union(*by_split.values())
        if len(names) > 1 and all(len(in_split) == 1 for in_split in by_split.values()):
            kept = next(iter(by_split.get("train") or by_split[min(by_split)]))
            same |= dict.fromkeys(names, kept)
            told = " and ".join(f"“{name}”" for name in sorted(names))
            found.notes.append(f"{told} were taken as one class, “{kept}”.")
        elif len(names) > 1:
            told = " and ".join(f"“{name}”" for name in sorted(names))
            found.notes.append(
                f"{told} are different classes. If they are one, give them the same name."
            )
    return same


def _without(
    located: Sequence[Located], choices: Choices, names: set[str]
) -> tuple[list[Located], list[tuple[str, str]]]:
    """The images of the classes that are to be imported, and the others with the reason."""
    for name in choices.leave_out:
        if name not in names:
            raise DatasetError(unknown("class", name, names))
    out = set(choices.leave_out)
    if choices.leave_out_small:
        ordered = _in_order(names)
        labels = {name: label for label, name in enumerate(ordered)}
        counts = Counter((image.split, labels[image.class_name]) for image in located)
        small = too_small(ordered, counts, {image.split for image in located})
        out |= small if len(names - small - out) > 1 else set()
    kept = [image for image in located if image.class_name not in out]
    return kept, [(image.path, NOT_CHOSEN) for image in located if image.class_name in out]


def _layout(
    located: Sequence[Located], skipped: Sequence, ignored: int, notes: Sequence[str]
) -> Layout:
    names = _in_order({image.class_name for image in located})
    label_of = {name: label for label, name in enumerate(names)}
    places = [Place(image.path, label_of[image.class_name], image.split) for image in located]
    return Layout(
        class_names=names,
        places=tuple(sorted(places, key=lambda p: (_RANK[p.split], p.label, p.path))),
        skipped=tuple(skipped),
        ignored=ignored,
        notes=(*notes, *_deep_note(located)),
    )


def _in_order(names: set[str]) -> tuple[str, ...]:
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _deep_note(located: Sequence[Located]) -> Iterable[str]:
    deeper = [image for image in located if image.inside]
    if deeper:
        first = deeper[0]
        example = "/".join(map(clean_name, (first.class_name, *first.inside)))
        yield (
            f"{len(deeper):,} images lie in folders inside class folders ({example}/); they "
            f"count to the outer class ({first.class_name})."
        )
