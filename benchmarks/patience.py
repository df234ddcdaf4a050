"""The presets of the convolutional network by patience: accuracy and time, from start to run.

    python -m benchmarks patience

Each is trained as a command of its own, for every seed and every dataset that is on this machine
(CIFAR-10 also as `cifar10-jpeg`, imported by `python -m core import`); beside them presets of
published networks and a plain Keras script. What the presets reach is stored in
`core/models/measured.json`, which the form of the Train page shows.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import print_table
from core import datasets
from core.models import MODELS, measured
from core.preprocessing import reads
from core.settings import PROJECT_DIR

MODEL = "simple_cnn"
SEEDS = (0, 1, 2)
DATASETS = ("mnist", "fashion_mnist", "cifar10", "cifar10-jpeg")
SHORT = ("Quick", "A few minutes")  # what takes longer is measured by the bundled runs
PUBLISHED = ("two_blocks", "three_convolutions")
# https://keras.io/examples/vision/mnist_convnet, for any dataset and with its own test images.
SCRIPT = """
import sys, time
begun = time.perf_counter()
import keras, numpy as np
from keras import layers
sys.path.insert(0, sys.argv[2])
from core import datasets
data = datasets.load(sys.argv[1])
keras.utils.set_random_seed(int(sys.argv[3]))
classes = len(data.class_names)
def ready(images, labels):
    return np.asarray(images, np.float32) / 255, keras.utils.to_categorical(labels, classes)
model = keras.Sequential([
    keras.Input(data.input_shape),
    layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Flatten(), layers.Dropout(0.5), layers.Dense(classes, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(*ready(data.x_train, data.y_train), batch_size=128, epochs=int(sys.argv[4]), verbose=0)
_, accuracy = model.evaluate(*ready(data.x_test, data.y_test), verbose=0)
print(accuracy)
"""
SCRIPT_EPOCHS = 15


def main() -> None:
    rows, table = [], {}
    here = {spec.name: spec for spec in datasets.list_datasets() if spec.is_here()}
    for name in filter(here.get, DATASETS):
        for preset in MODELS[MODEL].presets.values():
            suits = reads(here[name].preprocessing) in preset.reads
            if suits and preset.patience in SHORT:
                found = [_train(name, preset.name, seed) for seed in SEEDS]
                accuracies, seconds = zip(*found, strict=True)
                key = f"{MODEL} {preset.name} {name}"
                table[key] = {"accuracies": accuracies}
                rows.append(_row(name, preset.name, accuracies, seconds))
            elif preset.name in PUBLISHED:
                rows.append(
                    _row(name, preset.name, *zip(_train(name, preset.name, 0), strict=True))
                )
        rows.append(_row(name, "plain Keras script", *zip(_plain(name), strict=True)))
    measured.FILE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print_table(
        f"Presets of {MODEL}: mean of {len(SEEDS)} seeds",
        ("dataset", "preset", "test accuracy", "from … to", "time, s"),
        rows,
    )


def _row(dataset: str, preset: str, accuracies, seconds) -> tuple[str, ...]:
    low, high = min(accuracies), max(accuracies)
    return (
        dataset,
        preset,
        f"{statistics.mean(accuracies):.2%}",
        f"{low:.2%}–{high:.2%}" if len(accuracies) > 1 else "one seed",
        f"{statistics.mean(seconds):.0f}",
    )


def _train(dataset: str, preset: str, seed: int) -> tuple[float, float]:
    """Test accuracy, and seconds from the start of the command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "core", "train", "--dataset", dataset, "--model", MODEL]
        command += ["--preset", preset, "--set", f"seed={seed}", "--name", "measured"]
        seconds = _timed(command, STUDIO_RUNS_DIR=folder)[1]
        card = json.loads((Path(folder) / "measured" / "card.json").read_text(encoding="utf-8"))
    return card["metrics"]["accuracy"], seconds


def _plain(dataset: str) -> tuple[float, float]:
    words = [dataset, str(PROJECT_DIR), "0", str(SCRIPT_EPOCHS)]
    text, seconds = _timed([sys.executable, "-c", SCRIPT, *words])
    return float(text.split()[-1]), seconds


def _timed(command: list[str], **environment: str) -> tuple[str, float]:
    begun = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=PROJECT_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, time.perf_counter() - begun
