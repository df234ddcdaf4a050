"""Bringing images of one's own on the Train page, in a browser."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from core.images import encode_png

WAYS = {
    "A zip file": "A zip file with a folder per class",
    "Folders": "A folder that holds the class folders",
    "A path on this machine": "Path of a folder or zip file on the machine",
}


def make_image(seed: int) -> bytes:
    return encode_png(np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8))


def go_to_own_images(page: Page, way: str = "A zip file") -> None:
    page.get_by_text("Your own images").first.click()
    page.get_by_text("Upload as").wait_for()
    page.get_by_text(way, exact=True).click()
    page.get_by_text(WAYS[way]).wait_for()


def choose(page: Page, path: Path) -> None:
    uploader = page.locator("[data-testid=stFileUploader] input[type=file]")
    expect(uploader).to_have_count(1)  # the one of another way is still there for a moment
    uploader.set_input_files(path)


def give_name(page: Page, name: str) -> None:
    field = page.get_by_role("textbox", name="Name of the dataset")
    field.fill(name)
    field.press("Enter")


def do_import(page: Page) -> None:
    page.get_by_role("button", name="Import these images").click()
