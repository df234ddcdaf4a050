"""The script of a pretrained network, or of a model on what one finds, trains the same."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core import datasets
from core.models import MODELS
from core.models.transfer import BACKBONES, EMBEDDED, weights
from core.progress import Reporter
from core.training import TrainConfig, train
from core.training.checkpoints import Checkpoints
from core.training.classical import fit_classical
from core.training.script import as_script
from core.training.transfer import fit_transfer
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.training.scripts import (
    AtFit,
    assert_same_batches,
    assert_same_callbacks,
    assert_same_learners,
    assert_same_validation,
    printed_by,
    ruff,
    run_here,
)
from tests.overriding import use

TINY = {
    "max_images": 200,
    "input_size": 32,
    "batch_size": 32,
    "epochs": 2,
    "fine_tune_epochs": 1,
}
ANEW = {"cache_features": False, "fine_tune_epochs": 0}
EVERYTHING = {
    "augmentation": "custom",
    "rotation": 10.0,
    "mixup": 0.2,
    "cutmix": 1.0,
    "class_weights": True,
    "label_smoothing": 0.1,
    "l2": 0.001,
    "early_stopping": 2,
    "schedule": "plateau",
    "optimizer": "adamw",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "usual": {},
    "frozen": {"fine_tune_epochs": 0, "class_weights": True},
    "frozen_linear": {"fine_tune_epochs": 0, "dense_units": 0, "dropout": 0.0, "calibrate": False},
    "anew": {**ANEW, "augmentation": "none"},
    "everything": EVERYTHING,
    "everything_anew": {**EVERYTHING, **ANEW, "dense_units": 0},
    "everything_anew_tuned": {**EVERYTHING, "cache_features": False, "keep_best": False},
    "averaged": {"weight_averaging": 0.9, "optimizer": "sgd", "schedule": "cosine"},
    "averaged_constant": {"weight_averaging": 0.9, "schedule": "constant"},
    "unchanged": {"augmentation": "none", "class_weights": True, "max_images": 300},
    "one_step": {"max_images": 12, "batch_size": 64, "epochs": 1, "fine_tune_epochs": 1},
    "not_resized": {"input_size": 32, "fine_tune_layers": 1000, "fine_tune_rate": 0.0005},
}
SWEEP = {
    **{f"{EMBEDDED}-{name}": ("mnist", EMBEDDED, values) for name, values in SETTINGS.items()},
    **{f"{name}-usual": ("digits", name, {}) for name in BACKBONES},
    **{f"{name}-everything": ("cats_vs_dogs", name, EVERYTHING) for name in BACKBONES},
    "not_resized": ("cifar10", EMBEDDED, {"input_size": 32}),
    **{
        f"{name}-deep": ("digits", name, {"features": EMBEDDED, "max_images": 300})
        for name, spec in MODELS.items()
        if spec.family == "classical"
    },
}


@pytest.fixture(scope="module")
def features_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(autouse=True)
def kept_apart(features_folder, monkeypatch):
    """What the studio computes once goes into a folder of these tests."""
    use(monkeypatch, work_dir=features_folder)


@pytest.mark.parametrize("name", SWEEP)
@pytest.mark.few(8)
def test_a_script_is_python_as_the_project_writes_it(name):
    dataset, model, values = SWEEP[name]
    script = as_script(TrainConfig(dataset, model, values))
    compile(script, "script.py", "exec")
    assert ruff(["check", "--ignore", "T201"], script) == ""
    assert ruff(["format", "--diff"], script) == ""
    assert MODELS[model].title in script.split('"""')[1]


OFF = {
    **ANEW,
    "augmentation": "none",
    "dropout": 0.0,
    "schedule": "constant",
    "keep_best": False,
    "calibrate": False,
}
WORDS = {
    "features_of": {"cache_features": True},
    "trainable = True": {"fine_tune_epochs": 2},
    "batches.start(begun)": {"fine_tune_epochs": 2},
    "ModelCheckpoint": {"keep_best": True},
    "best.best": {"keep_best": True, "fine_tune_epochs": 2},
    "fit_temperature": {"calibrate": True},
    "Dropout": {"dropout": 0.5},
    "L2(": {"l2": 0.001},
    "rows(": {"max_images": 500},
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.few(4)
def test_a_script_mentions_only_what_is_on(word):
    assert word not in as_script(TrainConfig("digits", EMBEDDED, OFF))
    assert word in as_script(TrainConfig("digits", EMBEDDED, {**OFF, **WORDS[word]}))


@dataclass
class Fit:
    """What `fit` of a network was called with, and how many of its weights could learn then."""

    model: Any
    batches: Any
    options: dict[str, Any]
    learning: int


@pytest.fixture
def both(tmp_path, monkeypatch) -> Callable[[TrainConfig], tuple[list[Fit], list[Fit]]]:
    """`both(config)`: how the studio, and how the script calls `fit` in each of its phases, as if
    nothing was ever learned."""
    import keras

    seen: list[Fit] = []

    def call_both(config: TrainConfig) -> tuple[list[Fit], list[Fit]]:
        phases = 2 if config.hyperparameters["fine_tune_epochs"] else 1

        def fit(model, batches, **options):
            seen.append(Fit(model, batches, options, len(model.trainable_variables)))
            if len(seen) % phases == 0:
                raise AtFit
            return SimpleNamespace(epoch=[], history={})

        monkeypatch.setattr(keras.Model, "fit", fit)
        with pytest.raises(AtFit):
            fitted_by_the_studio(config, tmp_path)
        run_here(as_script(config), tmp_path, monkeypatch)
        assert len(seen) == 2 * phases
        return seen[:phases], seen[phases:]

    return call_both


def fitted_by_the_studio(config: TrainConfig, folder):
    """The network of the studio's own training."""
    data = datasets.load(config.dataset, config.validation_fraction, side=config.side)
    values, kept = config.hyperparameters, Checkpoints(folder / "kept", "")
    return fit_transfer(data, config.model, values, config.seed, Reporter(), kept)[0]


def assert_same_fits(studio: list[Fit], script: list[Fit]):
    for one, other in zip(studio, script, strict=True):
        assert one.learning == other.learning > 0
        other.batches.start(0)  # both phases may have the same ones
        assert_same_batches(one.batches, other.batches)
        assert_same_validation(one.options["validation_data"], other.options["validation_data"])
        assert_same_callbacks(one.options["callbacks"], other.options.get("callbacks", []))
        assert one.options["epochs"] == other.options["epochs"]
    assert_same_learners(studio[-1].model, script[-1].model)  # both phases have the same weights


UNLEARNED = {**TINY, "keep_best": False, "calibrate": False}
FITS: dict[str, dict[str, Any]] = {
    "cached": UNLEARNED,
    "cached_everything": {**UNLEARNED, **EVERYTHING, "fine_tune_layers": 1000},
    "anew": {**UNLEARNED, "cache_features": False, "mixup": 0.3, "schedule": "cosine"},
    "frozen": {**UNLEARNED, "fine_tune_epochs": 0, "dense_units": 0, "class_weights": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FITS)
def test_a_networks_script_does_exactly_what_the_studio_does(both, name):
    config = TrainConfig("digits", EMBEDDED, FITS[name], seed=2)
    assert_same_fits(*both(config))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BACKBONES if name != EMBEDDED])
def test_other_networks_are_laid_out_alike(both, name, monkeypatch):
    import keras

    for function in ("check_here", "fetch_weights"):
        monkeypatch.setattr(weights, function, lambda name: None)
    monkeypatch.setattr(keras.Model, "load_weights", lambda model, path: None)
    monkeypatch.setattr(weights, "_loader", lambda model: lambda path: None)
    studio, script = both(TrainConfig("digits", name, {**UNLEARNED, "cache_features": False}))
    assert_same_fits(studio, script)
    assert studio[0].learning == 4 < studio[1].learning


TRAINED: dict[str, dict[str, Any]] = {
    "tuned": {**TINY, "fine_tune_rate": 0.001},
    "tuned_in_vain": {
        **TINY,
        "learning_rate": 0.01,
        "epochs": 6,
        "early_stopping": 1,
        "fine_tune_rate": 0.1,
    },
    "frozen": {**TINY, "fine_tune_epochs": 0, "weight_averaging": 0.9, "epochs": 8},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_a_script_learns_the_same_weights(name, tmp_path, monkeypatch):
    config = TrainConfig("digits", EMBEDDED, TRAINED[name], seed=3)
    studio = fitted_by_the_studio(config, tmp_path)
    script = run_here(as_script(config), tmp_path, monkeypatch).model
    for one, other in zip(studio.get_weights(), script.get_weights(), strict=True):
        assert np.abs(one - other).max() < 1e-4


@pytest.mark.slow
def test_features_tell_a_classical_script_the_same(tmp_path, monkeypatch):
    values = {"features": EMBEDDED, "feature_size": 32, "max_images": 200}
    config = TrainConfig("digits", "logistic_regression", values)
    data = datasets.load("digits", config.validation_fraction)
    pipeline, _ = fit_classical(data, config.model, config.hyperparameters, 0, Reporter())
    script = run_here(as_script(config), tmp_path, monkeypatch)
    expected = pipeline.predict_proba(script.x_test)
    received = script.model.predict_proba(script.x_test)
    assert np.abs(received - expected).max() < 1e-3
    assert script.model.score(script.x_test, data.y_test) > 0.6


REACHED = {
    EMBEDDED: {**TINY, "fine_tune_rate": 0.0001},
    "logistic_regression": {"features": EMBEDDED, "feature_size": 32, "max_images": 200},
}


@pytest.mark.slow
@pytest.mark.parametrize("model", REACHED)
def test_a_script_reaches_what_the_studio_reaches(model, runs_folder, tmp_path):
    config = TrainConfig("digits", model, REACHED[model], seed=3)
    metrics = train(config).card.metrics
    printed = printed_by(as_script(config), tmp_path)
    found = dict(re.findall(r"^(\w+) accuracy: (\d\.\d{4})$", printed, re.MULTILINE))
    assert float(found["test"]) == pytest.approx(metrics["accuracy"], abs=0.01)
    assert float(found["validation"]) == pytest.approx(metrics["val_accuracy"], abs=0.01)


@pytest.fixture
def own_images(tmp_path, monkeypatch) -> str:
    """The name of a few dozen larger images in colour."""
    use(monkeypatch, work_dir=tmp_path / "work")
    large = {"height": 80, "width": 100}
    tree = pets(14, 12, "train/", **large) | pets(4, 3, "test/", **large)
    datasets.import_folder(write_folder(tree, tmp_path / "pets"), "pets")
    return "pets"


@pytest.mark.parametrize(
    ("model", "values"),
    [(EMBEDDED, {"input_size": 96}), ("knn", {"features": EMBEDDED, "feature_size": 96})],
)
def test_images_of_your_own_are_loaded_at_the_size_it_sees(own_images, model, values):
    script = as_script(TrainConfig(own_images, model, values))
    assert re.search(r'datasets.load\("pets", .*side=96\)', script)


@pytest.mark.slow
def test_a_network_sees_larger_images_of_your_own(own_images, both):
    values = {**UNLEARNED, "max_images": 0, "batch_size": 8, "input_size": 48}
    assert_same_fits(*both(TrainConfig(own_images, EMBEDDED, values)))
