"""Batches of images for Keras: shuffled and changed for learning, in order for validation."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.augmentation import augment, chosen_policy, mix
from core.datasets import Dataset, StoredImages
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
    dataset: Dataset,
    hyperparameters: Mapping[str, Any],
    seed: int,
    features: np.ndarray | None = None,
):
    """Shuffled, augmented batches; the same seed gives the same ones, whatever the threads do.

    Args:
        dataset: whose training images.
        hyperparameters: how they are chosen, changed and weighed.
        seed: of everything drawn at random.
        features: of every training image, shape `(N, F)`, to be given out instead of it, and
            not changed at random.

    Returns:
        A `keras.utils.PyDataset` of images, uint8 `(B, H, W, C)`, or features, `(B, F)`; targets,
        float32 `(B, K)`; and, with class weights, the weight of each image, float32 `(B,)`.
    """
    import keras

    rows = chosen_rows(dataset.y_train, hyperparameters["max_images"], seed)
    labels = dataset.y_train[rows]
    targets = np.eye(len(dataset.class_names), dtype=np.float32)
    policy = chosen_policy(hyperparameters)
    mixup, cutmix = hyperparameters["mixup"], hyperparameters["cutmix"]
    size = min(hyperparameters["batch_size"], len(rows))
    weights = class_weights(labels, len(targets)) if hyperparameters["class_weights"] else None

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__(workers=1, max_queue_size=8)
            self.start(0)

        def __len__(self):
            return len(rows) // size

        def __getitem__(self, index):
            chosen = np.sort(self.order[index * size : (index + 1) * size])
            wanted = targets[labels[chosen]]
            if features is not None:
                images = features[rows[chosen]].astype(np.float32)
            else:
                images = dataset.x_train[rows[chosen]]
                rng = np.random.default_rng([seed, self.epoch, index])
                if policy.changes:
                    images = augment(images, policy, rng)
                if mixup or cutmix:
                    images, wanted = mix(images, wanted, mixup, cutmix, rng)
            if weights is None:
                return images, wanted
            return images, wanted, wanted @ weights

        def on_epoch_end(self):
            self.start(self.epoch + 1)

        def start(self, epoch: int):
            """Continue with that epoch, from 0."""
            self.epoch = epoch
            self.order = np.random.default_rng([seed, epoch]).permutation(len(rows))

    return Batches()


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
