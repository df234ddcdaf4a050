"""Predictions for ten thousand small images on the command line: images a second, and memory.

Beside it the usual script: one image after another through Pillow and LiteRT in one process. It
does no preprocessing: it takes for granted that every image is as the model expects.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from benchmarks.report import print_table
from core import datasets, runs
from core.images import encode_png
from core.serving import model_path
from core.settings import PROJECT_DIR

_IMAGES, _RUN = 10_000, "mnist-cnn"


def main() -> None:
    images, _ = datasets.load_test("mnist", (28, 28, 1))
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "images"
        there.mkdir()
        for number, image in enumerate(images[:_IMAGES]):
            (there / f"{number:05}.png").write_bytes(encode_png(image[..., 0]))
        seconds, halves = _predict(there, Path(folder) / "results.csv")
        usual = _usual(sorted(there.iterdir()))
    print_table(
        f"{_IMAGES:,} PNGs of 28×28 through {_RUN}",
        ("", "images/s", "memory, first half, MB", "second half, MB"),
        [
            ("predict --out results.csv", round(_IMAGES / seconds), *map(round, halves)),
            ("one after another, no preprocessing", round(_IMAGES / usual), "", ""),
        ],
    )


def _predict(images: Path, out: Path) -> tuple[float, tuple[float, float]]:
    """Seconds from start to end, and the most memory of all its processes in either half."""
    command = [sys.executable, "-m", "core", "predict", str(images), "--run", _RUN]
    begun, found = time.perf_counter(), []
    process = subprocess.Popen([*command, "--out", str(out)], cwd=PROJECT_DIR)
    while process.poll() is None:
        found.append(_megabytes(process.pid))
        time.sleep(0.1)
    seconds = time.perf_counter() - begun
    middle = len(found) // 2
    return seconds, (max(found[:middle], default=0), max(found[middle:], default=0))


def _megabytes(pid: int) -> float:
    """Memory of a process and its children that they share with none, in MB."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
        return sum(one.memory_full_info().uss for one in family) / 1e6
    except psutil.Error:  # one of them has just ended
        return 0.0


def _usual(paths: list[Path]) -> float:
    from ai_edge_litert.interpreter import Interpreter

    begun = time.perf_counter()
    interpreter = Interpreter(model_path=str(model_path(runs.load(_RUN))))
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    for path in paths:
        pixels = np.asarray(Image.open(path).convert("L"), source["dtype"]).reshape(1, 28, 28, 1)
        interpreter.set_tensor(source["index"], pixels)
        interpreter.invoke()
        interpreter.get_tensor(target["index"]).argmax()
    return time.perf_counter() - begun
