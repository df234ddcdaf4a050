"""Find, list, load and delete datasets: built-in and imported ones."""

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from core.datasets import builtin, store, stored
from core.datasets.dataset import Dataset, test_fingerprint
from core.datasets.known import DATASETS
from core.datasets.spec import DatasetSpec
from core.datasets.stored_images import StoredImages
from core.errors import DatasetError, unknown
from core.progress import Reporter

SPLIT_SEED = 2026
SMALLEST_SIDE, LARGEST_SIDE = 16, 224


def find(name: str) -> DatasetSpec:
    """What is known of the dataset of that name, imported ones included.

    Raises:
        DatasetError: if there is none, or its stored images are damaged.
    """
    known = DATASETS.get(name) if isinstance(name, str) else None
    if known is not None and not (known.resizable and known.is_here()):
        return known
    if not isinstance(name, str) or not store.exists(name):
        raise DatasetError(unknown("dataset", name, [*DATASETS, *store.names()]))
    return _spec_of(store.open_store(name), known)


def list_datasets() -> list[DatasetSpec]:
    """Every dataset that can be loaded or downloaded, then what was imported, by name."""
    return [*DATASETS.values(), *_imported()]


def _imported() -> Iterable[DatasetSpec]:
    for name in store.names():
        if name not in DATASETS:
            try:
                yield find(name)
            except DatasetError:
                continue


def _spec_of(kept: store.Store, known: DatasetSpec | None) -> DatasetSpec:
    """The entry of stored images; sizes are those found, whatever was announced."""
    card = kept.card
    to_split = card.images - card.splits["val"]
    test = card.splits["test"] or math.ceil(to_split * stored.TEST_FRACTION)
    if known is not None:
        return replace(known, train_size=card.images - test, test_size=test)
    return DatasetSpec(
        name=card.name,
        title=card.title,
        summary=f"{card.images:,} images of your own in {len(card.class_names)} classes.",
        class_names=card.class_names,
        input_shape=stored.shape_of(kept),
        train_size=card.images - test,
        test_size=test,
        source=card.source,
        licence="yours",
        download_bytes=0,
        read=partial(stored.read, card.name),
        read_test=partial(stored.read_test, card.name),
        validation_fraction=stored.usual_validation_fraction(card.splits),
        owner=card.owner,
        resizable=True,
    )


def first_choice() -> DatasetSpec:
    """The dataset that a form offers first."""
    known = DATASETS.values()
    return next((spec for spec in known if spec.first_choice), next(iter(known)))


def title_of(name: str) -> str:
    """What a dataset is called; its name if it is gone."""
    try:
        return find(name).title
    except DatasetError:
        return name


def created(name: str) -> str:
    """When the images of a dataset were stored, ISO 8601 in UTC; empty if they are bundled."""
    return store.read_card(name).created if store.exists(name) else ""


def folder_of(name: str) -> Path:
    """Where a stored dataset lies."""
    return store.root() / name


def load(
    name: str,
    validation_fraction: float | None = None,
    seed: int = SPLIT_SEED,
    side: int | None = None,
) -> Dataset:
    """Load a dataset by name.

    Args:
        name: one of `DATASETS`, or the name of an import.
        validation_fraction: fraction of the training set that becomes validation; None for
            the usual part, or the dataset's own validation images.
        seed: decides which images those are.
        side: pixels that every image is fitted to, for images of your own; None for the
            usual size.

    Raises:
        DatasetError: if the name is unknown, the fraction is not within 0.01 to 0.5, the side not
            within 16 to 224, or the files are missing or damaged.
    """
    spec = find(name)
    fraction = check_fraction(spec, validation_fraction)
    if side is not None and not (spec.resizable and SMALLEST_SIDE <= side <= LARGEST_SIDE):
        raise DatasetError(
            f"Images of your own can be resized to {SMALLEST_SIDE} to {LARGEST_SIDE} pixels; "
            f"{spec.title} {'can too' if spec.resizable else 'cannot'}. Received: {side}."
        )
    check_here(spec)
    dataset = spec.read(fraction, seed, side)
    return dataset if dataset.name == name else replace(dataset, name=name)  # as it is listed


def side_for(name: str, wanted: int) -> int | None:
    """The side to load images with for a model that sees them at that size: None for those that
    are small and of one size, or cannot be fitted.

    Raises:
        DatasetError: if the dataset is unknown, or its stored images are damaged.
    """
    if not find(name).resizable or not store.exists(name):
        return None
    if stored.has_native_size(store.open_store(name)):
        return None
    return min(max(wanted, SMALLEST_SIDE), LARGEST_SIDE)


def load_test(
    name: str, shape: tuple[int, int, int] | None = None
) -> tuple[np.ndarray | StoredImages, np.ndarray]:
    """The test images alone, uint8 `(N, H, W, C)`, and their labels.

    Args:
        name: of the dataset.
        shape: what a model takes, for images that can be fitted to it; None for the usual.

    Raises:
        DatasetError: if the name is unknown, or the files are missing or damaged.
    """
    spec = find(name)
    check_here(spec)
    images, labels = spec.read_test()
    if shape not in (None, images.shape[1:]) and spec.resizable and store.exists(name):
        return stored.read_test(name, shape[0])
    return images, labels


def load_test_measured(
    name: str,
    labels: np.ndarray,
    fingerprint: str = "",
    shape: tuple[int, int, int] | None = None,
) -> np.ndarray | StoredImages:
    """The test images that something was measured on, uint8 `(N, H, W, C)`.

    Args:
        name: of the dataset.
        labels: the true classes, as they were then, int, shape `(N,)`.
        fingerprint: that of the test set then; empty if it is not known.
        shape: see `load_test`.

    Raises:
        DatasetError: if the dataset is unknown or not here, or is not what it was then.
    """
    images, now = load_test(name, shape)
    contents = store.open_store(name).card.fingerprint if store.exists(name) else ""
    found = test_fingerprint(find(name).class_names, images, now, contents)
    if not np.array_equal(labels, now) or fingerprint not in ("", found):
        raise DatasetError(
            f"The test images of {name!r} have changed: the dataset was replaced since. Train "
            "again to compare on the new images."
        )
    return images


def test_files(name: str) -> tuple[str, ...]:
    """Where each test image of an imported dataset came from; empty for other datasets.

    Raises:
        DatasetError: if its stored images are damaged.
    """
    return stored.test_files(name) if store.exists(name) else ()


def check_here(spec: DatasetSpec) -> None:
    """Raise `DatasetError` if it has to be downloaded first."""
    if not spec.is_here():
        raise DatasetError(
            f"{spec.title} is not on this machine ({spec.download_bytes / 1e6:,.0f} MB). "
            "Download it on the Train page, or with: "
            f"python -m core datasets download {spec.name}"
        )


def check_fraction(spec: DatasetSpec, fraction: float | None) -> float:
    """The fraction of the training set that becomes validation; 0 if there is a validation set.

    Raises:
        DatasetError: if it is not within 0.01 to 0.5.
    """
    if spec.validation_fraction == 0 or fraction is None:
        return spec.validation_fraction
    if not 0.01 <= fraction <= 0.5:
        raise DatasetError(f"The validation fraction must be 0.01 to 0.5. Received: {fraction}.")
    return fraction


def prepare(name: str, report: Reporter = Reporter()) -> None:  # noqa: B008 - frozen
    """Download a dataset and make it ready to load; does nothing if it is.

    Raises:
        DatasetError: if the name is unknown, or it cannot be had.
        Cancelled: if it was asked to stop.
    """
    spec = find(name)
    if spec.prepare is not None and not spec.is_here():
        spec.prepare(report)


def sample_images(name: str) -> list[np.ndarray]:
    """The first test image of each class, uint8 `(H, W, C)`, in the order of the classes.

    Raises:
        DatasetError: if the name is unknown, or the files are missing or damaged.
    """
    spec = find(name)
    images, labels = load_test(name)
    classes = range(len(spec.class_names))
    return [images[int((labels == label).argmax())].copy() for label in classes]


def sample_digits() -> list[np.ndarray]:
    """A handwritten digit of each kind from MNIST's test set, uint8 `(28, 28)`, from 0 to 9.

    Raises:
        DatasetError: if its file is missing or damaged.
    """
    return [image[..., 0] for image in sample_images(builtin.MNIST)]
