"""Stored images become a `Dataset`."""

import numpy as np

from core.datasets.dataset import Dataset, stratified_split
from core.datasets.store import Store, open_store
from core.datasets.stored_images import StoredImages

TEST_FRACTION = 0.15
VALIDATION_FRACTION = 0.15 / (1 - TEST_FRACTION)  # of what is not the test set: 15 % of all
DEFAULT_SIDE = 64
_LARGEST_NATIVE_SIDE = 64
_TEST_SEED = 0


def read(name: str, validation_fraction: float, seed: int, side: int | None) -> Dataset:
    """The dataset of that name; its images stay on disk until they are indexed.

    Args:
        name: of a stored dataset.
        validation_fraction: fraction of what is not the test set; no effect if the images came
            with a validation folder.
        seed: decides which images those are.
        side: pixels, that every image is fitted to; None: see `shape_of`.

    Raises:
        DatasetError: if it is missing, damaged or too small to be split.
    """
    store = open_store(name)
    shape = shape_of(store, side)
    train, val, test = split(store, validation_fraction, seed)
    splits = {"train": train, "val": val, "test": test}
    return Dataset(
        name=name,
        class_names=store.card.class_names,
        **{f"x_{split}": StoredImages(store.images, rows, shape) for split, rows in splits.items()},
        **{f"y_{split}": store.labels[rows] for split, rows in splits.items()},
        preprocessing="photo",
        contents=f"{store.card.fingerprint} {validation_fraction:.6f} {seed}",
        test_contents=store.card.fingerprint,
    )


def read_test(name: str, side: int | None = None) -> tuple[StoredImages, np.ndarray]:
    """The test images and their labels."""
    store = open_store(name)
    rows = _rest_and_test(store)[1]
    return StoredImages(store.images, rows, shape_of(store, side)), store.labels[rows]


def test_files(name: str) -> tuple[str, ...]:
    """Where each of the test images came from: its path in the folder or zip."""
    store = open_store(name)
    files = store.files()
    return tuple(files[row] for row in _rest_and_test(store)[1])


def shape_of(store: Store, side: int | None = None) -> tuple[int, int, int]:
    """Height, width and channels that models see: small images of one size as they are, else
    squares of `side` pixels, 64 by default."""
    if side is None and has_native_size(store):
        return store.images.common_shape
    return side or DEFAULT_SIDE, side or DEFAULT_SIDE, store.card.channels


def has_native_size(store: Store) -> bool:
    """Whether its images are small and of one size, so that models see them as they are."""
    common = store.images.common_shape
    return common is not None and max(common[:2]) <= _LARGEST_NATIVE_SIDE


def usual_validation_fraction(splits: dict[str, int]) -> float:
    """What to hold out of the training images, by how many came in each part: 0 if they came
    with validation images, a tenth if with a test set, else what makes 70/15/15."""
    if splits["val"]:
        return 0.0
    return 0.1 if splits["test"] else VALIDATION_FRACTION


def split(
    store: Store, validation_fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of training, validation and test."""
    rest, test = _rest_and_test(store)
    val = store.rows("val")
    if len(val) == 0:
        kept, held_out = stratified_split(store.labels[rest], validation_fraction, seed)
        rest, val = rest[kept], rest[held_out]
    return rest, val, test


def _rest_and_test(store: Store) -> tuple[np.ndarray, np.ndarray]:
    rest = np.concatenate([store.rows("train"), store.rows("unsplit")])
    test = store.rows("test")
    if len(test) == 0:
        kept, held_out = stratified_split(store.labels[rest], TEST_FRACTION, _TEST_SEED)
        rest, test = rest[kept], rest[held_out]
    return rest, test
