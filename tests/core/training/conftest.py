"""Fixtures of the training: digits, few or many, and one thread, whatever else is running."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from core import datasets
from core.datasets import Dataset
from core.models.transfer import BACKBONES, EMBEDDED, building
from core.training import features
from tests.overriding import use


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other on a busy machine make boosting a hundred times slower."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="package", autouse=True)
def quiet_tensorflow() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        yield


@pytest.fixture(scope="package", autouse=True)
def own_features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What tests compute is not kept among the features of the studio."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, work_dir=folder)
        yield folder / features.FOLDER


SMALL_FEATURES = 48  # of `small_backbone`


@contextmanager
def small_backbone() -> Iterator[None]:
    """A network of a few layers in place of the backbone that comes with the studio: what is done
    with it is the same, and takes no time. Its weights are random, and the same every time.
    """

    def load(name: str, size: int):
        import keras
        from keras import layers

        x = inputs = keras.Input((size, size, 3))
        for number, (filters, side) in enumerate(((24, 8), (SMALL_FEATURES, 4))):
            start = keras.initializers.HeNormal(seed=number)
            x = layers.Conv2D(
                filters,
                side,
                strides=side,
                use_bias=False,
                kernel_initializer=start,
                name=f"convolution{number}",
            )(x)
            x = layers.BatchNormalization(name=f"normalisation{number}")(x)
            x = layers.ReLU(name=f"activation{number}")(x)
        network = keras.Model(inputs, x, name=name)
        network.trainable = False
        return network

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(building, "load_backbone", load)
        smaller = replace(BACKBONES[EMBEDDED], features=SMALL_FEATURES)
        monkeypatch.setitem(BACKBONES, EMBEDDED, smaller)
        yield


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """scikit-learn's digits."""
    return datasets.load("digits")


@pytest.fixture(scope="session")
def two_digits(digits: Dataset) -> Dataset:
    """Only the zeros and ones among them."""
    return replace(with_rows(digits, lambda labels: labels < 2), class_names=("0", "1"))


def with_rows(
    dataset: Dataset,
    choose: Callable[[np.ndarray], np.ndarray],
    splits: tuple[str, ...] = ("train", "val", "test"),
) -> Dataset:
    """The dataset with those images of some splits whose labels `choose` picks out."""
    parts = {}
    for split in splits:
        images, labels = dataset.split(split)
        rows = choose(labels)
        parts |= {f"x_{split}": images[rows], f"y_{split}": labels[rows]}
    return replace(dataset, **parts)
