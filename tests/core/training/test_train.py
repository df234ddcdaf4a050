import os
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core import datasets, runs
from core.errors import JobError, RunError
from core.evaluation import evaluate
from core.models import MODELS
from core.progress import Progress, Reporter
from core.serving import load_predictor
from core.training import TrainConfig, bundled, train
from core.training.script import script_of
from core.training.train import find_same
from tests.overriding import use

TINY = {
    "logistic_regression": {"max_iter": 15},
    "linear_svm": {"max_images": 300, "features": "hog", "hog_cells": 4},
    "rbf_svm": {"max_images": 300, "features": "pca", "pca_components": 20},
    "knn": {"features": "pixels", "n_neighbors": 1},
    "random_forest": {"n_estimators": 5},
    "gradient_boosting": {"rounds": 3, "features": "pixels", "max_leaf_nodes": 8},
    "mlp": {"epochs": 3, "hidden_units": "32-16", "learning_rate": 0.01},
    "simple_cnn": {"epochs": 2, "filters": "8-16", "dense_units": 16, "batch_size": 32},
    "resnet": {"epochs": 2, "width": 8, "stages": 2, "batch_size": 32, "max_images": 320},
}
SCRATCH = [model for model in MODELS if not MODELS[model].backbone]  # others: test_transfer
FIRST = ("logistic_regression", "random_forest", "knn", "simple_cnn")  # each is served otherwise
EACH = [
    pytest.param(model, marks=[] if model in FIRST else pytest.mark.slow, id=model)
    for model in SCRATCH
]
NETWORKS = [model for model in SCRATCH if MODELS[model].family == "network"]
CLASSICAL = [model for model in SCRATCH if MODELS[model].family == "classical"]
METRICS = {"accuracy", "log_loss", "precision", "recall", "f1"}
FILES = {
    "classical": {"card.json", "evaluation.npz", "model.skops", "samples.npz", "references.npz"},
    "network": {
        "card.json",
        "evaluation.npz",
        "model.keras",
        "model.tflite",
        "references.npz",
        "replay.npz",
        "samples.npz",
    },
}
SERVED = {"onnx": "model.onnx", "trees": "trees.npz", "neighbours": "neighbours.npz"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> "Trained":
    return Trained(tmp_path_factory.mktemp("trained"))


class Trained:
    """`trained[model]`: trained once on scikit-learn's digits, and what it reported meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._found = folder, {}

    def __getitem__(self, model: str) -> tuple[runs.Run, list[Progress]]:
        if model not in self._found:
            reports: list[Progress] = []
            with pytest.MonkeyPatch.context() as monkeypatch:
                use(monkeypatch, runs_dir=self.folder, bundled_runs_dir=self.folder / "none")
                config = TrainConfig("digits", model, TINY[model], seed=5)
                self._found[model] = train(config, Reporter(reports.append)), reports
        return self._found[model]


@pytest.fixture
def trained_run(trained, monkeypatch):
    """`trained_run(model)`: one of them, in its place among the runs of the studio."""
    use(monkeypatch, runs_dir=trained.folder)
    return lambda model: trained[model][0]


def test_every_model_is_tested():
    assert set(TINY) == set(SCRATCH)


@pytest.mark.parametrize("model", EACH)
def test_a_training_leaves_a_whole_run(trained, model):
    run, _ = trained[model]
    files = FILES[MODELS[model].family]
    if model in CLASSICAL:
        files = files | {SERVED[MODELS[model].served_by]}
        assert run.card.served["file"] == SERVED[MODELS[model].served_by]
    assert {path.name for path in run.folder.iterdir()} == files
    assert set(run.card.files) == files - {"card.json"}
    assert all(run.file(name).stat().st_size > 0 for name in run.card.files)
    assert [path.name for path in run.folder.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("model", EACH)
def test_the_card_says_what_was_trained(trained, model):
    card = trained[model][0].card
    dataset = datasets.load("digits", card.validation_fraction)
    assert card.id == f"digits-{model.replace('_', '-')}-1"
    assert card.owner == "you"
    assert (card.dataset, card.model, card.seed) == ("digits", model, 5)
    assert card.dataset_fingerprint == dataset.fingerprint()
    assert card.class_names == dataset.class_names
    assert card.input_shape == dataset.input_shape
    assert card.preprocessing == dataset.preprocessing
    assert card.family == MODELS[model].family
    assert {**card.hyperparameters, **TINY[model]} == card.hyperparameters
    assert card.hyperparameters == TrainConfig("digits", model, TINY[model]).hyperparameters
    assert "usual" not in card.hyperparameters.values()
    assert "numpy" in card.versions
    assert card.seconds >= 0


@pytest.mark.parametrize("model", EACH)
def test_figures_of_the_card_are_those_of_the_predictions_kept(trained, model):
    run, _ = trained[model]
    test, val = run.evaluation("test"), run.evaluation("val")
    assert len(test.labels) == run.card.metrics["test_size"] == 360
    assert len(val.labels) == run.card.metrics["val_size"] == 144
    names = {*METRICS, *(f"val_{name}" for name in METRICS), "test_size", "train_size"}
    names.add("val_size")
    assert set(run.card.metrics) == names
    for name in METRICS:
        assert run.card.metrics[name] == pytest.approx(test.metrics()[name], abs=1e-9)
        assert run.card.metrics[f"val_{name}"] == pytest.approx(val.metrics()[name], abs=1e-9)
    assert run.card.metrics["train_size"] == TINY[model].get("max_images", 1293)


@pytest.mark.parametrize("model", EACH)
def test_predictions_kept_are_those_of_the_model_that_serves(trained_run, model):
    run = trained_run(model)
    dataset = datasets.load("digits", run.card.validation_fraction)
    for split in ("val", "test"):
        images, labels = dataset.split(split)
        kept = run.evaluation(split)
        assert (kept.labels == labels).all()
        received = load_predictor(run).probabilities(images)
        assert np.abs(received - kept.probabilities).max() < 1e-5


@pytest.mark.parametrize(
    ("model", "at_least"),
    [
        ("logistic_regression", 0.93),
        ("knn", 0.95),
        ("random_forest", 0.85),
        ("simple_cnn", 0.3),
        pytest.param("linear_svm", 0.85, marks=pytest.mark.slow),
        pytest.param("rbf_svm", 0.9, marks=pytest.mark.slow),
        pytest.param("gradient_boosting", 0.8, marks=pytest.mark.slow),
        pytest.param("mlp", 0.8, marks=pytest.mark.slow),
        pytest.param("resnet", 0.05, marks=pytest.mark.slow),
    ],
)
def test_something_is_learned_beyond_guessing(trained, model, at_least):
    assert trained[model][0].card.metrics["accuracy"] > at_least


def test_the_keras_original_and_its_twin_agree(trained_run):
    import keras

    run = trained_run("simple_cnn")
    images = datasets.load("digits").x_test[:50]
    original = keras.models.load_model(run.file("model.keras"), safe_mode=True)
    twin = load_predictor(run).probabilities(images)
    assert np.abs(np.asarray(original(images)) - twin).max() < 1e-4


@pytest.mark.parametrize("model", EACH)
def test_a_run_keeps_its_training_curve(trained, model):
    run, reports = trained[model]
    history, axis = run.card.history, MODELS[model].learns_by
    names = {axis, "accuracy", "val_accuracy"}
    if not model.endswith("_svm"):
        names |= {"loss", "val_loss"}
    if model in NETWORKS:
        names |= {"learning_rate", "seconds"}
        assert [point["epoch"] for point in history] == [1, 2]
    for point in history:
        assert set(point) == names
        assert np.isfinite(list(point.values())).all()
    told = [report.history for report in reports if report.stage in ("exporting", "evaluating")]
    assert told[0] == told[1] == history


def test_a_network_validates_on_the_validation_part(trained):
    run, _ = trained["simple_cnn"]
    last = run.card.history[-1]["val_accuracy"]
    assert 0 <= last <= 1
    assert last * 144 == pytest.approx(round(last * 144), abs=1e-3)


@pytest.mark.parametrize("model", EACH)
def test_progress_is_reported_in_order(trained, model):
    run, reports = trained[model]
    stages = [report.stage for report in reports]
    preparing = ["preparing"] if model in CLASSICAL else []
    assert list(dict.fromkeys(stages)) == [
        "loading",
        *preparing,
        "fitting",
        "exporting",
        "evaluating",
        "references",
        "measuring",
        "done",
    ]
    assert len([1 for one, other in pairwise(stages) if one != other]) == len(set(stages)) - 1
    fitting = [report.fraction for report in reports if report.stage == "fitting"]
    assert fitting == sorted(fitting)
    assert all(0 <= report.fraction <= 1 for report in reports)
    assert reports[0].fraction == 0 and reports[-1].fraction == 1
    assert reports[-1].metrics == run.card.metrics


def test_a_network_reports_its_epochs(trained):
    fitting = [r for r in trained["simple_cnn"][1] if r.stage == "fitting"]
    assert {(report.epoch, report.epochs) for report in fitting} == {(1, 2), (2, 2)}
    assert {"loss", "accuracy"} <= set(fitting[-1].metrics)


@pytest.mark.parametrize(
    "model", [one for one in EACH if one.id in CLASSICAL and one.id != "linear_svm"]
)
def test_the_same_seed_gives_the_same_figures(trained, runs_folder, model):
    first = trained[model][0]
    again = train(TrainConfig("digits", model, TINY[model], name="again", seed=5))
    assert again.card.metrics == first.card.metrics
    assert again.card.history == first.card.history
    assert (again.evaluation().probabilities == first.evaluation().probabilities).all()


def test_another_seed_gives_another_forest(trained, runs_folder):
    first = trained["random_forest"][0]
    other = train(TrainConfig("digits", "random_forest", TINY["random_forest"], seed=6))
    assert (other.evaluation().probabilities != first.evaluation().probabilities).any()


@pytest.mark.parametrize(
    ("model", "stage"),
    [
        ("logistic_regression", "loading"),
        ("random_forest", "preparing"),
        ("random_forest", "fitting"),
        ("logistic_regression", "exporting"),
        ("random_forest", "evaluating"),
        ("simple_cnn", "loading"),
        ("simple_cnn", "fitting"),
    ],
)
def test_a_cancelled_training_leaves_nothing(runs_folder, model, stage):
    reports: list[Progress] = []
    with pytest.raises(JobError, match="cancelled; no run was kept"):
        train(
            TrainConfig("digits", model, TINY[model]),
            Reporter(reports.append, lambda: reports[-1].stage == stage),
        )
    assert reports[-1].stage == stage
    assert os.listdir(runs_folder) == []
    assert runs.list_runs() == []


@pytest.mark.slow
def test_a_network_stops_in_the_middle_of_an_epoch(runs_folder):
    reports: list[Progress] = []
    many = TINY["simple_cnn"] | {"epochs": 200, "batch_size": 16}
    with pytest.raises(JobError):
        train(
            TrainConfig("digits", "simple_cnn", many),
            Reporter(reports.append, lambda: reports[-1].fraction > 0),
        )
    assert 0 < reports[-1].fraction < 1 / 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("simple_cnn", {"epochs": 100}),
        ("random_forest", {"n_estimators": 200}),
        ("knn", {}),
        ("mlp", {"epochs": 100}),
        ("logistic_regression", {"max_iter": 100}),
    ],
)
def test_a_training_that_is_to_finish_leaves_a_run(runs_folder, model, values):
    reports: list[Progress] = []
    run = train(
        TrainConfig("digits", model, TINY[model] | values),
        Reporter(reports.append, should_finish=lambda: len(reports[-1].history) >= 2),
    )
    assert len(run.card.history) == 2
    assert run.card.ended_early
    assert f"{run.id} was ended early by hand" in " ".join(script_of(run.card).split())
    assert (
        run.card.hyperparameters
        == TrainConfig("digits", model, TINY[model] | values).hyperparameters
    )
    assert reports[-1].stage == "done"
    assert load_predictor(run).probabilities(datasets.load("digits").x_test[:4]).shape == (4, 10)


@pytest.mark.slow
def test_an_interrupted_training_goes_on_in_its_folder(runs_folder, tmp_path):
    folder = tmp_path / "checkpoints"
    config = TrainConfig("digits", "simple_cnn", TINY["simple_cnn"] | {"epochs": 5})
    reports: list[Progress] = []
    with pytest.raises(JobError):
        train(
            config,
            Reporter(reports.append, lambda: len(reports[-1].history) >= 2),
            checkpoints=folder,
        )
    before = reports[-1].history
    assert os.listdir(runs_folder) == []
    reports.clear()
    run = train(config, Reporter(reports.append), checkpoints=folder)
    assert [point["epoch"] for point in run.card.history] == [1, 2, 3, 4, 5]
    assert run.card.history[:2] == before
    assert min(report.epoch for report in reports if report.stage == "fitting") == 3
    assert run.card.seconds >= before[-1]["seconds"]
    assert set(run.card.files) == FILES["network"] - {"card.json"}


@pytest.mark.parametrize(
    "change",
    [{"seed": 6}, {"hyperparameters": {"learning_rate": 0.01}}, {"validation_fraction": 0.2}],
    ids=str,
)
def test_a_training_of_something_else_does_not_continue_there(
    runs_folder, tmp_path, monkeypatch, change
):
    """What belongs together is told apart without training it."""
    identities = []

    def no_training(dataset, model, hyperparameters, seed, report, kept):
        identities.append(kept.identity)
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules[train.__module__], "fit_network", no_training)
    same = {"dataset": "digits", "model": "simple_cnn"}
    for values in (same, same | {"name": "another-name"}, same | change):
        with pytest.raises(ZeroDivisionError):
            train(TrainConfig(**values), checkpoints=tmp_path)
    assert identities[0] == identities[1] != identities[2]


def test_without_a_folder_no_checkpoints_are_left(runs_folder, monkeypatch):
    folders = []

    def no_training(dataset, model, hyperparameters, seed, report, kept):
        folders.append(kept.folder)
        kept.folder.mkdir(parents=True, exist_ok=True)
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules[train.__module__], "fit_network", no_training)
    with pytest.raises(ZeroDivisionError):
        train(TrainConfig("digits", "simple_cnn"))
    assert runs_folder in folders[0].parents
    assert not folders[0].exists()


def test_an_exception_of_the_watcher_leaves_nothing(runs_folder):
    def watch(progress: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(TrainConfig("digits", "random_forest", TINY["random_forest"]), Reporter(watch))
    assert os.listdir(runs_folder) == []


def test_a_name_that_is_taken_is_refused_before_any_work(runs_with_small, small_run):
    reports: list[Progress] = []
    with pytest.raises(RunError, match="already a run named"):
        train(TrainConfig("digits", "random_forest", name=small_run.id), Reporter(reports.append))
    assert reports == []
    assert runs.load(small_run.id).card == small_run.card


def test_names_are_numbered(runs_folder):
    config = TrainConfig("digits", "random_forest", {"n_estimators": 1})
    names = [train(config).id for _ in range(2)]
    assert names == ["digits-random-forest-1", "digits-random-forest-2"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"name": "another-name"}, True),
        ({"hyperparameters": {"max_iter": "30", "C": 1}}, True),
        ({"hyperparameters": {"max_iter": 31}}, False),
        ({"model": "random_forest", "hyperparameters": {}}, False),
        ({"dataset": "mnist"}, False),
        ({"seed": 1}, False),
        ({"validation_fraction": 0.2}, False),
    ],
)
def test_a_run_of_the_same_configuration_is_found(runs_with_small, small_run, changes, found):
    same = {
        "dataset": "digits",
        "model": "logistic_regression",
        "hyperparameters": {"max_iter": 30},
    }
    run = find_same(TrainConfig(**{**same, **changes}))
    assert (run == runs.load(small_run.id)) if found else (run is None)


@pytest.mark.parametrize("name", runs.TRAINED_HERE)
def test_stored_predictions_of_bundled_runs_give_their_figures(name):
    run = runs.load(name)
    for split, prefix in (("test", ""), ("val", "val_")):
        for metric, value in run.evaluation(split).metrics().items():
            assert run.card.metrics[prefix + metric] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("name", bundled.CONFIGS)  # those whose images are bundled
@pytest.mark.few(1)
def test_every_bundled_run_measures_what_its_card_says(name):
    run = runs.load(name)
    card = run.card
    dataset = datasets.load(card.dataset, card.validation_fraction)
    assert dataset.fingerprint() == card.dataset_fingerprint
    measured = evaluate(dataset.y_test, load_predictor(run).probabilities(dataset.x_test))
    assert measured.accuracy == pytest.approx(card.metrics["accuracy"], abs=0.0002)
    assert measured.log_loss == pytest.approx(card.metrics["log_loss"], abs=0.0002)
    assert len(measured.labels) == card.metrics["test_size"]


def test_tensorflow_counts_under_its_name_also_without_its_part_for_graphics_cards(monkeypatch):
    def only_the_sister(package: str) -> str:
        if package == "tensorflow":
            raise PackageNotFoundError(package)
        return "2.21.0" if package == "tensorflow-cpu" else "1"

    module = import_module("core.training.versions")
    monkeypatch.setattr(module, "version", only_the_sister)
    assert module._version("tensorflow") == "2.21.0"
