"""Scripts that are run, and compared with what the studio does itself."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from core.settings import PROJECT_DIR
from core.training.callbacks import CatchUp, Watcher


class AtFit(Exception):
    """Raised instead of fitting a network."""


def printed_by(script: str, folder: Path) -> str:
    """What a script prints when it is run in a process of its own."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT_DIR)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_here(script: str, folder: Path, monkeypatch) -> SimpleNamespace | None:
    """The `model` that a script trains in this process, and `x_test` as that model is given it;
    nothing if a network stops before it is fitted."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(script, "script.py", "exec"), names)
    data = eval(re.search(r"data = (datasets\.load\(.*\))", script)[1], names)
    with suppress(AtFit):
        model = (names.get("train") or names["train_pretrained"])(data)
        x_test = names["numbers_of"](data.x_test) if "numbers_of" in names else data.x_test
        return SimpleNamespace(model=model, x_test=x_test)


def assert_same_models(studio, script):
    import keras

    def described(model):
        layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
        return [(type(layer), {**layer.get_config(), "name": ""}) for layer in layers]

    assert described(studio) == described(script)
    assert_same_learners(studio, script)


def assert_same_learners(studio, script):
    """They answer and learn alike, however their layers are grouped."""
    for one, other in zip(studio.get_weights(), script.get_weights(), strict=True):
        assert (one == other).all()
    shape = studio.input_shape[1:]
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, *shape)).astype(np.uint8)
    predictions = np.asarray(studio(images))
    assert (predictions == np.asarray(script(images))).all()
    targets = rng.dirichlet(np.ones(predictions.shape[1]), 4)
    losses = [float(m.compute_loss(y=targets, y_pred=predictions)) for m in (studio, script)]
    assert losses[0] == losses[1]
    assert type(studio.optimizer) is type(script.optimizer)
    settings_of = [optimizer_settings(model.optimizer) for model in (studio, script)]
    assert settings_of[0] == settings_of[1]


def optimizer_settings(optimizer) -> dict[str, Any]:
    found = optimizer.get_config()
    if not found["use_ema"]:
        del found["ema_momentum"]
    return {**found, "name": ""}


def assert_same_batches(studio, script):
    assert len(studio) == len(script)
    for _ in range(2):
        for index in (0, len(studio) - 1):
            for one, other in zip(studio[index], script[index], strict=True):
                assert (np.float32(one) == np.float32(other)).all()
        studio.on_epoch_end()
        script.on_epoch_end()


def assert_same_validation(studio, script):
    parts = [studio[index] for index in range(len(studio))]
    for expected, received in zip(zip(*parts, strict=True), script, strict=True):
        assert (np.concatenate(expected) == received).all()


def assert_same_callbacks(studio, script):
    names = ("monitor", "patience", "factor", "mode", "min_delta", "restore_best_weights")

    def is_own(callback) -> bool:
        """Each has its way of keeping the best epoch, and only the studio reports."""
        ours = getattr(callback.on_train_begin, "__self__", None)
        return isinstance(ours, Watcher | CatchUp) or "Checkpoint" in type(callback).__name__

    def described(callbacks):
        return [
            (type(c).__name__, [getattr(c, name, None) for name in names])
            for c in callbacks
            if not is_own(c)
        ]

    assert described(studio) == described(script)


def ruff(arguments: list[str], script: str) -> str:
    """What it complains about."""
    command = [sys.executable, "-m", "ruff", *arguments, "--quiet", "--stdin-filename", "script.py"]
    done = subprocess.run(
        [*command, "-"], cwd=PROJECT_DIR, input=script, capture_output=True, text=True
    )
    return done.stdout + done.stderr
