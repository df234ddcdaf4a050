"""CIFAR-10 from `cifar-10-python.tar.gz`, whose pickles are read without running them.

A pickle may call any function. Here everything it asks for is replaced by something that only
takes notes, so the arrays are rebuilt from their bytes and nothing else can happen.
"""

import codecs
import gzip
import io
import pickle
import tarfile
import zlib

import numpy as np

from core import settings
from core.datasets.download import RemoteFile, fetch
from core.datasets.writing import draft
from core.errors import DatasetError, OutOfMemory, is_out_of_memory
from core.progress import Progress, Reporter

NAME = "cifar10"
CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
FILE = RemoteFile(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    170_498_071,
)
_FOLDER = "cifar-10-batches-py/"
_BATCHES = (("test_batch", "test"), *((f"data_batch_{n}", "train") for n in range(1, 6)))
_MAX_BATCH_BYTES = 64 * 2**20
_SIDE = 32


def prepare(report: Reporter) -> None:
    """Download the archive unless it is here, and store its images.

    Raises:
        DatasetError: if it cannot be had, or is damaged.
        Cancelled: if it was asked to stop.
    """
    path = fetch(FILE, settings.current().data_dir, report)
    try:
        with draft(NAME, CLASS_NAMES, "studio") as writer, tarfile.open(path, "r:gz") as archive:
            for number, (batch, split) in enumerate(_BATCHES):
                note = f"file {number + 1} of {len(_BATCHES)}"
                report(Progress("unpacking", fraction=number / len(_BATCHES), note=note))
                images, labels, files = read_batch(_member(archive, batch))
                for image, label, file in zip(images, labels, files, strict=True):
                    writer.add(image, int(label), split, f"{split}/{CLASS_NAMES[label]}/{file}")
            writer.finish(NAME, "CIFAR-10", "studio", FILE.name, 0, ())
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise DatasetError(
            f"{path} is damaged and cannot be unpacked: {error}. Delete it to download it again."
        ) from error


def archive_is_here() -> bool:
    """Whether the archive was downloaded, or put in place by hand."""
    return (settings.current().data_dir / FILE.name).is_file()


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of the archive, read in memory; nothing is ever unpacked onto the disk."""
    try:
        file = archive.extractfile(_FOLDER + name)
        if file is None:
            raise DatasetError(f"In {FILE.name}, {_FOLDER}{name} is not a file; it is damaged.")
        return file.read(_MAX_BATCH_BYTES)
    except gzip.BadGzipFile as error:
        raise DatasetError(f"{FILE.name} is damaged and cannot be unpacked: {error}.") from error
    except KeyError as error:
        raise DatasetError(f"{FILE.name} lacks {_FOLDER}{name}; it is damaged.") from error


def read_batch(content: bytes) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The images, labels and file names of one pickled batch.

    Returns:
        uint8 `(N, 32, 32, 3)`, int64 `(N,)` and N names.

    Raises:
        DatasetError: if it is not such a batch, or asks for anything beyond NumPy's arrays.
    """
    try:
        batch = {_text(key): value for key, value in _NoCodeUnpickler(content).load().items()}
        images = batch["data"].to_numpy().reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
        labels = np.array(batch["labels"], np.int64)
        if labels.ndim != 1:
            raise ValueError("its labels are not a list")
        names = batch.get("filenames") or [f"{row}.png" for row in range(len(labels))]
        files = [_text(name) for name in names]
        if not len(images) == len(labels) == len(files):
            raise ValueError("its images, labels and names are not equally many")
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(CLASS_NAMES):
            raise ValueError("its labels are not 0 to 9")
    except DatasetError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        if is_out_of_memory(error):
            raise OutOfMemory("while CIFAR-10 was read") from error
        raise DatasetError(f"A file in {FILE.name} is damaged: {error}.") from error
    return images, labels, files


def _text(value: str | bytes) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


class _Notes:
    """Stands for an array or its type in a pickle: keeps what it is given."""

    def __init__(self, *arguments: object) -> None:
        self.arguments, self.state = arguments, ()

    def __setstate__(self, state: tuple) -> None:
        self.state = state

    def to_numpy(self) -> np.ndarray:
        """The array of bytes that was noted; raises `ValueError` if it is of another type."""
        if self.state:  # ndarray.__setstate__: version, shape, type, order, bytes
            _, shape, kind, by_columns, content = self.state
        else:  # numpy._core.numeric._frombuffer: bytes, type, shape, order
            content, kind, shape, order = self.arguments
            by_columns = order == "F"
        if not isinstance(kind, _Notes) or kind.arguments[0] != "u1" or by_columns:
            raise ValueError("its images are not an array of bytes in rows")
        content = content.encode("latin1") if isinstance(content, str) else bytes(content)
        return np.frombuffer(content, np.uint8).reshape(shape)


class _NoCodeUnpickler(pickle.Unpickler):
    """Reads lists, dicts, texts and numbers; what would be called only takes notes."""

    _HARMLESS = {
        ("numpy.core.multiarray", "_reconstruct"): lambda *arguments: _Notes(),
        ("numpy._core.multiarray", "_reconstruct"): lambda *arguments: _Notes(),
        ("numpy._core.numeric", "_frombuffer"): _Notes,
        ("numpy.core.numeric", "_frombuffer"): _Notes,
        ("numpy", "ndarray"): _Notes,
        ("numpy", "dtype"): _Notes,
        ("_codecs", "encode"): lambda text, encoding: codecs.encode(text, "latin1"),
    }

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")

    def find_class(self, module: str, name: str):
        try:
            return self._HARMLESS[(module, name)]
        except KeyError as error:
            raise DatasetError(
                f"A file in {FILE.name} asks to run {module}.{name}. It is refused."
            ) from error
