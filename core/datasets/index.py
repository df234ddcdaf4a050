"""The index of a stored dataset: label, split, height and width of each image."""

import io
from pathlib import Path

import numpy as np

from core import stored
from core.datasets.card import SPLITS, StoreCard
from core.datasets.formats import INDEX_1
from core.errors import StoredError

INDEX = "index.npz"
_MOST_INDEX = 2**30  # bytes
_LONGEST = 20_000  # pixels of a side; no image that is decoded has more
_INDEX = {name: ("iu", 1) for name in ("labels", "splits", "heights", "widths")}


def read(folder: Path) -> dict[str, np.ndarray]:
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


def write(folder: Path, index: dict[str, np.ndarray]) -> None:
    """Put an index in place, as a whole."""
    content = io.BytesIO()
    np.savez(content, **index)
    stored.write_whole(folder / INDEX, content.getvalue())


def check(index: dict[str, np.ndarray], card: StoreCard) -> None:
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
