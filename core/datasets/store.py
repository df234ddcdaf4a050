"""Imported pictures as they lie on disk: whole or absent.

<work folder>/datasets/<name>/
├── card.json      what they are, how many, what was left out
├── pixels.bin     every picture, uint8, one after the other
├── index.npz      label, part, height and width of each
├── files.json     where each came from
└── skipped.json   what was left out, and why
"""

import json
import os
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import visitors
from core.datasets.pictures import PictureFile
from core.errors import DatasetError, disk_sentence, unknown
from core.settings import settings

FORMAT_VERSION = 1
PARTS = ("train", "val", "test", "unsplit")
CARD = "card.json"
RESERVED = ("digits", "mnist", "fashion_mnist", "cifar10", "cats_vs_dogs")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DRAFTS = ".drafts"


@dataclass(frozen=True)
class StoreCard:
    """Everything about stored pictures that is not an array.

    Attributes:
        name: what the dataset is asked for by.
        title: its name as its owner writes it.
        owner: `you` or a visitor of a public demo, or `studio` for what was downloaded.
        source: what it was read from.
        class_names: label `i` means `class_names[i]`.
        channels: 1 if every picture is grey, else 3.
        pictures: how many.
        parts: how many in each of `PARTS`.
        skipped: how many files were left out as damaged, duplicate or no picture.
        ignored: how many hidden files of operating systems were passed over.
        notes: what else is worth knowing, in sentences.
        fingerprint: SHA-256 (hex) of classes, pictures, labels and parts.
        created: when, ISO 8601 in UTC.
        format_version: version of this layout.
    """

    name: str
    title: str
    owner: str
    source: str
    class_names: tuple[str, ...]
    channels: int
    pictures: int
    parts: dict[str, int]
    skipped: int
    ignored: int
    notes: tuple[str, ...]
    fingerprint: str
    created: str
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True)
class Store:
    """Stored pictures, opened.

    Attributes:
        card: what they are.
        folder: where they are.
        images: the pictures, read when indexed.
        labels: int64, shape `(N,)`.
        parts: index into `PARTS`, shape `(N,)`.
    """

    card: StoreCard
    folder: Path
    images: PictureFile
    labels: np.ndarray
    parts: np.ndarray

    def rows(self, part: str) -> np.ndarray:
        """Which pictures belong to one of `PARTS`."""
        return np.flatnonzero(self.parts == PARTS.index(part))

    def files(self) -> list[str]:
        """Where each picture came from: its path inside the folder or zip."""
        return self._list("files.json")

    def skipped(self) -> list[tuple[str, str]]:
        """What was left out: path and reason."""
        return [tuple(entry) for entry in self._list("skipped.json")]

    def _list(self, file: str) -> list:
        try:
            return json.loads((self.folder / file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(self.folder.name, error) from error


def _damaged(name: str, error: Exception) -> DatasetError:
    return DatasetError(
        f"The stored pictures of {name!r} cannot be read, they are damaged ({error}). Delete the "
        "dataset and bring the pictures in again."
    )


def root() -> Path:
    """The folder that all stored datasets lie in."""
    return settings.work_dir / "datasets"


def check_name(name: str) -> None:
    """Raise `DatasetError` if no dataset can have that name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DatasetError(
            "The name of a dataset is 1 to 64 lower-case letters, digits, hyphens and underscores, "
            f"beginning with a letter or digit. Received: {name!r}."
        )


def check_free(name: str, owner: str = visitors.KEEPER) -> None:
    """Raise `DatasetError` if nobody, or not this owner, can store pictures under that name."""
    check_name(name)
    if (root() / name).exists() or (name in RESERVED and owner != visitors.STUDIO):
        raise DatasetError(f"There is already a dataset named {name!r}. Choose another name.")


def exists(name: str) -> bool:
    """Whether pictures are stored under that name that whoever asks may see."""
    if not _NAME.fullmatch(name) or not (root() / name / CARD).is_file():
        return False
    return _is_visible(name)


def _is_visible(name: str) -> bool:
    """The keeper of the machine sees damaged ones too."""
    if visitors.current() == visitors.KEEPER:
        return True
    try:
        return visitors.may_see(read_card(name).owner)
    except DatasetError:
        return False


def names() -> list[str]:
    """Names of all stored datasets that whoever asks may see, in order."""
    if not root().is_dir():
        return []
    return sorted(folder.name for folder in root().iterdir() if exists(folder.name))


def read_card(name: str) -> StoreCard:
    """The card of a stored dataset.

    Raises:
        DatasetError: if there is none, or it cannot be read.
    """
    try:
        content = json.loads((root() / name / CARD).read_text(encoding="utf-8"))
        if content.get("format_version") != FORMAT_VERSION:
            raise ValueError(f"its format version is not {FORMAT_VERSION}")
        content = {field.name: content[field.name] for field in fields(StoreCard)}
        content |= {key: tuple(content[key]) for key in ("class_names", "notes")}
        return StoreCard(**{**content, "name": name})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(name, error) from error


def open_store(name: str) -> Store:
    """Open stored pictures; they are memory-mapped, so this takes milliseconds.

    Raises:
        DatasetError: if there are none under that name, or their files are damaged.
    """
    if not _is_visible(name):
        raise DatasetError(unknown("dataset", name, names()))
    try:
        changed = (root() / name / CARD).stat().st_mtime_ns
    except OSError as error:
        raise _damaged(name, error) from error
    return _open(root() / name, changed)


@lru_cache(maxsize=8)
def _open(folder: Path, changed: int) -> Store:
    card = read_card(folder.name)
    try:
        with np.load(folder / "index.npz") as index:
            labels, parts = index["labels"], index["parts"]
            heights, widths = index["heights"], index["widths"]
        if not len(labels) == len(parts) == len(heights) == len(widths) == card.pictures:
            raise ValueError("the index does not fit the card")
        expected = int((heights.astype(np.int64) * widths).sum()) * card.channels
        if (folder / "pixels.bin").stat().st_size != expected:
            raise ValueError("pixels.bin was cut off or changed")
        images = PictureFile(folder / "pixels.bin", heights, widths, card.channels)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(folder.name, error) from error
    return Store(card, folder, images, labels, parts)


def delete(name: str) -> None:
    """Remove stored pictures for good.

    Raises:
        DatasetError: if there are none under that name, or they are not yours.
    """
    check_name(name)
    if not (root() / name).is_dir() or not _is_visible(name):
        raise DatasetError(f"There are no stored pictures named {name!r}.")
    if visitors.current() != visitors.KEEPER and not visitors.may_change(read_card(name).owner):
        raise DatasetError(f"The pictures {name!r} are not yours, so they cannot be deleted.")
    try:
        doomed = Path(tempfile.mkdtemp(prefix="deleted-", dir=drafts()))
        os.rename(root() / name, doomed / name)  # gone at once, however long the files take
    except OSError as error:
        raise DatasetError(disk_sentence(error, root())) from error
    shutil.rmtree(doomed, ignore_errors=True)


def drafts() -> Path:
    """The folder that datasets lie in while they are being written."""
    folder = root() / _DRAFTS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(disk_sentence(error, folder)) from error
    return folder
