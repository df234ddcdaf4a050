"""Ask models why, in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import studio
from tests.browser.test_accessibility import grave


def choose(page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=re.compile(label))
    box.click()
    page.get_by_role("option", name=option, exact=True).click()


def test_models_are_asked_why_and_why_not(page):
    page.set_viewport_size({"width": 390, "height": 1400})
    page.get_by_role("button", name="7", exact=True).click()
    expect(page.locator(studio.PREDICTION).first).to_have_text("7")
    page.get_by_text("Why?", exact=True).click()
    expect(page.get_by_text("Hiding the marked 10 %")).to_have_count(3)
    expect(page.get_by_text("Weight × pixel: “7”")).to_be_visible()
    choose(page, "Why, or why not", "4")
    expect(page.get_by_text("Weight × pixel: “4”")).to_be_visible()
    expect(page.get_by_text("Occlusion: “4”")).to_have_count(2)
    studio.at_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert grave(page) == []


@pytest.mark.slow
def test_a_gallery_shows_why(page, server):
    page.goto(f"{server.url}/compare?compare=mnist-cnn&show=misclassified")
    page.get_by_text("Show why").first.click()
    expect(page.get_by_text("speaks for the class").first).to_be_visible()
    studio.at_rest(page)
    assert grave(page) == []
