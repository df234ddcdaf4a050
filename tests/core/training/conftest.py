"""Fixtures of the training: digits, few or many, and one thread, whatever else is running."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from core import datasets
from core.datasets import Dataset


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
    """The dataset with those pictures of some splits whose labels `choose` picks out."""
    parts = {}
    for split in splits:
        images, labels = dataset.split(split)
        rows = choose(labels)
        parts |= {f"x_{split}": images[rows], f"y_{split}": labels[rows]}
    return replace(dataset, **parts)
