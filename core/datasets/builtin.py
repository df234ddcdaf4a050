"""The bundled datasets: MNIST and scikit-learn's digits."""

import hashlib
import io
from pathlib import Path

import numpy as np

from core import settings, stored
from core.datasets.dataset import Dataset, stratified_split, with_test_set
from core.errors import DatasetError, StoredError

MNIST = "mnist"
DIGIT_NAMES = tuple("0123456789")
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
_MOST_BYTES = 200 * 2**20  # of a bundled file
_TEST_FRACTION = 0.2
_TEST_SEED = 0


def read_mnist(validation_fraction: float, seed: int) -> Dataset:
    """MNIST from the embedded `mnist.npz`, checked by its SHA-256; its official test set is kept.

    Raises:
        DatasetError: if the file is missing or is not the one that was bundled.
    """
    return with_test_set(
        _read_mnist_split("train"),
        read_mnist_test(),
        validation_fraction,
        seed,
        name=MNIST,
        class_names=DIGIT_NAMES,
        preprocessing="mnist_digit",
    )


def read_mnist_test() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's 10,000 test images and their labels.

    Raises:
        DatasetError: if the file is missing or is not the one that was bundled.
    """
    return _read_mnist_split("test")


def _read_mnist_split(split: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(io.BytesIO(read_checked(find_mnist(), MNIST_SHA256))) as arrays:
        return arrays[f"x_{split}"][..., None], arrays[f"y_{split}"].astype(np.int64)


def read_digits(validation_fraction: float, seed: int) -> Dataset:
    """scikit-learn's 1,797 digits: a fixed stratified 20 % is the test set.

    The 17 grey levels (0-16) are spread over 0-255 so that they are images like any other.
    """
    images, labels = _all_digits()
    rest, test = stratified_split(labels, _TEST_FRACTION, _TEST_SEED)
    train, val = stratified_split(labels[rest], validation_fraction, seed)
    return Dataset(
        name="digits",
        class_names=DIGIT_NAMES,
        x_train=images[rest[train]],
        y_train=labels[rest[train]],
        x_val=images[rest[val]],
        y_val=labels[rest[val]],
        x_test=images[test],
        y_test=labels[test],
        preprocessing="optdigits_digit",
    )


def read_digits_test() -> tuple[np.ndarray, np.ndarray]:
    """The 360 test images of scikit-learn's digits and their labels."""
    images, labels = _all_digits()
    _, test = stratified_split(labels, _TEST_FRACTION, _TEST_SEED)
    return images[test], labels[test]


def _all_digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    return images, bunch.target.astype(np.int64)


def find_mnist() -> Path:
    """`mnist.npz` in `STUDIO_DATA_DIR`, else the bundled one."""
    own = settings.current().data_dir / "mnist.npz"
    return own if own.exists() else settings.current().embedded_data_dir / "mnist.npz"


def read_checked(path: Path, sha256: str) -> bytes:
    """The bytes of a file whose SHA-256 is known.

    Raises:
        DatasetError: if the file is missing, unreadable or other than expected.
    """
    try:
        content = stored.read_bytes(path, _MOST_BYTES)
    except StoredError as error:
        raise DatasetError(
            f"The file {path.name} in {path.parent} is missing or cannot be read ({error}). "
            f"Restore it with `git checkout data/{path.name}`."
        ) from error
    received = hashlib.sha256(content).hexdigest()
    if received != sha256:
        raise DatasetError(
            f"{path} is damaged or a different file: its SHA-256 should be {sha256}. "
            f"Received: {received}. Restore it with `git checkout data/{path.name}`."
        )
    return content
