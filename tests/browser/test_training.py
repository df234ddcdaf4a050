"""Training in a real browser, by real processes: start, watch, reload, stop, go on, try out."""

import re
from contextlib import contextmanager, suppress
from urllib.parse import urlencode

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.studio import at_rest
from tests.browser.training import Studio, button, finished, metric
from tests.core.jobs.conftest import processes_in, until

SMALL = {
    "dataset": "digits",
    "step": "model",
    "simple_cnn.filters": "8",
    "simple_cnn.dense_units": "8",
    "simple_cnn.batch_size": "32",
    "simple_cnn.augmentation": "none",
}
LONG = {**SMALL, "simple_cnn.epochs": "300"}
BEGINNING = 90_000  # milliseconds until a network has learned its first epoch: TensorFlow is slow


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    studio_of_its_own = Studio(tmp_path_factory.mktemp("training"))
    yield studio_of_its_own
    for process in processes_in(studio_of_its_own.folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture(scope="module")
def server(folders):
    with folders.serve() as running:
        yield running


@contextmanager
def a_page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(folders, browser):
    """An empty page; what it starts is stopped afterwards."""
    with a_page(browser) as opened:
        yield opened
    folders.clear()


def open_form(page: Page, server, **settings: str) -> None:
    page.goto(f"{server.url}/train?{urlencode(settings)}")
    expect(button(page, "Start training")).to_be_enabled()
    at_rest(page)


def field(page: Page, name: str):
    return page.get_by_label(name, exact=True).first


def set_field(page: Page, name: str, value: str) -> None:
    field(page, name).fill(value)
    field(page, name).press("Tab")
    at_rest(page)


def learning(page: Page, epoch: int = 2) -> None:
    """Wait until that epoch is reached, as the page shows it."""
    expect(metric(page, "Epoch")).to_have_text(re.compile(r"^\d+/\d+$"), timeout=BEGINNING)
    page.wait_for_function(
        """([epoch]) => [...document.querySelectorAll("[data-testid=stMetric]")].some(
            (one) => one.innerText.startsWith("Epoch") &&
            Number(one.innerText.match(/(\\d+)\\//)?.[1]) >= epoch)""",
        arg=[epoch],
        timeout=BEGINNING,
    )


def chart(page: Page):
    return page.locator("[data-testid=stVegaLiteChart] :is(canvas, svg)").first


def run_title(page: Page):
    return page.get_by_role("heading", name="Convolutional network (CNN) · scikit-learn digits")


def test_from_images_to_a_model_that_predicts(page, server, folders):
    page.goto(f"{server.url}/train?dataset=digits")
    expect(page.locator(".gallery dt")).to_have_count(10)
    button(page, "Next: choose a model").click()
    expect(page).to_have_url(re.compile("step=model"))
    expect(button(page, "Start training")).to_be_enabled()
    at_rest(page)
    set_field(page, "Filters in each block", "8")
    set_field(page, "Units of the dense layer", "8")
    set_field(page, "Epochs", "12")
    set_field(page, "Batch size", "32")
    page.get_by_role("textbox", name="Name of the trained model").fill("mine")
    page.keyboard.press("Tab")
    at_rest(page)
    button(page, "Start training").click()

    expect(page).to_have_url(re.compile("step=runs"))
    learning(page)
    expect(page.get_by_text("Training · epoch")).to_be_visible()
    expect(metric(page, "Training accuracy")).to_have_text(re.compile(r"^\d+\.\d %$"))
    expect(chart(page)).to_be_visible()
    page.reload()
    learning(page)
    expect(button(page, "Cancel")).to_be_visible()

    card = finished(page, folders)
    assert (card["id"], card["hyperparameters"]["filters"]) == ("mine", "8")
    assert len(card["history"]) == card["hyperparameters"]["epochs"] == 12
    expect(run_title(page)).to_be_visible()
    expect(chart(page)).to_be_visible()
    verdict = re.compile("good fit|still improving|Overfitting|Underfitting")
    expect(page.get_by_text(verdict).first).to_be_visible()
    page.get_by_role("tab", name="Python code").click()
    expect(page.get_by_text("import keras").first).to_be_visible()

    page.get_by_role("link", name="Try it on the Recognise page").click()
    page.locator(studio.CANVAS).wait_for()
    expect(page).to_have_url(re.compile("runs=mine"))
    studio.draw(page, "0")
    expect(page.locator(studio.PREDICTION).first).to_have_text(re.compile(r"^\d"))
    expect(page.get_by_text("Predicted by Convolutional network (CNN) (mine).")).to_be_visible()


@pytest.mark.slow
def test_a_training_is_cancelled_and_taken_off_the_list(page, server, folders):
    open_form(page, server, **LONG)
    button(page, "Start training").click()
    learning(page)
    button(page, "Cancel").click()
    expect(page.get_by_text("scikit-learn digits: cancelled")).to_be_visible()
    expect(button(page, re.compile("^Resume after epoch"))).to_be_visible()
    expect(button(page, "Stop early")).to_have_count(0)
    assert folders.cards() == {}
    until(lambda: not list((folders.folder / "runs").glob(".*")))
    button(page, "Remove").click()
    button(page, "Yes, remove it").click()
    expect(page.get_by_text("scikit-learn digits: cancelled")).to_have_count(0)


@pytest.mark.slow
def test_a_training_is_finished_early_and_kept(page, server, folders):
    open_form(page, server, **LONG)
    button(page, "Start training").click()
    learning(page, 3)
    button(page, "Stop early").click()
    assert 2 <= len(finished(page, folders)["history"]) < 300
    expect(run_title(page)).to_be_visible()


@pytest.mark.slow
def test_a_training_that_was_killed_goes_on(page, server, folders):
    open_form(page, server, **LONG)
    button(page, "Start training").click()
    learning(page, 3)
    (child,) = folders.children()
    child.kill()
    expect(page.get_by_text("Its process ended unexpectedly")).to_be_visible()
    expect(page.get_by_text("scikit-learn digits: failed")).to_be_visible()
    resume = button(page, re.compile("^Resume after epoch"))
    expect(resume).to_be_visible()
    kept = int(re.search(r"\d+", resume.inner_text())[0])
    assert kept >= 2
    page.reload()  # it is still there after a reload
    resume.click()
    learning(page, kept + 1)
    expect(page.get_by_text("Its process ended unexpectedly")).to_have_count(0)
    button(page, "Stop early").click()
    epochs = [point["epoch"] for point in finished(page, folders)["history"]]
    assert epochs == list(range(1, len(epochs) + 1))
    assert kept < len(epochs) < 300


@pytest.mark.slow
def test_a_training_goes_on_while_the_studio_is_started_again(browser, tmp_path):
    own = Studio(tmp_path)
    try:
        with own.serve() as first, a_page(browser) as page:
            open_form(page, first, **LONG)
            button(page, "Start training").click()
            learning(page)
            (child,) = own.children()
        assert first.process.poll() is not None
        assert child.is_running()
        with own.serve() as second, a_page(browser) as page:
            page.goto(f"{second.url}/train?dataset=digits")
            expect(page.locator(".gallery dt")).to_have_count(10)
            button(page, "Watch it learn").click()
            learning(page, 3)
            assert own.children() == [child]
            button(page, "Cancel").click()
            expect(page.get_by_text("scikit-learn digits: cancelled")).to_be_visible()
    finally:
        own.clear()


@pytest.mark.slow
def test_a_queue_that_was_left_goes_on_when_the_studio_is_opened(browser, tmp_path):
    """The studio, the dispatcher and the training are all ended, as when a machine is."""
    own = Studio(tmp_path)
    quick = {"dataset": "digits", "step": "model", "model": "knn"}
    try:
        with own.serve() as first, a_page(browser) as page:
            open_form(page, first, **LONG)
            button(page, "Start training").click()
            learning(page)
            open_form(page, first, **quick)
            expect(
                page.get_by_text("It will wait in the queue: 1 job ahead of it.")
            ).to_be_visible()
            button(page, "Start training").click()
            expect(page.get_by_text("Waiting in the queue")).to_be_visible()
            for process in processes_in(own.folder / "work"):
                process.kill()
        with own.serve() as second, a_page(browser) as page:
            page.goto(f"{second.url}/train?step=runs")
            expect(page.get_by_text("Its process ended unexpectedly")).to_be_visible()
            heading = page.get_by_role("heading", name="Nearest neighbours (k-NN) · scikit-learn")
            expect(heading.first).to_be_visible()
            assert finished(page, own)["model"] == "knn"
    finally:
        own.clear()


@pytest.mark.slow
def test_what_was_set_outlives_a_reload(page, server):
    open_form(page, server, dataset="mnist", step="model")
    page.get_by_text("More settings").first.click()
    set_field(page, "Filters in each block", "16-32")
    set_field(page, "Epochs", "7")
    set_field(page, "Seed", "5")
    page.get_by_text("Batch normalisation", exact=True).click()
    at_rest(page)
    page.reload()
    expect(button(page, "Start training")).to_be_enabled()
    at_rest(page)
    expect(field(page, "Filters in each block")).to_have_value("16-32")
    expect(field(page, "Epochs")).to_have_value("7")
    expect(field(page, "Seed")).to_have_value("5")
    page.get_by_text("More settings").first.click()
    expect(page.get_by_role("checkbox", name="Batch normalisation")).not_to_be_checked()


@pytest.mark.slow
def test_what_was_typed_counts_although_the_button_is_clicked_at_once(page, server, folders):
    open_form(page, server, dataset="digits", step="model", model="mlp")
    field(page, "Epochs").fill("3")
    button(page, "Start training").click()
    until(folders.cards)
    assert folders.cards()["digits-mlp-1"]["hyperparameters"]["epochs"] == 3


@pytest.mark.slow
def test_a_filter_that_cannot_work_is_told_while_it_is_set(page, server):
    open_form(page, server, **SMALL)
    set_field(page, "Filters in each block", "8-x")
    expect(page.get_by_text("must be one to 6 whole numbers")).to_be_visible()
    expect(button(page, "Start training")).to_be_disabled()
    set_field(page, "Filters in each block", "8-16")
    expect(button(page, "Start training")).to_be_enabled()


@pytest.mark.parametrize("step", ["model", "runs"])
@pytest.mark.slow
def test_nothing_is_wider_than_a_phone(server, browser, step):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{server.url}/train?step={step}")
    last = "Python code: the same" if step == "model" else "Try it on the Recognise page"
    expect(page.get_by_text(last)).to_be_visible()
    at_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
