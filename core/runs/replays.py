"""What a network saw and predicted while it learned: a few validation images, epoch by epoch.

`replay.npz` is written after each epoch of a training, as a whole, so it can be read meanwhile.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import stored
from core.errors import RunError, StoredError
from core.runs.folder import Run

REPLAY = "replay.npz"
MOST_BYTES = 1_000_000
_MOST_READ = 2**26
_ROOM = 10_000  # bytes of such a file beside its pixels, probabilities and filters
_LEAST_EPOCHS = 2  # the first and the last, however much room they take
_OFF = 0.02  # that probabilities of 16 bits may add up to more or less than 1
_LEVELS = 127  # to each side of 0, in which the weights of filters are stored
_EXPECTED = {
    "rows": ("iu", 1),
    "images": ("u", 4),
    "labels": ("iu", 1),
    "epochs": ("iu", 1),
    "probabilities": ("f", 3),
    "filters": ("i", 5),
    "scales": ("f", 2),
}


@dataclass(frozen=True)
class Replay:
    """The recording of a training, of M images, K classes and E epochs.

    Attributes:
        rows: which images of the validation set, int64, shape `(M,)`.
        images: reduced copies of them, uint8, shape `(M, H, W, C)`.
        labels: their classes, int64, shape `(M,)`.
        epochs: the recorded epochs, from 1, rising, int64, shape `(E,)`. Of a long training not
            all are kept; the first and the last always are.
        probabilities: predicted after each of these epochs, float16, shape `(E, M, K)`.
        filters: weights of the first convolution after each of these epochs, float32, shape
            `(E, height, width, channels, F)`, to 1 in 127 of the largest of a filter. None if the
            network has no such layer, or that layer does not learn.
    """

    rows: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    epochs: np.ndarray
    probabilities: np.ndarray
    filters: np.ndarray | None

    def until(self, epoch: int) -> "Replay":
        """What was recorded up to that epoch, itself included."""
        return self._at(self.epochs <= epoch)

    def thinned(self) -> "Replay":
        """With so few epochs, evenly spread, that the file has at most `MOST_BYTES` bytes."""
        each = self.probabilities[:1].astype(np.float16).nbytes
        each += 0 if self.filters is None else self.filters[0].size + 4 * self.filters.shape[-1]
        most = (MOST_BYTES - _ROOM - self.images.nbytes) // each
        first, last = int(self.epochs[0]), int(self.epochs[-1])
        stride = 1
        while -(-(last - first) // stride) + 1 > max(most, _LEAST_EPOCHS) and stride < last:
            stride *= 2
        return self._at(((self.epochs - first) % stride == 0) | (self.epochs == last))

    def _at(self, chosen: np.ndarray) -> "Replay":
        filters = None if self.filters is None else self.filters[chosen]
        epochs, probabilities = self.epochs[chosen], self.probabilities[chosen]
        return Replay(self.rows, self.images, self.labels, epochs, probabilities, filters)


def replay(run: Run) -> Replay | None:
    """The recording of a run's training.

    None if it has none: it is no network, was imported, or was trained before there were
    recordings.

    Raises:
        RunError: if the file is missing, changed or damaged.
    """
    if REPLAY not in run.card.files:
        return None
    try:
        found = read_replay(run.file(REPLAY))
        if (classes := found.probabilities.shape[2]) != len(run.card.class_names):
            raise StoredError(f"it has {classes} classes, its card {len(run.card.class_names)}")
    except StoredError as error:
        raise RunError(
            f"The recording of the training of run {run.id!r} cannot be read: {error}."
        ) from error
    return found


def write_replay(replay: Replay, path: Path) -> None:
    """Write a recording, thinned; who reads meanwhile sees the old or the new one.

    Raises:
        OSError: if it cannot be written.
    """
    kept = replay.thinned()
    filters = np.zeros((0,) * 5, np.float32) if kept.filters is None else kept.filters
    scales = np.abs(filters).max(axis=(1, 2, 3), initial=0)
    levels = filters * (_LEVELS / np.where(scales == 0, 1, scales))[:, None, None, None]
    content = io.BytesIO()
    np.savez_compressed(
        content,
        rows=kept.rows,
        images=kept.images,
        labels=kept.labels,
        epochs=kept.epochs,
        probabilities=kept.probabilities.astype(np.float16),
        filters=np.rint(levels).astype(np.int8),
        scales=scales.astype(np.float32),
    )
    stored.write_whole(path, content.getvalue())


def read_replay(path: Path) -> Replay:
    """What `write_replay` has written, of a training that goes on or is over.

    Raises:
        StoredError: if the file is missing or holds anything else.
    """
    arrays = stored.read_arrays(path, _EXPECTED, _MOST_READ)
    count, (epochs, images, _) = len(arrays["rows"]), arrays["probabilities"].shape
    if not count or {len(arrays["images"]), len(arrays["labels"]), images} != {count}:
        raise StoredError("its images, labels and probabilities must be equally many")
    if not epochs or len(arrays["epochs"]) != epochs or arrays["images"].dtype != np.uint8:
        raise StoredError("its epochs and probabilities must be equally many, its images uint8")
    _check_values(arrays)
    scales = arrays["scales"].astype(np.float32)
    filters = arrays["filters"] * (scales / _LEVELS)[:, None, None, None]
    return Replay(
        arrays["rows"].astype(np.int64),
        arrays["images"],
        arrays["labels"].astype(np.int64),
        arrays["epochs"].astype(np.int64),
        arrays["probabilities"],
        filters if filters.size else None,
    )


def _check_values(arrays: dict[str, np.ndarray]) -> None:
    """Raise `StoredError` unless a training can have recorded them."""
    probabilities, epochs, labels = (arrays[n] for n in ("probabilities", "epochs", "labels"))
    if epochs[0] < 1 or (np.diff(epochs.astype(np.int64)) < 1).any():
        raise StoredError("its epochs must rise from 1")
    if not 0 <= labels.min() <= labels.max() < probabilities.shape[2]:
        raise StoredError("a label points to no class")
    sums = probabilities.astype(np.float32).sum(axis=2)
    if not (probabilities >= 0).all() or not (np.abs(sums - 1) <= _OFF).all():
        raise StoredError("probabilities of an image must be 0 to 1 and add up to 1")
    filters, scales = arrays["filters"], arrays["scales"]
    if filters.dtype != np.int8 or not np.isfinite(scales).all():
        raise StoredError("its filters must be 8-bit numbers with finite scales")
    if scales.shape != (len(filters), filters.shape[-1]) or len(filters) not in (0, len(epochs)):
        raise StoredError("its filters and their scales must belong to its epochs")
