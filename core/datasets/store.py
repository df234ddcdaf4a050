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
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core import drafts as draft_folders
from core import settings, stored, visitors
from core.datasets import card as cards
from core.datasets import index as indexes
from core.datasets.card import CARD, SPLITS, StoreCard
from core.datasets.naming import check_name, id_of
from core.datasets.spec import DATASETS
from core.datasets.stored_images import ImageFile
from core.errors import DatasetError, StoredError, disk_sentence, unknown
from core.names import ID
from core.stored import Text

_MOST_LIST = 256 * 2**20  # bytes of a list of paths
DRAFTS = ".drafts"


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


def list_everybodys() -> list[StoreCard]:
    """The card of each stored dataset, whoever asks, by name; those without one are left out."""
    cards_read = []
    for folder in draft_folders.inside(root()):
        if ID.fullmatch(folder.name):
            with suppress(DatasetError):
                cards_read.append(read_card(folder.name))
    return cards_read


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
        return replace(cards.read(folder), name=name)
    except StoredError as error:
        raise _damaged(name, error) from error


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
        index = indexes.read(folder)
        indexes.check(index, card)
        heights, widths = index["heights"], index["widths"]
        expected = int((heights.astype(np.int64) * widths).sum()) * card.channels
        if stored.check_regular(folder / "pixels.bin").stat().st_size != expected:
            raise StoredError("pixels.bin was cut off or changed")
        images = ImageFile(folder / "pixels.bin", heights, widths, card.channels)
    except (OSError, ValueError, StoredError) as error:
        raise _damaged(folder.name, error) from error
    return Store(card, folder, images, index["labels"].astype(np.int64), index["splits"])


def delete(name: str, how: Callable[[Path], object] = draft_folders.remove) -> None:
    """Remove stored images, for good unless `how` sets their folder aside.

    Raises:
        DatasetError: if there are none under that name, or they are not yours.
    """
    check_name(name)
    if not exists(name):
        raise DatasetError(f"There are no stored images named {name!r}.")
    if visitors.current() != visitors.OWNER and not visitors.may_change(read_card(name).owner):
        raise DatasetError(f"The images {name!r} are not yours, so they cannot be deleted.")
    remove(name, how)


def remove(name: str, how: Callable[[Path], object] = draft_folders.remove) -> None:
    """Remove stored images, whoever asks: a public demo needs their room.

    Raises:
        DatasetError: if the disk cannot be written to.
    """
    try:
        how(root() / name)
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
