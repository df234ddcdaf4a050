"""The datasets that are known by name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.datasets import builtin
from core.datasets.dataset import Dataset
from core.errors import DatasetError, unknown

SPLIT_SEED = 2026


@dataclass(frozen=True)
class DatasetSpec:
    """What is known of a dataset before it is loaded.

    Attributes:
        name: what it is asked for by.
        title: its name as people write it.
        summary: one sentence a student understands.
        class_names: label `i` means `class_names[i]`.
        input_shape: height, width and channels of a picture.
        train_size, test_size: number of pictures; validation is taken from the first.
        source, licence: where it comes from and on what terms.
        download_bytes: what has to be fetched first; 0 if it comes with the studio.
        read: `(validation_fraction, seed) -> Dataset`.
        read_test: pictures and labels of the test set alone, which is quicker.
    """

    name: str
    title: str
    summary: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    train_size: int
    test_size: int
    source: str
    licence: str
    download_bytes: int
    read: Callable[[float, int], Dataset]
    read_test: Callable[[], tuple[np.ndarray, np.ndarray]]


DATASETS: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (
        DatasetSpec(
            name="mnist",
            title="MNIST",
            summary="70,000 handwritten digits, 28×28 grey pixels, by 500 writers.",
            class_names=builtin.DIGIT_NAMES,
            input_shape=(28, 28, 1),
            train_size=60_000,
            test_size=10_000,
            source="Y. LeCun, C. Cortes, C. Burges, from NIST Special Databases 1 and 3",
            licence="CC BY-SA 3.0",
            download_bytes=0,
            read=builtin.read_mnist,
            read_test=builtin.read_mnist_test,
        ),
        DatasetSpec(
            name="digits",
            title="scikit-learn digits",
            summary="1,797 handwritten digits, 8×8 grey pixels: tiny, trained in a second.",
            class_names=builtin.DIGIT_NAMES,
            input_shape=(8, 8, 1),
            train_size=1_437,
            test_size=360,
            source="E. Alpaydin, C. Kaynak, UCI Optical Recognition of Handwritten Digits",
            licence="CC BY 4.0",
            download_bytes=0,
            read=builtin.read_digits,
            read_test=builtin.read_digits_test,
        ),
    )
}


def load(name: str, validation_fraction: float = 0.1, seed: int = SPLIT_SEED) -> Dataset:
    """Load a dataset by name.

    Args:
        name: one of `DATASETS`.
        validation_fraction: part of the training set held out for choosing settings.
        seed: decides which pictures those are.

    Raises:
        DatasetError: if the name is unknown, the fraction is not within 0.01 to 0.5, or the
            files are missing or damaged.
    """
    if name not in DATASETS:
        raise DatasetError(unknown("dataset", name, DATASETS))
    if not 0.01 <= validation_fraction <= 0.5:
        raise DatasetError(
            "The validation part must be 0.01 to 0.5 of the training set. "
            f"Received: {validation_fraction}."
        )
    return DATASETS[name].read(validation_fraction, seed)


def sample_pictures(name: str) -> list[np.ndarray]:
    """The first test picture of each class, uint8 `(H, W, C)`, in the order of the classes.

    Raises:
        DatasetError: if the name is unknown, or the files are missing or damaged.
    """
    if name not in DATASETS:
        raise DatasetError(unknown("dataset", name, DATASETS))
    images, labels = DATASETS[name].read_test()
    classes = range(len(DATASETS[name].class_names))
    return [images[int((labels == label).argmax())].copy() for label in classes]
