"""What a frozen backbone finds in images, computed once and kept on disk.

<work_dir>/features/<key>/
├── train.npy, val.npy        float16 `(N, F)`, memory-mapped
└── train-done.npy, …         bool `(N,)`: rows that are computed

The key says of what dataset, backbone and size they are, so every epoch, every head and every
classical model on top uses the same ones. Rows are marked as done after they are written: a pass
that was killed resumes where it stopped.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from core import drafts, memory, serving, settings, stored
from core.datasets import Dataset
from core.errors import ModelError, StoredError, disk_sentence
from core.models.transfer import BACKBONES, embedded_as_litert
from core.progress import Progress, Reporter

FOLDER = "features"
MOST_BYTES = 3 * 10**9  # of all that is kept; what was not used for longest goes first
AT_ONCE = 16  # images; more are no quicker, and take 20 MB each
_BETWEEN_FLUSHES = 64  # batches
_WAIT = 0.5  # seconds between two looks whether another process has ended its pass

Extract = Callable[[np.ndarray], np.ndarray]


def key_of(dataset: Dataset, backbone: str, size: int) -> str:
    """The same for what has the same features."""
    shape = "x".join(map(str, dataset.input_shape))
    text = f"{dataset.fingerprint()} {shape} {backbone} {size}"
    return f"{backbone}-{size}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Extractor:
    """A frozen backbone.

    Attributes:
        backbone, size: see `core.models.transfer.load_backbone`.
        make: gives the function from uint8 images `(B, H, W, C)` to float32 `(B, F)`.
    """

    backbone: str
    size: int
    make: Callable[[], Extract]


def features(
    dataset: Dataset, split: str, rows: np.ndarray, extractor: Extractor, report: Reporter
) -> np.ndarray:
    """Features of some images; those not computed yet are computed now.

    Args:
        dataset: whose images.
        split: `train` or `val`.
        rows: which images of that split, int, shape `(M,)`.
        extractor: what computes them; it is only made if something is to be computed.
        report: told how far it is.

    Returns:
        Float16, shape `(N, F)`, memory-mapped and read-only; only `rows` are sure to be there.

    Raises:
        Cancelled: if it was asked to stop; what was computed is kept.
        ModelError: if there is no room on the disk.
    """
    key = key_of(dataset, extractor.backbone, extractor.size)
    folder = settings.current().work_dir / FOLDER / key
    images, labels = dataset.split(split)
    shape = (len(labels), BACKBONES[extractor.backbone].features)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder, report):
            folder.mkdir(exist_ok=True)
            os.utime(folder)
            _make_room(folder, shape[0] * shape[1] * 2)
            kept, done = _opened(folder, split, shape)
            missing = np.sort(rows[~done[rows]])
            if len(missing):
                _compute(images, missing, kept, done, extractor.make(), report)
            return np.load(folder / f"{split}.npy", mmap_mode="r")
    except OSError as error:
        raise ModelError(disk_sentence(error, folder)) from error


def extractor(network) -> Extract:
    """A function from uint8 images to what the network says of them."""
    import keras

    def extract(images: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(network.predict_on_batch(images))

    return extract


def litert_extractor(size: int, input_shape: tuple[int, int, int]) -> Extract:
    """The same for the bundled backbone, without TensorFlow.

    Args:
        size: see `core.models.transfer.load_backbone`.
        input_shape: height, width and channels of an image.
    """
    prediction = serving.open_network(embedded_as_litert(size, input_shape))

    def extract(images: np.ndarray) -> np.ndarray:  # one by one: as quick, and in a tenth of it
        return np.concatenate([prediction(image[None]) for image in images])

    return extract


def _compute(
    images,
    missing: np.ndarray,
    kept: np.memmap,
    done: np.memmap,
    extract: Extract,
    report: Reporter,
) -> None:
    def tell(count: int) -> None:
        note = f"{count:,} of {len(missing):,} images, once for all epochs"
        report(Progress("features", fraction=count / len(missing), note=note))

    tell(0)
    unmarked: list[np.ndarray] = []

    def mark() -> None:
        kept.flush()  # first the features, then that they are there
        for chosen in unmarked:
            done[chosen] = True
        done.flush()
        memory.let_go_of(kept)
        unmarked.clear()

    try:
        for start in range(0, len(missing), AT_ONCE):
            chosen = missing[start : start + AT_ONCE]
            kept[chosen] = extract(np.asarray(images[chosen]))
            unmarked.append(chosen)
            if len(unmarked) == _BETWEEN_FLUSHES:
                mark()
            tell(start + len(chosen))
    finally:
        mark()


def _opened(folder: Path, split: str, shape: tuple[int, int]) -> tuple[np.memmap, np.memmap]:
    """The two files of a split, made if they are not there or not whole."""
    values, marks = folder / f"{split}.npy", folder / f"{split}-done.npy"
    with suppress(OSError, ValueError, EOFError, StoredError):
        for path in (values, marks):  # opened for writing, the end that is missing would be zeros
            np.load(stored.check_regular(path), mmap_mode="r")
        kept = np.load(values, mmap_mode="r+")
        done = np.load(marks, mmap_mode="r+")
        alike = (kept.shape, done.shape) == (shape, shape[:1])
        if alike and (kept.dtype, done.dtype) == (np.float16, np.bool_):
            return kept, done
    for path in (marks, values):  # renaming works on whatever lies there
        if os.path.lexists(path) and not os.path.isfile(path):
            drafts.remove(path)
    marks.unlink(missing_ok=True)
    _check_room(folder, shape[0] * shape[1] * 2)
    kept = np.lib.format.open_memmap(values, "w+", np.float16, shape)
    done = np.lib.format.open_memmap(marks, "w+", np.bool_, shape[:1])
    return kept, done


def _check_room(folder: Path, needed: int) -> None:
    """A memory-mapped file on a full disk would end the process, so look beforehand."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"Keeping the features needs {needed / 1e6:,.0f} MB, but only {free / 1e6:,.0f} MB are "
            f"free in {folder.parent}. Free some space, or set cache_features to off."
        )


def _make_room(keep: Path, needed: int) -> None:
    """Remove what was not used for longest, as far as it is too much."""
    others: list[tuple[float, Path, int]] = []
    for entry in keep.parent.iterdir():
        if entry.is_dir() and entry != keep:
            with suppress(FileNotFoundError):  # another process is removing it
                size = sum(file.stat().st_size for file in entry.iterdir())
                others.append((entry.stat().st_mtime, entry, size))
    total = needed + sum(size for _, _, size in others)
    for _, entry, size in sorted(others):
        if total <= MOST_BYTES:
            return
        lock = FileLock(f"{entry}.lock")
        with suppress(Timeout):
            lock.acquire(timeout=0)
            shutil.rmtree(entry, ignore_errors=True)
            total -= size
            lock.release()


@contextmanager
def _alone(folder: Path, report: Reporter) -> Iterator[None]:
    """Only one process computes features of a key; another waits for what it computes."""
    lock = FileLock(f"{folder}.lock")
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_WAIT)
        except Timeout:
            report(Progress("features", note="waiting for another training"))
    try:
        yield
    finally:
        lock.release()
