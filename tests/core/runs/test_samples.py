from dataclasses import replace

import numpy as np
import pytest

from core import datasets, runs
from core.errors import RunError
from core.runs import samples as module
from core.runs.samples import Samples, read_samples, write_samples
from core.training import TrainConfig, train
from tests.core.made_up import made_up_run
from tests.overriding import use

LABELS = np.array([0, 1, 2, 0])


def noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def samples_of(shape: tuple[int, int, int]) -> Samples:
    return Samples(noise((4, *shape)), LABELS, noise((4, *shape)), LABELS)


def card_of(shape: tuple[int, int, int]) -> runs.RunCard:
    return replace(made_up_run("pets", 3).card, input_shape=shape)


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 7, 3), (1, 1, 1)])
def test_small_images_are_stored_as_they_are(tmp_path, shape):
    stored = samples_of(shape)
    read = read_samples(write_samples(stored, tmp_path), card_of(shape))
    for name in vars(stored):
        np.testing.assert_array_equal(getattr(read, name), getattr(stored, name))


@pytest.mark.parametrize(("most", "images"), [(600_000, 4), (120_000, 2)])
def test_photos_that_have_no_room_are_compressed_then_fewer(tmp_path, monkeypatch, most, images):
    monkeypatch.setattr(module, "MOST_BYTES", most)
    shape = (240, 240, 3)
    path = write_samples(samples_of(shape), tmp_path)
    read = read_samples(path, card_of(shape))
    assert path.stat().st_size <= most
    assert len(read.test) == len(read.test_labels) == len(read.calibration) == images
    again = read_samples(write_samples(read, tmp_path), card_of(shape))
    assert again.test.shape == read.test.shape


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda arrays: arrays.pop("test_labels"), "must hold"),
        (lambda arrays: arrays.update(test_labels=np.array([0, 1, 2, 9])), "points nowhere"),
        (lambda arrays: arrays.update(test_labels=np.array([0, 1])), "equally many"),
        (lambda arrays: arrays.update(test_ends=np.array([9, 8, 7, 6])), "equally many"),
        (lambda arrays: arrays.update(test_ends=np.array([1, 2, 3, 4])), "points nowhere"),
        (lambda arrays: arrays.update(test_files=arrays["test_files"][::-1]), "pets"),
    ],
    ids=["missing", "no class", "too few", "not rising", "too short", "no images"],
)
def test_a_damaged_file_is_one_sentence(tmp_path, change, reason):
    folder = tmp_path / "pets"
    folder.mkdir()
    path = write_samples(samples_of((8, 8, 1)), folder)
    arrays = dict(np.load(path))
    change(arrays)
    np.savez(path, **arrays)
    with pytest.raises(RunError, match="sample images of run 'pets' cannot be read") as error:
        read_samples(path, card_of((8, 8, 1)))
    assert reason in str(error.value)


def test_images_of_another_shape_are_refused(tmp_path):
    path = write_samples(samples_of((8, 8, 1)), tmp_path)
    with pytest.raises(RunError, match="must have shape"):
        read_samples(path, card_of((9, 9, 1)))


def test_a_training_stores_images_of_its_own_splits(tmp_path, monkeypatch):
    use(monkeypatch, runs_dir=tmp_path)
    run = train(TrainConfig("digits", "random_forest", {"n_estimators": 2}, name="mine"))
    assert runs.SAMPLES in run.card.files
    found, data = run.samples(), datasets.load("digits")
    assert found.calibration.shape == (runs.CALIBRATION, 8, 8, 1)
    assert found.test.shape == (runs.TEST, 8, 8, 1)
    for images, labels, split in (
        (found.calibration, found.calibration_labels, "train"),
        (found.test, found.test_labels, "test"),
    ):
        known = {image.tobytes(): label for image, label in zip(*data.split(split), strict=True)}
        assert [known[image.tobytes()] for image in images] == labels.tolist()
        counts = np.bincount(labels, minlength=10)
        assert counts.min() >= 0.8 * len(labels) / 10  # every class in proportion


@pytest.mark.parametrize("name", runs.TRAINED_HERE)
def test_bundled_runs_have_samples(name):
    run = runs.load(name)
    assert run.file(runs.SAMPLES).stat().st_size <= 3_000_000
    found = run.samples()
    assert (len(found.calibration), len(found.test)) == (runs.CALIBRATION, runs.TEST)


def test_a_run_without_samples_has_none(tmp_path):
    assert made_up_run("old").samples() is None
