import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from core import conversion, datasets, runs
from core.conversion.trees import rounded_down
from core.errors import RunError
from core.serving import load_predictor, open_model
from core.training import TrainConfig, train
from core.training.bundled import CONFIGS
from core.training.classical import flat, with_probabilities
from tests.overriding import use

FOREST = TrainConfig("digits", "random_forest", {"n_estimators": 3, "max_images": 200})


@pytest.fixture(scope="module")
def digits() -> datasets.Dataset:
    return datasets.load("digits")


def fitted(digits, *steps, classes: int = 10):
    """A pipeline that has learned from few digits, of the first classes."""
    rows = np.flatnonzero(digits.y_train < classes)[:200]
    return make_pipeline(*steps).fit(flat(digits.x_train[rows]), digits.y_train[rows])


def neighbours(weights: str) -> KNeighborsClassifier:
    return KNeighborsClassifier(4, weights=weights, algorithm="brute")


class Unknown(GaussianNB):
    """Stands for any class that skl2onnx does not know."""


BRIGHTEST = Normalizer(norm="max")
# What is served, as whom: beyond the models of the registry, those that people add to it.
KNOWN: dict[str, tuple[str, Callable[[], tuple]]] = {
    "one tree": ("trees", lambda: (BRIGHTEST, DecisionTreeClassifier(max_depth=4))),
    "one question": ("trees", lambda: (BRIGHTEST, DecisionTreeClassifier(max_depth=1))),
    "extra trees on components": ("trees", lambda: (BRIGHTEST, PCA(5), ExtraTreesClassifier(7))),
    "trees on scaled features": ("trees", lambda: (StandardScaler(), ExtraTreesClassifier(7))),
    "neighbours by distance": ("neighbours", lambda: (BRIGHTEST, neighbours("distance"))),
    "scaled neighbours": ("neighbours", lambda: (StandardScaler(), neighbours("uniform"))),
    "naive Bayes": ("onnx", lambda: (BRIGHTEST, GaussianNB(var_smoothing=0.1))),
    "scaled regression": ("onnx", lambda: (StandardScaler(), LogisticRegression(max_iter=5))),
}


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("name", KNOWN)
def test_what_is_converted_predicts_as_the_original(digits, tmp_path, name, classes):
    way, steps = KNOWN[name]
    pipeline = fitted(digits, *steps(), classes=classes)
    served = conversion.convert(pipeline, tmp_path, way, digits.x_val)
    assert served["images"] == len(digits.x_val), served
    assert served["largest_difference"] < 1e-5
    received = open_model(tmp_path / served["file"], "classical")(digits.x_test)
    expected = pipeline.predict_proba(flat(digits.x_test))
    assert received.dtype == np.float32
    assert np.abs(received - expected).max() < 1e-5
    assert (received.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_training_images_are_their_own_nearest_neighbours(digits, tmp_path):
    """Each has a distance of 0, twice: the others then do not count."""
    rows = np.repeat(np.arange(40), 2)
    pipeline = make_pipeline(Normalizer(norm="max"), neighbours("distance"))
    pipeline.fit(flat(digits.x_train[rows]), digits.y_train[rows])
    served = conversion.convert(pipeline, tmp_path, "neighbours", digits.x_train[:40])
    assert served["largest_difference"] < 1e-6


def test_a_temperature_is_converted_with_its_model(tmp_path):
    """Of classes that are hard to tell apart, so that probabilities are far from 0 and 1."""
    rng = np.random.default_rng(0)
    noisy = rng.integers(0, 256, (200, 64)).astype(np.float32)
    labels = (noisy[:, 0] + rng.normal(0, 120, 200) > 128).astype(int)
    for number, model in enumerate((SVC(), LinearSVC())):
        (tmp_path / str(number)).mkdir()
        learned = BRIGHTEST.fit_transform(noisy)
        model.fit(learned[:100], labels[:100])
        calibrated = with_probabilities(model, learned[100:], labels[100:])
        pipeline = make_pipeline(BRIGHTEST, calibrated)
        images = noisy.astype(np.uint8).reshape(-1, 8, 8, 1)
        served = conversion.convert(pipeline, tmp_path / str(number), "onnx", images)
        assert served["largest_difference"] < 1e-5
        assert pipeline.predict_proba(noisy).max(axis=1).mean() < 0.9


@pytest.mark.parametrize(
    ("way", "steps", "expected"),
    [
        ("trees", lambda: (BRIGHTEST, LogisticRegression(max_iter=5)), "Received: LogisticRegr"),
        ("trees", lambda: (BRIGHTEST, GradientBoostingClassifier(n_estimators=1)), "Received: Gr"),
        ("trees", lambda: (Normalizer("l2"), DecisionTreeClassifier()), "Received: Normalizer"),
        ("trees", lambda: (PCA(3, whiten=True), DecisionTreeClassifier()), "Received: PCA"),
        ("neighbours", lambda: (BRIGHTEST, GaussianNB()), "Received: GaussianNB"),
        (
            "neighbours",
            lambda: (BRIGHTEST, KNeighborsClassifier(3, metric="manhattan")),
            "Received: manhattan",
        ),
        ("onnx", lambda: (BRIGHTEST, Unknown()), "The conversion failed: "),
    ],
)
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_what_cannot_be_converted_stays_as_it_is(digits, tmp_path, way, steps, expected):
    served = conversion.convert(fitted(digits, *steps()), tmp_path, way, digits.x_val)
    assert served["file"] == "model.skops"
    assert expected in served["refused"]
    assert list(tmp_path.iterdir()) == []


def test_without_images_to_compare_nothing_is_converted(digits, tmp_path):
    pipeline = fitted(digits, BRIGHTEST, GaussianNB())
    served = conversion.convert(pipeline, tmp_path, "onnx", digits.x_val[:0])
    assert "no validation images" in served["refused"]


def other_classes(arrays: dict) -> None:
    arrays["values"] = np.roll(arrays["values"], 1, axis=1)


def other_probabilities(arrays: dict) -> None:
    arrays["values"] = 0.9 * arrays["values"] + 0.01


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (other_classes, "must predict the same classes. Received: "),
        (other_probabilities, "Probabilities may differ by 0.001. Received: "),
    ],
)
def test_a_run_whose_conversion_differs_is_served_by_the_original(
    runs_folder, monkeypatch, digits, change, expected
):
    monkeypatch.setitem(conversion.WAYS, "trees", writing_with(conversion.WAYS["trees"], change))
    run = train(FOREST)
    stored = {"model.skops", runs.EVALUATION, runs.REFERENCES, runs.SAMPLES}
    assert set(run.card.files) == stored
    assert run.card.served["file"] == "model.skops"
    assert expected in run.card.served["refused"]
    assert runs.load(run.id).card == run.card
    received = load_predictor(run).probabilities(digits.x_test)
    assert np.abs(received - run.evaluation("test").probabilities).max() < 1e-6


def writing_with(write: Callable, change: Callable[[dict], None]) -> Callable:
    """A writer that makes a mistake."""

    def write_wrongly(pipeline, folder: Path, inputs: int) -> Path:
        path = write(pipeline, folder, inputs)
        with np.load(path) as arrays:
            changed = dict(arrays)
        change(changed)
        np.savez(path, **changed)
        return path

    return write_wrongly


def test_a_full_disk_is_no_reason_to_serve_otherwise(runs_folder, monkeypatch):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(conversion.WAYS, "trees", fill)
    with pytest.raises(RunError, match="The disk is full"):
        train(FOREST)
    assert runs.list_runs() == []


def test_rounded_thresholds_let_the_same_features_pass():
    rng = np.random.default_rng(0)
    features = rng.random(2000).astype(np.float32)
    step = np.spacing(features).astype(np.float64)
    for fraction in (-1, -0.5, -0.1, 0, 0.1, 0.5, 0.9, 1):
        thresholds = features + fraction * step
        assert ((features <= thresholds) == (features <= rounded_down(thresholds))).all()


def changed(**changes) -> Callable[[dict], None]:
    def change(arrays: dict) -> None:
        for name, make in changes.items():
            arrays[name] = make(arrays[name])

    return change


TAMPERED = {
    "trees": {
        "roots beyond the nodes": changed(roots=lambda roots: roots + 10**6),
        "no roots": changed(roots=lambda roots: roots[:0]),
        "children beyond the nodes": changed(left=lambda left: np.where(left > 5, 10**6, left)),
        "negative children": changed(left=lambda left: np.where(left > 5, -7, left)),
        "features that no image has": changed(feature=lambda feature: feature + 500),
        "values beyond the last": changed(value=lambda value: value + 10**6),
        "fewer nodes": changed(threshold=lambda threshold: threshold[:-1]),
        "no settings": changed(settings=lambda settings: settings[:0]),
        "other settings": changed(settings=lambda _: np.frombuffer(b'{"depth": 3}', np.uint8)),
        "not a number": changed(values=lambda values: values * np.nan),
        "objects": changed(roots=lambda roots: np.array([None] * len(roots))),
    },
    "neighbours": {
        "fewer labels": changed(labels=lambda labels: labels[:-1]),
        "labels of no class": changed(labels=lambda labels: labels + 100),
        "negative labels": changed(labels=lambda labels: labels - 100),
        "fewer images than vote": changed(images=lambda x: x[:2], labels=lambda y: y[:2]),
        "images of another size": changed(images=lambda images: images[:, :-1]),
        "endless": changed(images=lambda images: np.full_like(images, np.inf)),
    },
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict[str, runs.Run]:
    """A small run for each way that is served by NumPy. Read them only."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, runs_dir=folder, bundled_runs_dir=folder / "none")
        few = {"features": "pixels", "max_images": 200}
        return {"trees": train(FOREST), "neighbours": train(TrainConfig("digits", "knn", few))}


@pytest.mark.parametrize(
    ("way", "name"), [(way, name) for way in TAMPERED for name in TAMPERED[way]]
)
def test_a_file_that_was_tampered_with_is_one_sentence(trained, runs_folder, way, name):
    """Even if its digest was changed with it."""
    shutil.copytree(trained[way].folder, runs_folder / trained[way].id)
    run = runs.load(trained[way].id)
    path = run.folder / run.card.served["file"]
    with np.load(path) as arrays:
        content = dict(arrays)
    TAMPERED[way][name](content)
    np.savez(path, **content)
    files = {**run.card.files, path.name: runs.sha256(path)}
    run = runs.rewrite_card(run, replace(run.card, files=files))
    with pytest.raises(RunError, match=path.name):
        load_predictor(run)


@pytest.mark.parametrize("name", [n for n, c in CONFIGS.items() if c.family == "classical"])
def test_bundled_runs_are_converted(name):
    card = runs.load(name).card
    assert card.served["file"] != "model.skops"
    assert card.served["largest_difference"] < 1e-5
