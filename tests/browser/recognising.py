"""The first page in a browser: what it answers, and images that are brought."""

import io

from PIL import Image
from playwright.sync_api import Page

from core.datasets import sample_images
from tests.browser import studio


def prediction(page: Page):
    return page.locator(studio.PREDICTION).first


def empty_state(page: Page):
    return page.get_by_role("heading", name="No image yet")


def open_upload(page: Page) -> None:
    page.get_by_role("radio", name="Upload").click()
    page.locator('input[type="file"]').wait_for(state="attached")


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    page.locator('input[type="file"]').set_input_files(
        [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files
        ]
    )


def png(digit: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(255 - sample_images("mnist")[digit][..., 0]).resize((140, 140)).save(
        file, "PNG"
    )
    return file.getvalue()
