import numpy as np
import pytest

from core.datasets import DATASETS, load, sample_pictures
from core.datasets.registry import SPLIT_SEED
from core.datasets.store import RESERVED
from core.errors import DatasetError

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


def test_names_of_datasets_are_reserved():
    assert set(RESERVED) == set(DATASETS)


@pytest.mark.parametrize("side", [15, 225, 64])
def test_only_pictures_of_your_own_can_be_fitted(side):
    with pytest.raises(DatasetError, match="16 to 224 pixels"):
        load("mnist", side=side)


@pytest.mark.parametrize(
    ("name", "fraction", "expected"),
    [
        ("mnst", 0.1, "no dataset named 'mnst'. Known: .*digits.*mnist"),
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
    samples = sample_pictures(name)
    assert len(samples) == len(DATASETS[name].class_names)
    for label, sample in enumerate(samples):
        assert sample.dtype == np.uint8
        assert (sample == images[labels == label][0]).all()


def test_a_sample_needs_a_known_dataset():
    with pytest.raises(DatasetError, match="no dataset named 'unheard_of'"):
        sample_pictures("unheard_of")
