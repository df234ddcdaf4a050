import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from core import runs
from core.errors import Cancelled
from core.evaluation import evaluate
from core.models import MODELS, resolve
from core.models.transfer import EMBEDDED
from core.progress import Progress, Reporter
from core.serving import load_predictor, open_model
from core.settings import PROJECT_DIR
from core.training import TrainConfig, train
from core.training import features as features_module
from core.training import transfer as module
from core.training.checkpoints import Checkpoints
from core.training.fitting import load_keras
from core.training.transfer import calibrate, fit_transfer
from tests.core.training.conftest import small_backbone
from tests.overriding import use

pytestmark = pytest.mark.filterwarnings("ignore:Even though the `tf.config")
TINY = {
    "input_size": 32,
    "max_images": 150,
    "batch_size": 75,
    "dense_units": 0,
    "dropout": 0.0,  # so that nothing but the epoch decides what comes next
    "learning_rate": 0.05,
    "schedule": "constant",
    "epochs": 3,
    "fine_tune_epochs": 2,
    "fine_tune_layers": 4,
    "fine_tune_rate": 0.002,
    "augmentation": "none",
}
FROZEN = {"fine_tune_epochs": 0}
DESTROYING = {"fine_tune_rate": 0.1, "fine_tune_layers": 1000}
METRICS = {
    "epoch",
    "phase",
    "accuracy",
    "val_accuracy",
    "loss",
    "val_loss",
    "learning_rate",
    "seconds",
}


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """A backbone of a few layers, whose steps are not compiled: there are only a few of them."""
    load_keras()
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    with small_backbone():
        yield
    tf.config.run_functions_eagerly(False)


def fit(dataset, folder, report: Reporter | None = None, **values):
    hyperparameters = resolve(EMBEDDED, {**TINY, **values})
    kept = Checkpoints(folder, "this")
    return fit_transfer(dataset, EMBEDDED, hyperparameters, 0, report or Reporter(), kept)


def timeless(history) -> list[dict[str, float]]:
    """The history without its seconds."""
    return [{name: point[name] for name in METRICS - {"seconds"}} for point in history]


def bare(history) -> list[dict[str, float]]:
    """The same, fit for `==`: kept features have 16 bits."""
    return [pytest.approx(point, rel=1e-3, abs=1e-3) for point in timeless(history)]


def predictions(network, dataset, part: str = "val") -> np.ndarray:
    return network.predict(dataset.split(part)[0], batch_size=500, verbose=0)


def measured(network, dataset):
    return evaluate(dataset.y_val, predictions(network, dataset))


def phases(history) -> list[int]:
    return [point["phase"] for point in history]


@pytest.fixture(scope="module")
def trained(digits, tmp_path_factory):
    """A training in two phases: network, history, what it reported and its checkpoints."""
    reports: list[Progress] = []
    folder = tmp_path_factory.mktemp("trained")
    network, history = fit(digits, folder, Reporter(reports.append))
    return network, history, reports, folder


@pytest.fixture(scope="module")
def computed_each_time(digits, tmp_path_factory):
    """The same training without features that are kept: network and history."""
    return fit(digits, tmp_path_factory.mktemp("each time"), cache_features=False)


@pytest.fixture(scope="module")
def spoilt(digits, tmp_path_factory):
    """A training whose fine-tuning destroys what was learned: network, history and checkpoints."""
    folder = tmp_path_factory.mktemp("spoilt")
    return *fit(digits, folder, **DESTROYING, calibrate=False), folder


# Two phases


@pytest.mark.slow
def test_the_head_learns_first_and_then_the_backbone_too(trained):
    _, history, _, _ = trained
    assert phases(history) == [1, 1, 1, 2, 2]
    assert [point["epoch"] for point in history] == [1, 2, 3, 4, 5]
    for point in history:
        assert set(point) == METRICS
        assert np.isfinite(list(point.values())).all()
    rates = [point["learning_rate"] for point in history]
    assert rates == pytest.approx([0.05] * 3 + [0.002] * 2)
    seconds = [point["seconds"] for point in history]
    assert seconds == sorted(seconds) and seconds[0] >= 0


def test_something_is_learned(trained, digits):
    network, history, _, _ = trained
    assert history[-1]["loss"] < history[0]["loss"]
    assert measured(network, digits).accuracy > 0.4


def test_all_of_it_is_reported_as_one_training(trained):
    _, history, reports, _ = trained
    assert [p.stage for p in reports if p.stage != "features"][0] == "preparing"
    fitting = [progress for progress in reports if progress.stage == "fitting"]
    assert {(p.epoch, p.epochs) for p in fitting} == {(number, 5) for number in range(1, 6)}
    parts = [progress.fraction for progress in fitting]
    assert parts == sorted(parts) and parts[-1] == 1
    assert fitting[-1].history == history


def test_both_phases_are_recorded(trained, digits):
    network, _, _, folder = trained
    replay = runs.read_replay(folder / runs.REPLAY)
    assert replay.epochs.tolist() == [1, 2, 3, 4, 5]
    assert replay.probabilities.shape == (5, 16, 10)
    assert replay.filters is None
    np.testing.assert_array_equal(replay.labels, digits.y_val[replay.rows])


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.few(1)
def test_without_fine_tuning_the_backbone_stays_as_it_is(digits, tmp_path, cache):
    network, history = fit(digits, tmp_path, **FROZEN, epochs=1, cache_features=cache)
    assert phases(history) == [1]
    fresh = MODELS[EMBEDDED].build(resolve(EMBEDDED, TINY), digits.input_shape, 10)
    pairs = zip(
        network.get_layer(EMBEDDED).get_weights(),
        fresh.get_layer(EMBEDDED).get_weights(),
        strict=True,
    )
    assert all(np.array_equal(*pair) for pair in pairs)


def test_fine_tuning_changes_the_last_layers_only(trained, digits):
    from keras.layers import BatchNormalization

    network, _, _, _ = trained
    fresh = MODELS[EMBEDDED].build(resolve(EMBEDDED, TINY), digits.input_shape, 10)
    layers = network.get_layer(EMBEDDED).layers
    changed = []
    for layer, before in zip(layers, fresh.get_layer(EMBEDDED).layers, strict=True):
        pairs = zip(layer.get_weights(), before.get_weights(), strict=True)
        if any(not np.array_equal(*pair) for pair in pairs):
            changed.append(layer)
    last = layers[-TINY["fine_tune_layers"] :]
    assert changed == [
        layer for layer in last if layer.weights and not isinstance(layer, BatchNormalization)
    ]
    assert 0 < len(changed) < len([layer for layer in layers if layer.weights])


# Features that are computed once


@pytest.mark.slow
def test_features_that_are_kept_teach_the_same(trained, computed_each_time, digits):
    (one, first, _, _), (other, second) = trained, computed_each_time
    assert phases(first) == phases(second)
    for point, same in zip(first, second, strict=True):
        assert point["val_accuracy"] == pytest.approx(same["val_accuracy"], abs=0.05)
        assert point["loss"] == pytest.approx(same["loss"], rel=0.05)
    assert measured(one, digits).accuracy == pytest.approx(
        measured(other, digits).accuracy, abs=0.05
    )


def test_features_are_computed_once_for_all_trainings(digits, tmp_path, monkeypatch):
    fit(digits, tmp_path / "first", **FROZEN, epochs=1)
    monkeypatch.setattr(features_module, "_compute", lambda *arguments: pytest.fail("once more"))
    fit(digits, tmp_path / "second", **FROZEN, epochs=1, dense_units=0)


@pytest.mark.slow
def test_images_are_changed_at_random_if_features_are_computed_each_time(
    digits, tmp_path, computed_each_time
):
    values = {"augmentation": "custom", "shift": 0.3, "cache_features": False}
    _, history = fit(digits, tmp_path, **FROZEN, **values)
    assert history[0]["loss"] > computed_each_time[1][0]["loss"]


@pytest.mark.slow
def test_with_features_that_are_kept_images_are_changed_while_fine_tuning(
    digits, tmp_path, trained
):
    _, history = fit(digits, tmp_path, augmentation="custom", shift=0.3)
    plain = trained[1]
    assert timeless(history)[:3] == bare(plain)[:3]
    assert history[3]["loss"] > plain[3]["loss"]


# Interruptions


def interrupted(dataset, folder, after: int, how: str, **values) -> list[dict[str, float]]:
    """Train until some epochs are over; their history."""
    reports: list[Progress] = []

    def over() -> bool:
        return len(reports[-1].history) >= after

    def fail(progress: Progress) -> None:
        reports.append(progress)
        if over():
            raise KeyboardInterrupt

    if how == "asked to stop":
        with pytest.raises(Cancelled):
            fit(dataset, folder, Reporter(reports.append, over), **values)
    else:
        with pytest.raises(KeyboardInterrupt):
            fit(dataset, folder, Reporter(fail), **values)
    return list(reports[-1].history)


@pytest.mark.parametrize(
    ("after", "how"),
    [
        pytest.param(1, "asked to stop", id="in phase 1"),
        pytest.param(3, "ended", id="between the phases"),
        pytest.param(4, "asked to stop", id="in phase 2"),
        pytest.param(5, "ended", id="after the last epoch"),
    ],
)
@pytest.mark.few(1)
def test_an_interrupted_training_ends_as_if_nothing_had_been(digits, tmp_path, trained, after, how):
    network, history, _, _ = trained
    begun = interrupted(digits, tmp_path, after, how)
    assert len(begun) == after
    again, whole = fit(digits, tmp_path)
    assert list(whole[:after]) == begun
    assert timeless(whole) == bare(history)
    seconds = [point["seconds"] for point in whole]
    assert seconds == sorted(seconds)
    assert np.abs(predictions(again, digits) - predictions(network, digits)).max() < 0.01


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(2, id="in phase 1", marks=pytest.mark.slow),
        pytest.param(4, id="in phase 2"),
    ],
)
@pytest.mark.slow
def test_an_interrupted_training_without_kept_features_goes_on(
    digits, tmp_path, computed_each_time, after
):
    interrupted(digits, tmp_path, after, "asked to stop", cache_features=False)
    again, whole = fit(digits, tmp_path, cache_features=False)
    assert timeless(whole) == bare(computed_each_time[1])
    assert (
        np.abs(predictions(again, digits) - predictions(computed_each_time[0], digits)).max() < 0.01
    )


@pytest.mark.slow
def test_what_ended_early_by_itself_is_not_taken_up_again(digits, tmp_path):
    values = {"learning_rate": 1e-6, "epochs": 8, "early_stopping": 2, "fine_tune_epochs": 1}
    _, history = fit(digits, tmp_path / "whole", **values)
    frozen = phases(history).count(1)
    assert 2 < frozen < 8 and phases(history)[-1] == 2
    interrupted(digits, tmp_path / "again", frozen, "ended", **values)
    _, again = fit(digits, tmp_path / "again", **values)
    assert phases(again) == phases(history)


@pytest.mark.parametrize(
    ("after", "damaged"),
    [
        pytest.param(2, "last", marks=pytest.mark.slow),
        pytest.param(3, "best", marks=pytest.mark.slow),
        (4, "last"),
    ],
)
@pytest.mark.slow
def test_a_checkpoint_that_cannot_be_read_begins_the_training_anew(
    digits, tmp_path, trained, after, damaged
):
    interrupted(digits, tmp_path, after, "ended")
    state = json.loads((tmp_path / "state.json").read_text())
    path = tmp_path / state[damaged]
    content = path.read_bytes()
    path.unlink()  # the best may be the last as well
    path.write_bytes(content[:1000])
    _, whole = fit(digits, tmp_path)
    assert timeless(whole) == bare(trained[1])


@pytest.mark.slow
def test_a_disk_that_is_full_when_it_goes_on_loses_nothing(digits, tmp_path, monkeypatch):
    begun = interrupted(digits, tmp_path, 4, "ended")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*arguments) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "save", full)
        with pytest.raises(OSError, match="No space left"):
            fit(digits, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert list(fit(digits, tmp_path)[1][:4]) == begun


# Ending early


@pytest.mark.parametrize("epochs", [1, 3, 4])
@pytest.mark.few(1)
def test_a_training_that_is_asked_to_finish_ends_with_the_epoch(digits, tmp_path, epochs):
    reports: list[Progress] = []
    report = Reporter(
        reports.append, should_finish=lambda: bool(reports) and len(reports[-1].history) >= epochs
    )
    network, history = fit(digits, tmp_path, report)
    assert phases(history) == [1, 1, 1, 2, 2][:epochs]
    assert predictions(network, digits).sum(axis=1) == pytest.approx(1, abs=1e-5)


# The best epoch


@pytest.mark.slow
def test_the_best_epoch_counts_even_if_fine_tuning_destroyed_it(spoilt, digits):
    network, history, _ = spoilt
    best = max(history, key=lambda point: point["val_accuracy"])
    assert best["phase"] == 1
    assert history[-1]["val_accuracy"] < best["val_accuracy"] - 0.1
    assert measured(network, digits).accuracy == pytest.approx(best["val_accuracy"], abs=0.02)


def test_the_best_epoch_of_fine_tuning_counts(trained, digits):
    network, history, _, folder = trained
    best = max(history, key=lambda point: point["val_accuracy"])
    assert best["phase"] == 2
    assert measured(network, digits).accuracy == pytest.approx(best["val_accuracy"], abs=0.02)


@pytest.mark.slow
def test_without_it_the_last_epoch_counts(digits, tmp_path):
    network, history = fit(digits, tmp_path, **DESTROYING, keep_best=False)
    found = measured(network, digits).accuracy
    assert found == pytest.approx(history[-1]["val_accuracy"], abs=0.02)


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.slow
def test_a_finished_training_that_is_taken_up_again_restores_the_best(
    spoilt, digits, tmp_path, calibrated
):
    network, history, folder = spoilt
    shutil.copytree(folder, tmp_path / "again")
    again, whole = fit(digits, tmp_path / "again", **DESTROYING, calibrate=calibrated)
    assert whole == history
    same = predictions(again, digits).argmax(axis=1) == predictions(network, digits).argmax(axis=1)
    assert same.mean() > 0.98  # kept features have 16 bits


@pytest.mark.parametrize("cache", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_running_averages_can_be_kept_instead_of_the_best(digits, tmp_path, cache):
    network, history = fit(digits, tmp_path, weight_averaging=0.5, cache_features=cache)
    assert phases(history) == [1, 1, 1, 2, 2]
    assert measured(network, digits).accuracy > 0.3


# Honest confidence


@pytest.mark.slow
def test_calibration_makes_confidence_honest_and_changes_no_prediction(digits, tmp_path):
    values = {**FROZEN, "epochs": 4}
    plain, _ = fit(digits, tmp_path / "plain", **values, calibrate=False)
    honest, _ = fit(digits, tmp_path / "honest", **values, calibrate=True)
    before, after = predictions(plain, digits), predictions(honest, digits)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).mean() > 0.99
    assert np.abs(before - after).max() > 0.005
    labels = digits.y_val
    assert evaluate(labels, after).log_loss < evaluate(labels, before).log_loss


def test_calibration_divides_what_the_prediction_is_computed_from(digits):
    network = MODELS[EMBEDDED].build(resolve(EMBEDDED, TINY), digits.input_shape, 10)
    before = predictions(network, digits)
    temperature = calibrate(network, before, digits.y_val)
    logits = np.log(before) / temperature
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert predictions(network, digits) == pytest.approx(expected, abs=1e-4)
    assert temperature > 1  # it has learned nothing, so it cannot be sure


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("values", [FROZEN, {}], ids=["frozen", "fine-tuned"])
@pytest.mark.few(1)
def test_the_temperature_is_that_of_the_network_that_is_kept(
    digits, tmp_path, monkeypatch, cache, values
):
    """Its own answers, whether they came from kept features or from the images."""
    found = []

    def spy(network, probabilities, labels):
        found.append((probabilities, predictions(network, digits)))
        return 1.0

    monkeypatch.setattr(module, "calibrate", spy)
    fit(digits, tmp_path, **values, epochs=1, cache_features=cache)
    ((given, expected),) = found
    assert np.abs(given - expected).max() < 0.01


# Whole runs


@pytest.fixture
def run_folder(tmp_path, monkeypatch):
    """An empty folder for runs; what is exported has to be compiled."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(False)
    use(monkeypatch, runs_dir=tmp_path / "runs", bundled_runs_dir=tmp_path / "none")
    yield tmp_path / "runs"
    tf.config.run_functions_eagerly(True)


def config(**values) -> TrainConfig:
    return TrainConfig("digits", EMBEDDED, {**TINY, **values}, name="mine")


@pytest.mark.slow
def test_a_training_leaves_a_run_that_predicts(run_folder, digits):
    run = train(config(dense_units=2048))
    assert {path.name for path in run.folder.iterdir()} == {
        "card.json",
        "evaluation.npz",
        "model.keras",
        "model.tflite",
        "replay.npz",
        "samples.npz",
    }
    assert phases(run.card.history) == [1, 1, 1, 2, 2]
    assert run.card.family == "network"
    assert run.card.metrics["train_size"] == 150
    val = run.evaluation("val")
    best = max(point["val_accuracy"] for point in run.card.history)
    assert val.accuracy == pytest.approx(best, abs=0.02)
    received = load_predictor(run).probabilities(digits.x_val)
    assert np.abs(received - val.probabilities).max() < 1e-5

    import keras

    whole = keras.saving.load_model(run.file("model.keras"))
    assert np.abs(predictions(whole, digits) - val.probabilities).max() < 0.02
    twin = run.file("model.tflite").stat().st_size
    assert 0.4 < twin / (4 * whole.count_params()) < 0.6  # 16 bits in place of 32


@pytest.mark.slow
def test_an_interrupted_run_goes_on(run_folder, tmp_path):
    reports: list[Progress] = []

    def stop() -> bool:
        return bool(reports) and len(reports[-1].history) >= 4

    with pytest.raises(Cancelled, match="The training was cancelled; no run was kept."):
        train(config(), Reporter(reports.append, stop), checkpoints=tmp_path / "kept")
    assert not (run_folder / "mine").exists()
    card = train(config(), checkpoints=tmp_path / "kept").card
    assert phases(card.history) == [1, 1, 1, 2, 2]
    assert card.history[:4] == reports[-1].history


@pytest.mark.slow
def test_a_run_that_is_finished_early_is_kept(run_folder):
    reports: list[Progress] = []
    card = train(
        config(),
        Reporter(
            reports.append, should_finish=lambda: bool(reports) and len(reports[-1].history) >= 1
        ),
    ).card
    assert phases(card.history) == [1]
    assert 0 < card.metrics["accuracy"] <= 1


@pytest.mark.slow
def test_another_training_does_not_resume_it(run_folder, tmp_path):
    reports: list[Progress] = []
    with pytest.raises(Cancelled):
        train(
            config(),
            Reporter(reports.append, lambda: len(reports[-1].history) >= 2),
            checkpoints=tmp_path / "kept",
        )
    changed = config(learning_rate=0.01, epochs=1, fine_tune_epochs=0)
    assert phases(train(changed, checkpoints=tmp_path / "kept").card.history) == [1]


WITHOUT_TENSORFLOW = """
import sys
from pathlib import Path
import numpy as np
from core import datasets, runs, settings
from core.serving import load_predictor
images, _ = datasets.load_test("digits")
with settings.override(runs_dir=Path(sys.argv[1])):
    answers = load_predictor(runs.load("mine")).probabilities(images[:20])
assert np.allclose(answers.sum(axis=1), 1, atol=1e-5)
sys.stdout.write(" ".join({module.partition(".")[0] for module in sys.modules}))
"""


@pytest.mark.slow
def test_the_real_backbone_is_trained_and_predicts_without_tensorflow(run_folder, tmp_path):
    with pytest.MonkeyPatch.context() as monkeypatch:
        restore_backbone(monkeypatch)
        run = train(
            TrainConfig(
                "digits",
                EMBEDDED,
                {
                    "input_size": 32,
                    "max_images": 300,
                    "dense_units": 0,
                    "epochs": 6,
                    "learning_rate": 0.01,
                    "batch_size": 32,
                    "fine_tune_epochs": 1,
                    "augmentation": "none",
                },
                name="mine",
            )
        )
    assert run.card.metrics["accuracy"] > 0.5
    assert run.file("model.tflite").stat().st_size < 0.6 * run.file("model.keras").stat().st_size
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(run_folder)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert {"tensorflow", "keras"}.isdisjoint(result.stdout.split())
    prediction = open_model(run.file("model.tflite"), "network")
    assert prediction(np.zeros((2, 8, 8, 1), np.uint8)).shape == (2, 10)


def restore_backbone(monkeypatch) -> None:
    """Undo `small_backbone`."""
    from core.models.transfer import BACKBONES, building, efficientnet_lite, load_backbone

    monkeypatch.setattr(building, "load_backbone", load_backbone)
    real = replace(BACKBONES[EMBEDDED], features=efficientnet_lite.FEATURES)
    monkeypatch.setitem(BACKBONES, EMBEDDED, real)
