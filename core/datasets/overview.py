"""What is in a dataset, to be looked at before anything is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.datasets import store
from core.datasets.dataset import Dataset
from core.datasets.registry import find, load
from core.evaluation import few_in_split
from core.images import fit_within
from core.units import round_percent

SAMPLE_SIDE = 160  # pixels: large enough to look at
BALANCED = 1.5  # the largest class may have this many times as many images as the smallest


@dataclass(frozen=True)
class Overview:
    """Counts, sizes and samples of a dataset.

    Attributes:
        name, title: what it is called.
        class_names: label `i` means `class_names[i]`.
        counts: images by part (`train`, `val`, `test`) and class, int, shape `(3, K)`.
        heights, widths: of the images as they are kept, int, shape `(N,)`; of length 1 if all
            have the same size.
        channels: 1 grey, 3 colour.
        input_shape: height, width, channels as models see them.
        samples: for each class a few training images, uint8 `(H, W, C)`, of any sizes.
        skipped: files left out when it was imported, and why.
        ignored: hidden files of operating systems that were passed over.
        notes: what else is worth knowing, in sentences.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    counts: np.ndarray
    heights: np.ndarray
    widths: np.ndarray
    channels: int
    input_shape: tuple[int, int, int]
    samples: tuple[tuple[np.ndarray, ...], ...]
    skipped: tuple[tuple[str, str], ...]
    ignored: int
    notes: tuple[str, ...]

    @property
    def per_class(self) -> np.ndarray:
        """Images of each class in all parts together, shape `(K,)`."""
        return self.counts.sum(0)

    def sizes(self) -> str:
        """The sizes of the images, in a sentence."""
        kind = "grey" if self.channels == 1 else "in colour"
        if len(self.heights) == 1:
            return f"Every image is {self.widths[0]}×{self.heights[0]} pixels, {kind}."
        middle = np.argsort(self.heights.astype(np.int64) * self.widths)
        smallest, typical, largest = (
            f"{self.widths[row]}×{self.heights[row]}"
            for row in (middle[0], middle[len(middle) // 2], middle[-1])
        )
        return (
            f"Images are {kind} and of different sizes: the smallest is {smallest}, a typical "
            f"one {typical}, the largest {largest} pixels. Models see the middle of each at "
            f"{self.input_shape[1]}×{self.input_shape[0]}."
        )

    def balance(self) -> str:
        """What is to be said of classes of unequal size; empty if they are about equal."""
        counts = self.per_class
        least, most = int(counts.argmin()), int(counts.argmax())
        ratio = counts[most] / counts[least]
        if ratio < BALANCED:
            return ""
        return (
            f"The classes are not equally large: there are {ratio:.1f} times as many images of "
            f"“{self.class_names[most]}” ({counts[most]:,}) as of “{self.class_names[least]}” "
            f"({counts[least]:,}). A model that always predicts “{self.class_names[most]}” would "
            f"be correct {round_percent(round(counts[most] / counts.sum(), 2))} of the time, so "
            "look at each class on its own, not only at the accuracy."
        )

    def few(self) -> list[str]:
        """What is to be said of validation and test sets with few images; often nothing."""
        return few_images_of(self.class_names, self.counts)


def few_images_of(class_names: Sequence[str], counts: np.ndarray) -> list[str]:
    """What is to be said of validation and test sets with few images; often nothing.

    Args:
        class_names: of the classes.
        counts: images by split and class, int, shape `(3, K)`.
    """
    return [
        sentence
        for split, row in (("validation", counts[1]), ("test", counts[2]))
        for sentence in few_in_split(row, class_names, split)
    ]


def overview(name: str, validation_fraction: float | None = None, samples: int = 8) -> Overview:
    """Look at a dataset.

    Args:
        name: of a dataset that is on this machine.
        validation_fraction: see `core.datasets.load`.
        samples: how many images of each class to take along.

    Raises:
        DatasetError: if it cannot be loaded.
    """
    spec = find(name)
    dataset = load(name, validation_fraction)
    classes = len(dataset.class_names)
    height, width, channels = dataset.input_shape
    heights, widths = np.array([height]), np.array([width])
    kept = store.open_store(name) if store.exists(name) else None
    if kept is not None and kept.images.common_shape is None:
        heights, widths = kept.images.heights, kept.images.widths
    elif kept is not None:
        heights, widths = kept.images.heights[:1], kept.images.widths[:1]
    return Overview(
        name=name,
        title=spec.title,
        class_names=dataset.class_names,
        counts=dataset.counts(),
        heights=heights,
        widths=widths,
        channels=channels,
        input_shape=dataset.input_shape,
        samples=tuple(_samples(dataset, kept, label, samples) for label in range(classes)),
        skipped=tuple(kept.skipped()) if kept else (),
        ignored=kept.card.ignored if kept else 0,
        notes=kept.card.notes if kept else (),
    )


def _samples(
    dataset: Dataset, kept: store.Store | None, label: int, most: int
) -> tuple[np.ndarray, ...]:
    """Training images of one class, spread over the dataset; as they are kept, not as fitted."""
    places = np.flatnonzero(dataset.y_train == label)
    places = places[np.linspace(0, len(places) - 1, min(most, len(places)), dtype=int)]
    if kept is None:
        return tuple(dataset.x_train[place] for place in places)
    rows = dataset.x_train.rows[places]
    return tuple(fit_within(kept.images[row], SAMPLE_SIDE) for row in rows)
