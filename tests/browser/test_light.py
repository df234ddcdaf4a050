"""What the process of the pages holds while somebody draws, on the running app."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import studio
from tests.browser.recognising import prediction

TRAINING = {"sklearn", "scipy", "skimage", "tensorflow", "optree", "h5py"}  # the last two: Keras
OF_VIEWS = {"pandas", "pyarrow", "matplotlib"}


def libraries(process: int) -> set[str]:
    """Packages whose compiled code a process has loaded."""
    mapped = Path(f"/proc/{process}/maps").read_text(encoding="utf-8")
    return set(re.findall(r"-packages/(\w+)[/.]", mapped))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_drawing_loads_nothing_that_trains_and_nothing_that_only_other_views_need(
    browser, tmp_path
):
    with studio.serve_studio(tmp_path) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(server.url)
        page.locator(studio.CANVAS).wait_for()
        studio.draw(page, "7")
        expect(prediction(page)).to_have_text("7")
        expect(page.locator(".prediction.small b")).to_have_text(["7", "7", "7"])  # of each model
        loaded = libraries(server.process.pid)
        page.close()
    assert {"numpy", "onnxruntime", "ai_edge_litert"} <= loaded
    assert loaded & (TRAINING | OF_VIEWS) == set()
