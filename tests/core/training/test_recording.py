"""What is recorded of a training, epoch by epoch, also of one that is interrupted."""

import shutil

import numpy as np
import pytest

from core import runs
from core.errors import Cancelled, StoredError
from core.models import resolve
from core.progress import Progress, Reporter
from core.runs import read_replay
from core.training.checkpoints import Checkpoints
from core.training.network import fit_network
from core.training.recording import balanced_rows

EPOCHS = 3
TINY = {
    "filters": "4",
    "dense_units": 16,
    "epochs": EPOCHS,
    "batch_size": 64,
    "max_images": 320,
    "augmentation": "none",
    "dropout": 0.0,
    "keep_best": False,
    "weight_averaging": 0.0,
}


def fit(dataset, folder, report: Reporter | None = None):
    hyperparameters = resolve("simple_cnn", TINY)
    kept = Checkpoints(folder, "this")
    return fit_network(dataset, "simple_cnn", hyperparameters, 0, report or Reporter(), kept)


@pytest.fixture(scope="module")
def recorded(digits, tmp_path_factory):
    """The trained network, its recording, and what could be read of it after each epoch."""
    folder, meanwhile = tmp_path_factory.mktemp("recorded"), {}

    def look(progress: Progress) -> None:
        if progress.history:
            found = read_replay(folder / runs.REPLAY)
            meanwhile.setdefault(len(progress.history), found.epochs.tolist())

    network, _ = fit(digits, folder, Reporter(look))
    return network, read_replay(folder / runs.REPLAY), meanwhile


def test_images_of_every_class_are_recorded(recorded, digits):
    _, replay, _ = recorded
    assert len(replay.rows) == len(set(replay.rows.tolist())) == 16
    np.testing.assert_array_equal(replay.images, digits.x_val[replay.rows])
    np.testing.assert_array_equal(replay.labels, digits.y_val[replay.rows])
    assert np.bincount(replay.labels, minlength=10).min() == 1
    assert replay.labels.tolist() == sorted(replay.labels.tolist())


def test_every_epoch_is_recorded_as_it_ends(recorded, digits):
    network, replay, meanwhile = recorded
    assert replay.epochs.tolist() == list(range(1, EPOCHS + 1))
    for epoch, epochs in meanwhile.items():
        assert epochs[:epoch] == list(range(1, epoch + 1))
    expected = np.asarray(network(digits.x_val[replay.rows]))
    assert replay.probabilities[-1] == pytest.approx(expected, abs=1e-3)
    kernel = next(layer for layer in network.layers if layer.weights).get_weights()[0]
    assert replay.filters[-1] == pytest.approx(kernel, abs=float(np.abs(kernel).max()) / 127)
    assert np.abs(replay.filters[-1] - replay.filters[0]).max() > 0.001  # it learns


def test_an_interrupted_training_is_recorded_as_a_whole(recorded, digits, tmp_path):
    """Killed after the second epoch was recorded, before its checkpoint was written: the recording
    is an epoch ahead."""
    reports: list[Progress] = []

    def stop_after(epochs: int) -> Reporter:
        return Reporter(reports.append, lambda: len(reports[-1].history) >= epochs)

    with pytest.raises(Cancelled):
        fit(digits, tmp_path / "one", stop_after(1))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with pytest.raises(Cancelled):
        fit(digits, tmp_path / "two", stop_after(2))
    shutil.copy(tmp_path / "two" / runs.REPLAY, tmp_path / "one")
    fit(digits, tmp_path / "one")
    whole, resumed = recorded[1], read_replay(tmp_path / "one" / runs.REPLAY)
    for name in vars(whole):
        assert getattr(resumed, name) == pytest.approx(getattr(whole, name), abs=2e-3), name


def test_a_damaged_recording_begins_anew(recorded, digits, tmp_path):
    reports: list[Progress] = []
    with pytest.raises(Cancelled):
        fit(digits, tmp_path, Reporter(reports.append, lambda: bool(reports[-1].history)))
    (tmp_path / runs.REPLAY).write_bytes(b"cut off")
    with pytest.raises(StoredError):
        read_replay(tmp_path / runs.REPLAY)
    fit(digits, tmp_path)
    assert read_replay(tmp_path / runs.REPLAY).epochs.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("counts", "count", "expected"),
    [
        ([50, 50, 50], 16, [6, 5, 5]),
        ([50, 2, 50], 16, [7, 7, 2]),
        ([1, 1, 1], 16, [1, 1, 1]),
        ([9] * 40, 16, [1] * 16 + [0] * 24),
    ],
)
def test_rows_are_balanced(counts, count, expected):
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    rows = balanced_rows(labels, count, seed=3)
    found = np.bincount(labels[rows], minlength=len(counts))
    assert sorted(found.tolist(), reverse=True) == sorted(expected, reverse=True)
    assert rows.tolist() == balanced_rows(labels, count, seed=3).tolist()
