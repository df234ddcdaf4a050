"""How quickly a network learns while the page is watched and used, beside a bare script and beside
a thread inside the page: `python -m benchmarks training`.

The same network learns from the same images in each; the first epoch, with its start-up, is left
out.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

from playwright.sync_api import Page

from benchmarks.report import print_table
from tests.browser import studio

EPOCHS = 5
_IMAGES = 20_000
_HYPERPARAMETERS = {
    "filters": "32-64",
    "padding": "valid",
    "batch_norm": False,
    "dropout": 0.0,
    "epochs": EPOCHS,
    "schedule": "constant",
    "augmentation": "none",
    "keep_best": False,
    "max_images": _IMAGES,
}
_CLICK_EVERY = 1000  # milliseconds

# To the form of a model and back to the live curves: what is clicked, what changes.
_STEPS = (
    "[data-testid=stButtonGroup]:first-of-type button:nth-of-type(n+2):not([aria-checked=true])",
    "[data-testid=stMain] [data-testid=stWidgetLabel]",
)
# Clicks once a second and notes how long it takes until the page shows something else.
_CLICKER = """([selector, shown, milliseconds]) => {
  window.clicks = [];
  const look = () => [...document.querySelectorAll(shown)].map((one) => one.textContent).join();
  window.clicker = setInterval(() => {
    const targets = [...document.querySelectorAll(selector)];
    if (!targets.length) return;
    const before = look(), begun = performance.now();
    const watch = new MutationObserver(() => {
      if (look() !== before) {
        window.clicks.push(performance.now() - begun); watch.disconnect();
      }
    });
    watch.observe(document.body, {subtree: true, childList: true, characterData: true});
    targets[0].click();
  }, milliseconds);
}"""


def load_images():
    """The same training and validation images in every contestant."""
    from core import datasets
    from core.training.batches import chosen_rows

    data = datasets.load("mnist")
    rows = chosen_rows(data.y_train, _IMAGES, 0)
    return data.x_train[rows], data.y_train[rows], (data.x_val, data.y_val)


def build_network():
    """The compiled network, as a person would write it down."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def bare_script() -> None:
    """What a plain `model.fit` takes: prints when each epoch ended."""
    import keras

    ends = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter())
    )
    x, y, validation = load_images()
    build_network().fit(
        x,
        y,
        batch_size=128,
        epochs=EPOCHS,
        validation_data=validation,
        callbacks=[note],
        verbose=0,
    )
    sys.stdout.write(json.dumps(ends))


def main() -> None:
    """Print the table.

    A machine is not always equally quick, so each contestant runs between two bare scripts and
    is compared with the two; of its rounds the median counts.
    """
    rows, bare = [], [_bare_speed()]
    for name, (rounds, measure) in CONTESTANTS.items():
        speeds, parts, clicks = [], [], []
        for _ in range(rounds):
            speed, predictions = measure()
            bare.append(_bare_speed())
            speeds.append(speed)
            parts.append(speed / mean(bare[-2:]))
            clicks += predictions
        spread = f" ({min(parts):.0%} to {max(parts):.0%})" if rounds > 1 else ""
        predicted = f"{median(clicks):.0f} ms ({len(clicks)} clicks)" if clicks else "–"
        rows.append((name, f"{median(speeds):,.0f}", f"{median(parts):.0%}{spread}", predicted))
    scripts = f"{median(bare):,.0f} ({min(bare):,.0f} to {max(bare):,.0f})"
    print_table(
        "Training while somebody watches",
        ("", "images a second", "of the bare script", "a click is answered in (median)"),
        [("a bare `model.fit` script", scripts, "100 %", "–"), *rows],
    )


def _bare_speed() -> float:
    code = "from benchmarks.training import bare_script; bare_script()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=studio.PROJECT
    )
    return _speed(json.loads(done.stdout))


def _speed(ends: list[float]) -> float:
    """Images a second over all epochs but the first."""
    return _IMAGES * (len(ends) - 1) / (ends[-1] - ends[0])


def _in_the_studio(watched: bool, clicked: bool) -> tuple[float, list[float]]:
    """A job, with or without a browser that shows it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"STUDIO_WORK_DIR": f"{folder}/work", "STUDIO_RUNS_DIR": f"{folder}/runs"}
        if not watched:
            return _speed(_run_job(environment)), []
        with (
            studio.serve(studio.PROJECT / "app.py", Path(folder), environment) as server,
            studio.chromium() as browser,
        ):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.goto(server.url + "/train?step=runs")
            page.get_by_text("Trained models", exact=True).wait_for()
            process = _start_job(environment)
            while not list(Path(folder).glob("work/jobs/*/status.json")):
                page.wait_for_timeout(100)
            page.reload()
            page.get_by_role("button", name="Stop early").wait_for(timeout=120_000)
            return _while_watched(
                page,
                clicked,
                process,
                lambda: _ends(process),
                _STEPS,
            )


def _start_job(environment: dict[str, str]) -> subprocess.Popen:
    code = (
        "import json, sys; from core import jobs, runs\n"
        "settings = {'dataset': 'mnist', 'model': 'simple_cnn', "
        f"'hyperparameters': {_HYPERPARAMETERS!r}}}\n"
        "job = jobs.wait(jobs.submit('train', settings).id)\n"
        "history = runs.load(job.result['run']).card.history\n"
        "sys.stdout.write(json.dumps([point['seconds'] for point in history]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
        cwd=studio.PROJECT,
    )


def _run_job(environment: dict[str, str]) -> list[float]:
    return _ends(_start_job(environment))


def _ends(process: subprocess.Popen) -> list[float]:
    return json.loads(process.communicate()[0])


def _in_the_page(clicked: bool) -> tuple[float, list[float]]:
    """A thread inside the process of the page."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "epochs.json"
        environment = {"EPOCHS_FILE": str(file), "PYTHONPATH": str(studio.PROJECT)}
        script = studio.PROJECT / "benchmarks/naive_trainer.py"
        with (
            studio.serve(script, Path(folder), environment) as server,
            studio.chromium() as browser,
        ):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.goto(server.url)
            page.locator(".count").wait_for(timeout=120_000)

            def ends() -> list[float]:
                while not file.exists():
                    page.wait_for_timeout(500)
                return json.loads(file.read_text())

            return _while_watched(
                page, clicked, None, ends, ("[data-testid=stButton] button", ".count")
            )


def _while_watched(
    page: Page,
    clicked: bool,
    process: subprocess.Popen | None,
    ends: Callable[[], list[float]],
    targets: tuple[str, str],
) -> tuple[float, list[float]]:
    if clicked:
        page.evaluate(_CLICKER, [*targets, _CLICK_EVERY])
    while process is not None and process.poll() is None:
        page.wait_for_timeout(500)
    speed = _speed(ends())
    return speed, page.evaluate("window.clicks") if clicked else []


# How often each is measured, and how.
CONTESTANTS: dict[str, tuple[int, Callable[[], tuple[float, list[float]]]]] = {
    "the studio's worker, nobody watching": (3, lambda: _in_the_studio(False, False)),
    "the studio's worker, page open": (3, lambda: _in_the_studio(True, False)),
    "the studio's worker, clicked once a second": (3, lambda: _in_the_studio(True, True)),
    "a thread in the page, page open": (1, lambda: _in_the_page(False)),
    "a thread in the page, clicked once a second": (1, lambda: _in_the_page(True)),
}
