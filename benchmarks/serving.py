"""What serves each classical model best: the reason for `served_by` in the registry.

Each model is trained on the same MNIST digits, written in every way that can hold it, and measured
in a process of its own: the time for one image, the images a second in batches of 256, and what
the model adds to the memory of a process that has predicted nothing yet.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.report import print_table
from core import conversion, datasets
from core.models import MODELS, resolve
from core.progress import Reporter
from core.settings import PROJECT_DIR
from core.training.classical import export_classical, fit_classical

IMAGES = 5000  # that each model is trained on
CHECKED = 500  # that a written file is compared with the original on

_MEASURE = """
import json, sys, time
from pathlib import Path
from statistics import median
import numpy as np
import psutil
from core import memory, serving
images = np.load(sys.argv[2])
before = psutil.Process().memory_info().rss
predict = serving.open_model(Path(sys.argv[1]), "classical")
predict(images[:1])
memory.return_freed()
held = psutil.Process().memory_info().rss - before

def seconds(batches):
    times = []
    for batch in batches:
        begun = time.perf_counter()
        predict(batch)
        times.append(time.perf_counter() - begun)
    return median(times)

one = seconds([images[row : row + 1] for row in range(100)])
many = seconds([images[:256]] * 5)
print(json.dumps({"one": one, "many": 256 / many, "memory": held}))
"""


def main() -> None:
    """Print a row for each model and way; the one that serves is marked."""
    dataset = datasets.load("mnist")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        images = Path(name) / "images.npy"
        np.save(images, np.asarray(dataset.x_test[:256]))
        for spec in MODELS.values():
            if spec.family == "classical":
                rows += measure_model(spec.name, dataset, Path(name), images)
    header = (
        "model",
        "served by",
        "one image, ms",
        "images/s",
        "memory, MB",
        "file, kB",
        "differs",
    )
    print_table(f"Ways to serve a classical model, trained on {IMAGES:,} digits", header, rows)


def measure_model(
    model: str, dataset: datasets.Dataset, folder: Path, images: Path
) -> list[tuple[str, ...]]:
    """A row for each way."""
    hyperparameters = resolve(model, {"max_images": IMAGES})
    pipeline, _ = fit_classical(dataset, model, hyperparameters, 0, Reporter())
    checked, rows = np.asarray(dataset.x_val[:CHECKED]), []
    for way in dict.fromkeys(("onnx", MODELS[model].served_by, "skops")):
        place = folder / f"{model}-{way}"
        place.mkdir()
        if way == "skops":
            export_classical(pipeline, place)
            served = {"file": "model.skops", "largest_difference": 0.0}
        else:
            served = conversion.convert(pipeline, place, way, checked)
            if "refused" in served:
                rows.append((model, way, "–", "–", "–", "–", served["refused"][:90]))
                continue
        mark = f"**{way}**" if way == MODELS[model].served_by else way
        differs = f"{served['largest_difference']:.0e}"
        rows.append((model, mark, *measure(place / served["file"], images), differs))
    return rows


def measure(path: Path, images: Path) -> tuple[str, ...]:
    """Time, throughput, memory and size of a file that serves."""
    result = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path), str(images)],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT_DIR,
    )
    found = json.loads(result.stdout)
    return (
        f"{1000 * found['one']:.2f}",
        f"{found['many']:,.0f}",
        f"{found['memory'] / 1e6:.0f}",
        f"{path.stat().st_size / 1e3:,.0f}",
    )
