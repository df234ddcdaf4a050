"""The nearest training images of a run, and how it notices images unlike them."""

import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest

from core import runs, serving
from core.datasets import load
from core.errors import RunError
from core.evaluation import nearest
from core.explain import nearest_of
from core.progress import Reporter
from core.runs.reference_images import MOST_BYTES
from core.training import references, unlike


@pytest.fixture(scope="module")
def digits_shown(mnist_test):
    """A hundred of MNIST's test images as its models take them, and their classes."""
    return mnist_test[0][:100, ..., None], mnist_test[1][:100]


DIGITS, FOREST, CNN = "digits-random-forest", "mnist-random-forest", "mnist-cnn"
WITH_FEATURES = ("mnist-cnn", "mnist-logistic-regression", "mnist-random-forest", "mnist-svm")
FULL = {
    (references, "MOST_MEASURED"): references.MOST_MEASURED,
    (references, "MOST_IMAGES"): references.MOST_IMAGES,
    (unlike, "FONTS"): unlike.FONTS,
    (unlike, "MOST_IMAGES"): unlike.MOST_IMAGES,
}


@pytest.fixture
def in_full(monkeypatch):
    """As many images as a training takes, where other tests have to do with a few."""
    for (module, name), value in FULL.items():
        monkeypatch.setattr(module, name, value)


def test_neighbours_are_those_that_scikit_learn_finds():
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(0)
    features, known = rng.normal(size=(700, 24)), rng.normal(size=(90, 24)).astype(np.float16)
    rows, similarities = nearest(features, known, 5)
    found = NearestNeighbors(n_neighbors=5, metric="cosine").fit(known.astype(np.float64))
    distances, expected = found.kneighbors(features)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(similarities, 1 - distances, atol=1e-5)


def test_few_references_and_dead_features_have_neighbours_too():
    rows, similarities = nearest(np.array([[0.0, 0], [2, 0]]), np.array([[1.0, 0], [0, 3]]), 5)
    assert rows.shape == (2, 2)
    assert similarities.tolist() == [[0, 0], [1, 0]]


def test_the_last_layer_makes_the_probabilities_of_the_features(digits_shown):
    run = runs.load(CNN)
    path = serving.model_path(run)
    features = serving.open_features(path, "network")(digits_shown[0][:20])
    graph = serving.Graph(path.read_bytes())
    last = [one for one in graph.operations if one.kind == "FULLY_CONNECTED"][-1]
    weights, bias = (graph.constant(tensor) for tensor in last.inputs[1:])
    scores = np.exp(features @ weights.T + bias)
    served = serving.load_predictor(run).probabilities(digits_shown[0][:20])
    np.testing.assert_allclose(scores / scores.sum(axis=1, keepdims=True), served, atol=1e-5)


@pytest.mark.parametrize(("name", "count"), [(FOREST, 784), ("mnist-svm", 2048)])
def test_a_classical_model_looks_at_what_stands_before_it(digits_shown, name, count):
    path = serving.model_path(runs.load(name))
    features = serving.open_features(path, "classical")(digits_shown[0][:3])
    assert features.shape == (3, count)
    assert features.max() <= 1


@pytest.mark.parametrize("name", WITH_FEATURES)
def test_most_of_the_nearest_images_show_the_same_digit(digits_shown, name):
    images, labels = digits_shown
    found = nearest_of(runs.load(name), images)
    same = [
        near.label == label
        for one, label in zip(found, labels, strict=False)
        for near in one.neighbours
    ]
    assert np.mean(same) > 0.85
    assert np.mean([one.is_unlike for one in found]) <= 0.06
    first = found[0].neighbours[0]
    assert first.image.shape == (28, 28)
    assert first.similarity == max(near.similarity for near in found[0].neighbours)


@pytest.mark.usefixtures("in_full")
@pytest.mark.parametrize(
    "name", [DIGITS, *(pytest.param(name, marks=pytest.mark.slow) for name in WITH_FEATURES)]
)
def test_what_the_card_says_is_what_is_measured_again(tmp_path, name):
    run = runs.load(name)
    model = serving.model_path(run)
    for path in (model, serving.model_path(run).with_name(serving.FEATURES_FILE)):
        if path.exists():
            shutil.copy(path, tmp_path)
    dataset = load(run.card.dataset, run.card.validation_fraction)
    found = references.write_references(
        tmp_path / model.name, run.card.family, dataset, run.evaluation("test"), Reporter()
    )
    stored = asdict(run.card.out_of_distribution)
    for what, measured in asdict(found).items():
        if isinstance(measured, float):
            assert measured == pytest.approx(stored[what], abs=0.01)
            continue
        here = measured.keys() & stored[what].keys()  # not every dataset is on every machine
        assert unlike.LETTERS in here
        for other in here:
            assert measured[other] == pytest.approx(stored[what][other], abs=0.01)
    written = (tmp_path / runs.REFERENCES).stat().st_size
    assert written <= MOST_BYTES
    assert written == pytest.approx(run.file(runs.REFERENCES).stat().st_size, rel=0.02)


def test_the_network_notices_letters_better_than_its_confidence_does():
    measured = runs.load(CNN).card.out_of_distribution
    assert measured.auroc[unlike.LETTERS] >= 0.95
    assert measured.auroc[unlike.LETTERS] > measured.auroc_confidence[unlike.LETTERS]


def test_features_without_room_are_left_out_with_their_images(tmp_path, monkeypatch, own_run):
    features = np.random.default_rng(0).normal(size=(400, 500))
    files = [runs.small_file(np.full((8, 8, 1), number % 256, np.uint8)) for number in range(400)]
    monkeypatch.setattr("core.runs.reference_images.MOST_BYTES", 200_000)
    path = runs.write_references(files, np.arange(400) % 10, features, own_run.folder)
    assert path.stat().st_size <= 200_000
    found = runs.references(with_digests(own_run))
    assert 100 < len(found.labels) == len(found.features) < 400
    np.testing.assert_allclose(found.features, features[: len(found.labels)], atol=0.01)
    assert (found.image(7) == 7).all()


@pytest.fixture
def own_run(tmp_path):
    """A copy of a bundled run that may be changed."""
    folder = tmp_path / DIGITS
    shutil.copytree(runs.load(DIGITS).folder, folder)
    return runs.Run(runs.load(DIGITS).card, folder)


def with_digests(run: runs.Run) -> runs.Run:
    """The run with a card that names the files as they are now."""
    files = {name: runs.sha256(run.folder / name) for name in run.card.files}
    return runs.Run(replace(run.card, files=files), run.folder)


BROKEN = {
    "a label too many": {"labels": np.arange(11)},
    "a label of no class": {"labels": np.full(10, 10)},
    "an image that ends nowhere": {"ends": np.full(10, 10**6)},
    "a feature that is no number": {"features": np.full((10, 64), np.nan, np.float16)},
}


@pytest.mark.every_case
@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_damaged_references_are_refused(own_run, change):
    arrays = {
        "files": np.zeros(20, np.uint8),
        "ends": np.arange(2, 21, 2),
        "labels": np.arange(10),
        "features": np.zeros((10, 64), np.float16),
    }
    np.savez(own_run.folder / runs.REFERENCES, **{**arrays, **change})
    with pytest.raises(RunError, match="training images of run 'digits-random-forest' cannot be"):
        runs.references(with_digests(own_run))


def test_references_of_another_model_are_refused(own_run):
    features = np.zeros((2, 3))
    runs.write_references(
        [runs.small_file(np.zeros((8, 8, 1), np.uint8))] * 2, [0, 1], features, own_run.folder
    )
    with pytest.raises(RunError, match="they have 3 features each, the model 64"):
        nearest_of(with_digests(own_run), np.zeros((1, 8, 8, 1), np.uint8))


def test_a_run_without_references_has_no_neighbours(digits_shown):
    run = runs.load(CNN)
    files = {name: digest for name, digest in run.card.files.items() if name != runs.REFERENCES}
    before = runs.Run(replace(run.card, files=files, out_of_distribution=None), run.folder)
    assert nearest_of(before, digits_shown[0][:1]) is None


def test_every_training_keeps_images_of_each_class(small_run):
    kept = runs.references(small_run)
    assert np.bincount(kept.labels, minlength=10).min() >= 5
    assert unlike.LETTERS in small_run.card.out_of_distribution.auroc
