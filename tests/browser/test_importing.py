"""Importing a model in a real browser: choose a file, describe it, evaluate it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.studio import at_rest
from tests.core.foreign import model_files as made


@pytest.mark.slow
def test_a_model_is_imported_and_evaluated(page, server, tmp_path):
    made.linear_onnx(tmp_path / "lines.onnx")
    page.goto(f"{server.url}/train?step=runs")
    page.get_by_text("Import a model").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "lines.onnx")
    expect(page.get_by_text("lines.onnx is uploaded")).to_be_visible()
    names = page.get_by_role("textbox", name="Class names")
    names.fill("\n".join(made.DIGITS))
    names.press("Control+Enter")
    at_rest(page)
    page.get_by_role("button", name=re.compile("Import$")).last.click()
    expect(page.get_by_text("It was not evaluated yet.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name=re.compile("Evaluate$")).click()
    expect(page.get_by_text("Evaluate again")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Test accuracy")).to_be_visible()
