"""Fashion-MNIST: four gzipped IDX files, downloaded or found where Debian installs them."""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from core import settings
from core.datasets.dataset import Dataset, with_test_set
from core.datasets.download import RemoteFile, check, fetch
from core.errors import DatasetError
from core.progress import Reporter

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
_SOURCE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FILES = {
    file.name: file
    for file in (
        RemoteFile(name, _SOURCE + name, sha256, size)
        for name, sha256, size in (
            (
                "train-images-idx3-ubyte.gz",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                26_421_880,
            ),
            (
                "train-labels-idx1-ubyte.gz",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                29_515,
            ),
            (
                "t10k-images-idx3-ubyte.gz",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                4_422_102,
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                5_148,
            ),
        )
    )
}
# Debian packs the same contents again, so its files are checked unpacked.
UNPACKED_SHA256 = dict(
    zip(
        FILES,
        (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        strict=True,
    )
)
_MAX_UNPACKED = 64 * 2**20


def download_folder() -> Path:
    """Where downloaded files go: a folder of their own, since MNIST's have the same names."""
    return settings.current().data_dir / "fashion-mnist"


def is_here() -> bool:
    """Whether all four files are on this machine."""
    return all((_folder() / name).is_file() for name in FILES)


def prepare(report: Reporter) -> None:
    """Download what is not here yet.

    Raises:
        DatasetError, Cancelled: see `core.datasets.download.fetch`.
    """
    if not is_here():
        for file in FILES.values():
            fetch(file, download_folder(), report)


def read(validation_fraction: float, seed: int) -> Dataset:
    """Fashion-MNIST with its official test set.

    Raises:
        DatasetError: if the files are missing or damaged.
    """
    return with_test_set(
        _read_split("train"),
        read_test(),
        validation_fraction,
        seed,
        name="fashion_mnist",
        class_names=CLASS_NAMES,
        preprocessing="fashion_item",
    )


def read_test() -> tuple[np.ndarray, np.ndarray]:
    """The 10,000 test images, uint8 `(N, 28, 28, 1)`, and their labels."""
    return _read_split("t10k")


def _folder() -> Path:
    own = download_folder()
    if DEBIAN_FOLDER.is_dir() and not all((own / name).is_file() for name in FILES):
        return DEBIAN_FOLDER
    return own


def _read_split(split: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(_unpacked(f"{split}-images-idx3-ubyte.gz"))
    labels = read_idx(_unpacked(f"{split}-labels-idx1-ubyte.gz"))
    return images[..., None], labels.astype(np.int64)


def _unpacked(name: str) -> bytes:
    path = _folder() / name
    if path.parent != DEBIAN_FOLDER:
        check(FILES[name], path)
    try:
        with gzip.open(path) as file:
            content = file.read(_MAX_UNPACKED)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} is damaged and cannot be unpacked: {error}.") from error
    if path.parent == DEBIAN_FOLDER:
        received = hashlib.sha256(content).hexdigest()
        if received != UNPACKED_SHA256[name]:
            raise DatasetError(
                f"{path} is not Fashion-MNIST as published: its contents' SHA-256 should be "
                f"{UNPACKED_SHA256[name]}. Received: {received}. Install the package "
                "dataset-fashion-mnist again."
            )
    return content


def read_idx(content: bytes) -> np.ndarray:
    """An array in the IDX format of uint8 values (Y. LeCun, "The MNIST database").

    Raises:
        DatasetError: if it is not one.
    """
    axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    header = 4 + 4 * axes
    whole = 0 < axes <= 4 and len(content) >= header
    shape = tuple(np.frombuffer(content[4:header], ">u4").tolist()) if whole else ()
    if not whole or len(content) != header + int(np.prod(shape, dtype=np.int64)):
        raise DatasetError("A file of Fashion-MNIST is not in the IDX format; it is damaged.")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
