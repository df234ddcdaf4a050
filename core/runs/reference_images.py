"""Some images that a run was trained on, with what its model sees in them: stored beside it.

Whoever asks about a prediction is shown the nearest of them, and is told if none is near.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core import stored
from core.errors import ImageError, RunError, StoredError
from core.images import decode, encode_png, fit_within
from core.runs.folder import Run

REFERENCES = "references.npz"
MOST_IMAGES = 1500
MOST_BYTES = 8_000_000
_MOST_READ = 2**26
_SIDE = 64  # pixels of a stored image, at most
_QUALITY = 85  # of a JPEG
_EXPECTED = {
    "files": ("u", 1),  # one after another
    "ends": ("iu", 1),  # where each ends
    "labels": ("iu", 1),
    "features": ("f", 2),
}


@dataclass(frozen=True)
class References:
    """Images of the training set, N of them.

    Attributes:
        files: reduced copies, 64 pixels wide and high at most, each a PNG or JPEG.
        labels: their classes, int64, shape `(N,)`.
        features: what the model sees in them, float16, shape `(N, F)`.
    """

    files: tuple[bytes, ...]
    labels: np.ndarray
    features: np.ndarray

    def image(self, row: int) -> np.ndarray:
        """The copy of one image, uint8 `(H, W)` or `(H, W, 3)`."""
        return decode(self.files[row])


def small_file(image: np.ndarray) -> bytes:
    """The stored copy of an image, uint8 `(H, W, C)`: PNG of one channel, JPEG of three."""
    copy = fit_within(image, _SIDE)
    if image.shape[2] == 1:
        return encode_png(copy)
    pixels = cv2.cvtColor(copy, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def write_references(
    files: Sequence[bytes], labels: np.ndarray, features: np.ndarray, folder: Path
) -> Path:
    """Write `references.npz` to the folder of a run, `MOST_BYTES` long at most.

    Args:
        files: of `small_file`; those at the front are kept if not all have room.
        labels: int, shape `(N,)`.
        features: float, shape `(N, F)`.
        folder: of the run.

    Raises:
        OSError: if it cannot be written.
    """
    path, count = folder / REFERENCES, len(files)
    while True:
        np.savez_compressed(
            path,
            files=np.frombuffer(b"".join(files[:count]), np.uint8),
            ends=np.cumsum([len(file) for file in files[:count]], dtype=np.int64),
            labels=np.asarray(labels[:count], np.int64),
            features=features[:count].astype(np.float16),
        )
        if path.stat().st_size <= MOST_BYTES or count == 1:
            return path
        count = max(1, min(count - 1, int(0.95 * count * MOST_BYTES / path.stat().st_size)))


def references(run: Run) -> References | None:
    """The stored training images of a run; None if it has none.

    Raises:
        RunError: if the file is missing, changed or damaged.
    """
    if REFERENCES not in run.card.files:
        return None
    try:
        return _read(run.file(REFERENCES), len(run.card.class_names))
    except (StoredError, ImageError) as error:
        raise RunError(
            f"The stored training images of run {run.id!r} cannot be read: {error}"
        ) from error


def _read(path: Path, classes: int) -> References:
    arrays = stored.read_arrays(path, _EXPECTED, _MOST_READ)
    content, ends = arrays["files"].tobytes(), arrays["ends"].tolist()
    labels, features = arrays["labels"].astype(np.int64), arrays["features"]
    if not len(ends) == len(labels) == len(features) > 0:
        raise StoredError("images, labels and features must be equally many")
    if [0, *ends] != sorted([0, *ends]) or ends[-1] != len(content):
        raise StoredError("an image of it points nowhere")
    if not 0 <= labels.min() <= labels.max() < classes or not np.isfinite(features).all():
        raise StoredError("a label or a feature of it cannot be")
    files = tuple(content[start:end] for start, end in zip([0, *ends], ends, strict=False))
    return References(files, labels, features)
