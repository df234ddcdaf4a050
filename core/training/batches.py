"""Batches of images for Keras: shuffled and changed for learning, in order for validation."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.augmentation import augment, chosen_policy, mix
from core.datasets import StoredImages
from core.datasets.dataset import stratified_split

MOST_VALIDATED = 500  # together


def chosen_rows(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Which training images are used: all, or at most so many, each class in proportion.

    Args:
        labels: int, shape `(N,)`.
        most: 0 uses all.
        seed: decides which.
    """
    if most == 0 or most >= len(labels):
        return np.arange(len(labels))
    if in_proportion(labels, most):
        return stratified_split(labels, most / len(labels), seed)[1]
    return _some_of_every_class(labels, most, seed)


def in_proportion(labels: np.ndarray, most: int) -> bool:
    """Whether so many can be drawn in proportion without a rare class being lost."""
    counts = np.unique(labels, return_counts=True)[1]
    left = len(labels) - most
    return counts.min() > 1 and counts.min() * most >= len(labels) and left >= len(counts)


def _some_of_every_class(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """In proportion, but at least one of each class, however rare it is."""
    _, of_class, counts = np.unique(labels, return_inverse=True, return_counts=True)
    shares = counts * most / len(labels)
    wanted = np.maximum(1, np.floor(shares)).astype(int)
    for index in np.argsort(np.floor(shares) - shares, kind="stable"):  # largest remainders first
        wanted[index] += wanted.sum() < most and wanted[index] < counts[index]
    while wanted.sum() > max(most, len(counts)):
        wanted[wanted.argmax()] -= 1
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen = [order[of_class[order] == index][:size] for index, size in enumerate(wanted)]
    return np.sort(np.concatenate(chosen))


def training_batches(
    images: np.ndarray | StoredImages,
    targets: np.ndarray,
    hyperparameters: Mapping[str, Any],
    seed: int,
    rows: np.ndarray | None = None,
    change: bool = True,
):
    """Shuffled batches, changed at random; the same seed gives the same ones.

    Args:
        images: of the training set, uint8 `(N, H, W, C)`, or their features, `(N, F)`.
        targets: float32, shape `(N, K)`: 1 for the class of an image, 0 for all others.
        hyperparameters: how images are changed and weighed.
        seed: of everything drawn at random.
        rows: which of them are used, int, shape `(M,)`; all without it.
        change: whether images are changed if the hyperparameters say so; features cannot be.

    Returns:
        A `keras.utils.PyDataset` of images, uint8 `(B, H, W, C)`, or features, `(B, F)`; targets,
        float32 `(B, K)`; and, with class weights, the weight of each image, float32 `(B,)`.
    """
    rows = np.arange(len(targets)) if rows is None else rows
    if hyperparameters["class_weights"]:  # images of rare classes count more
        weights = class_weights(targets[rows].argmax(axis=1), targets.shape[1])

    def batch(chosen: np.ndarray, rng: np.random.Generator):
        some, wanted = images[chosen], targets[chosen]
        if change and is_changed(hyperparameters):
            some, wanted = changed(some, wanted, hyperparameters, rng)
        if hyperparameters["class_weights"]:
            return some, wanted, wanted @ weights
        return some, wanted

    return shuffled(batch, rows, min(hyperparameters["batch_size"], len(rows)), seed)


def shuffled(batch: Callable, rows: np.ndarray, size: int, seed: int):
    """A `keras.utils.PyDataset` of batches of some rows, in another order in every epoch.

    Args:
        batch: makes one of its rows, int `(size,)`, with a generator of random numbers.
        rows: which there are, int, shape `(M,)`.
        size: of a batch.
        seed: of the order and of those random numbers.
    """
    import keras

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__(workers=1, max_queue_size=8)
            self.start(0)

        def __len__(self):
            return len(rows) // size  # what is left over waits for another epoch

        def __getitem__(self, index):
            # In the order they are stored in: images on disk are read faster that way.
            chosen = rows[np.sort(self.order[index * size : (index + 1) * size])]
            return batch(chosen, np.random.default_rng([seed, self.epoch, index]))

        def on_epoch_end(self):
            self.start(self.epoch + 1)

        def start(self, epoch: int):
            """Continue with that epoch, from 0."""
            self.epoch = epoch
            self.order = np.random.default_rng([seed, epoch]).permutation(len(rows))

    return Batches()


def changed(
    images: np.ndarray,
    targets: np.ndarray,
    hyperparameters: Mapping[str, Any],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Images and targets of a batch, changed at random."""
    if chosen_policy(hyperparameters).changes:
        images = augment(images, chosen_policy(hyperparameters), rng)
    if is_mixed(hyperparameters):  # two images become one, and so do their labels
        mixup, cutmix = hyperparameters["mixup"], hyperparameters["cutmix"]
        images, targets = mix(images, targets, mixup, cutmix, rng)
    return images, targets


def is_changed(hyperparameters: Mapping[str, Any]) -> bool:
    """Whether a network sees images that were changed at random."""
    return chosen_policy(hyperparameters).changes or is_mixed(hyperparameters)


def is_mixed(hyperparameters: Mapping[str, Any]) -> bool:
    """Whether it sees mixtures of two images."""
    return bool(hyperparameters["mixup"] or hyperparameters["cutmix"])


def validation_batches(
    images: np.ndarray | StoredImages, labels: np.ndarray, classes: int, size: int = MOST_VALIDATED
):
    """Batches in order, read when needed.

    Args:
        images: uint8 `(N, H, W, C)`, or their features `(N, F)`.
        labels: int, shape `(N,)`.
        classes: how many there are.
        size: of a batch. Of images no more than in training: otherwise not learning but
            validation would take the most memory, a gigabyte for 500 images of 160 pixels.
    """
    import keras

    targets, size = np.eye(classes, dtype=np.float32), min(size, MOST_VALIDATED)

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return -(-len(labels) // size)

        def __getitem__(self, index):
            part = slice(index * size, (index + 1) * size)
            return images[part], targets[labels[part]]

    return Batches()


def class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """A weight for each class, float32 `(K,)`, so that all classes count alike; their mean over
    the images is 1. The same as scikit-learn's `balanced`.
    """
    counts = np.bincount(labels, minlength=classes)
    present = np.count_nonzero(counts)
    weights = np.divide(
        len(labels), present * counts, out=np.zeros(classes), where=counts > 0, dtype=np.float64
    )
    return weights.astype(np.float32)
