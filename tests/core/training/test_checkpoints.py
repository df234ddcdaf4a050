import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.training.checkpoints import Checkpoints, are_in

ENDING = ".weights.h5"


class Network:
    """Stands for a Keras model: its weights are a text."""

    variables, layers = (SimpleNamespace(shape=(3,)),), ()
    optimizer = SimpleNamespace(variables=())

    def __init__(self, weights: str) -> None:
        self.weights = weights
        self.variables, self.layers = (), ("dense",)
        self.optimizer = SimpleNamespace(variables=())

    def save_weights(self, path: Path) -> None:
        path.write_text(self.weights)


class FullDisk(Network):
    """A model of which only the half can be written."""

    def save_weights(self, path: Path) -> None:
        path.write_text(self.weights[: len(self.weights) // 2])
        raise OSError(28, "No space left on device")


def metrics(epoch: int, accuracy: float) -> dict[str, float]:
    return {"epoch": epoch, "val_accuracy": accuracy, "seconds": 1.5 * epoch}


def save(kept: Checkpoints, accuracies: list[float], keep_best: bool = True) -> None:
    for accuracy in accuracies:
        epoch = len(kept.history) + 1
        kept.save(Network(f"weights {epoch}"), metrics(epoch, accuracy), keep_best)


def saved(folder: Path, accuracies=(0.5, 0.7, 0.6), keep_best: bool = True) -> Checkpoints:
    kept = Checkpoints(folder, "this training")
    save(kept, list(accuracies), keep_best)
    return kept


def names(folder: Path) -> set[str]:
    return {path.name.removesuffix(ENDING) for path in folder.iterdir()}


def untouched(kept: Checkpoints) -> bool:
    return kept == Checkpoints(kept.folder, kept.identity)


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "job" / "checkpoints"


def test_there_is_nothing_to_resume_at_first(folder):
    kept = Checkpoints(folder, "this training")
    assert not kept.read()
    assert untouched(kept)
    assert not are_in(folder)
    assert not folder.exists()


@pytest.mark.parametrize("keep_best", [True, False])
def test_what_was_saved_is_taken_up(folder, keep_best):
    before = saved(folder, keep_best=keep_best)
    kept = Checkpoints(folder, "this training")
    assert are_in(folder)
    assert kept.read()
    assert kept.history == before.history == [metrics(1, 0.5), metrics(2, 0.7), metrics(3, 0.6)]
    assert (kept.last, kept.best) == (before.last, before.best)
    assert kept.best_accuracy == before.best_accuracy
    assert kept.seconds_before == 4.5
    assert (folder / kept.last).read_text() == "weights 3"


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [
        ([0.5], 1),
        ([0.5, 0.7, 0.6], 2),
        ([0.7, 0.5, 0.6], 1),
        ([0.5, 0.6, 0.7], 3),
        ([0.7, 0.7, 0.7], 1),  # the first of several
        ([0.0, 0.0], 1),
    ],
)
def test_the_best_epoch_is_kept_beside_the_last(folder, accuracies, best):
    kept = saved(folder, accuracies)
    last = len(accuracies)
    assert names(folder) == {"state.json", f"epoch-{last}", f"best-{best}"}
    assert (folder / kept.best).read_text() == f"weights {best}"
    assert (folder / kept.last).read_text() == f"weights {last}"
    assert kept.best_accuracy == max(accuracies)


def test_of_equal_epochs_the_one_with_the_lowest_loss_is_kept_also_after_an_interruption(folder):
    for epoch, loss in enumerate([0.9, 0.4, 0.2, 0.3], start=1):
        kept = Checkpoints(folder, "this training")
        assert kept.read() == (epoch > 1)
        kept.save(Network(f"weights {epoch}"), {**metrics(epoch, 1.0), "val_loss": loss}, True)
    assert kept.best_epoch == 3
    assert (folder / kept.best).read_text() == "weights 3"


def test_the_best_is_not_kept_unless_it_is_wanted(folder):
    kept = saved(folder, [0.5, 0.7], keep_best=False)
    assert kept.best == ""
    assert names(folder) == {"state.json", "epoch-2"}


def test_one_can_resume_and_be_interrupted_again(folder):
    saved(folder, [0.5, 0.7])
    for accuracy in (0.6, 0.8, 0.75):
        kept = Checkpoints(folder, "this training")
        assert kept.read()
        save(kept, [accuracy])
    assert [point["val_accuracy"] for point in kept.history] == [0.5, 0.7, 0.6, 0.8, 0.75]
    assert names(folder) == {"state.json", "epoch-5", "best-4"}
    assert (folder / kept.best).read_text() == "weights 4"


def test_another_training_does_not_take_it_up(folder):
    saved(folder)
    kept = Checkpoints(folder, "another training")
    assert not kept.read()
    assert untouched(kept)


def without(*keys: str):
    def change(state: dict) -> str:
        return json.dumps({key: value for key, value in state.items() if key not in keys})

    return change


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: "",
        lambda state: json.dumps(state)[:-20],
        lambda state: "[]",
        lambda state: "null",
        lambda state: "3",
        lambda state: "\udcff",
        without("identity"),
        without("last"),
        without("history"),
        without("best"),
        without("best_accuracy"),
        lambda state: json.dumps({**state, "history": []}),
        lambda state: json.dumps({**state, "history": None}),
        lambda state: json.dumps({**state, "history": [{"epoch": 1, "val_accuracy": 0.5}]}),
        lambda state: json.dumps({**state, "last": None}),
    ],
    ids=[
        "empty",
        "cut off",
        "list",
        "null",
        "number",
        "bytes",
        "no identity",
        "no last",
        "no history",
        "no best",
        "no best accuracy",
        "empty history",
        "history is null",
        "history without seconds",
        "last is null",
    ],
)
def test_a_damaged_state_is_no_state(folder, damage):
    saved(folder)
    text = damage(json.loads((folder / "state.json").read_text()))
    (folder / "state.json").write_bytes(text.encode(errors="surrogateescape"))
    kept = Checkpoints(folder, "this training")
    assert not kept.read()
    assert untouched(kept)


@pytest.mark.parametrize("missing", ["last", "best"])
def test_without_the_weights_one_starts_anew(folder, missing):
    before = saved(folder)
    (folder / getattr(before, missing)).unlink()
    kept = Checkpoints(folder, "this training")
    assert not kept.read()
    assert untouched(kept)


@pytest.mark.parametrize("accuracies", [[0.5, 0.7, 0.6], [0.7, 0.5, 0.6], [0.5, 0.6, 0.7]])
def test_what_another_training_left_is_not_in_the_way(folder, accuracies):
    saved(folder, accuracies)
    kept = Checkpoints(folder, "another training")
    assert not kept.read()
    save(kept, accuracies)
    assert (folder / kept.best).read_text() == f"weights {accuracies.index(0.7) + 1}"
    again = Checkpoints(folder, "another training")
    assert again.read()
    assert again.history == kept.history


def test_an_epoch_that_was_only_half_saved_is_saved_again(folder):
    """Killed after the files of the third epoch, before `state.json` names them."""
    kept = saved(folder, [0.5, 0.6])
    (folder / f"epoch-3{ENDING}").write_text("weights 3")
    os.link(folder / f"epoch-3{ENDING}", folder / f"best-3{ENDING}")
    kept = Checkpoints(folder, "this training")
    assert kept.read()
    save(kept, [0.9, 0.8])
    assert (folder / kept.best).read_text() == "weights 3"
    assert names(folder) == {"state.json", "epoch-4", "best-3"}


def test_a_full_disk_leaves_what_was_saved_before(folder):
    kept = saved(folder, [0.5, 0.7])
    before = names(folder)
    with pytest.raises(OSError, match="No space left"):
        kept.save(FullDisk("weights 3"), metrics(3, 0.9), True)
    assert names(folder) == before
    again = Checkpoints(folder, "this training")
    assert again.read()
    assert again.history == [metrics(1, 0.5), metrics(2, 0.7)]


def test_the_state_is_replaced_as_a_whole(folder, monkeypatch):
    kept = saved(folder, [0.5])
    before = (folder / "state.json").read_text()
    monkeypatch.setattr(Path, "write_bytes", lambda *arguments, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        kept._write_state()
    assert (folder / "state.json").read_text() == before
