import math
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core import models
from core.errors import Cancelled, ModelError
from core.models import MODELS, resolve
from core.progress import Progress, Reporter
from core.serving import open_model
from core.training import callbacks
from core.training.checkpoints import Checkpoints
from core.training.fitting import optimizer
from core.training.network import export_network, fit_network

TINY = {
    "filters": "4",
    "dense_units": 16,
    "epochs": 4,
    "batch_size": 64,
    "max_images": 320,
    "augmentation": "none",
}
QUICK = {"learning_rate": 0.01, "schedule": "constant", "epochs": 5}
# Without dropout nothing but the epoch decides what comes next.
EXACT = {"dropout": 0.0}
# Too slow to change any answer, so that validation stands still.
STILL = {
    **EXACT,
    "learning_rate": 1e-6,
    "batch_norm": False,
    "schedule": "plateau",
    "plateau_patience": 2,
    "early_stopping": 4,
    "epochs": 7,
}
METRICS = {"epoch", "accuracy", "val_accuracy", "loss", "val_loss", "learning_rate", "seconds"}


def fit(dataset, folder, report: Reporter | None = None, identity: str = "this", **values):
    hyperparameters = resolve("simple_cnn", {**TINY, **values})
    kept = Checkpoints(folder, identity)
    return fit_network(dataset, "simple_cnn", hyperparameters, 0, report or Reporter(), kept)


def interrupted(dataset, folder, after: int = 2, **values) -> list[dict[str, float]]:
    """Train and be cancelled after some epochs; their history."""
    reports: list[Progress] = []
    report = Reporter(reports.append, lambda: len(reports[-1].history) >= after)
    with pytest.raises(Cancelled):
        fit(dataset, folder, report, **values)
    return list(reports[-1].history)


def timeless(history) -> list[dict[str, float]]:
    """The history without its seconds, fit for `==`."""
    return [
        pytest.approx({name: value for name, value in point.items() if name != "seconds"}, rel=1e-4)
        for point in history
    ]


def bare(history) -> list[dict[str, float]]:
    return [
        {name: value for name, value in point.items() if name != "seconds"} for point in history
    ]


def accuracy(network, images, labels) -> float:
    return float((np.asarray(network(images)).argmax(axis=1) == labels).mean())


@pytest.fixture(scope="module")
def trained(digits, tmp_path_factory):
    """A small network that forgot everything after its second epoch: the network, its history,
    what it reported, and the folder of its checkpoints.
    """
    folder = tmp_path_factory.mktemp("trained")
    reports: list[Progress] = []
    networks = []
    spec = MODELS["simple_cnn"]

    def build(*arguments):
        networks.append(spec.build(*arguments))
        return networks[0]

    def spoil(progress: Progress) -> None:
        if len(progress.history) == 2 and len(reports[-1].history) == 1:
            networks[0].set_weights([0 * weight for weight in networks[0].get_weights()])
        reports.append(progress)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(models.MODELS, "simple_cnn", replace(spec, build=build))
        network, history = fit(digits, folder, Reporter(spoil), **QUICK)
    return network, history, reports, folder


@pytest.fixture(scope="module")
def still(digits, tmp_path_factory):
    """A training in which nothing gets better: network, history and folder."""
    folder = tmp_path_factory.mktemp("still")
    return *fit(digits, folder, **STILL), folder


@pytest.fixture(scope="module")
def half_trained(digits, tmp_path_factory):
    """What is left of a training that was cancelled after two epochs: history and folder."""
    folder = tmp_path_factory.mktemp("interrupted")
    return interrupted(digits, folder), folder


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", {0: 0.1, 50: 0.1, 100: 0.1}),
        ("plateau", {0: 0.1, 50: 0.1, 100: 0.1}),
        ("cosine", {0: 0.1, 50: 0.1 * (1 + 0.003) / 2, 100: 0.1 * 0.003, 120: 0.1 * 0.003}),
        # rises for 15 steps from a twentieth, then falls for 85
        ("one_cycle", {0: 0.005, 15: 0.1, 100: 0.1 * 0.003, 120: 0.1 * 0.003}),
    ],
)
def test_the_learning_rate_follows_its_schedule(schedule, expected):
    chosen = optimizer(
        resolve("simple_cnn", {"schedule": schedule, "learning_rate": 0.1}), steps=100
    )
    for step, rate in expected.items():
        chosen.iterations.assign(step)
        assert float(chosen.learning_rate) == pytest.approx(rate, rel=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 10, 1000])
@pytest.mark.slow
def test_one_cycle_rises_then_falls(steps):
    chosen = optimizer(resolve("simple_cnn", {"learning_rate": 0.1}), steps)
    rates = []
    for step in range(steps + 1):
        chosen.iterations.assign(step)
        rates.append(float(chosen.learning_rate))
    top = int(np.argmax(rates))
    assert max(rates) == pytest.approx(0.1, rel=1e-5)
    assert top == max(1, int(0.15 * steps))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


@pytest.mark.parametrize(
    ("values", "kind", "settings"),
    [
        ({}, "Adam", {"weight_decay": None}),
        ({"optimizer": "sgd"}, "SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": None}),
        ({"optimizer": "adamw"}, "AdamW", {"weight_decay": 0.01}),
        ({"optimizer": "adamw", "weight_decay": 0.3}, "AdamW", {"weight_decay": 0.3}),
    ],
)
def test_the_optimiser_has_its_settings(values, kind, settings):
    chosen = optimizer(resolve("simple_cnn", values), steps=100)
    assert type(chosen).__name__ == kind
    for name, value in settings.items():
        assert getattr(chosen, name) == value


@pytest.mark.parametrize(
    ("average", "steps", "expected"),
    [
        (0.0, 1000, None),
        (0.9, 1000, 0.9),
        (0.998, 100_000, 0.998),
        (0.998, 1000, 0.99),  # no more than a tenth of the steps
        (0.998, 100, 0.9),
        (0.5, 100, 0.5),
        (0.998, 10, None),
        (0.998, 3, None),
    ],
)
@pytest.mark.parametrize("name", ["adam", "sgd", "adamw"])
def test_a_short_training_averages_over_few_steps(name, average, steps, expected):
    values = {"optimizer": name, "weight_averaging": average}
    chosen = optimizer(resolve("simple_cnn", values), steps)
    assert chosen.use_ema is (expected is not None)
    if expected is not None:
        assert chosen.ema_momentum == pytest.approx(expected)


def test_every_epoch_leaves_its_figures(trained):
    _, history, _, _ = trained
    assert [point["epoch"] for point in history] == [1, 2, 3, 4, 5]
    for point in history:
        assert set(point) == METRICS
        assert np.isfinite(list(point.values())).all()
        assert 0 <= point["accuracy"] <= 1 and 0 <= point["val_accuracy"] <= 1
        assert point["learning_rate"] == pytest.approx(0.01)
    seconds = [point["seconds"] for point in history]
    assert seconds == sorted(seconds) and seconds[0] >= 0


def test_epochs_are_reported_as_they_come(trained):
    _, history, reports, _ = trained
    assert {report.stage for report in reports} == {"fitting"}
    assert {(report.epoch, report.epochs) for report in reports} == {(n, 5) for n in range(1, 6)}
    assert [len(report.history) for report in reports] == sorted(len(r.history) for r in reports)
    assert {len(report.history) for report in reports} == {0, 1, 2, 3, 4, 5}
    assert reports[-1].history == history
    assert reports[-1].metrics == history[-1]
    parts = [report.fraction for report in reports]
    assert parts[0] == 0 and parts[-1] == 1
    assert parts == sorted(parts)
    assert all(report.note.startswith(f"epoch {report.epoch} of 5, ") for report in reports)


def test_the_best_epoch_is_kept(trained, digits):
    network, history, _, _ = trained
    values = [point["val_accuracy"] for point in history]
    assert max(values) == max(values[:2]) > max(values[2:])
    assert accuracy(network, digits.x_val, digits.y_val) == pytest.approx(max(values), abs=1e-6)


def test_a_network_and_its_twin_predict_alike(trained, digits, tmp_path):
    import keras

    network = trained[0]
    export_network(network, tmp_path)
    expected = np.asarray(network(digits.x_test[:50]))
    original = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert not original.compiled
    assert np.asarray(original(digits.x_test[:50])) == pytest.approx(expected, abs=1e-6)
    twin = open_model(tmp_path / "model.tflite", "network")
    assert twin(digits.x_test[:50]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_the_last_epoch_is_kept_if_that_is_wanted(digits, tmp_path):
    values = {"learning_rate": 0.1, "schedule": "constant", "epochs": 3, "keep_best": False}
    network, history = fit(digits, tmp_path, **values)
    last = history[-1]["val_accuracy"]
    assert accuracy(network, digits.x_val, digits.y_val) == pytest.approx(last, abs=1e-6)
    assert not list(tmp_path.glob("best-*"))


@pytest.mark.parametrize(
    "values",
    [
        {"mixup": 0.4, "cutmix": 1.0, "label_smoothing": 0.1, "class_weights": True},
        {
            "augmentation": "custom",
            "rotation": 5,
            "random_operations": 1,
            "optimizer": "adamw",
            "schedule": "cosine",
            "l2": 0.01,
        },
        {"optimizer": "sgd", "augmentation": "small_moves", "max_images": 40, "batch_size": 128},
    ],
    ids=["mixed", "changed", "one batch"],
)
@pytest.mark.few(1)
def test_whatever_is_set_is_trained(digits, tmp_path, values):
    network, history = fit(digits, tmp_path, **{"epochs": 2, **values})
    assert len(history) == 2
    assert all(set(point) == METRICS for point in history)
    probabilities = np.asarray(network(digits.x_test[:20]))
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_a_residual_network_is_trained(digits, tmp_path):
    hyperparameters = resolve(
        "resnet",
        {"width": 8, "stages": 2, "epochs": 2, "augmentation": "none", "max_images": 320},
    )
    kept = Checkpoints(tmp_path, "resnet")
    network, history = fit_network(digits, "resnet", hyperparameters, 0, Reporter(), kept)
    assert [set(point) for point in history] == [METRICS] * 2
    assert network.output_shape == (None, 10)


@pytest.mark.slow
def test_averaged_weights_are_kept_instead_of_the_last(digits, tmp_path):
    """A checkpoint holds those the optimiser goes on from."""
    import h5py

    network, _ = fit(digits, tmp_path, epochs=2, batch_size=16, weight_averaging=0.9)
    (checkpoint,) = tmp_path.glob("epoch-*")
    with h5py.File(checkpoint) as file:
        last = np.asarray(file["layers/dense/vars/0"])
    averaged = next(layer for layer in network.layers if hasattr(layer, "units")).get_weights()[0]
    assert averaged.shape == last.shape
    assert np.abs(averaged - last).max() > 1e-5


@pytest.mark.slow
def test_training_stops_early_when_nothing_gets_better(still, digits):
    network, history, _ = still
    assert len(history) == 5
    assert len({point["val_accuracy"] for point in history}) == 1
    expected = pytest.approx(history[0]["val_accuracy"], abs=1e-6)
    assert accuracy(network, digits.x_val, digits.y_val) == expected


def test_the_plateau_halves_the_learning_rate(still):
    rates = [point["learning_rate"] for point in still[1]]
    assert rates == pytest.approx([1e-6, 1e-6, 5e-7, 5e-7, 2.5e-7])


@pytest.fixture
def diverging(monkeypatch):
    """A network whose numbers become infinite as soon as it learns."""
    spec = MODELS["simple_cnn"]

    def build(*arguments):
        network = spec.build(*arguments)
        network.set_weights([np.full_like(weight, 1e30) for weight in network.get_weights()])
        return network

    monkeypatch.setitem(models.MODELS, "simple_cnn", replace(spec, build=build))


@pytest.mark.parametrize("between", [0.0, math.inf], ids=["long epochs", "short epochs"])
@pytest.mark.few(1)
def test_an_infinite_loss_is_an_error(digits, tmp_path, diverging, monkeypatch, between):
    """Also in an epoch that is over before it is reported from within."""
    monkeypatch.setattr(callbacks, "_BETWEEN_REPORTS", between)
    with pytest.raises(ModelError) as caught:
        fit(digits, tmp_path, batch_norm=False, epochs=2)
    assert str(caught.value) == (
        "The loss became infinite in epoch 1, so nothing more can be learned. "
        "Choose a smaller learning rate."
    )


@pytest.mark.slow
def test_a_training_that_is_to_finish_keeps_what_it_has(digits, tmp_path):
    reports: list[Progress] = []
    report = Reporter(reports.append, should_finish=lambda: len(reports[-1].history) >= 2)
    network, history = fit(digits, tmp_path, report, epochs=200, learning_rate=0.01)
    assert len(history) == 2
    best = max(point["val_accuracy"] for point in history)
    assert accuracy(network, digits.x_val, digits.y_val) == pytest.approx(best, abs=1e-6)


@pytest.mark.slow
def test_a_training_may_be_asked_to_finish_at_once(digits, tmp_path):
    network, history = fit(digits, tmp_path, Reporter(should_finish=lambda: True), epochs=200)
    assert len(history) == 1
    assert np.asarray(network(digits.x_test[:5])).shape == (5, 10)


@pytest.mark.slow
def test_an_interrupted_training_goes_on_where_it_was(digits, tmp_path):
    values = {**EXACT, "weight_averaging": 0.9, "epochs": 4}
    whole, expected = fit(digits, tmp_path / "whole", **values)
    check_resumed(digits, tmp_path / "resumed", values, whole, expected)


@pytest.mark.slow
def test_patience_is_resumed(still, digits, tmp_path):
    whole, expected, _ = still
    check_resumed(digits, tmp_path, STILL, whole, expected)


def check_resumed(digits, folder, values, whole, expected) -> None:
    """A training that is interrupted after two epochs ends as the `whole` one did."""
    before = interrupted(digits, folder, **values)
    assert bare(before) == timeless(expected[:2])
    reports: list[Progress] = []
    network, history = fit(digits, folder, Reporter(reports.append), **values)
    assert list(history[:2]) == before
    assert bare(history) == timeless(expected)
    assert reports[0].epoch == 3
    assert reports[0].history == tuple(before)
    assert reports[0].fraction == pytest.approx(2 / values["epochs"])
    seconds = [point["seconds"] for point in history]
    assert seconds == sorted(seconds)
    for resumed, uninterrupted in zip(network.get_weights(), whole.get_weights(), strict=True):
        assert resumed == pytest.approx(uninterrupted, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "values"), [("trained", QUICK), ("still", STILL)], ids=["in full", "early"]
)
def test_a_training_that_was_over_is_not_resumed(request, digits, tmp_path, name, values):
    """Killed after its last epoch, before the run was saved."""
    network, history, *_, folder = request.getfixturevalue(name)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    reports: list[Progress] = []
    again, replayed = fit(digits, tmp_path, Reporter(reports.append), **values)
    assert replayed == history
    for first, second in zip(network.get_weights(), again.get_weights(), strict=True):
        assert (first == second).all()
    assert all(report.epoch <= report.epochs for report in reports)


@pytest.mark.slow
def test_an_interruption_within_an_epoch_costs_that_epoch(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "_BETWEEN_REPORTS", 0.0)
    reports: list[Progress] = []

    def in_the_second_epoch() -> bool:
        return len(reports[-1].history) == 1 and "batch 3" in reports[-1].note

    with pytest.raises(Cancelled):
        fit(digits, tmp_path, Reporter(reports.append, in_the_second_epoch))
    assert reports[-1].epoch == 2
    _, history = fit(digits, tmp_path)
    assert [point["epoch"] for point in history] == [1, 2, 3, 4]
    assert history[0] == reports[-1].history[0]


@pytest.mark.slow
def test_another_training_ignores_the_folder(half_trained, digits, tmp_path):
    before, folder = half_trained
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    reports: list[Progress] = []
    _, history = fit(digits, tmp_path, Reporter(reports.append), "another", learning_rate=0.01)
    assert reports[0].epoch == 1
    assert len(history) == 4
    assert history[0]["learning_rate"] != before[0]["learning_rate"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "state.json").write_text("{"),
        lambda folder: next(folder.glob("epoch-*")).unlink(),
        lambda folder: next(folder.glob("epoch-*")).write_bytes(b"\x89HDF\r\n\x1a\nand no more"),
        lambda folder: next(folder.glob("best-*")).unlink(),
    ],
    ids=["state cut off", "no weights", "weights cut off", "no best weights"],
)
@pytest.mark.slow
def test_with_damaged_checkpoints_one_starts_anew(half_trained, digits, tmp_path, damage):
    before, folder = half_trained
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    damage(tmp_path)
    network, history = fit(digits, tmp_path)
    assert [point["epoch"] for point in history] == [1, 2, 3, 4]
    assert bare(history[:2]) == timeless(before)
    best = max(point["val_accuracy"] for point in history)
    assert accuracy(network, digits.x_val, digits.y_val) == pytest.approx(best, abs=1e-6)
