from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from core.datasets import Dataset
from core.datasets.dataset import SPLITS, stratified_split
from core.errors import DatasetError


@pytest.fixture
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    parts = {}
    for split, size in zip(SPLITS, (6, 4, 2), strict=True):
        parts[f"x_{split}"] = rng.integers(0, 256, (size, 4, 5, 3), np.uint8)
        parts[f"y_{split}"] = np.arange(size) % 2
    return Dataset(name="toy", class_names=("cat", "dog"), preprocessing="none", **parts)


def test_a_split_gives_images_and_labels(dataset):
    images, labels = dataset.split("val")
    assert images is dataset.x_val
    assert labels is dataset.y_val
    assert dataset.input_shape == (4, 5, 3)


@pytest.mark.parametrize("name", ["validation", "", "Train", None])
def test_a_split_has_one_of_three_names(dataset, name):
    with pytest.raises(DatasetError, match="train, val, test"):
        dataset.split(name)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"x_val": np.zeros((4, 4, 5, 3), np.float32)}, "x_val.*uint8.*float32"),
        ({"x_test": np.zeros((2, 4, 5), np.uint8)}, r"x_test.*\(N, H, W, C\)"),
        ({"x_test": np.zeros((2, 4, 4, 3), np.uint8)}, r"\(4, 5, 3\).*\(4, 4, 3\).*x_test"),
        ({"y_train": np.zeros(5, np.int64)}, "6 images and 5 labels"),
        ({"x_val": np.zeros((0, 4, 5, 3), np.uint8), "y_val": np.zeros(0, int)}, "0 images"),
        ({"y_test": np.array([0, 2])}, "0 to 1.*0 to 2.*y_test"),
        ({"y_test": np.array([-1, 1])}, "0 to 1.*-1 to 1"),
        ({"class_names": ("cat",)}, "0 to 0"),
    ],
)
def test_what_does_not_fit_together_is_refused(dataset, changes, expected):
    with pytest.raises(DatasetError, match=expected):
        replace(dataset, **changes)


def test_a_dataset_cannot_be_changed(dataset):
    with pytest.raises(FrozenInstanceError):
        dataset.x_train = dataset.x_val


@pytest.mark.parametrize("part", [f"{kind}_{split}" for kind in "xy" for split in SPLITS])
def test_the_fingerprint_tells_other_contents(dataset, part):
    changed = getattr(dataset, part).copy()
    changed[0] = 1 - changed[0]
    assert replace(dataset, **{part: changed}).fingerprint() != dataset.fingerprint()


def test_the_fingerprint_tells_other_class_names(dataset):
    other = replace(dataset, class_names=("dog", "cat"))
    assert other.fingerprint() != dataset.fingerprint()


def test_the_fingerprint_does_not_depend_on_how_arrays_are_kept(dataset, tmp_path):
    np.save(tmp_path / "x.npy", dataset.x_train)
    same = replace(
        dataset,
        name="other name",
        x_train=np.load(tmp_path / "x.npy", mmap_mode="r"),
        x_val=np.asfortranarray(dataset.x_val),
        y_val=dataset.y_val.astype(np.int32),
    )
    assert same.fingerprint() == dataset.fingerprint()


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_stratified_split_holds_out_each_class_in_proportion(fraction, seed):
    labels = np.repeat([0, 1, 2], [200, 80, 40])
    kept, held_out = stratified_split(labels, fraction, seed)
    assert sorted([*kept, *held_out]) == list(range(320))
    assert (np.diff(kept) > 0).all() and (np.diff(held_out) > 0).all()
    assert np.bincount(labels[held_out]).tolist() == [200 * fraction, 80 * fraction, 40 * fraction]


def test_the_seed_decides_which_images_are_held_out():
    labels = np.arange(100) % 4
    first, same, other = (stratified_split(labels, 0.2, seed)[1] for seed in (5, 5, 6))
    assert (first == same).all()
    assert (first != other).any()
