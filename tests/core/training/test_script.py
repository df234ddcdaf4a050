"""The script that is shown trains the same model as the studio does."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from core import datasets, runs
from core.models import MODELS
from core.models.presets import CNN_PRESETS, STUDIOS_OWN
from core.progress import Reporter
from core.training import TrainConfig, train
from core.training.checkpoints import Checkpoints
from core.training.network import fit_network
from core.training.script import as_script
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.training.scripts import (
    AtFit,
    assert_same_batches,
    assert_same_callbacks,
    assert_same_models,
    assert_same_validation,
    printed_by,
    ruff,
    run_here,
)
from tests.overriding import use

SHORT = {"batch_size": 16, "filters": "16-32", "dense_units": 32}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "logistic_regression": (
        "logistic_regression",
        {"C": 0.5, "max_iter": 30, "features": "hog", "hog_cells": 4},
    ),
    "linear_svm": ("linear_svm", {"C": 0.3, "pca_components": 20, "class_weights": True}),
    "rbf_svm": (
        "rbf_svm",
        {"C": 2.0, "gamma": 0.02, "class_weights": True, "features": "pixels"},
    ),
    "knn": ("knn", {"n_neighbors": 5, "weights": "uniform", "max_images": 500}),
    "random_forest": (
        "random_forest",
        {"n_estimators": 20, "class_weights": True, "max_leaf_nodes": 100},
    ),
    "gradient_boosting": (
        "gradient_boosting",
        {"rounds": 10, "learning_rate": 0.3, "max_leaf_nodes": 5, "pca_components": 20},
    ),
    "mlp": (
        "mlp",
        {"hidden_units": "32-16", "epochs": 5, "batch_size": 16, "learning_rate": 0.005},
    ),
    "changed_images": (
        "simple_cnn",
        {
            **SHORT,
            "epochs": 4,
            "optimizer": "sgd",
            "learning_rate": 0.02,
            "schedule": "cosine",
            "augmentation": "custom",
            "rotation": 10.0,
            "brightness": 0.1,
            "fill": "edge",
            "random_operations": 1,
            "magnitude": 0.2,
        },
    ),
    "published": (
        "simple_cnn",
        {**CNN_PRESETS["two_blocks_l2"].values, "padding": "same"}
        | {"epochs": 6, "batch_size": 16},
    ),
    "mixed_images": (
        "simple_cnn",
        {
            **SHORT,
            "convolutions": 2,
            "batch_norm": False,
            "dropout_features": 0.1,
            "epochs": 10,
            "optimizer": "adamw",
            "weight_decay": 0.02,
            "schedule": "plateau",
            "plateau_patience": 2,
            "early_stopping": 3,
            "label_smoothing": 0.05,
            "mixup": 0.2,
            "cutmix": 1.0,
            "class_weights": True,
            "max_images": 1000,
        },
    ),
    "averaged_weights": ("simple_cnn", {**SHORT, "epochs": 6, "weight_averaging": 0.98}),
    "residual": ("resnet", {"width": 8, "stages": 2, "epochs": 4, "batch_size": 32}),
}
CLASSICAL = [name for name, (model, _) in CASES.items() if MODELS[model].family == "classical"]
NETWORKS = [name for name in CASES if name not in CLASSICAL]
SLOW = ("published", "mixed_images", "averaged_weights", "residual", "changed_images", "mlp")
SLOW += ("gradient_boosting", "random_forest")
RARE: dict[str, tuple[str, str, dict[str, Any]]] = {  # compared, but not trained
    "one_step": ("digits", "simple_cnn", {"batch_size": 1024, "epochs": 1, "filters": "8"}),
    "few_steps": (
        "digits",
        "simple_cnn",
        {"batch_size": 500, "epochs": 6, "weight_averaging": 0.9, "pool_last": False},
    ),
    "very_few_steps": ("digits", "resnet", {"epochs": 1, "weight_averaging": 0.9, "width": 8}),
    "all_but_a_few": ("digits", "simple_cnn", {"max_images": 1290, "schedule": "constant"}),
    "plain": ("digits", "simple_cnn", {"augmentation": "none", "weight_averaging": 0.9}),
    "only_weights": ("digits", "simple_cnn", {"augmentation": "none", "class_weights": True}),
    "small_valid": ("digits", "simple_cnn", {"filters": "8-8", "kernel": 2, "padding": "valid"}),
    "deep": (
        "mnist",
        "resnet",
        {"width": 8, "blocks": 2, "dropout": 0.2, "l2": 0.001, "max_images": 600, "cutmix": 1.0},
    ),
    "own": ("mnist", "simple_cnn", CNN_PRESETS[STUDIOS_OWN].values),
}
SWEEP = [
    *[TrainConfig("digits", model, values, seed=7) for model, values in CASES.values()],
    *[TrainConfig(dataset, model, values) for dataset, model, values in RARE.values()],
    *[TrainConfig(dataset, model) for dataset in ("mnist", "cats_vs_dogs") for model in MODELS],
    *[TrainConfig("mnist", "simple_cnn", one.values) for one in CNN_PRESETS.values()],
    *[
        TrainConfig("digits", model, {"features": features}, validation_fraction=0.2)
        for model in MODELS
        if MODELS[model].family == "classical"
        for features in ("pixels", "pca", "hog", "hog_pca")
    ],
]


@pytest.fixture(scope="module")
def studios_run(tmp_path_factory) -> Callable[[str], runs.Run]:
    """`studios_run(case)`: what the studio itself trains with the settings of a case."""
    folder, trained = tmp_path_factory.mktemp("script-runs"), {}

    def run_of(case: str) -> runs.Run:
        if case not in trained:
            with pytest.MonkeyPatch.context() as patch:
                use(patch, runs_dir=folder, bundled_runs_dir=folder / "none")
                trained[case] = train(config_of(case))
        return trained[case]

    return run_of


def config_of(case: str) -> TrainConfig:
    model, values = CASES[case]
    return TrainConfig("digits", model, values, seed=3)


def test_every_model_is_tried():
    here = {name for name, spec in MODELS.items() if not spec.backbone}  # see the transfer tests
    assert {model for model, _ in CASES.values()} == here


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] * (case in SLOW)) for case in CASES]
)
@pytest.mark.slow
def test_a_script_reaches_what_the_studio_reaches(studios_run, tmp_path, case):
    metrics = studios_run(case).card.metrics
    printed = printed_by(as_script(config_of(case)), tmp_path)
    last = re.fullmatch(r"test accuracy: (0\.\d{4})", printed.splitlines()[-1])
    assert float(last[1]) == pytest.approx(metrics["accuracy"], abs=0.005)
    val = re.search(r"^validation accuracy: (\d\.\d{4})$", printed, re.MULTILINE)
    assert float(val[1]) == pytest.approx(metrics["val_accuracy"], abs=0.007)  # one image of 144
    assert metrics["accuracy"] > 0.9  # it was worth comparing


@pytest.mark.parametrize("case", CLASSICAL)
@pytest.mark.few(1)
def test_a_classical_script_gives_the_same_probabilities(studios_run, tmp_path, monkeypatch, case):
    script = run_here(as_script(config_of(case)), tmp_path, monkeypatch)
    received = script.model.predict_proba(script.x_test)
    assert np.abs(received - studios_run(case).evaluation().probabilities).max() < 1e-5


@pytest.mark.slow
def test_of_many_validation_images_the_same_ones_calibrate(runs_folder, tmp_path, monkeypatch):
    config = TrainConfig("mnist", "linear_svm", {"max_images": 300, "pca_components": 10})
    script = run_here(as_script(config), tmp_path, monkeypatch)
    received = script.model.predict_proba(script.x_test)
    assert np.abs(received - train(config).evaluation().probabilities).max() < 1e-5


@pytest.fixture
def own_images(tmp_path, monkeypatch) -> str:
    """The name of 40 images in colour, some of them in a validation folder."""
    use(monkeypatch, work_dir=tmp_path / "work")
    tree = pets(14, 12, "train/") | pets(4, 3, "validation/") | pets(3, 4, "test/")
    datasets.import_folder(write_folder(tree, tmp_path / "pets"), "pets")
    return "pets"


def test_images_of_your_own_are_classified(own_images, runs_folder, tmp_path, monkeypatch):
    config = TrainConfig(own_images, "knn", {"features": "hog", "max_images": 20})
    script = run_here(as_script(config), tmp_path, monkeypatch)
    received = script.model.predict_proba(script.x_test)
    assert np.abs(received - train(config).evaluation().probabilities).max() < 1e-5


def test_a_network_sees_images_of_your_own(own_images, both):
    config = TrainConfig(own_images, "simple_cnn", {"filters": "8"})
    studio, script = both(config)
    assert_same_batches(studio.batches, script.batches)
    assert_same_validation(studio.options["validation_data"], script.options["validation_data"])


@dataclass
class Fit:
    """What `fit` of a network was called with."""

    model: Any
    batches: Any
    options: dict[str, Any]


@pytest.fixture
def fits(monkeypatch) -> list[Fit]:
    """Every call of `fit`; none trains anything."""
    import keras

    seen: list[Fit] = []

    def fit(model, batches, **options):
        seen.append(Fit(model, batches, options))
        raise AtFit

    monkeypatch.setattr(keras.Model, "fit", fit)
    return seen


@pytest.fixture
def both(fits, tmp_path, monkeypatch) -> Callable[[TrainConfig], tuple[Fit, Fit]]:
    """`both(config)`: how the studio, and how the script calls `fit`."""

    def call_both(config: TrainConfig) -> tuple[Fit, Fit]:
        data = datasets.load(config.dataset, config.validation_fraction)
        values, kept = config.hyperparameters, Checkpoints(tmp_path, "")
        with pytest.raises(AtFit):
            fit_network(data, config.model, values, config.seed, Reporter(), kept)
        run_here(as_script(config), tmp_path, monkeypatch)
        return fits[-2], fits[-1]

    return call_both


CONFIGS = {
    **{case: config_of(case) for case in NETWORKS},
    **{
        name: TrainConfig(data, model, values, seed=2)
        for name, (data, model, values) in RARE.items()
    },
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.few(1)
def test_a_networks_script_does_exactly_what_the_studio_does(both, name):
    studio, script = both(CONFIGS[name])
    assert_same_models(studio.model, script.model)
    assert_same_batches(studio.batches, script.batches)
    assert_same_validation(studio.options["validation_data"], script.options["validation_data"])
    assert_same_callbacks(studio.options["callbacks"], script.options.get("callbacks", []))
    best = [c for c in script.options.get("callbacks", []) if "Checkpoint" in type(c).__name__]
    assert len(best) == CONFIGS[name].hyperparameters.get("keep_best", False)
    assert studio.options["epochs"] == script.options["epochs"]


OFF = {
    "augmentation": "none",
    "optimizer": "adam",
    "schedule": "constant",
    "keep_best": False,
    "dropout": 0.0,
}
WORDS = {
    "augment(": {"augmentation": "clothing"},
    "POLICY": {"augmentation": "custom", "contrast": 0.2},
    "mix(": {"mixup": 0.2},
    "class_weights": {"class_weights": True},
    "EarlyStopping": {"early_stopping": 3},
    "ReduceLROnPlateau": {"schedule": "plateau"},
    "CosineDecay": {"schedule": "cosine"},
    "warmup": {"schedule": "one_cycle"},
    "ModelCheckpoint": {"keep_best": True},
    "use_ema": {"weight_averaging": 0.9, "keep_best": True},
    "L2(": {"l2": 0.001},
    "Dropout": {"dropout": 0.5},
    "weight_decay": {"optimizer": "adamw"},
    "MOMENTUM": {"optimizer": "sgd"},
    "rows(": {"max_images": 500},
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.few(4)
def test_a_script_mentions_only_what_is_on(word):
    without = TrainConfig("digits", "resnet", OFF)
    on = TrainConfig("digits", "resnet", {**OFF, **WORDS[word]})
    assert word not in as_script(without)
    assert word in as_script(on)


@pytest.mark.parametrize("config", SWEEP, ids=lambda config: f"{config.dataset}-{config.model}")
@pytest.mark.few(8)
def test_a_script_is_python_as_the_project_writes_it(config):
    script = as_script(config)
    compile(script, "script.py", "exec")
    assert ruff(["check", "--ignore", "T201"], script) == ""
    assert ruff(["format", "--diff"], script) == ""
    assert MODELS[config.model].title in script.split('"""')[1]
    assert datasets.find(config.dataset).title in script.split('"""')[1]


def test_a_title_cannot_break_out_of_the_docstring(monkeypatch):
    spec = replace(datasets.find("digits"), title='x"""\nimport os\\' + "y" * 200)
    monkeypatch.setattr(datasets, "find", lambda name: spec)
    script = as_script(TrainConfig("digits", "knn"))
    compile(script, "script.py", "exec")
    assert "\nimport os" not in script
    assert ruff(["check"], script.replace("print(", "str(")) == ""
