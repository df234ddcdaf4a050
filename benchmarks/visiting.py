"""How soon each page is there, how long its main interaction takes, and what memory it all needs.

Every visit is by a browser that has never been there. The pages are opened in turn on one server,
and a bare page, with a slider and an image, on another; then all of them again.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import psutil
from playwright.sync_api import Browser, Page, expect

from benchmarks.report import print_table
from tests.browser import studio

VISITS = 5
FLOOR_MB = 690  # what Streamlit Community Cloud promises an app
BARE = "a bare page: a slider is moved"
PATIENCE = 90_000  # milliseconds
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def draw(page: Page) -> float:
    """A stroke until the answer."""
    studio.draw(page, "7")
    return _until(lambda: expect(page.locator(studio.PREDICTION).first).to_have_text("7"))


def show_photo(page: Page) -> float:
    """A click on a sample photo until the answer."""
    page.get_by_role("button", name="Cat", exact=True).click()
    return _until(page.locator(".prediction b").first.wait_for)


def open_form(page: Page) -> float:
    """A click on “Next: choose a model” until the form is there."""
    page.get_by_role("button", name="Next: choose a model").click()
    return _until(page.get_by_role("button", name="Start training").wait_for)


def open_confusion(page: Page) -> float:
    """A click on “Confusion” until the matrices are there."""
    page.get_by_role("radio", name="Confusion matrix").click()
    return _until(page.get_by_role("table", name="Confusion matrix of mnist-cnn").wait_for)


def move_slider(page: Page) -> float:
    """A key on a slider until the new image."""
    image = page.locator(".lab img:not(.histogram)").last
    before = image.get_attribute("src")
    page.get_by_role("slider", name="Sigma").press("ArrowRight")
    return _until(lambda: expect(image).not_to_have_attribute("src", before))


def _until(wait: Callable[[], None]) -> float:
    begun = time.perf_counter()
    wait()
    return (time.perf_counter() - begun) * 1000


# title: address, what has to be there, what is done then
VISITED: dict[str, tuple[str, str, Callable[[Page], float]]] = {
    "Recognise: a digit is drawn": ("", studio.CANVAS, draw),
    "Recognise: a photo is chosen": (
        "?runs=cifar10-efficientnet-lite0&from=upload",
        "img[src^=data]",
        show_photo,
    ),
    "Train: the form is opened": ("train?dataset=digits", "img", open_form),
    "Compare: confusion is opened": ("compare", "table", open_confusion),
    "Image lab: a slider is moved": ("image_lab?pipeline=gaussian_blur", ".lab img", move_slider),
}


def main() -> None:
    """Print the table."""
    expect.set_options(timeout=PATIENCE)
    found: dict[str, list[tuple[float, float, float]]] = {}
    held: dict[str, float] = {}
    bare_script = studio.PROJECT / "benchmarks" / "bare_slider.py"
    with tempfile.TemporaryDirectory() as name, studio.chromium() as browser:
        folder = Path(name)
        with studio.serve_studio(folder) as server, studio.serve(bare_script, folder) as bare:
            visits = {
                title: (server, f"{server.url}/{path}", content, act)
                for title, (path, content, act) in VISITED.items()
            }
            visits[BARE] = (bare, bare.url, ".lab img", move_slider)
            for _ in range(1 + VISITS):
                for title, (process, *visited) in visits.items():
                    found.setdefault(title, []).append(visit(browser, *visited))
                    held[title] = memory(process.process.pid)
    usual = median(there for _, there, _ in found[BARE][1:])
    header = (
        "page",
        "first paint, ms",
        "its content, ms (first visit)",
        "beside a bare page",
        "until the result, ms (first time)",
        f"memory of its server in the end, MB (of {FLOOR_MB})",
    )
    rows = [(title, *figures(times, usual), f"{held[title]:.0f}") for title, times in found.items()]
    print_table(f"Visits by new browsers, medians of {VISITS} after the first", header, rows)


def visit(
    browser: Browser, url: str, content: str, act: Callable[[Page], float]
) -> tuple[float, float, float]:
    """Milliseconds until the first paint, until the content, and of the interaction."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(url)
    page.locator(content).first.wait_for()
    there = (time.perf_counter() - begun) * 1000
    paint = page.evaluate(_PAINT)
    studio.at_rest(page)
    took = act(page)
    studio.at_rest(page)
    context.close()
    return paint, there, took


def figures(found: list[tuple[float, float, float]], usual: float) -> tuple[str, str, str, str]:
    """Medians of all visits but the first, and the first where it differs by its nature.

    Args:
        found: milliseconds of each visit, as `visit` gives them.
        usual: milliseconds until the content of a bare page.
    """
    paints, contents, actions = zip(*found, strict=True)
    return (
        f"{median(paints[1:]):.0f}",
        f"{median(contents[1:]):.0f} ({contents[0]:.0f})",
        f"{median(contents[1:]) / usual:.2f}",
        f"{median(actions[1:]):.0f} ({actions[0]:.0f})",
    )


def memory(process: int) -> float:
    """Megabytes that the server itself holds."""
    return psutil.Process(process).memory_info().rss / 1e6
