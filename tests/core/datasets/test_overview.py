from pathlib import Path

import numpy as np
import pytest

from core.datasets import import_zip, load, overview
from core.datasets.overview import SAMPLE_SIDE, Overview
from core.errors import DatasetError
from tests.core.datasets.images_on_disk import encoded, noise, pets, png, some, write_zip
from tests.overriding import use


@pytest.fixture(autouse=True)
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Datasets are stored in an empty folder of the test's own."""
    use(monkeypatch, work_dir=tmp_path / "work")


@pytest.fixture
def bring(tmp_path):
    """`bring(tree)`: the overview of those files, imported."""

    def imported(tree: dict[str, bytes], **details) -> Overview:
        import_zip(write_zip(tree, tmp_path / "pets.zip"), "pets", title="My pets")
        return overview("pets", **details)

    return imported


def test_an_import_is_counted_by_part_and_class(bring):
    found = bring(pets(60, 20))
    assert (found.name, found.title, found.class_names) == ("pets", "My pets", ("cats", "dogs"))
    assert found.counts.shape == (3, 2)
    assert found.per_class.tolist() == [60, 20]
    assert found.counts.tolist() == [[42, 14], [9, 3], [9, 3]]


def test_the_counts_are_those_that_are_trained_with(bring):
    found = bring(pets(40, 20), validation_fraction=0.3)
    dataset = load("pets", 0.3)
    for counts, part in zip(found.counts, ("train", "val", "test"), strict=True):
        assert counts.tolist() == np.bincount(dataset.split(part)[1], minlength=2).tolist()
    assert found.input_shape == dataset.input_shape == (8, 8, 3)


def test_parts_that_came_along_are_counted_as_they_came(bring):
    found = bring(pets(30, 10, "train/") | pets(11, 12, "val/") | pets(13, 14, "test/"))
    assert found.counts.tolist() == [[30, 10], [11, 12], [13, 14]]


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ((60, 60), ""),
        (
            (60, 2),
            "With 62 test images, each one counts 1.6 %. Fewer than 10 test images of dogs (2)",
        ),
    ],
)
def test_a_small_test_set_is_told_before_anything_is_trained(bring, tests, said):
    trained = pets(30, 10, "train/") | pets(60, 60, "val/")
    assert " ".join(bring(trained | pets(*tests, "test/")).few()).startswith(said)
    assert bool(said) == bool(overview("pets").few())


def test_unequal_classes_are_told(bring):
    assert bring(pets(60, 20)).balance() == (
        "The classes are not equally large: there are 3.0 times as many images of “cats” (60) "
        "as of “dogs” (20). A model that always predicts “cats” would be correct 75 % of the "
        "time, so look at each class on its own, not only at the accuracy."
    )


@pytest.mark.parametrize(
    ("cats", "dogs", "told"), [(10, 10, False), (14, 10, False), (15, 10, True), (10, 20, True)]
)
def test_nearly_equal_classes_are_not(bring, cats, dogs, told):
    assert bool(bring(pets(cats, dogs)).balance()) == told


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ({}, "Every image is 8×8 pixels, in colour."),
        ({"width": 12}, "Every image is 12×8 pixels, in colour."),
        ({"channels": 1}, "Every image is 8×8 pixels, grey."),
    ],
)
def test_one_size_is_told(bring, shape, expected):
    assert bring(pets(**shape)).sizes() == expected


def test_different_sizes_are_told(bring):
    tree = pets() | {
        "cats/small.png": png(height=4, width=5),
        "dogs/l.png": png(height=9, width=12),
    }
    found = bring(tree)
    assert len(found.heights) == len(found.widths) == 22
    assert found.sizes() == (
        "Images are in colour and of different sizes: the smallest is 5×4, a typical one 8×8, "
        "the largest 12×9 pixels. Models see the middle of each at 64×64."
    )


def test_large_images_of_one_size_are_told_as_they_are_kept(bring):
    found = bring(pets(height=80, width=100))
    assert found.sizes().startswith("Every image is 100×80 pixels")
    assert found.input_shape == (64, 64, 3)


def test_samples_are_training_images_of_their_class(bring):
    found = bring(pets(40, 10), samples=5)
    dataset = load("pets")
    assert [len(images) for images in found.samples] == [5, 5]
    for label, images in enumerate(found.samples):
        of_class = {
            dataset.x_train[row].tobytes() for row in np.flatnonzero(dataset.y_train == label)
        }
        shown = {image.tobytes() for image in images}
        assert len(shown) == 5 and shown <= of_class


@pytest.mark.parametrize(("samples", "expected"), [(0, [0, 0]), (1, [1, 1]), (100, [28, 14])])
def test_there_are_no_more_samples_than_asked_for_or_there_are(bring, samples, expected):
    found = bring(pets(40, 20), samples=samples)
    assert [len(images) for images in found.samples] == expected


def test_samples_keep_their_proportions_and_are_small_enough_to_show(bring):
    wide = {f"wide/{i}.png": encoded(".png", noise(i, 60, 300)) for i in range(10)}
    found = bring(wide | some("tiny", 10))
    shapes = [{image.shape for image in images} for images in found.samples]
    assert found.class_names == ("tiny", "wide")
    assert shapes == [{(8, 8, 3)}, {(32, SAMPLE_SIDE, 3)}]


def test_grey_samples_have_a_channel(bring):
    found = bring(pets(channels=1))
    assert found.channels == 1
    assert {image.shape for images in found.samples for image in images} == {(8, 8, 1)}


def test_what_was_left_out_is_told(bring):
    rubbish = {"cats/x.txt": b"", "dogs/y.png": b"no", "cats/.DS_Store": b"", "cats/a/1.png": png()}
    found = bring(pets() | rubbish)
    assert dict(found.skipped).keys() == {"cats/x.txt", "dogs/y.png"}
    assert found.ignored == 1
    assert len(found.notes) == 1 and "cats/a/" in found.notes[0]


def test_digits_are_looked_at_without_being_stored():
    found = overview("digits", samples=4)
    assert found.class_names == tuple("0123456789")
    assert found.counts.shape == (3, 10)
    assert found.per_class.sum() == 1_797
    assert found.counts[2].sum() == 360
    assert found.sizes() == "Every image is 8×8 pixels, grey."
    assert found.balance() == ""
    assert (found.skipped, found.ignored, found.notes) == ((), 0, ())
    shapes = [[image.shape for image in images] for images in found.samples]
    assert shapes == [[(8, 8, 1)] * 4] * 10


def test_there_is_no_overview_of_what_is_not_there():
    with pytest.raises(DatasetError, match="no dataset named 'pets'"):
        overview("pets")


def test_a_validation_part_out_of_range_is_refused(bring):
    with pytest.raises(DatasetError, match="0.01 to 0.5"):
        bring(pets(), validation_fraction=0.9)
