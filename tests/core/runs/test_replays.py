from dataclasses import replace

import numpy as np
import pytest

from core import runs
from core.errors import RunError, StoredError
from core.runs.replays import MOST_BYTES, Replay, read_replay, write_replay
from tests.core.made_up import made_up_run


def recorded(epochs: int, classes: int = 3, filters: int = 4, side: int = 8) -> Replay:
    rng = np.random.default_rng(0)
    return Replay(
        rows=np.arange(16),
        images=rng.integers(0, 256, (16, side, side, 3), np.uint8),
        labels=np.arange(16) % classes,
        epochs=np.arange(1, epochs + 1),
        probabilities=rng.dirichlet(np.ones(classes), (epochs, 16)).astype(np.float16),
        filters=rng.normal(size=(epochs, 3, 3, 3, filters)).astype(np.float32) if filters else None,
    )


@pytest.mark.parametrize("filters", [4, 0])
def test_a_recording_is_read_as_it_was_written(tmp_path, filters):
    stored = recorded(5, filters=filters)
    write_replay(stored, tmp_path / runs.REPLAY)
    read = read_replay(tmp_path / runs.REPLAY)
    for name in ("rows", "images", "labels", "epochs", "probabilities"):
        np.testing.assert_array_equal(getattr(read, name), getattr(stored, name))
    if not filters:
        assert read.filters is None
        return
    largest = np.abs(stored.filters).max(axis=(1, 2, 3), keepdims=True)
    assert (np.abs(read.filters - stored.filters) <= largest / 127 / 2 + 1e-6).all()


@pytest.mark.parametrize(
    ("epochs", "classes", "filters", "side"), [(500, 100, 64, 64), (40, 1000, 0, 32)]
)
def test_a_long_recording_is_thinned_evenly(tmp_path, epochs, classes, filters, side):
    """Epoch by epoch, as a training writes it; filled with noise, which cannot be packed."""
    everything = recorded(epochs, classes, filters, side)
    kept = everything.until(1)
    for epoch in range(2, epochs + 1):
        latest = np.append(kept.epochs, epoch)
        known = everything.epochs[np.isin(everything.epochs, latest)] - 1
        kept = replace(
            everything,
            epochs=latest,
            probabilities=everything.probabilities[known],
            filters=None if not filters else everything.filters[known],
        ).thinned()
    write_replay(kept, tmp_path / runs.REPLAY)
    assert (tmp_path / runs.REPLAY).stat().st_size <= MOST_BYTES
    read = read_replay(tmp_path / runs.REPLAY)
    assert (read.epochs[0], read.epochs[-1]) == (1, epochs)
    gaps = np.diff(read.epochs)
    assert len(read.epochs) > 8 and len(set(gaps[:-1])) == 1 and gaps[-1] <= gaps[0]
    np.testing.assert_array_equal(read.probabilities, everything.probabilities[read.epochs - 1])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda arrays: arrays.pop("epochs"), "must hold"),
        (lambda arrays: arrays.update(epochs=np.array([2, 1, 3])), "must rise"),
        (lambda arrays: arrays.update(epochs=np.array([1, 2])), "equally many"),
        (lambda arrays: arrays.update(labels=np.full(16, 7)), "no class"),
        (lambda arrays: arrays.update(probabilities=2 * arrays["probabilities"]), "add up to 1"),
        (lambda arrays: arrays.update(scales=arrays["scales"][:1]), "belong to its epochs"),
        (lambda arrays: arrays.update(filters=arrays["filters"].astype(np.int32)), "8-bit"),
    ],
    ids=["missing", "falling", "too few", "no class", "not 1", "few scales", "wide"],
)
def test_a_damaged_recording_is_one_sentence(tmp_path, change, reason):
    write_replay(recorded(3), tmp_path / runs.REPLAY)
    arrays = dict(np.load(tmp_path / runs.REPLAY))
    change(arrays)
    np.savez(tmp_path / runs.REPLAY, **arrays)
    with pytest.raises(StoredError, match=reason):
        read_replay(tmp_path / runs.REPLAY)


def test_a_recording_belongs_to_the_classes_of_its_run(tmp_path):
    path = tmp_path / runs.REPLAY
    write_replay(recorded(3, classes=3), path)
    run = made_up_run("pets", 3)
    assert runs.replay(run) is None
    card = replace(run.card, files={runs.REPLAY: runs.sha256(path)})
    run = runs.Run(card, tmp_path)
    assert runs.replay(run).epochs.tolist() == [1, 2, 3]
    two = replace(run, card=replace(card, class_names=("cat", "dog")))
    with pytest.raises(RunError, match="of run 'pets' cannot be read: it has 3 classes, its card"):
        runs.replay(two)
