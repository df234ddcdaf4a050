"""How quickly a slider of the image lab becomes a new image, and how much of that is OpenCV."""

import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, expect

from benchmarks.report import print_table
from core import opencv_ops
from core.opencv_ops import Step
from core.samples import photo
from tests.browser import studio

SIZES = {"0.3 megapixels": (480, 640), "1 megapixel": (866, 1155), "12 megapixels": (3000, 4000)}
PIPELINE = "gaussian_blur~canny"
REPEATS = 9
GOAL = 100  # milliseconds at 1 megapixel

# Notes when a key goes up and when the last image is replaced and decoded.
_WATCH = """
window.times = {};
const last = () => [...document.querySelectorAll('.lab img:not(.histogram)')].at(-1);
window.shown = last().src;
addEventListener('keyup', () => { window.times = {up: performance.now()}; }, true);
new MutationObserver(() => {
  const image = last();
  if (!image || image.src === window.shown || window.times.up === undefined) return;
  window.shown = image.src;
  image.decode().catch(() => {}).then(() => { window.times.drawn = performance.now(); });
}).observe(document.body, {subtree: true, childList: true, attributes: true});
"""


def main() -> None:
    """Print the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name, studio.chromium() as browser:
        folder = Path(name)
        with studio.serve_studio(folder) as server:
            for title, (height, width) in SIZES.items():
                image = cv2.resize(photo("flower"), (width, height))
                path = folder / f"{width}.png"
                cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
                shown = slider_to_image(browser, server.url, path)
                alone = opencv_alone(image)
                part = f"{alone / shown:.0%}"
                rows.append((title, f"{shown:.0f}", f"{alone:.1f}", part))
        bare = studio.PROJECT / "benchmarks" / "bare_slider.py"
        with studio.serve(bare, folder) as server:
            rows.append(
                (
                    "a bare page: a slider and an image",
                    f"{bare_slider(browser, server.url):.0f}",
                    "",
                    "",
                )
            )
    header = ("image", "slider to new image, ms", "OpenCV alone, ms", "its share")
    print_table("The image lab, two steps (blur, Canny)", header, rows)


def slider_to_image(browser: Browser, url: str, path: Path) -> float:
    """Milliseconds from the release of a key on a slider to the new image, median."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.goto(f"{url}/image_lab?image=upload&pipeline={PIPELINE}")
    page.locator("input[type=file]").first.set_input_files(path)
    page.locator(".lab img").first.wait_for(timeout=60_000)
    _at_rest(page)
    page.evaluate(_WATCH)
    found = _press(page)
    context.close()
    return found


def bare_slider(browser: Browser, url: str) -> float:
    """The same on a page that does nothing else."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.goto(url)
    page.locator(".lab img").first.wait_for(timeout=60_000)
    _at_rest(page)
    page.evaluate(_WATCH)
    found = _press(page)
    context.close()
    return found


def _press(page: Page) -> float:
    page.get_by_role("slider", name="Sigma").focus()
    times = []
    for _ in range(REPEATS + 1):
        page.keyboard.press("ArrowRight")
        page.wait_for_function("window.times.drawn > window.times.up", timeout=60_000)
        times.append(page.evaluate("window.times.drawn - window.times.up"))
        _at_rest(page)
    return median(times[1:])


def _at_rest(page: Page) -> None:
    state = page.get_by_test_id("stApp")
    expect(state).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(300)


def opencv_alone(image: np.ndarray) -> float:
    """Milliseconds of the operations themselves, median."""
    steps = (Step("gaussian_blur"), Step("canny"))
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        list(opencv_ops.run(image, steps))
        times.append((time.perf_counter() - begun) * 1000)
    return median(times)
