"""Some images that a run was trained and tested on, stored beside it: exports are proven with them.

Each image is stored as a file of its own, PNG if all of them have room, else JPEG; what that file
shows *is* the image, so whoever reads it sees the same pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core import stored
from core.errors import ImageError, RunError, StoredError
from core.images import decode, encode_png
from core.runs.card import RunCard

SAMPLES = "samples.npz"
CALIBRATION, TEST = 100, 200  # images of each
MOST_BYTES = 3_000_000  # unless two images alone are larger
_MOST_READ = 2**28
_SPLITS = ("calibration", "test")
_ROOM = 20_000  # bytes of such a file that are not images
_QUALITIES = (95, 90, 80, 70, 60, 50, 40)  # of JPEG, until all images have room
_EXPECTED = {
    name: kind
    for split in _SPLITS
    for name, kind in (
        (f"{split}_files", ("u", 1)),  # one after another
        (f"{split}_ends", ("iu", 1)),  # where each ends
        (f"{split}_labels", ("iu", 1)),
    )
}


@dataclass(frozen=True)
class Samples:
    """Images as a model takes them.

    Attributes:
        calibration: of the training set, uint8, shape `(N, H, W, C)`.
        calibration_labels: their classes, int64, shape `(N,)`.
        test: of the test set, uint8, shape `(M, H, W, C)`.
        test_labels: their classes, int64, shape `(M,)`; -1 for one that nobody has labelled.
    """

    calibration: np.ndarray
    calibration_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


def write_samples(samples: Samples, folder: Path) -> Path:
    """Write `samples.npz` to the folder of a run, `MOST_BYTES` long at most.

    Photos that have no room as PNG are stored as JPEG, and fewer of them if that is not enough.

    Raises:
        OSError: if it cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    for split, files, labels in zip(
        _SPLITS,
        _encoded(samples.calibration, samples.test),
        (samples.calibration_labels, samples.test_labels),
        strict=True,
    ):
        arrays[f"{split}_files"] = np.frombuffer(b"".join(files), np.uint8)
        arrays[f"{split}_ends"] = np.cumsum([len(file) for file in files], dtype=np.int64)
        arrays[f"{split}_labels"] = np.asarray(labels[: len(files)], np.int64)
    path = folder / SAMPLES
    np.savez(path, **arrays)
    return path


def _encoded(*splits: np.ndarray) -> list[list[bytes]]:
    """The images of each split as files that together have room."""
    while True:
        for quality in (None, *_QUALITIES):
            files = [[_file(image, quality) for image in images] for images in splits]
            if sum(len(file) for group in files for file in group) <= MOST_BYTES - _ROOM:
                return files
        if max(map(len, splits)) == 1:  # of so large images, these have to do
            return files
        splits = tuple(images[: (len(images) + 1) // 2] for images in splits)


def _file(image: np.ndarray, quality: int | None) -> bytes:
    if quality is None:
        return encode_png(image)
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.shape[-1] == 3 else image
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def read_samples(path: Path, card: RunCard) -> Samples:
    """What `write_samples` has stored.

    Args:
        path: the file, whose digest was checked.
        card: of the run: its classes and the shape of its images.

    Raises:
        RunError: if the file holds anything but such images.
    """
    try:
        arrays = stored.read_arrays(path, _EXPECTED, _MOST_READ)
        read = [_split(arrays, split, card) for split in _SPLITS]
    except (StoredError, ImageError) as error:
        raise RunError(
            f"The sample images of run {path.parent.name!r} cannot be read: {error}"
        ) from error
    (calibration, calibration_labels), (test, test_labels) = read
    return Samples(calibration, calibration_labels, test, test_labels)


def _split(
    arrays: dict[str, np.ndarray], split: str, card: RunCard
) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of one split."""
    content = arrays[f"{split}_files"].tobytes()
    ends, labels = arrays[f"{split}_ends"].tolist(), arrays[f"{split}_labels"].astype(np.int64)
    if not ends or len(ends) != len(labels) or [0, *ends] != sorted([0, *ends]):
        raise StoredError(f"the images of {split} and their labels must be equally many")
    if ends[-1] != len(content) or not -1 <= labels.min() <= labels.max() < len(card.class_names):
        raise StoredError(f"a file or a label of {split} points nowhere")
    files = [content[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return _decoded(files, tuple(card.input_shape)), labels


def _decoded(files: Sequence[bytes], shape: tuple[int, int, int]) -> np.ndarray:
    images = [decode(file) for file in files]
    for image in images:
        if image.size != np.prod(shape) or image.shape[:2] != shape[:2]:
            raise StoredError(f"an image must have shape {shape}. Received: {image.shape}")
    return np.stack([image.reshape(shape) for image in images])
