import re
from pathlib import Path

import numpy as np
import pytest

from core import datasets
from core.datasets import DATASETS, Dataset, import_folder, load, sample_images
from core.datasets.dataset import test_fingerprint as fingerprint_of
from core.datasets.registry import SPLIT_SEED
from core.errors import DatasetError
from core.settings import Settings
from tests.core.datasets.images_on_disk import pets, png, write_folder

COMING_ALONG = ("digits", "mnist")


@pytest.mark.parametrize("name", COMING_ALONG)
def test_a_dataset_is_what_its_entry_says(name):
    spec, dataset = DATASETS[name], load(name)
    assert spec.name == dataset.name == name
    assert spec.class_names == dataset.class_names
    assert spec.input_shape == dataset.input_shape
    assert spec.train_size == len(dataset.y_train) + len(dataset.y_val)
    assert spec.test_size == len(dataset.y_test)
    for text in (spec.title, spec.summary, spec.source, spec.licence):
        assert text


def test_datasets_come_with_the_studio():
    assert set(COMING_ALONG) == {spec.name for spec in DATASETS.values() if not spec.download_bytes}
    assert all(DATASETS[name].is_here() for name in COMING_ALONG)


@pytest.mark.parametrize("side", [15, 225, 64])
def test_only_images_of_your_own_can_be_fitted(side):
    with pytest.raises(DatasetError, match="16 to 224 pixels"):
        load("mnist", side=side)


@pytest.mark.parametrize(
    ("name", "fraction", "expected"),
    [
        ("mnst", 0.1, "no dataset named 'mnst'. Did you mean `mnist`. Known: .*digits.*mnist"),
        ("", 0.1, "no dataset named ''"),
        ("../mnist", 0.1, "no dataset named"),
        ("digits", 0.0, "0.01 to 0.5.*Received: 0.0"),
        ("digits", 0.009, "0.01 to 0.5"),
        ("digits", 0.51, "0.01 to 0.5"),
        ("digits", -1, "0.01 to 0.5"),
        ("digits", float("nan"), "0.01 to 0.5.*nan"),
    ],
)
def test_bad_names_and_fractions_are_refused(name, fraction, expected):
    with pytest.raises(DatasetError, match=expected):
        load(name, fraction)


@pytest.mark.parametrize(("fraction", "size"), [(0.01, 15), (0.1, 144), (0.5, 719)])
def test_the_fraction_decides_how_many_are_held_out(fraction, size):
    assert len(load("digits", fraction).y_val) == size


def test_loading_again_gives_the_same():
    fingerprint = load("digits").fingerprint()
    assert load("digits").fingerprint() == fingerprint
    assert load("digits", seed=SPLIT_SEED).fingerprint() == fingerprint
    assert load("digits", seed=SPLIT_SEED + 1).fingerprint() != fingerprint


@pytest.mark.parametrize("name", COMING_ALONG)
def test_there_is_a_sample_of_each_class(name):
    images, labels = DATASETS[name].read_test()
    samples = sample_images(name)
    assert len(samples) == len(DATASETS[name].class_names)
    for label, sample in enumerate(samples):
        assert sample.dtype == np.uint8
        assert (sample == images[labels == label][0]).all()


def test_a_sample_needs_a_known_dataset():
    with pytest.raises(DatasetError, match="no dataset named 'unheard_of'"):
        sample_images("unheard_of")


REPLACED = "have changed: the dataset was replaced since"


@pytest.fixture
def own_pets(folders: Settings, tmp_path: Path) -> Dataset:
    """Twenty images in two classes, imported as `pets`."""
    import_folder(write_folder(pets(), tmp_path / "pets"), "pets")
    return load("pets")


def replace_pets(tmp_path: Path, **other) -> Dataset:
    """Import other images in the place of `pets`."""
    datasets.delete("pets")
    import_folder(write_folder(pets(**other), tmp_path / "other"), "pets")
    return load("pets")


def measured_images(dataset: Dataset, fingerprint: str) -> np.ndarray:
    return datasets.load_test_measured(dataset.name, dataset.y_test, fingerprint)


@pytest.mark.parametrize("fraction", [None, 0.05, 0.3])
def test_images_that_were_measured_are_found_again(fraction):
    dataset = load("digits", fraction)
    for fingerprint in ("", dataset.test_fingerprint()):
        assert (measured_images(dataset, fingerprint) == dataset.x_test).all()


def test_imported_images_that_were_measured_are_found_again(own_pets):
    for fingerprint in ("", own_pets.test_fingerprint()):
        received = measured_images(own_pets, fingerprint)
        assert np.array_equal(received[:], own_pets.x_test[:])


@pytest.mark.parametrize(
    "change",
    [
        lambda labels: labels[:-1],
        lambda labels: labels[::-1],
        lambda labels: np.append(labels, 0),
        lambda labels: (labels + 1) % 10,
        lambda labels: labels[:0],
    ],
    ids=["one fewer", "another order", "one more", "others", "none"],
)
def test_other_labels_are_refused(change):
    labels = DATASETS["digits"].read_test()[1]
    with pytest.raises(DatasetError, match=f"The test images of 'digits' {REPLACED}"):
        datasets.load_test_measured("digits", change(labels))


@pytest.mark.parametrize("fingerprint", ["0" * 64, "x", " "])
def test_another_fingerprint_is_refused(fingerprint):
    dataset = load("digits")
    with pytest.raises(DatasetError, match=REPLACED):
        measured_images(dataset, fingerprint)
    with pytest.raises(DatasetError, match=REPLACED):
        measured_images(dataset, dataset.fingerprint())


def test_other_images_under_the_same_name_are_noticed(own_pets, tmp_path):
    now = replace_pets(tmp_path, prefix="my/")
    assert (now.y_test == own_pets.y_test).all()
    with pytest.raises(DatasetError, match=f"The test images of 'pets' {REPLACED}"):
        measured_images(own_pets, own_pets.test_fingerprint())
    assert np.array_equal(measured_images(now, now.test_fingerprint())[:], now.x_test[:])


def test_the_same_images_under_the_same_name_are_the_same(own_pets, tmp_path):
    now = replace_pets(tmp_path)
    assert now.test_fingerprint() == own_pets.test_fingerprint()
    assert np.array_equal(measured_images(own_pets, now.test_fingerprint())[:], now.x_test[:])


@pytest.mark.parametrize("name", ["pets", "unheard_of", ""])
def test_images_of_a_dataset_that_is_gone_are_refused(folders, name):
    with pytest.raises(DatasetError, match=f"There is no dataset named {re.escape(repr(name))}"):
        datasets.load_test_measured(name, np.zeros(3, np.int64))


@pytest.mark.parametrize("changed", [{"validation_fraction": 0.3}, {"seed": 1}], ids=str)
def test_what_is_held_out_for_validation_does_not_change_the_test_set(own_pets, changed):
    for name in ("digits", "pets"):
        usual, other = load(name), load(name, **changed)
        assert other.fingerprint() != usual.fingerprint()
        assert other.test_fingerprint() == usual.test_fingerprint()
        assert usual.test_fingerprint() != usual.fingerprint()


def test_the_size_images_are_fitted_to_does_not_change_the_test_set(own_pets):
    assert load("pets", side=16).test_fingerprint() == own_pets.test_fingerprint()


def test_whatever_changes_the_test_set_changes_its_fingerprint():
    dataset = load("digits")
    names, images, labels = dataset.class_names, dataset.x_test, dataset.y_test
    brighter = images.copy()
    brighter[-1, -1, -1, -1] += 1
    found = [
        fingerprint_of(names, images, labels, ""),
        fingerprint_of(names[::-1], images, labels, ""),
        fingerprint_of(names, brighter, labels, ""),
        fingerprint_of(names, images, np.roll(labels, 1), ""),
        fingerprint_of(names, images[:-1], labels[:-1], ""),
        fingerprint_of(names, images, labels, "known"),
        fingerprint_of(names, images, labels, "known otherwise"),
    ]
    assert len(set(found)) == len(found)
    assert found[0] == dataset.test_fingerprint()
    assert fingerprint_of(names, images.copy(), labels.astype(np.int32), "") == found[0]


# The size that a model sees


@pytest.fixture
def large_pets(folders: Settings, tmp_path: Path) -> str:
    """The same, but 100 pixels wide and 80 high, imported as `large`; one is larger still."""
    tree = pets(prefix="large/", height=80, width=100)
    tree["large/cats/0.png"] = png(1, 300, 200)
    import_folder(write_folder(tree, tmp_path / "large"), "large")
    return "large"


@pytest.mark.parametrize(("wanted", "side"), [(32, 32), (128, 128), (16, 16), (8, 16), (500, 224)])
def test_photos_are_loaded_at_the_size_a_model_takes(large_pets, wanted, side):
    assert datasets.side_for(large_pets, wanted) == side
    assert load(large_pets, side=side).input_shape == (side, side, 3)


@pytest.mark.parametrize("name", ["digits", "mnist", "cifar10"])
def test_images_that_come_along_stay_as_they_are(name):
    assert datasets.side_for(name, 128) is None


def test_small_images_of_one_size_stay_as_they_are(own_pets):
    assert datasets.side_for("pets", 128) is None
    assert load("pets").input_shape == (8, 8, 3)


def test_the_size_for_an_unknown_dataset_is_refused():
    with pytest.raises(DatasetError, match="no dataset named 'unheard_of'"):
        datasets.side_for("unheard_of", 128)


@pytest.mark.parametrize("side", [32, 64, 128])
def test_test_images_have_the_size_the_model_takes(large_pets, side):
    dataset = load(large_pets, side=side)
    images, labels = datasets.load_test(large_pets, (side, side, 3))
    assert images.shape[1:] == (side, side, 3)
    assert np.array_equal(images[:], dataset.x_test[:])
    assert np.array_equal(labels, dataset.y_test)
    measured = datasets.load_test_measured(
        large_pets, labels, dataset.test_fingerprint(), (side, side, 3)
    )
    assert np.array_equal(measured[:], images[:])


def test_test_images_have_the_usual_size_otherwise(large_pets, own_pets):
    assert datasets.load_test(large_pets)[0].shape[1:] == (64, 64, 3)
    assert datasets.load_test("pets")[0].shape[1:] == (8, 8, 3)
    assert datasets.load_test("pets", (8, 8, 3))[0].shape[1:] == (8, 8, 3)
    assert datasets.load_test("digits", (8, 8, 1))[0].shape[1:] == (8, 8, 1)
    assert datasets.load_test("digits", (32, 32, 3))[0].shape[1:] == (8, 8, 1)


def test_images_at_another_size_are_another_dataset_with_the_same_test_set(large_pets):
    small, large = load(large_pets, side=32), load(large_pets, side=64)
    assert small.fingerprint() != large.fingerprint()
    assert small.test_fingerprint() == large.test_fingerprint()
