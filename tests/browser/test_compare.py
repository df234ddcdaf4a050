"""Comparing runs in a real browser: follow a link, click a cell, sort, filter, keep, take away."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.comparison import METRICS
from core.runs import load
from tests.browser import studio
from tests.browser.studio import at_rest

MNIST = ("mnist-cnn", "mnist-svm", "mnist-random-forest", "mnist-logistic-regression")
CARDS = ".cases figure"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("comparing")


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


def open_view(page: Page, server, view: str, **url: str) -> None:
    """The Compare page as a link opens it."""
    page.goto(f"{server.url}/compare?{urlencode({'show': view, **url})}")
    expect(page.get_by_role("heading", name="Compare models")).to_be_visible()
    at_rest(page)


def predictions(run_id: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, answers and confidences on the test images, straight from the file."""
    with np.load(load(run_id).folder / "evaluation.npz") as arrays:
        probabilities = arrays["probabilities_test"]
        return arrays["y_test"], probabilities.argmax(1), probabilities.max(1)


def in_cell(run_id: str, row: int, column: int) -> np.ndarray:
    labels, said, _ = predictions(run_id)
    return np.flatnonzero((labels == row) & (said == column))


def matrix(page: Page, run_id: str):
    return page.get_by_role("table", name=f"Confusion matrix of {run_id}")


def cell(page: Page, run_id: str, row: int, column: int):
    name = re.compile(f"^{row} predicted as {column}: ")
    return matrix(page, run_id).get_by_role("button", name=name)


def shown(page: Page) -> list[int]:
    """Which test images are shown, in their order."""
    return page.locator(CARDS).evaluate_all("cards => cards.map(card => +card.dataset.index)")


def choose(page: Page, field: str, option: str) -> None:
    studio.choose(page, re.compile(field), option)


def test_a_clicked_cell_shows_exactly_the_images_it_counts(page, server):
    open_view(page, server, "confusion", compare=",".join(MNIST[::2]))
    inside = in_cell("mnist-random-forest", 4, 9)
    expect(cell(page, "mnist-random-forest", 4, 9)).to_have_text(str(len(inside)))
    cell(page, "mnist-random-forest", 4, 9).click()
    expect(page.get_by_role("heading", name="4 predicted as 9")).to_be_visible()
    expect(page.locator(CARDS)).to_have_count(len(inside))
    assert sorted(shown(page)) == inside.tolist()
    expect(cell(page, "mnist-random-forest", 4, 9)).to_have_attribute("aria-pressed", "true")
    image = page.locator(f"{CARDS} img").first
    assert image.evaluate("image => image.complete && image.naturalWidth") == 28
    assert "cell=mnist-random-forest.4.9" in page.url
    page.reload()
    expect(page.locator(CARDS)).to_have_count(len(inside))
    page.get_by_role("button", name="Close").click()
    expect(page.locator(CARDS)).to_have_count(0)


@pytest.mark.slow
@pytest.mark.slow
def test_a_large_cell_is_shown_piece_by_piece(page, server):
    inside = in_cell("mnist-cnn", 0, 0)
    open_view(page, server, "confusion", compare="mnist-cnn", cell="mnist-cnn.0.0")
    expect(page.locator(CARDS)).to_have_count(24)
    page.get_by_role("button", name=re.compile("Show more")).click()
    expect(page.locator(CARDS)).to_have_count(48)
    assert set(shown(page)) <= set(inside.tolist())
    expect(page.get_by_text(f"{len(inside)} images by")).to_be_visible()


@pytest.mark.slow
def test_the_scale_is_switched_and_stands_in_the_link(page, server):
    open_view(page, server, "confusion", compare="mnist-logistic-regression")
    labels, said, _ = predictions("mnist-logistic-regression")
    counts = int(((labels == 5) & (said == 5)).sum())
    expect(cell(page, "mnist-logistic-regression", 5, 5)).to_have_text(str(counts))
    page.get_by_role("radio", name="Fractions of the true class").click()
    of_truth = counts / (labels == 5).sum()
    expect(cell(page, "mnist-logistic-regression", 5, 5)).to_have_text(f"{of_truth * 100:.0f}")
    page.get_by_role("radio", name="Fractions of the predicted class").click()
    of_prediction = counts / (said == 5).sum()
    says = f"5 predicted as 5: {of_prediction * 100:.2f} %"
    expect(cell(page, "mnist-logistic-regression", 5, 5)).to_have_attribute("aria-label", says)
    page.goto(page.url)
    expect(cell(page, "mnist-logistic-regression", 5, 5)).to_have_attribute("aria-label", says)


@pytest.mark.slow
def test_cells_are_reached_by_keyboard(page, server):
    open_view(page, server, "confusion", compare="mnist-random-forest")
    cell(page, "mnist-random-forest", 0, 0).focus()
    for key in ["ArrowDown"] * 7 + ["ArrowRight"] * 2:
        page.keyboard.press(key)
    expect(cell(page, "mnist-random-forest", 7, 2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="7 predicted as 2")).to_be_visible()
    page.get_by_text("Cells as a list").click()
    at_rest(page)
    choose(page, "True class → predicted class", "4 → 9 (22 images)")
    expect(page.get_by_role("heading", name="4 predicted as 9")).to_be_visible()


@pytest.mark.slow
@pytest.mark.slow
def test_the_difference_of_two_models(page, server):
    open_view(page, server, "confusion", compare=",".join(MNIST[::2]))
    page.get_by_role("radio", name="mnist-cnn minus mnist-random-forest").click()
    table = page.get_by_role("table", name="mnist-cnn minus mnist-random-forest")
    more = len(in_cell("mnist-cnn", 5, 5)) - len(in_cell("mnist-random-forest", 5, 5))
    place = table.get_by_role("button", name=re.compile("^5 predicted as 5: "))
    expect(place).to_have_text(f"+{more}")
    place.click()
    only = np.setdiff1d(in_cell("mnist-cnn", 5, 5), in_cell("mnist-random-forest", 5, 5))
    expect(page.get_by_text(f"{len(only)} by mnist-cnn but not by")).to_be_visible()


def names_in_order(table) -> list[str]:
    return [heading.text_content() for heading in table.locator("tbody th").all()]


@pytest.mark.slow
def test_the_leaderboard_is_sorted(page, server):
    open_view(page, server, "leaderboard")
    table = page.get_by_role("table", name="Leaderboard")
    expect(table.locator("tbody tr")).to_have_count(4)
    assert names_in_order(table) == list(MNIST)
    expect(table.locator("tbody td").first).to_have_text("99.66 % (99.53–99.76) ★")
    heading = table.get_by_role("columnheader", name=METRICS["seconds"].title)
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    by_time = sorted(MNIST, key=lambda run_id: load(run_id).card.seconds)
    assert names_in_order(table) == by_time
    page.keyboard.press("Enter")  # the heading has kept the focus
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert names_in_order(table) == by_time[::-1]


@pytest.mark.slow
def test_mistakes_are_filtered(page, server):
    open_view(page, server, "misclassified")
    labels, said, sure = predictions("mnist-cnn")
    wrong = np.flatnonzero(labels != said)
    expect(page.get_by_text(f"{len(wrong)} images, sorted")).to_be_visible()
    choose(page, "True class", "5")
    wrong = wrong[labels[wrong] == 5]
    expect(page.get_by_text(f"{len(wrong)} images, sorted")).to_be_visible()
    expect(page.locator(CARDS)).to_have_count(len(wrong))
    assert shown(page) == wrong[np.argsort(-sure[wrong], kind="stable")].tolist()
    page.get_by_role("radio", name="By all models").click()
    at_rest(page)
    everybody = [predictions(run_id) for run_id in MNIST]
    every = np.logical_and.reduce([truth != said for truth, said, _ in everybody])
    every = np.flatnonzero(every & (labels == 5))
    expect(page.locator(CARDS)).to_have_count(len(every))
    assert sorted(shown(page)) == every.tolist()


@pytest.mark.slow
def test_an_ensemble_is_kept_and_predicts(page, server, folder):
    members = [name for name in MNIST if name != "mnist-svm"]
    open_view(page, server, "ensemble", vote="hard", compare=",".join(members))
    expect(page.get_by_text("The ensemble is significantly worse")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("all-three")
    page.get_by_role("button", name="Save as a trained model").click()
    chips = page.get_by_test_id("stMultiSelect").first
    expect(chips.get_by_text(re.compile("^all-three"))).to_be_visible(timeout=60_000)
    card = json.loads((folder / "runs" / "all-three" / "card.json").read_text())
    assert [member["id"] for member in card["members"]] == members
    assert card["cost"]["latency_seconds"] > 0
    page.goto(f"{server.url}/?runs=all-three")
    page.locator(studio.CANVAS).wait_for()
    studio.draw(page, "7")
    expect(page.locator(studio.PREDICTION).first).to_have_text("7")
    shutil.rmtree(folder / "runs" / "all-three")


@pytest.mark.slow
def test_the_report_is_opened_without_a_network(page, browser, server, tmp_path):
    open_view(page, server, "report")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    path = tmp_path / "comparison.html"
    download.value.save_as(path)
    context = browser.new_context(offline=True)
    asked: list[str] = []
    offline = context.new_page()
    offline.on("request", lambda request: asked.append(request.url))
    offline.goto(path.as_uri())
    expect(offline.get_by_role("heading", name="Comparison: MNIST")).to_be_visible()
    expect(offline.get_by_text("This is a significant lead")).to_be_visible()
    expect(offline.locator("figure svg")).to_have_count(10)
    for drawn in offline.locator("figure svg").all():
        assert drawn.bounding_box()["height"] > 150
    assert asked == [path.as_uri()]
    context.close()


@pytest.mark.slow
def test_a_run_that_is_deleted_meanwhile_is_told_of(page, server, folder):
    shutil.copytree(load("mnist-logistic-regression").folder, folder / "runs" / "doomed")
    open_view(page, server, "confusion", compare="mnist-cnn,doomed")
    expect(matrix(page, "doomed")).to_be_visible()
    shutil.rmtree(folder / "runs" / "doomed")
    page.get_by_role("radio", name="Fractions of the predicted class").click()
    expect(page.get_by_text("doomed was not found")).to_be_visible()
    expect(matrix(page, "doomed")).to_have_count(0)
    expect(matrix(page, "mnist-cnn")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.slow
def test_labelled_images_of_ones_own_are_measured(page, server, tmp_path, digit_image):
    import zipfile

    from core.images import encode_png

    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for digit in range(10):
            archive.writestr(f"mine/{digit}/one.png", encode_png(digit_image(digit)))
        archive.writestr("mine/3/wrong.png", encode_png(digit_image(8)))
        archive.writestr("mine/4/text.png", b"no image")
    open_view(page, server, "own", compare="mnist-cnn")
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_text("Accuracy on your images")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{10 / 11 * 100:.1f} %")
    expect(page.get_by_text("Could not be read: 1 image.")).to_be_visible()
    expect(page.get_by_text("3 → 8")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Accuracy on your images")).to_be_visible()


@pytest.mark.slow
def test_nothing_is_wider_than_a_phone(server, browser):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    open_view(page, server, "leaderboard")
    for radio in page.get_by_role("radiogroup", name="View").get_by_role("radio").all():
        radio.click()
        at_rest(page)
        page.wait_for_function(  # a chart may be wider until it is laid out
            "document.documentElement.scrollWidth <= 390 && "
            "[...document.querySelectorAll('.stMainBlockContainer *')].filter(e => "
            "e.getBoundingClientRect().right > 392 && !e.closest('.stDataFrame, .matrix, canvas')"
            " && !e.matches('input[type=range]')"  # of a slider, clipped to nothing
            " && getComputedStyle(e).position !== 'absolute').length === 0"
        )
    context.close()
