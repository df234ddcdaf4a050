"""What every source of images becomes: three validated splits and a fingerprint."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from core.datasets.stored_images import StoredImages
from core.errors import DatasetError
from core.units import round_percent

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Dataset:
    """Labelled images in three splits that share no image.

    Attributes:
        name: the name the dataset is asked for by.
        class_names: one name per class; label `i` means `class_names[i]`.
        x_train, x_val, x_test: uint8, shape `(N, H, W, C)`; arrays, or `StoredImages` that stay on
            disk until they are indexed.
        y_train, y_val, y_test: int64, shape `(N,)`.
        preprocessing: name of the recipe in `core.preprocessing` that turns any other image
            into one like these.
        contents: what the images are, if that is known without reading them all: a text that
            changes when any of them does.
        test_contents: the same for the test images alone, however the others are split.

    Raises:
        DatasetError: if shapes, types or labels do not fit together.
    """

    name: str
    class_names: tuple[str, ...]
    x_train: np.ndarray | StoredImages
    y_train: np.ndarray
    x_val: np.ndarray | StoredImages
    y_val: np.ndarray
    x_test: np.ndarray | StoredImages
    y_test: np.ndarray
    preprocessing: str
    contents: str = ""
    test_contents: str = ""

    def __post_init__(self) -> None:
        for split in SPLITS:
            images, labels = self.split(split)
            if images.dtype != np.uint8 or images.ndim != 4:
                raise DatasetError(
                    f"`x_{split}` of {self.name!r} must be uint8 with shape (N, H, W, C). "
                    f"Received: {images.dtype} with shape {images.shape}."
                )
            if images.shape[1:] != self.input_shape:
                raise DatasetError(
                    f"Every split of {self.name!r} must hold images of shape {self.input_shape}. "
                    f"Received: {images.shape[1:]} in `x_{split}`."
                )
            if len(images) != len(labels) or len(images) == 0:
                raise DatasetError(
                    f"`x_{split}` and `y_{split}` of {self.name!r} must be equally long and not "
                    f"empty. Received: {len(images)} images and {len(labels)} labels."
                )
            if labels.min() < 0 or labels.max() >= len(self.class_names):
                raise DatasetError(
                    f"Labels of {self.name!r} must lie in 0 to {len(self.class_names) - 1}. "
                    f"Received: {labels.min()} to {labels.max()} in `y_{split}`."
                )

    def split(self, name: str) -> tuple[np.ndarray | StoredImages, np.ndarray]:
        """Images and labels of `train`, `val` or `test`."""
        if name not in SPLITS:
            raise DatasetError(f"A split is one of {', '.join(SPLITS)}. Received: {name!r}.")
        return getattr(self, f"x_{name}"), getattr(self, f"y_{name}")

    def counts(self) -> np.ndarray:
        """Images by split (`train`, `val`, `test`) and class, int, shape `(3, K)`."""
        classes = len(self.class_names)
        return np.stack([np.bincount(self.split(s)[1], minlength=classes) for s in SPLITS])

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one image."""
        return self.x_train.shape[1:]

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the class names, images and labels of every split."""
        digest = hashlib.sha256(("\0".join(self.class_names) + self.contents).encode())
        for split in SPLITS:
            images, labels = self.split(split)
            digest.update(f"{split}{images.shape}".encode())
            if not self.contents:
                digest.update(np.ascontiguousarray(images).data)
            digest.update(np.ascontiguousarray(labels, dtype=np.int64).data)
        return digest.hexdigest()

    def test_fingerprint(self) -> str:
        """SHA-256 (hex) of the class names and the test set alone; see `test_fingerprint`."""
        return test_fingerprint(self.class_names, self.x_test, self.y_test, self.test_contents)


def test_fingerprint(
    class_names: tuple[str, ...],
    images: np.ndarray | StoredImages,
    labels: np.ndarray,
    contents: str,
) -> str:
    """SHA-256 of a test set, hex: where it is the same, metrics can be compared.

    Args:
        class_names: of the dataset.
        images: uint8, shape `(N, H, W, C)`; only read if `contents` is empty.
        labels: int, shape `(N,)`.
        contents: what the images are, if that is known without reading them.
    """
    digest = hashlib.sha256("\0".join([*class_names, contents]).encode())
    if not contents:
        digest.update(np.ascontiguousarray(images).data)
    digest.update(np.ascontiguousarray(labels, dtype=np.int64).data)
    return digest.hexdigest()


def with_test_set(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    validation_fraction: float,
    seed: int,
    **details,
) -> Dataset:
    """A dataset that keeps its official test set; validation is taken from the rest.

    Args:
        train, test: images, uint8 `(N, H, W, C)`, and labels, int64 `(N,)`.
        validation_fraction: fraction of `train` that becomes validation.
        seed: decides which images those are.
        **details: `name`, `class_names` and `preprocessing` of the dataset.
    """
    images, labels = train
    kept, held_out = stratified_split(labels, validation_fraction, seed)
    return Dataset(
        x_train=images[kept],
        y_train=labels[kept],
        x_val=images[held_out],
        y_val=labels[held_out],
        x_test=test[0],
        y_test=test[1],
        **details,
    )


def stratified_split(
    labels: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sorted indices of the remaining and the split-off images, stratified by class.

    Args:
        labels: int, shape `(N,)`.
        fraction: how much to split off, between 0 and 1; at least one image of each class.
        seed: the same seed splits off the same images.

    Raises:
        DatasetError: if there are too few images for every class to be in both parts.
    """
    from sklearn.model_selection import train_test_split

    size = math.ceil(len(labels) * fraction - 1e-9)  # a hair above a whole number is that number
    size = max(size, len(np.unique(labels)))
    try:
        kept, held_out = train_test_split(
            np.arange(len(labels)), test_size=size, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise DatasetError(
            f"{len(labels)} images of {len(np.unique(labels))} classes are too few to split off "
            f"{round_percent(round(fraction, 2))} with images of every class. Use a larger "
            "fraction, or add images."
        ) from error
    return np.sort(kept), np.sort(held_out)
