"""What is known of a dataset before it is loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import visitors
from core.datasets.dataset import Dataset
from core.datasets.stored_images import StoredImages
from core.progress import Reporter


@dataclass(frozen=True)
class DatasetSpec:
    """What is known of a dataset before it is loaded.

    Attributes:
        name: what it is asked for by.
        title: its name as people write it.
        summary: one sentence a student understands.
        class_names: label `i` means `class_names[i]`.
        input_shape: height, width and channels of an image as models see it.
        train_size, test_size: number of images; validation is taken from the first.
        source, licence: where it comes from and on what terms.
        download_bytes: size of the download; 0 if it is bundled.
        read: `(validation_fraction, seed, side) -> Dataset`.
        read_test: images and labels of the test set alone, which is quicker.
        is_here: whether it can be loaded at once.
        prepare: downloads and unpacks it, told progress to; None if there is nothing to do.
        validation_fraction: the default fraction of the training set; 0 if the dataset has
            validation images of its own.
        owner: `studio`, or whose own images they are.
        preprocessing: name of the recipe in `core.preprocessing` for any other image.
        first_choice: whether a form offers it first; of several, the first entry.
        resizable: whether a `side` may be chosen that images are fitted to.
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
    read: Callable[[float, int, int | None], Dataset]
    read_test: Callable[[], tuple[np.ndarray | StoredImages, np.ndarray]]
    is_here: Callable[[], bool] = lambda: True
    prepare: Callable[[Reporter], None] | None = None
    validation_fraction: float = 0.1
    owner: str = visitors.STUDIO
    preprocessing: str = "photo"
    resizable: bool = False
    first_choice: bool = False

    def training_images(self, validation_fraction: float | None = None) -> int:
        """How many a model is trained on, about, if that fraction is kept for validation.

        Args:
            validation_fraction: of the training set; None for the default.
        """
        fraction = self.validation_fraction if validation_fraction is None else validation_fraction
        return round(self.train_size * (1 - fraction))

    def described(self) -> dict[str, Any]:
        """What is known of it, for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "class_names": list(self.class_names),
            "input_shape": list(self.input_shape),
            "train_size": self.train_size,
            "test_size": self.test_size,
            "source": self.source,
            "licence": self.licence,
            "download_bytes": self.download_bytes,
            "owner": self.owner,
            "on_this_machine": self.is_here(),
        }


DATASETS: dict[str, DatasetSpec] = {}  # filled by `core.datasets.known`
