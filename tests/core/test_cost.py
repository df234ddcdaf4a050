import os
import platform
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from core import cost, machine, runs
from core.errors import RunError
from core.serving import model_path
from core.training.train import measure
from tests.conftest import SOME_COST

COUNTS = ("memory_bytes", "file_bytes")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


def model_of(run: runs.Run) -> tuple[Path, str]:
    return run.file("model.skops"), run.card.family


def check(found: dict, files: list[Path]) -> None:
    """What must be true of any cost that was measured."""
    figures = {name: value for name, value in found.items() if name != "machine"}
    assert set(found) == set(SOME_COST)
    assert all(value > 0 and np.isfinite(value) for value in figures.values())
    assert all(type(found[name]) is int for name in COUNTS)
    assert found["latency_p95_seconds"] >= found["latency_seconds"]
    assert found["file_bytes"] == sum(path.stat().st_size for path in files)
    assert found["memory_bytes"] > 20e6  # Python, NumPy and scikit-learn alone
    assert found["machine"] == machine.described()


@on_linux
@pytest.mark.slow
def test_what_predictions_cost_is_measured(real_cost, small_run):
    model = model_path(small_run)
    assert model.name == "model.onnx"
    found = measure(model, "classical", small_run.card.input_shape)
    assert found.pop("parameters") == 650
    check(found, [model])


def test_a_machine_without_room_for_another_process_measures_nothing(
    real_cost, small_run, monkeypatch
):
    monkeypatch.setattr("core.memory.there_is", lambda: 690 * 10**6)
    assert cost.measure([model_of(small_run)], small_run.card.input_shape) == {}


@pytest.mark.slow
@on_linux
def test_several_models_are_measured_as_one(real_cost, small_run):
    members = [small_run, runs.load("digits-random-forest")]
    models = [model_of(run) for run in members]
    found = cost.measure(models, small_run.card.input_shape, (0.25, 0.75), "hard")
    check(found, [path for path, _ in models])


def test_a_model_that_cannot_be_opened_is_one_sentence(real_cost, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(b"not a model")
    with pytest.raises(RunError, match="could not be measured: .*model.skops cannot be") as caught:
        cost.measure([(path, "classical")], (8, 8, 1))
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_model_that_never_predicts_is_not_waited_for(real_cost, small_run, monkeypatch):
    monkeypatch.setattr(cost, "_TIME_LIMIT", 0.01)
    with pytest.raises(RunError, match="could not be measured: it took longer"):
        cost.measure([model_of(small_run)], (8, 8, 1))


@pytest.mark.parametrize(
    "python",
    ["/nowhere/python", shutil.which("false")],
    ids=["not there", "fails without a word"],
)
def test_a_process_that_fails_is_one_sentence(real_cost, small_run, monkeypatch, python):
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(RunError, match="The cost of a prediction could not be measured: "):
        cost.measure([model_of(small_run)], (8, 8, 1))


def test_the_model_predicts_images_of_its_shape_in_batches(small_run):
    """What the process of its own does, here with a model that only counts."""
    asked = []

    def prediction(batch: np.ndarray) -> np.ndarray:
        assert batch.dtype == np.uint8
        asked.append(batch)
        return np.full((len(batch), 2), 0.5, np.float32)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(cost.serving, "open_model", lambda path, family: prediction)
        monkeypatch.setattr(cost, "_SECONDS", 0)
        found = cost._measure_here(
            {
                "models": [[str(small_run.file("model.skops")), "classical"]],
                "input_shape": [5, 4, 3],
                "weights": [1.0],
                "vote": "soft",
            }
        )
    alone = [batch for batch in asked if len(batch) == 1]
    assert {batch.shape for batch in asked} == {(1, 5, 4, 3), (cost.BATCH, 5, 4, 3)}
    assert len(alone) > 20  # the first answers do not count
    assert len({batch.tobytes() for batch in alone}) >= 20
    assert set(found) == set(SOME_COST)


@pytest.mark.parametrize(
    ("cores", "expected"), [(1, "1 core, "), (8, "8 cores, "), (None, "1 core, ")]
)
def test_the_machine_is_told_in_a_few_words(monkeypatch, cores, expected):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    text = machine.described()
    assert f", {expected}" in text
    assert text.endswith(f"{platform.system()}, Python {platform.python_version()}")
    assert "\n" not in text


def unreadable(*_, **__):
    raise OSError("no such file")


def test_a_system_that_tells_nothing_gets_by_with_less(monkeypatch):
    monkeypatch.setattr(Path, "read_text", unreadable)
    monkeypatch.setattr(Path, "write_text", unreadable)
    monkeypatch.setattr(os, "sysconf", unreadable)
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert machine.described().startswith(platform.machine() + ", ")
    assert "GB" not in machine.described()
    assert cost.most_memory() is None
    cost.forget_most_memory()


@on_linux
def test_the_memory_of_the_machine_is_told():
    assert ", 0 GB" not in machine.described()
    assert " GB, Linux, " in machine.described()


@on_linux
@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="not allowed here")
def test_the_most_memory_is_told_until_it_is_forgotten():
    size = 200_000_000
    cost.forget_most_memory()
    before = cost.most_memory()
    held = np.ones(size, np.uint8)
    assert cost.most_memory() >= before + 0.9 * size
    del held
    assert cost.most_memory() >= before + 0.9 * size
    cost.forget_most_memory()
    assert cost.most_memory() <= before + 0.5 * size
