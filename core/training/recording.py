"""The recording of a training: what a network predicts after each epoch, and its first filters.

It lies beside the checkpoints, and is written before the checkpoint of the same epoch. A training
that is killed between the two records that epoch again when it is resumed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from core.datasets import Dataset
from core.errors import StoredError
from core.images import fit_within
from core.runs import REPLAY, Replay, read_replay, write_replay
from core.training.checkpoints import Checkpoints

IMAGES = 16
_SIDE = 64  # pixels of a stored image, at most
_AT_ONCE = 8  # images, so that large ones take no more memory than a batch of the training

Record = Callable[[Any, int], None]


@dataclass
class Recorder:
    """Records the epochs of one training.

    Attributes:
        checkpoints: of the training; the recording lies in the same folder.
        replay: what is recorded so far.
        filters: whether the first convolution learns from the beginning, so that it is recorded.
    """

    checkpoints: Checkpoints
    replay: Replay
    filters: bool = True

    @property
    def rows(self) -> np.ndarray:
        """Which validation images are recorded, int64, shape `(M,)`."""
        return self.replay.rows

    def showing(self, inputs: np.ndarray) -> Record:
        """What is called after each epoch with the network and the epoch's number, from 1.

        Args:
            inputs: the recorded images as the network takes them: uint8 `(M, H, W, C)`, or their
                features `(M, F)`.

        Raises:
            OSError: when called, if the recording cannot be written.
        """
        return partial(self._add, inputs)

    def _add(self, inputs: np.ndarray, network, epoch: int) -> None:
        before = self.replay.until(epoch - 1)
        probabilities = _predicted(network, inputs)[None].astype(np.float16)
        filters = _first_filters(network) if self.filters else None
        if filters is not None and len(before.epochs):
            filters = None if before.filters is None else np.concatenate([before.filters, filters])
        added = replace(
            before,
            epochs=np.append(before.epochs, epoch),
            probabilities=np.concatenate([before.probabilities, probabilities]),
            filters=filters,
        )
        self.replay = added.thinned()
        self.checkpoints.folder.mkdir(parents=True, exist_ok=True)
        write_replay(self.replay, self.checkpoints.folder / REPLAY)


def recorder_of(
    dataset: Dataset, seed: int, checkpoints: Checkpoints, filters: bool = True
) -> Recorder:
    """The recorder of a training; it goes on from what an interrupted one has recorded.

    Args:
        dataset: what is trained on.
        seed: of the training; it decides which validation images are recorded.
        checkpoints: already read.
        filters: see `Recorder`.
    """
    rows = balanced_rows(dataset.y_val, IMAGES, seed)
    images = np.asarray(dataset.x_val[rows])
    small = np.stack([_small(image) for image in images])
    classes = len(dataset.class_names)
    fresh = Replay(
        rows,
        small,
        np.asarray(dataset.y_val)[rows].astype(np.int64),
        np.zeros(0, np.int64),
        np.zeros((0, len(rows), classes), np.float16),
        None,
    )
    return Recorder(checkpoints, _resumed(fresh, checkpoints), filters)


def _small(image: np.ndarray) -> np.ndarray:
    """The stored copy, uint8 `(H, W, C)`; OpenCV leaves a single channel out."""
    copy = fit_within(image, _SIDE)
    return copy.reshape(*copy.shape[:2], image.shape[2])


def _resumed(fresh: Replay, checkpoints: Checkpoints) -> Replay:
    """What was recorded up to the last checkpoint, if it is of the same images."""
    try:
        found = read_replay(checkpoints.folder / REPLAY).until(len(checkpoints.history))
    except StoredError:
        return fresh
    same = np.array_equal(found.rows, fresh.rows) and np.array_equal(found.images, fresh.images)
    classes = found.probabilities.shape[2] == fresh.probabilities.shape[2]
    return found if same and classes and len(found.epochs) else fresh


def balanced_rows(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Rows of so many images, as many of each class as can be, ordered by class.

    Args:
        labels: int, shape `(N,)`.
        count: how many; all if there are no more.
        seed: decides which, and of which classes if there are more classes than images.

    Returns:
        int64, shape `(min(count, N),)`.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    of_class = [order[np.asarray(labels)[order] == c] for c in rng.permutation(np.unique(labels))]
    turns = range(max(map(len, of_class)))
    chosen = [rows[turn] for turn in turns for rows in of_class if turn < len(rows)][:count]
    chosen = np.array(chosen, np.int64)
    return chosen[np.argsort(np.asarray(labels)[chosen], kind="stable")]


def _predicted(network, inputs: np.ndarray) -> np.ndarray:
    """Probabilities, float32 `(M, K)`; nothing random is drawn, so the training stays the same."""
    import keras

    parts = [inputs[start : start + _AT_ONCE] for start in range(0, len(inputs), _AT_ONCE)]
    found = [network(part, training=False) for part in parts]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in found])


def _first_filters(network) -> np.ndarray | None:
    """Weights of the first convolution, float32 `(1, height, width, channels, F)`; None without
    one that looks at the image itself and learns."""
    import keras

    first = next((layer for layer in network.layers if layer.trainable_weights), None)
    if not isinstance(first, keras.layers.Conv2D):
        return None
    kernel = np.asarray(first.get_weights()[0], np.float32)
    return kernel[None] if kernel.shape[2] == network.input_shape[-1] else None
