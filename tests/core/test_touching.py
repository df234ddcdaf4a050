"""Digits that touch are taken apart, and nothing else is."""

import numpy as np
import pytest

from core import datasets, runs
from core.batch.predicting import predict_paths
from core.datasets import sample_images
from core.images import encode_png
from core.preprocessing import MNIST_LAYOUT, prepare
from core.preprocessing.touching import FAR, HEIGHT, WIDTH, network_input, part
from core.serving import describe, load_predictor
from core.serving.touching import FILE
from core.training.strings import as_drawn, touching_string

PAIRS, TRIPLES = 40, 15


@pytest.fixture(scope="module")
def validation():
    dataset = datasets.load("mnist")
    return dataset.x_val[:2000, ..., 0], dataset.y_val[:2000]


@pytest.fixture(scope="module")
def cnn():
    return load_predictor(runs.load("mnist-cnn"))


def strings(validation, length: int, count: int):
    """Drawings of touching digits, and what they say."""
    images, labels = validation
    rng = np.random.default_rng(length)
    for _ in range(count):
        chosen = rng.integers(0, len(images), length)
        drawn = as_drawn(touching_string(list(images[chosen]), rng)[0])
        yield drawn, "".join(map(str, labels[chosen]))


@pytest.mark.parametrize(
    ("run", "length", "count", "least"),
    [
        ("mnist-cnn", 2, PAIRS, 0.45),
        ("mnist-cnn", 3, TRIPLES, 0.4),
        ("mnist-random-forest", 2, TRIPLES, 0.4),  # a classical model judges too
    ],
)
def test_most_strings_are_read_as_a_whole(validation, run, length, count, least):
    predictor = load_predictor(runs.load(run))
    right = [predictor.predict(d).label == truth for d, truth in strings(validation, length, count)]
    assert np.mean(right) >= least


def test_single_digits_stay_whole(validation, cnn):
    images, _ = validation
    wide = sorted(images, key=lambda image: -np.ptp(np.nonzero(image.max(axis=0) > 60)[0]))[:150]
    assert sum(bool(cnn.predict(image).prepared.parted) for image in (*wide, *images[:150])) == 0


def test_a_digit_that_the_model_is_sure_of_costs_nothing(cnn, monkeypatch):
    monkeypatch.setattr("core.serving.touching._network", lambda: pytest.fail("asked"))
    image = sample_images("mnist")[7]
    assert len(cnn.predict(image).predictions) == 1


def split(validation, cnn):
    """The first string that is taken apart."""
    return next(
        (drawn, result)
        for drawn, _ in strings(validation, 3, TRIPLES)
        if len((result := cnn.predict(drawn)).prepared.parted) == 3
    )


def test_split_digits_look_like_those_of_a_row(validation, cnn):
    drawn, result = split(validation, cnn)
    prepared = result.prepared
    assert prepared.batch.shape == (3, 28, 28, 1)
    assert prepared.rows == (3,) and result.rows == (result.label,)
    assert len(prepared.item_steps) == len(prepared.crops) == len(result.predictions) == 3
    assert prepared.steps[-1].name == "Taken apart"
    assert [digit["touching"] for digit in describe(result)["digits"]] == [True] * 3
    for image, steps in zip(prepared.batch, prepared.item_steps, strict=True):
        np.testing.assert_array_equal(image[..., 0], steps[-1].image)


def test_it_can_be_overruled(validation, cnn):
    drawn, result = split(validation, cnn)
    one = cnn.predict(drawn, part=False)
    assert len(one.predictions) == 1 and not one.prepared.parted
    again = cnn.predict(drawn, result.prepared, part=False)  # from what another model has split
    np.testing.assert_array_equal(again.prepared.batch, one.prepared.batch)
    forest = load_predictor(runs.load("mnist-random-forest"))
    assert forest.predict(drawn, result.prepared).label == forest.predict(drawn).label


def test_one_by_one_and_in_batches_it_is_the_same(validation, cnn, tmp_path):
    drawings = [drawn for drawn, _ in strings(validation, 2, 4)]
    drawings.append(np.hstack([drawings[0], drawings[1]]))  # two pieces in one row
    for number, drawn in enumerate(drawings):
        (tmp_path / f"{number}.png").write_bytes(encode_png(drawn))
    lines = predict_paths(cnn, sorted(tmp_path.iterdir()))
    for drawn, line in zip(drawings, lines, strict=True):
        assert line["label"] == cnn.predict(drawn).label


def test_ink_is_parted_along_the_middles_that_are_named():
    """Two bars that lean over each other, such that no column parts them."""
    crop = np.zeros((48, 60), np.uint8)
    owner = np.zeros((48, 60), int)
    for row in range(48):
        for number, start in enumerate((24, 34)):
            left = start - row // 2
            crop[row, left : left + 7] = 255
            owner[row, left : left + 7] = number
    crop[24, 15:30] = 255  # they touch
    seen = network_input(crop)
    assert seen.shape == (1, HEIGHT, WIDTH, 1)
    middles = np.array([7.5, 20.0])[owner[::2, ::2]]
    found = np.zeros((1, HEIGHT, WIDTH, 2), np.float32)
    found[0, :, :30] = ((middles - np.arange(30)) / FAR)[..., None]
    pieces = part(crop, found, MNIST_LAYOUT)
    boxes = {}
    for span in pieces.spans:  # first each alone, then with what both may own
        boxes.setdefault((span.first, span.last), span.box)
    assert list(boxes) == [(0, 1), (0, 2), (1, 2)]
    left, _, right = boxes.values()
    assert left[2] > right[0]  # they overlap from left to right
    assert pieces.clear.min() > 0.9


def test_a_long_row_is_seen_in_windows():
    crop = np.zeros((24, 400), np.uint8)
    assert network_input(crop).shape == (5, HEIGHT, WIDTH, 1)
    assert network_input(np.zeros((24, 2000), np.uint8)) is None


def test_only_digits_are_taken_apart():
    photo = np.zeros((40, 90, 3), np.uint8)
    assert prepare("photo", photo, (32, 32, 3)).crops == ()
    assert FILE.stat().st_size < 500_000
