"""Imported images as they lie on disk: whole or absent.

<work folder>/datasets/<name>/
├── card.json      what they are, how many, what was left out
├── pixels.bin     every image, uint8, one after the other
├── index.npz      label, part, height and width of each
├── files.json     where each came from
└── skipped.json   what was left out, and why
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import MinLen

from core import drafts as draft_folders
from core import settings, stored, visitors
from core.datasets.formats import CARDS, INDEX_1
from core.datasets.naming import check_name, id_of
from core.datasets.spec import DATASETS
from core.datasets.stored_images import ImageFile
from core.errors import DatasetError, StoredError, disk_sentence, unknown
from core.names import ID
from core.stored import Count, Name, Text

FORMAT_VERSION = stored.current_version(CARDS)
SPLITS = ("train", "val", "test", "unsplit")
CARD, INDEX = "card.json", "index.npz"
_MOST_LIST = 256 * 2**20  # bytes of a list of paths
_MOST_INDEX = 2**30
_LONGEST = 20_000  # pixels of a side; no image that is decoded has more
_INDEX = {name: ("iu", 1) for name in ("labels", "splits", "heights", "widths")}
DRAFTS = ".drafts"


@dataclass(frozen=True)
class StoreCard:
    """Everything about stored images that is not an array.

    Attributes:
        name: what the dataset is asked for by.
        title: its name as its owner writes it.
        owner: `you` or a visitor of a public demo, or `studio` for what was downloaded.
        source: what it was read from.
        class_names: label `i` means `class_names[i]`.
        channels: 1 if every image is grey, else 3.
        images: how many.
        splits: how many in each of `SPLITS`.
        skipped: how many files were left out as damaged, duplicate or no image.
        ignored: how many hidden files of operating systems were passed over.
        notes: what else is worth knowing, in sentences.
        fingerprint: SHA-256 (hex) of classes, images, labels and parts.
        created: when, ISO 8601 in UTC.
        format_version: version of this layout.
    """

    name: Name
    title: Name
    owner: Name
    source: Text
    class_names: Annotated[tuple[Name, ...], MinLen(1)]
    channels: Literal[1, 3]
    images: Count
    splits: dict[Literal["train", "val", "test", "unsplit"], Count]
    skipped: Count
    ignored: Count
    notes: tuple[Text, ...]
    fingerprint: Name
    created: Name
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True)
class Damaged:
    """A stored dataset that cannot be read, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Store:
    """Stored images, opened.

    Attributes:
        card: what they are.
        folder: where they are.
        images: the images, read when indexed.
        labels: int64, shape `(N,)`.
        splits: index into `SPLITS`, shape `(N,)`.
    """

    card: StoreCard
    folder: Path
    images: ImageFile
    labels: np.ndarray
    splits: np.ndarray

    def rows(self, split: str) -> np.ndarray:
        """Which images belong to one of `SPLITS`."""
        return np.flatnonzero(self.splits == SPLITS.index(split))

    def files(self) -> list[str]:
        """Where each image came from: its path inside the folder or zip."""
        found = self._list("files.json", tuple[Text, ...])
        if len(found) != len(self.labels):
            raise _damaged(self.folder.name, StoredError("files.json does not fit the card"))
        return found

    def skipped(self) -> list[tuple[str, str]]:
        """What was left out: path and reason."""
        return self._list("skipped.json", tuple[tuple[Text, Text], ...])

    def _list(self, file: str, kind: Any) -> list:
        try:
            return list(stored.read_as(self.folder / file, kind, _MOST_LIST))
        except StoredError as error:
            raise _damaged(self.folder.name, error) from error


def _damaged(name: str, error: Exception) -> DatasetError:
    return DatasetError(
        f"The stored images of {name!r} cannot be read: they are damaged ({error}). Delete the "
        "dataset and import the images again."
    )


def root() -> Path:
    """The folder that all stored datasets lie in."""
    return settings.current().work_dir / "datasets"


def check_free(name: str, owner: str = visitors.OWNER) -> None:
    """Raise `DatasetError` if nobody, or not this owner, can store images under that name."""
    check_name(name)
    if os.path.lexists(root() / name) or (name in DATASETS and owner != visitors.STUDIO):
        raise DatasetError(f"There is already a dataset named {name!r}. Choose another name.")


def free_id(title: str) -> str:
    """The id that a new dataset with that title gets.

    Raises:
        DatasetError: if nothing can be called that, or there is one already.
    """
    name = id_of(title)
    check_free(name)
    return name


def exists(name: str) -> bool:
    """Whether images are stored under that name that the current visitor may see."""
    if not ID.fullmatch(name) or not os.path.lexists(root() / name):
        return False
    return _is_visible(name)


def _is_visible(name: str) -> bool:
    """The owner of the machine sees damaged ones too."""
    if visitors.current() == visitors.OWNER:
        return True
    try:
        return visitors.may_see(read_card(name).owner)
    except DatasetError:
        return False


def names() -> list[str]:
    """Names of all stored datasets that the current visitor may see, in order."""
    return [folder.name for folder in draft_folders.inside(root()) if exists(folder.name)]


def list_damaged() -> list[Damaged]:
    """Damaged datasets that the current visitor may see, by name."""
    found = []
    for name in names():
        try:
            open_store(name)
        except DatasetError as error:
            found.append(Damaged(name, str(error)))
    return found


def read_card(name: str) -> StoreCard:
    """The card of a stored dataset.

    Raises:
        DatasetError: if there is none, or it cannot be read.
    """
    return read_card_in(root() / name)


def read_card_in(folder: Path) -> StoreCard:
    """The card in a folder, which is called what the dataset is; raises as `read_card`."""
    name = folder.name
    try:
        content = stored.bring_up(stored.read_json(folder / CARD), CARDS)
        if missing := {field.name for field in fields(StoreCard)} - content.keys():
            raise StoredError(f"it lacks {', '.join(sorted(missing))}")
        card = stored.check(content, StoreCard)
        _check(card)
        return replace(card, name=name)
    except StoredError as error:
        raise _damaged(name, error) from error


def _check(card: StoreCard) -> None:
    """Raise `StoredError` unless the fields of a card fit together."""
    if set(card.splits) != set(SPLITS) or sum(card.splits.values()) != card.images:
        raise StoredError(f"splits must count {card.images:,} images in {', '.join(SPLITS)}")
    if card.images == 0:
        raise StoredError("it holds no images")
    if len(set(card.class_names)) < len(card.class_names):
        raise StoredError("two of its classes have one name")
    try:
        datetime.fromisoformat(card.created)
    except ValueError as error:
        raise StoredError(f"created must be in ISO 8601. Received: {card.created}") from error


def open_store(name: str) -> Store:
    """Open stored images; they are memory-mapped, so this takes milliseconds.

    Raises:
        DatasetError: if there are none under that name, or their files are damaged.
    """
    if not _is_visible(name):
        raise DatasetError(unknown("dataset", name, names()))
    try:
        changed = stored.check_regular(root() / name / CARD).stat().st_mtime_ns
    except (OSError, StoredError) as error:
        raise _damaged(name, error) from error
    return _open(root() / name, changed)


@lru_cache(maxsize=8)
def _open(folder: Path, changed: int) -> Store:
    card = read_card(folder.name)
    try:
        index = read_index(folder)
        _check_index(index, card)
        heights, widths = index["heights"], index["widths"]
        expected = int((heights.astype(np.int64) * widths).sum()) * card.channels
        if stored.check_regular(folder / "pixels.bin").stat().st_size != expected:
            raise StoredError("pixels.bin was cut off or changed")
        images = ImageFile(folder / "pixels.bin", heights, widths, card.channels)
    except (OSError, ValueError, StoredError) as error:
        raise _damaged(folder.name, error) from error
    return Store(card, folder, images, index["labels"].astype(np.int64), index["splits"])


def read_index(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of a dataset's index, as any version has written them.

    Raises:
        StoredError: if they cannot be read.
    """
    try:
        return stored.read_arrays(folder / INDEX, _INDEX, _MOST_INDEX)
    except StoredError as error:
        names = {new: old for old, new in INDEX_1.items()}
        try:
            index = stored.read_arrays(folder / INDEX, stored.renamed(_INDEX, names), _MOST_INDEX)
        except StoredError:
            raise error from None
        return stored.renamed(index, INDEX_1)


def _check_index(index: dict[str, np.ndarray], card: StoreCard) -> None:
    """Raise `StoredError` unless the index is that of the card."""
    if not all(len(array) == card.images for array in index.values()):
        raise StoredError("the index does not fit the card")
    counts = np.bincount(np.clip(index["splits"], 0, len(SPLITS)), minlength=len(SPLITS) + 1)
    if (
        counts.tolist() != [*(card.splits[split] for split in SPLITS), 0]
        or index["splits"].min() < 0
    ):
        raise StoredError("the splits of the index do not fit the card")
    if not 0 <= index["labels"].min() <= index["labels"].max() < len(card.class_names):
        raise StoredError("a label of the index is not a class")
    sides = [index[name] for name in ("heights", "widths")]
    if not all(0 < side.min() <= side.max() <= _LONGEST for side in sides):
        raise StoredError(f"images must be 1 to {_LONGEST:,} pixels high and wide")


def delete(name: str, remove: Callable[[Path], object] = draft_folders.remove) -> None:
    """Remove stored images, for good unless `remove` sets their folder aside.

    Raises:
        DatasetError: if there are none under that name, or they are not yours.
    """
    check_name(name)
    if not exists(name):
        raise DatasetError(f"There are no stored images named {name!r}.")
    if visitors.current() != visitors.OWNER and not visitors.may_change(read_card(name).owner):
        raise DatasetError(f"The images {name!r} are not yours, so they cannot be deleted.")
    try:
        remove(root() / name)
    except OSError as error:
        raise DatasetError(disk_sentence(error, root())) from error


def drafts() -> Path:
    """The folder that datasets lie in while they are being written."""
    folder = root() / DRAFTS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(disk_sentence(error, folder)) from error
    return folder
