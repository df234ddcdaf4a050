"""How quickly twelve runs of 10,000 test images are compared, beside doing all of it at once.

The twelve are the bundled MNIST runs and copies of them whose stored answers were jittered.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, expect

from benchmarks.report import print_table
from tests.browser import studio

RUNS = 12
REPEATS = 7
BUNDLED = ("mnist-cnn", "mnist-random-forest", "mnist-logistic-regression")
FIRST_VIEW_GOAL, CONTROL_GOAL = 2000, 500  # milliseconds
CONTROLS = {  # view: the role and names of a control that is switched to and fro
    "confusion": ("radio", "Fractions of the true class", "Counts"),
    "classes": ("radio", "Recall", "F1"),
    "misclassified": ("radio", "By all models", "By one model"),
    "ensemble": ("radio", "Hard: one vote each", "Soft: mean of the probabilities"),
    "confidence": ("slider", "ArrowRight", "ArrowLeft"),
    "one_class": ("combobox", "3", "4"),
}

# Notes when something is clicked or a key is pressed, and when the page changed last.
_WATCH = """
window.times = {};
for (const kind of ['pointerdown', 'keydown'])
  addEventListener(kind, () => { window.times = {begun: performance.now()}; }, true);
const all = {subtree: true, childList: true, characterData: true, attributes: true};
new MutationObserver(() => { window.times.last = performance.now(); }).observe(document.body, all);
"""

_MAKE = """
import numpy as np
from dataclasses import replace
from core import runs
from core.evaluation import evaluate
bundled, count = {bundled!r}, {count}
for number in range(count - len(bundled)):
    base = runs.load(bundled[number % len(bundled)])
    found = {{}}
    for split in ("val", "test"):
        one, noise = base.evaluation(split), np.random.default_rng(number)
        rows = np.log(np.clip(one.probabilities, 1e-6, 1)) + noise.normal(
            0, 1, one.probabilities.shape
        )
        rows = np.exp(rows - rows.max(1, keepdims=True))
        found[split] = evaluate(one.labels, rows / rows.sum(1, keepdims=True))
    name = f"jittered-{{number}}"
    metrics = {{**base.card.metrics, **found["test"].metrics()}}
    with runs.draft(name) as folder:
        (folder / "model.skops").write_bytes(b"none")
        card = replace(base.card, id=name, owner="you", metrics=metrics)
        runs.save(card, folder, found["val"], found["test"])
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name, studio.chromium() as browser:
        folder = Path(name)
        places = {"STUDIO_RUNS_DIR": str(folder / "runs"), "STUDIO_WORK_DIR": str(folder / "work")}
        code = _MAKE.format(bundled=BUNDLED, count=RUNS)
        environment = {**os.environ, **places}
        subprocess.run(
            [sys.executable, "-c", code], check=True, env=environment, cwd=studio.PROJECT
        )
        chosen = ",".join([*BUNDLED, *(f"jittered-{n}" for n in range(RUNS - len(BUNDLED)))])
        with studio.serve(studio.PROJECT / "app.py", folder, places) as server:
            cold = first_view(browser, server.url, chosen)
            warm = [first_view(browser, server.url, chosen) for _ in range(REPEATS)]
            changes = {view: change_control(browser, server.url, chosen, view) for view in CONTROLS}
        bare = studio.PROJECT / "benchmarks" / "bare_slider.py"
        with studio.serve(bare, folder) as server:
            empty = [bare_page(browser, server.url) for _ in range(REPEATS + 1)][1:]
        everything = all_at_once(environment)
    rows = [
        ("for comparison: a bare Streamlit page, median", median(empty), ""),
        ("first view, the first visitor of a fresh server", cold, FIRST_VIEW_GOAL),
        ("first view after that, median", median(warm), FIRST_VIEW_GOAL),
        *((f"one control, {v.replace('_', ' ')}", ms, CONTROL_GOAL) for v, ms in changes.items()),
    ]
    table = [(title, f"{ms:.0f}", goal, f"{everything / ms:.0f}×") for title, ms, goal in rows]
    print_table(
        f"Comparing {RUNS} runs of 10,000 test images, ms",
        ("what", "studio", "goal", f"all at once, {everything:,.0f} ms, is"),
        table,
    )


def first_view(browser: Browser, url: str, chosen: str) -> float:
    """Milliseconds from asking for the page to its leaderboard."""
    context = browser.new_context(viewport={"width": 1280, "height": 1200})
    page = context.new_page()
    page.goto(f"{url}/_stcore/health")  # the browser itself is warm
    begun = time.perf_counter()
    page.goto(f"{url}/compare?{urlencode({'compare': chosen})}", wait_until="commit")
    page.get_by_role("table", name="Leaderboard").locator("tbody tr").nth(RUNS - 1).wait_for()
    page.get_by_text("the best of each column").wait_for()
    elapsed = (time.perf_counter() - begun) * 1000
    context.close()
    return elapsed


def bare_page(browser: Browser, url: str) -> float:
    """The same for a page that holds nothing but a slider."""
    context = browser.new_context(viewport={"width": 1280, "height": 1200})
    page = context.new_page()
    page.goto(f"{url}/_stcore/health")
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.get_by_role("slider").wait_for()
    elapsed = (time.perf_counter() - begun) * 1000
    context.close()
    return elapsed


def change_control(browser: Browser, url: str, chosen: str, view: str) -> float:
    """Milliseconds from a click to the last change of the page, the median of several."""
    context = browser.new_context(viewport={"width": 1280, "height": 1200})
    page = context.new_page()
    page.goto(f"{url}/compare?{urlencode({'compare': chosen, 'show': view})}")
    role, first, second = CONTROLS[view]
    if role == "slider":
        page.get_by_role("slider").first.wait_for()
    _at_rest(page)
    page.evaluate(_WATCH)
    times = []
    for number in range(REPEATS + 1):
        _use(page, role, (first, second)[number % 2])
        page.wait_for_function("window.times.last > window.times.begun")
        _at_rest(page)
        times.append(page.evaluate("window.times.last - window.times.begun"))
    context.close()
    return median(times[1:])  # the first one also loads what the view needs


def _use(page: Page, role: str, name: str) -> None:
    if role == "radio":
        page.get_by_role("radio", name=name, exact=True).click()
    elif role == "slider":
        page.get_by_role("slider").first.focus()
        page.keyboard.press(name)
    else:
        page.get_by_role("combobox", name=re.compile("^Class")).click()
        page.get_by_role("option", name=name, exact=True).click()


def _at_rest(page: Page) -> None:
    """Nothing is being done, and nothing has changed for a while."""
    state = page.get_by_test_id("stApp")
    expect(state).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(400)
    expect(state).to_have_attribute("data-test-script-state", "notRunning")


_ALL_AT_ONCE = """
import time
begun = time.perf_counter()
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt, numpy as np
from sklearn.metrics import (ConfusionMatrixDisplay, RocCurveDisplay, accuracy_score,
    classification_report, log_loss)
from core import runs
for run in runs.list_runs():
    if run.card.dataset != "mnist":
        continue
    with np.load(run.folder / "evaluation.npz") as arrays:
        labels, rows = arrays["y_test"], arrays["probabilities_test"]
    said = rows.argmax(1)
    accuracy_score(labels, said), log_loss(labels, rows.astype(float))
    classification_report(labels, said)
    ConfusionMatrixDisplay.from_predictions(labels, said).figure_.savefig("/dev/null", format="png")
    for label in range(10):
        RocCurveDisplay.from_predictions(labels == label, rows[:, label])
    plt.savefig("/dev/null", format="png")
    plt.close("all")
print((time.perf_counter() - begun) * 1000)
"""


def all_at_once(environment: dict[str, str]) -> float:
    """Milliseconds for figures and charts of the same runs with scikit-learn and pyplot."""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _ALL_AT_ONCE],
        check=True,
        env=environment,
        cwd=studio.PROJECT,
        capture_output=True,
        text=True,
    )
    return float(found.stdout)
