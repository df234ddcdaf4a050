"""The image lab in a real browser: a pipeline, its link, its code, a policy handed on, a curve."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.opencv_ops import Step, as_code, from_text, run
from core.samples import photo
from tests.browser import studio
from tests.browser.studio import at_rest


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def server(folder):
    with studio.serve_studio(folder) as running:
        yield running


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1600}, accept_downloads=True)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def open_lab(page: Page, server, query: str = "") -> None:
    page.goto(f"{server.url}/image_lab?{query}")
    expect(page.get_by_role("heading", name="Image lab")).to_be_visible()
    at_rest(page)


def add(page: Page, title: str) -> None:
    studio.choose(page, "Add a step", title, typed=title.partition(" · ")[2])


def step(page: Page, title: str):
    """The part of the editor that a step has."""
    return page.locator("[class*=st-key-step_]").filter(has_text=f"· {title}")


def steps(page: Page) -> list[str]:
    """What the steps are called, as their images are titled."""
    return page.locator(".strip figcaption b").all_text_contents()


def pipeline_of(page: Page) -> tuple[Step, ...]:
    """The pipeline that stands in the address."""
    text = page.evaluate("new URLSearchParams(location.search).get('pipeline')")
    return from_text(text or "gaussian_blur~canny")


def test_a_pipeline_is_built_set_ordered_shared_and_copied(page, server, tmp_path):
    open_lab(page, server, "sample=coins")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Add a step to begin.")).to_be_visible()
    for title in (
        "Smooth and shape · Median blur",
        "Threshold · Otsu's threshold",
        "Colour and size · Invert",
    ):
        add(page, title)
    expect(page.locator(".strip figcaption b")).to_have_count(4)
    assert steps(page) == ["Image", "1 · Median blur", "2 · Otsu's threshold", "3 · Invert"]
    expect(page.get_by_text("The threshold it found is")).to_be_visible()

    before = page.locator(".strip img").nth(1).get_attribute("src")
    slider = page.get_by_role("slider", name="Radius")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("cv2.medianBlur(image, 11)")).to_be_visible()
    expect(page.locator(".strip img").nth(1)).not_to_have_attribute("src", before)

    step(page, "Invert").get_by_role("button", name="Move up").click()
    expect(page.locator(".strip figcaption b").nth(2)).to_have_text("2 · Invert")
    expected = (Step("median_blur", {"radius": 5}), Step("invert"), Step("otsu"))
    assert pipeline_of(page) == expected

    page.goto(page.url)
    expect(page.locator(".strip figcaption b").nth(3)).to_have_text("3 · Otsu's threshold")
    expect(page.get_by_text("cv2.medianBlur(image, 11)")).to_be_visible()

    page.get_by_text("Copy the code").click()
    code = page.get_by_test_id("stCode").locator("code")
    expect(code).to_contain_text("def pipeline(image):")
    script = tmp_path / "pipeline.py"
    script.write_text(code.inner_text().replace("\xa0", " "))
    coins = photo("coins")
    cv2.imwrite(str(tmp_path / "in.png"), coins)
    command = [sys.executable, str(script), str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    subprocess.run(command, check=True)
    *_, result = run(coins, expected)
    assert np.array_equal(cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED), result)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this script").click()
    assert Path(download.value.path()).read_text() == as_code(expected)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the result").click()
    shown = cv2.imread(download.value.path(), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(shown, result)


@pytest.mark.slow
@pytest.mark.slow
def test_a_step_is_switched_off_and_removed(page, server):
    open_lab(page, server, "sample=cat&pipeline=invert~canny")
    page.get_by_test_id("stCheckbox").get_by_text("1 · Invert").click()
    expect(page.get_by_text("switched off")).to_be_visible()
    assert [step.on for step in pipeline_of(page)] == [False, True]
    step(page, "Invert").get_by_role("button", name="Remove").click()
    expect(page.locator(".strip figcaption b")).to_have_count(2)
    assert pipeline_of(page) == (Step("canny"),)


@pytest.mark.slow
def test_a_model_says_what_it_sees_before_and_after(page, server):
    open_lab(page, server, "sample=digit_7&pipeline=invert~contrast;factor=0.0")
    page.get_by_text("What does a model predict?").click()
    opinions = page.locator(".opinions figcaption")
    expect(opinions).to_have_count(3)
    expect(opinions.nth(0).locator("strong")).to_have_text("7")
    expect(opinions.nth(1).locator("strong")).to_have_text("7")
    expect(opinions.nth(2)).to_contain_text("≠")


@pytest.mark.slow
@pytest.mark.slow
def test_what_was_drawn_is_at_hand(page, server):
    page.goto(server.url)
    page.locator(studio.CANVAS).wait_for()
    studio.draw(page, "7")
    expect(page.locator(studio.PREDICTION).first).to_have_text("7")
    page.get_by_role("link", name="Image lab").click()
    page.get_by_role("radio", name="Your drawing").click()
    expect(page.locator(".lab img").first).to_be_visible()
    expect(page.get_by_text("320×320 pixels").first).to_be_visible()


@pytest.mark.slow
def test_a_policy_is_handed_to_training(page, server):
    open_lab(page, server, "lab=augmentation&lab.rotation=15.0&lab.noise=0.1")
    expect(page.locator(".strip img")).to_have_count(12)
    page.get_by_role("link", name="Train with this augmentation").click()
    expect(page.get_by_role("heading", name="Train a model")).to_be_visible()
    turn = page.get_by_role("spinbutton", name="Rotation, degrees")
    expect(turn).to_have_value("15")
    expect(page.get_by_role("spinbutton", name=re.compile("^Noise"))).to_have_value("0.1")


@pytest.mark.slow
def test_a_robustness_curve_is_measured_and_found_again(page, server):
    open_lab(page, server, "lab=robustness&corruption=blur")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("button", name="Measure again")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-testid=stVegaLiteChart] svg, canvas.marks").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Measure again")).to_be_visible()
    expect(page.get_by_text("Measured on 500 test images")).to_be_visible()


@pytest.mark.slow
def test_nothing_is_wider_than_a_phone(server, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    open_lab(page, server)
    for view in ("Augmentation", "Robustness", "Pipeline"):
        page.get_by_role("radio", name=view).click()
        at_rest(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
