"""How quickly the studio answers and how much memory it takes, beside the usual pattern.

Both apps are started in turn on the same machine, drawn on by the same browser with the same
strokes, and hold the same network.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import psutil
from playwright.sync_api import Browser, Page

from benchmarks.report import print_table
from core import runs, serving
from core.datasets import sample_images
from core.serving import load_predictor
from tests.browser import studio

PREDICTIONS = 30
CANVAS_DELAY = 200  # milliseconds the canvas itself waits after the mouse is released
APPS = {"studio": "app.py", "usual pattern": "benchmarks/naive_app.py"}

# Notes when the mouse is released, when the large prediction appears, and when everything has.
_WATCH = """
window.times = {};
addEventListener('mouseup', () => { window.times = {up: performance.now()}; }, true);
new MutationObserver(() => {
  const now = performance.now(), t = window.times;
  if (t.up === undefined) return;
  const prediction = document.querySelector('.prediction b');
  if (!prediction) return;
  if (t.prediction === undefined) t.prediction = now - t.up;
  t.last = now - t.up;
}).observe(document.body, {subtree: true, childList: true, characterData: true});
"""

# What opening and using a model adds to a process that holds NumPy.
_FOREST = """
import time
from pathlib import Path
from statistics import median
import numpy as np
import psutil
from core import memory, serving
digits = np.random.default_rng(0).integers(0, 256, (200, 28, 28, 1), dtype=np.uint8)
before = psutil.Process().memory_info().rss
predict = serving.open_model(Path({path!r}), "classical")
predict(digits[:1])
memory.return_freed()
times = []
for image in digits:
    begun = time.perf_counter()
    predict(image[None])
    times.append(time.perf_counter() - begun)
held = psutil.Process().memory_info().rss - before
print(f"{{1000 * median(times):.2f}} {{held / 1e6:.0f}}")
"""


@dataclass
class Figures:
    """Measurements of one app; milliseconds, seconds and megabytes."""

    prediction_ms: float = 0.0
    complete_ms: float = 0.0
    first_prediction_s: float = 0.0
    memory_mb: float = 0.0
    predict_ms: float = 0.0
    network_ms: float = 0.0


def main() -> None:
    """Print the table."""
    with studio.chromium() as browser:
        figures = {name: measure_app(browser, path) for name, path in APPS.items()}
    ours, usual = figures["studio"], figures["usual pattern"]
    ours.predict_ms, ours.network_ms = inside_the_studio()
    usual.predict_ms, usual.network_ms = inside_the_usual_pattern()
    rows = [
        ("mouse-up to the prediction, ms", "prediction_ms", 0),
        (f"of which over the canvas's own {CANVAS_DELAY} ms", "over", 0),
        ("mouse-up to the last change of the page, ms", "complete_ms", 0),
        ("process start to the first prediction, s", "first_prediction_s", 1),
        ("memory of the server after ten predictions, MB", "memory_mb", 0),
        ("one prediction with preprocessing, ms", "predict_ms", 2),
        ("the network alone, ms", "network_ms", 2),
    ]
    table = []
    for title, name, digits in rows:
        values = [
            f.prediction_ms - CANVAS_DELAY if name == "over" else getattr(f, name)
            for f in (ours, usual)
        ]
        table.append(
            (title, *(f"{value:.{digits}f}" for value in values), f"{values[1] / values[0]:.1f}×")
        )
    print_table(
        f"Speed and memory, medians of {PREDICTIONS}", ("", *APPS, "usual pattern ÷ studio"), table
    )
    print_forest()


def print_forest() -> None:
    """The bundled forest as it is served, and as scikit-learn serves it: time and memory."""
    run = runs.load("mnist-random-forest")
    rows = []
    for title, name in (("studio", serving.served_file(run)), ("usual pattern", "model.skops")):
        code = _FOREST.format(path=str(run.file(name)))
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        milliseconds, megabytes = result.stdout.split()
        rows.append((title, name, milliseconds, megabytes))
    header = ("", "file", "one image, ms", "memory, MB")
    print_table("The bundled forest (100 trees, 600,000 nodes)", header, rows)


def measure_app(browser: Browser, path: str) -> Figures:
    """Start an app, draw on it and watch."""
    figures = Figures()
    begun = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        studio.serve(studio.PROJECT / path, Path(folder)) as server,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(server.url)
        page.locator(studio.CANVAS).wait_for(timeout=120_000)
        studio.draw(page, "7")
        page.locator(studio.PREDICTION).first.wait_for(timeout=120_000)
        figures.first_prediction_s = time.perf_counter() - begun
        _settle(page)
        page.evaluate(_WATCH)
        predictions, completes = [], []
        for number in range(PREDICTIONS):
            _clear(page)
            studio.draw(page, "7")
            page.locator(studio.PREDICTION).first.wait_for()
            _settle(page)
            times = page.evaluate("window.times")
            predictions.append(times["prediction"])
            completes.append(times["last"])
            if number == 8:  # the tenth prediction with the first one
                figures.memory_mb = psutil.Process(server.process.pid).memory_info().rss / 1e6
        page.close()
    figures.prediction_ms, figures.complete_ms = median(predictions), median(completes)
    return figures


def _clear(page: Page) -> None:
    page.locator(studio.CANVAS).hover()
    of_the_canvas = page.locator(".dc-toolbar:visible").get_by_role("button", name="Reset")
    page.get_by_role("button", name="Clear", exact=True).or_(of_the_canvas).first.click()
    page.locator(studio.PREDICTION).first.wait_for(state="detached")
    _settle(page)


def _settle(page: Page) -> None:
    """Wait until the page has not changed for 600 ms."""
    page.evaluate(
        """() => new Promise(done => {
            let timer = setTimeout(done, 600);
            new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 600); })
              .observe(document.body, {subtree: true, childList: true, characterData: true});
        })"""
    )


def inside_the_studio() -> tuple[float, float]:
    """Milliseconds for one drawing, with preprocessing and for the network alone."""
    predictor = load_predictor(runs.load("mnist-cnn"))
    image = _drawing()
    batch = predictor.prepare(image).batch
    return _milliseconds(lambda: predictor.predict(image)), _milliseconds(
        lambda: predictor.probabilities(batch)
    )


def inside_the_usual_pattern() -> tuple[float, float]:
    """The same with Keras."""
    import keras

    model = keras.models.load_model(runs.load("mnist-cnn").file("model.keras"))
    image = _drawing()

    def prepare() -> np.ndarray:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return 255 - cv2.resize(gray, (28, 28), interpolation=cv2.INTER_AREA)[None, ..., None]

    batch = prepare()
    return _milliseconds(lambda: model.predict(prepare(), verbose=0)), _milliseconds(
        lambda: model.predict(batch, verbose=0)
    )


def _drawing() -> np.ndarray:
    """A digit as it comes from the canvas, uint8 `(320, 320, 3)`."""
    digit = cv2.resize(sample_images("mnist")[7], (320, 320), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(np.where(digit > 110, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)


def _milliseconds(call) -> float:
    call()
    times = []
    for _ in range(PREDICTIONS):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return 1000 * median(times)
