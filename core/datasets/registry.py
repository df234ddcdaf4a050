"""The datasets that are known by name: those that come along, and what was imported."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from core.datasets import builtin, cats_vs_dogs, cifar, fashion, store, stored
from core.datasets.dataset import Dataset
from core.datasets.pictures import Pictures
from core.errors import DatasetError, unknown
from core.progress import Reporter

SPLIT_SEED = 2026
SMALLEST_SIDE, LARGEST_SIDE = 16, 224


@dataclass(frozen=True)
class DatasetSpec:
    """What is known of a dataset before it is loaded.

    Attributes:
        name: what it is asked for by.
        title: its name as people write it.
        summary: one sentence a student understands.
        class_names: label `i` means `class_names[i]`.
        input_shape: height, width and channels of a picture as models see it.
        train_size, test_size: number of pictures; validation is taken from the first.
        source, licence: where it comes from and on what terms.
        download_bytes: what has to be fetched first; 0 if it comes with the studio.
        read: `(validation_fraction, seed, side) -> Dataset`.
        read_test: pictures and labels of the test set alone, which is quicker.
        is_here: whether it can be loaded at once.
        prepare: downloads and unpacks it, told progress to; None if there is nothing to do.
        validation_fraction: the usual part of the training set held out; 0 if the dataset has
            validation pictures of its own.
        owner: `studio`, or `you` for your own pictures.
        resizable: whether a `side` may be chosen that pictures are fitted to.
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
    read_test: Callable[[], tuple[np.ndarray | Pictures, np.ndarray]]
    is_here: Callable[[], bool] = lambda: True
    prepare: Callable[[Reporter], None] | None = None
    validation_fraction: float = 0.1
    owner: str = "studio"
    resizable: bool = False


def _fixed(read: Callable[[float, int], Dataset]) -> Callable[[float, int, int | None], Dataset]:
    return lambda validation_fraction, seed, side: read(validation_fraction, seed)


DATASETS: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (
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
            read=_fixed(builtin.read_digits),
            read_test=builtin.read_digits_test,
        ),
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
            read=_fixed(builtin.read_mnist),
            read_test=builtin.read_mnist_test,
        ),
        DatasetSpec(
            name="fashion_mnist",
            title="Fashion-MNIST",
            summary="70,000 pieces of clothing, 28×28 grey pixels: like MNIST, but harder.",
            class_names=fashion.CLASS_NAMES,
            input_shape=(28, 28, 1),
            train_size=60_000,
            test_size=10_000,
            source="H. Xiao, K. Rasul, R. Vollgraf, Zalando Research (2017)",
            licence="MIT",
            download_bytes=sum(file.size for file in fashion.FILES.values()),
            read=_fixed(fashion.read),
            read_test=fashion.read_test,
            is_here=fashion.is_here,
            prepare=fashion.prepare,
        ),
        DatasetSpec(
            name=cifar.NAME,
            title="CIFAR-10",
            summary="60,000 small colour photographs, 32×32 pixels: animals and vehicles.",
            class_names=cifar.CLASS_NAMES,
            input_shape=(32, 32, 3),
            train_size=50_000,
            test_size=10_000,
            source="A. Krizhevsky, V. Nair, G. Hinton, University of Toronto (2009)",
            licence="Free for research; asks to be cited",
            download_bytes=cifar.FILE.size,
            read=partial(stored.read, cifar.NAME),
            read_test=partial(stored.read_test, cifar.NAME),
            is_here=partial(store.exists, cifar.NAME),
            prepare=cifar.prepare,
        ),
        DatasetSpec(
            name=cats_vs_dogs.NAME,
            title="Cats vs Dogs",
            summary="25,000 photographs of pets in all sizes; a few of the files are damaged.",
            class_names=cats_vs_dogs.CLASS_NAMES,
            input_shape=(stored.DEFAULT_SIDE, stored.DEFAULT_SIDE, 3),
            train_size=21_250,
            test_size=3_750,
            source="J. Elson, J. Douceur, J. Howell, J. Saul, Microsoft Research, Petfinder (2007)",
            licence="Microsoft Research licence; free for research",
            download_bytes=cats_vs_dogs.FILE.size,
            read=partial(stored.read, cats_vs_dogs.NAME),
            read_test=partial(stored.read_test, cats_vs_dogs.NAME),
            is_here=partial(store.exists, cats_vs_dogs.NAME),
            prepare=cats_vs_dogs.prepare,
            validation_fraction=stored.VALIDATION_FRACTION,
            resizable=True,
        ),
    )
}


def find(name: str) -> DatasetSpec:
    """What is known of the dataset of that name, imported ones included.

    Raises:
        DatasetError: if there is none, or its stored pictures are damaged.
    """
    known = DATASETS.get(name) if isinstance(name, str) else None
    if known is not None and not (known.resizable and known.is_here()):
        return known
    if not isinstance(name, str) or not store.exists(name):
        raise DatasetError(unknown("dataset", name, [*DATASETS, *store.names()]))
    return _spec_of(store.open_store(name), known)


def list_datasets() -> list[DatasetSpec]:
    """Every dataset that can be loaded or downloaded, then what was imported, by name."""
    return [*DATASETS.values(), *_imported()]


def _imported() -> Iterable[DatasetSpec]:
    for name in store.names():
        if name not in DATASETS:
            try:
                yield find(name)
            except DatasetError:
                continue


def _spec_of(kept: store.Store, known: DatasetSpec | None) -> DatasetSpec:
    """The entry of stored pictures; sizes are those found, whatever was announced."""
    card = kept.card
    test = card.parts["test"] or math.ceil(card.pictures * stored.TEST_FRACTION)
    if known is not None:
        return replace(known, train_size=card.pictures - test, test_size=test)
    return DatasetSpec(
        name=card.name,
        title=card.title,
        summary=f"{card.pictures:,} pictures of your own in {len(card.class_names)} classes.",
        class_names=card.class_names,
        input_shape=stored.shape_of(kept),
        train_size=card.pictures - test,
        test_size=test,
        source=card.source,
        licence="yours",
        download_bytes=0,
        read=partial(stored.read, card.name),
        read_test=partial(stored.read_test, card.name),
        validation_fraction=stored.usual_validation_fraction(card.parts),
        owner=card.owner,
        resizable=True,
    )


def check_free(name: str) -> None:
    """Raise `DatasetError` if pictures cannot be imported under that name."""
    store.check_free(name)


def delete(name: str) -> None:
    """Remove the stored pictures of a dataset for good.

    Raises:
        DatasetError: if it came with the studio, or there is none of that name.
    """
    spec = find(name)
    if not store.exists(name):
        raise DatasetError(f"{spec.title} came with the studio and cannot be deleted.")
    store.delete(name)


def load(
    name: str,
    validation_fraction: float | None = None,
    seed: int = SPLIT_SEED,
    side: int | None = None,
) -> Dataset:
    """Load a dataset by name.

    Args:
        name: one of `DATASETS`, or the name of an import.
        validation_fraction: part of the training set held out for choosing settings; None for
            the usual part, or the dataset's own validation pictures.
        seed: decides which pictures those are.
        side: pixels that every picture is fitted to, for pictures of your own; None for the
            usual size.

    Raises:
        DatasetError: if the name is unknown, the fraction is not within 0.01 to 0.5, the side not
            within 16 to 224, or the files are missing or damaged.
    """
    spec = find(name)
    fraction = check_fraction(spec, validation_fraction)
    if side is not None and not (spec.resizable and SMALLEST_SIDE <= side <= LARGEST_SIDE):
        raise DatasetError(
            f"Pictures of your own can be fitted to {SMALLEST_SIDE} to {LARGEST_SIDE} pixels; "
            f"{spec.title} {'can too' if spec.resizable else 'cannot'}. Received: {side}."
        )
    _must_be_here(spec)
    return spec.read(fraction, seed, side)


def load_test(name: str) -> tuple[np.ndarray | Pictures, np.ndarray]:
    """The test pictures alone, uint8 `(N, H, W, C)`, and their labels.

    Raises:
        DatasetError: if the name is unknown, or the files are missing or damaged.
    """
    spec = find(name)
    _must_be_here(spec)
    return spec.read_test()


def _must_be_here(spec: DatasetSpec) -> None:
    if not spec.is_here():
        raise DatasetError(
            f"{spec.title} is not on this machine yet ({spec.download_bytes / 1e6:,.0f} MB). "
            "Download it on the Train page, or with: "
            f"python -m core datasets download {spec.name}"
        )


def check_fraction(spec: DatasetSpec, fraction: float | None) -> float:
    """The part of the training set to hold out; 0 if the dataset has its own validation pictures.

    Raises:
        DatasetError: if it is not within 0.01 to 0.5.
    """
    if spec.validation_fraction == 0 or fraction is None:
        return spec.validation_fraction
    if not 0.01 <= fraction <= 0.5:
        raise DatasetError(
            f"The validation part must be 0.01 to 0.5 of the training set. Received: {fraction}."
        )
    return fraction


def prepare(name: str, report: Reporter = Reporter()) -> None:  # noqa: B008 - frozen
    """Download a dataset and make it ready to load; does nothing if it is.

    Raises:
        DatasetError: if the name is unknown, or it cannot be had.
        Cancelled: if it was asked to stop.
    """
    spec = find(name)
    if spec.prepare is not None and not spec.is_here():
        spec.prepare(report)


def sample_pictures(name: str) -> list[np.ndarray]:
    """The first test picture of each class, uint8 `(H, W, C)`, in the order of the classes.

    Raises:
        DatasetError: if the name is unknown, or the files are missing or damaged.
    """
    spec = find(name)
    images, labels = load_test(name)
    classes = range(len(spec.class_names))
    return [images[int((labels == label).argmax())].copy() for label in classes]
