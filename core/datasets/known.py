"""The datasets that the studio knows by name, here or to be downloaded."""

from collections.abc import Callable
from functools import partial

from core.datasets import builtin, cats_vs_dogs, cifar, fashion, store, stored
from core.datasets.dataset import Dataset
from core.datasets.spec import DATASETS, DatasetSpec


def _fixed(read: Callable[[float, int], Dataset]) -> Callable[[float, int, int | None], Dataset]:
    return lambda validation_fraction, seed, side: read(validation_fraction, seed)


DATASETS.update(
    (spec.name, spec)
    for spec in (
        DatasetSpec(
            name="digits",
            title="scikit-learn digits",
            summary="1,797 handwritten digits, 8×8 grey pixels: tiny, models train in a second.",
            class_names=builtin.DIGIT_NAMES,
            input_shape=(8, 8, 1),
            train_size=1_437,
            test_size=360,
            source="E. Alpaydin, C. Kaynak, UCI Optical Recognition of Handwritten Digits",
            licence="CC BY 4.0",
            download_bytes=0,
            preprocessing="optdigits_digit",
            read=_fixed(builtin.read_digits),
            read_test=builtin.read_digits_test,
        ),
        DatasetSpec(
            name=builtin.MNIST,
            title="MNIST",
            summary="70,000 handwritten digits, 28×28 grey pixels, by 500 writers.",
            class_names=builtin.DIGIT_NAMES,
            input_shape=(28, 28, 1),
            train_size=60_000,
            test_size=10_000,
            source="Y. LeCun, C. Cortes, C. Burges, from NIST Special Databases 1 and 3",
            licence="CC BY-SA 3.0",
            download_bytes=0,
            preprocessing="mnist_digit",
            read=_fixed(builtin.read_mnist),
            read_test=builtin.read_mnist_test,
            first_choice=True,
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
            preprocessing="fashion_item",
            read=_fixed(fashion.read),
            read_test=fashion.read_test,
            is_here=fashion.is_here,
            prepare=fashion.prepare,
        ),
        DatasetSpec(
            name=cifar.NAME,
            title="CIFAR-10",
            summary="60,000 small colour photos, 32×32 pixels: animals and vehicles.",
            class_names=cifar.CLASS_NAMES,
            input_shape=(32, 32, 3),
            train_size=50_000,
            test_size=10_000,
            source="A. Krizhevsky, V. Nair, G. Hinton, University of Toronto (2009)",
            licence="Free for research; please cite",
            download_bytes=cifar.FILE.size,
            read=partial(stored.read, cifar.NAME),
            read_test=partial(stored.read_test, cifar.NAME),
            is_here=partial(store.exists, cifar.NAME),
            prepare=cifar.prepare,
        ),
        DatasetSpec(
            name=cats_vs_dogs.NAME,
            title="Cats vs Dogs",
            summary="25,000 photos of pets in all sizes; a few of the files are damaged.",
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
)
