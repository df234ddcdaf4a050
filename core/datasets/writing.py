"""Writing images to where `core.datasets.store` reads them: a draft, renamed into place."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core import drafts as draft_folders
from core import settings, stored, visitors
from core.datasets import card as cards
from core.datasets import index
from core.datasets.card import SPLITS, StoreCard
from core.datasets.store import DRAFTS, check_free, drafts, root
from core.errors import DatasetError, disk_sentence
from core.images import to_rgb

_PUBLIC_BYTES = 300e6  # that the images of a visitor of a demo may take


class Writer:
    """Takes images one by one; what it writes becomes a dataset when it is finished."""

    def __init__(self, folder: Path, class_names: Sequence[str]) -> None:
        self.folder = folder
        self.class_names = tuple(class_names)
        self.skipped: list[tuple[str, str]] = []
        self.labels: list[int] = []
        self._splits: list[int] = []
        self._sizes: list[tuple[int, int]] = []
        self._files: list[str] = []
        self._channels = 1
        self._seen: dict[bytes, int] = {}
        self._pixels = (folder / "pixels.bin").open("wb")

    def add(self, image: np.ndarray, label: int, split: str, file: str) -> None:
        """Store an image, unless the same one is already there.

        Args:
            image: uint8, shape `(H, W)` or `(H, W, 3)`.
            label: index of its class.
            split: one of `SPLITS`.
            file: where it came from.
        """
        if image.ndim == 3 and (image == image[..., :1]).all():
            image = np.ascontiguousarray(image[..., 0])  # grey, whatever its file says
        digest = hashlib.sha256(str(image.shape).encode() + image.tobytes()).digest()
        if (first := self._seen.setdefault(digest, len(self.labels))) != len(self.labels):
            self.skipped.append((file, self._duplicate(first, label)))
            return
        if image.ndim == 3 and self._channels == 1:
            self._turn_to_rgb()
        if settings.current().public and self._pixels.tell() > _PUBLIC_BYTES:
            raise DatasetError(
                f"In this public demo a dataset may take {_PUBLIC_BYTES / 1e6:.0f} MB of pixels. "
                f"{len(self.labels):,} images were that large. Take fewer or smaller ones."
            )
        self._pixels.write((to_rgb(image) if self._channels == 3 else image).tobytes())
        self.labels.append(label)
        self._splits.append(SPLITS.index(split))
        self._sizes.append(image.shape[:2])
        self._files.append(file)

    def split_labels(self) -> list[tuple[str, int]]:
        """Part and label of every image so far."""
        return [
            (SPLITS[split], label) for split, label in zip(self._splits, self.labels, strict=True)
        ]

    def _duplicate(self, first: int, label: int) -> str:
        reason = f"the same image as {self._files[first]}"
        if self.labels[first] != label:
            reason += f", which is in the class {self.class_names[self.labels[first]]}"
        return reason

    def _turn_to_rgb(self) -> None:
        """The first colour image: the grey ones before it get three channels too."""
        self._channels = 3
        if not self.labels:
            return
        self._pixels.close()
        grey, colour = self.folder / "pixels.bin", self.folder / "rgb.bin"
        with grey.open("rb") as source, colour.open("wb") as target:
            while chunk := source.read(1 << 20):
                target.write(np.frombuffer(chunk, np.uint8).repeat(3).tobytes())
        os.replace(colour, grey)
        self._pixels = grey.open("ab")

    def finish(
        self, name: str, title: str, owner: str, source: str, ignored: int, notes: Sequence[str]
    ) -> StoreCard:
        """Write everything but the pixels, and rename the folder into place.

        Raises:
            DatasetError: if a dataset of that name has appeared meanwhile.
        """
        self.close()
        labels = np.array(self.labels, np.int64)
        splits = np.array(self._splits, np.uint8)
        heights, widths = np.array(self._sizes, np.int32).reshape(-1, 2).T
        arrays = {"labels": labels, "splits": splits, "heights": heights, "widths": widths}
        index.write(self.folder, arrays)
        _write_json(self.folder / "files.json", self._files)
        _write_json(self.folder / "skipped.json", self.skipped)
        counts = np.bincount(splits, minlength=len(SPLITS))
        card = StoreCard(
            name=name,
            title=title,
            owner=owner,
            source=source,
            class_names=self.class_names,
            channels=self._channels,
            images=len(labels),
            splits={split: int(count) for split, count in zip(SPLITS, counts, strict=True)},
            skipped=len(self.skipped),
            ignored=ignored,
            notes=tuple(notes),
            fingerprint=self._fingerprint(labels, splits),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        cards.write(self.folder, card)
        try:
            os.rename(self.folder, root() / name)
        except OSError as error:
            if not os.path.lexists(root() / name):
                raise
            raise DatasetError(
                f"There is already a dataset named {name!r}. Choose another name."
            ) from error
        return card

    def _fingerprint(self, labels: np.ndarray, splits: np.ndarray) -> str:
        digest = hashlib.sha256(f"{self._channels}".encode())
        digest.update("\0".join(self.class_names).encode())
        for image in self._seen:  # in the order in which they were added
            digest.update(image)
        digest.update(labels.tobytes() + splits.tobytes())
        return digest.hexdigest()

    def close(self) -> None:
        """Let go of the file of pixels."""
        self._pixels.close()


@contextmanager
def draft(name: str, class_names: Sequence[str], owner: str = visitors.OWNER) -> Iterator[Writer]:
    """A `Writer` for a new dataset; unless it is finished, nothing is left behind.

    Raises:
        DatasetError: if the name cannot be used, or nothing can be written.
    """
    check_free(name, owner)
    try:
        with draft_folders.draft(drafts(), name) as folder:
            writer = Writer(folder, class_names)
            try:
                yield writer
            finally:
                with suppress(OSError):  # a full disk cannot take the rest; it is removed anyway
                    writer.close()
    except OSError as error:
        raise DatasetError(disk_sentence(error, root())) from error


def sweep() -> None:
    """Remove what imports and deletions left behind whose process was killed."""
    draft_folders.sweep(root() / DRAFTS)
    draft_folders.sweep_removed(root())


def _write_json(path: Path, value: object) -> None:
    stored.write_json(path, value, indent=1)
