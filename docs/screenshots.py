"""Take the images in README.md from a real browser.

python docs/screenshots.py     (or: make docs)
"""

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
if str(FOLDER.parent) not in sys.path:
    sys.path.insert(0, str(FOLDER.parent))

from playwright.sync_api import Page, expect  # noqa: E402

from tests.browser import studio  # noqa: E402

WIDTH = 1280
PATIENCE = 90_000  # milliseconds
TRAINING = (
    "train?dataset=digits&step=model&model=simple_cnn&simple_cnn.epochs=60&simple_cnn.filters=16"
    "&simple_cnn.batch_size=128&simple_cnn.augmentation=none"
)


def recognise(page: Page) -> None:
    """A drawn 7 and what models make of it."""
    page.locator(studio.CANVAS).wait_for()
    studio.at_rest(page)
    studio.draw(page, "7")
    expect(page.locator(studio.PREDICTION).first).to_have_text("7")
    page.get_by_role("heading", name="What each model predicts").wait_for()


def photos(page: Page) -> None:
    """A photo and its predicted class."""
    page.get_by_role("button", name="Cat", exact=True).click()
    expect(page.locator(studio.PREDICTION).first).to_have_text("cat")


def train(page: Page) -> None:
    """A network that learns."""
    page.get_by_role("button", name="Start training").click()
    page.get_by_text(re.compile("epoch (2[0-9]|3[0-9]) of 60")).wait_for()


def compare(page: Page) -> None:
    """The leaderboard."""
    page.get_by_role("table").first.wait_for()


def confusion(page: Page) -> None:
    """The images behind a cell."""
    page.get_by_role("heading", name="4 predicted as 9").wait_for()


def lab(page: Page) -> None:
    """A pipeline of two steps."""
    page.locator(".lab img").last.wait_for()


# file: URL, height in pixels, what to do there
IMAGES: dict[str, tuple[str, int, Callable[[Page], None]]] = {
    "recognise": ("", 1240, recognise),
    "photos": ("?runs=cifar10-efficientnet-lite0&from=upload", 1160, photos),
    "compare": ("compare", 760, compare),
    "confusion": (
        "compare?compare=mnist-cnn,mnist-random-forest&show=confusion&cell=mnist-random-forest.4.9",
        1320,
        confusion,
    ),
    "lab": ("image_lab?sample=coins&pipeline=gaussian_blur:sigma=2~contours", 940, lab),
    "train": (TRAINING, 900, train),
}


def main() -> None:
    """Take them all; hints for newcomers are dismissed first."""
    expect.set_options(timeout=PATIENCE)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        studio.chromium() as browser,
        studio.serve_studio(Path(name)) as server,
    ):
        for image, (path, height, prepare) in IMAGES.items():
            context = browser.new_context(viewport={"width": WIDTH, "height": height})
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(f"{server.url}/{path}")
            page.get_by_role("heading", level=1).wait_for()
            studio.at_rest(page)
            hint = page.get_by_role("button", name="Got it")
            if hint.is_visible():
                hint.click()
                expect(hint).to_have_count(0)
            prepare(page)
            if image != "train":  # which never rests
                studio.at_rest(page)
            page.mouse.move(0, 0)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / "images" / f"{image}.png")
            if image == "train":  # it would go on for a minute
                page.get_by_role("button", name="Cancel").click()
                page.get_by_text(": cancelled").wait_for()
            context.close()
            sys.stdout.write(f"took docs/images/{image}.png\n")


if __name__ == "__main__":
    main()
