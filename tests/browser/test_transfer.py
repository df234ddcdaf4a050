"""From a zip with a few photos to a model that tells them apart, in a real browser."""

import zipfile

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.images import decode
from core.samples import SAMPLES
from tests.browser import studio
from tests.browser.own_images import choose, do_import, go_to_own_images
from tests.browser.recognising import open_upload, upload
from tests.browser.training import Studio, button, finished

EACH = 60
SCENES = {"flower": "Flower", "motorcycle": "Motorcycle"}
TRAINING = 180_000  # milliseconds: TensorFlow begins slowly on a busy machine


def photo_of(title: str, rng: np.random.Generator) -> bytes:
    """A part of a sample photo, some hundred pixels wide, as a JPEG."""
    image = decode(next(sample for sample in SAMPLES.values() if sample.title == title).read())[
        ..., :3
    ]
    height, width = (int(rng.integers(180, 320)) for _ in range(2))
    top = int(rng.integers(0, image.shape[0] - height))
    left = int(rng.integers(0, image.shape[1] - width))
    part = image[top : top + height, left : left + width]
    return cv2.imencode(".jpg", cv2.cvtColor(part, cv2.COLOR_RGB2BGR))[1].tobytes()


@pytest.fixture
def scenes(tmp_path):
    """A zip of photos of two kinds of scenes."""
    rng, path = np.random.default_rng(0), tmp_path / "scenes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, title in SCENES.items():
            for number in range(EACH):
                archive.writestr(f"{name}/{number}.jpg", photo_of(title, rng))
    return path


@pytest.mark.slow
def test_a_zip_of_photos_becomes_a_model_that_names_them(browser, tmp_path, scenes):
    folders = Studio(tmp_path)
    with folders.serve() as server:
        context = browser.new_context(viewport={"width": 1280, "height": 1600})
        page = context.new_page()
        page.goto(f"{server.url}/train")
        go_to_own_images(page)
        choose(page, scenes)
        do_import(page)
        button(page, "Look at it").click()
        button(page, "Next: choose a model").click()
        expect(page.get_by_text("Pretrained on 1.3 million photos")).to_be_visible()
        studio.at_rest(page)
        button(page, "Start training").click()
        expect(button(page, "Stop early")).to_have_count(1)
        expect(button(page, "Stop early")).to_have_count(0, timeout=TRAINING)
        card = finished(page, folders)
        assert card["model"] == "efficientnet_lite0"
        assert card["input_shape"] == [160, 160, 3]
        assert card["metrics"]["accuracy"] >= 0.9
        assert {point["phase"] for point in card["history"]} == {1, 2}

        page.get_by_role("link", name="Try it on the Recognise page").click()
        open_upload(page)
        upload(page, ("one.jpg", photo_of("Flower", np.random.default_rng(9))))
        expect(page.locator(studio.PREDICTION).first).to_have_text("flower")
        context.close()
        folders.clear()
