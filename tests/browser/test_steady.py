"""What must not get lost or go astray: state over pages, deletions, Back, the menu of a phone."""

import shutil

import pytest
from playwright.sync_api import expect

from core.settings import PROJECT_DIR
from tests.browser import studio
from tests.browser.recognising import empty_state, open_upload, png, prediction, upload


def go(page, title: str, heading: str) -> None:
    page.get_by_role("link", name=title).first.click()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    studio.at_rest(page)


def away_and_back(page) -> None:
    go(page, "Train a model", "Train a model")
    go(page, "Recognise", "Recognise")


def under_the_canvas(page, name: str):
    return page.get_by_test_id("stButton").filter(has_text=name).get_by_role("button")


@pytest.mark.slow
def test_a_drawing_outlives_another_page_and_a_clear(page):
    expect(page.locator(".dc-toolbar")).to_be_hidden()
    studio.draw(page, "7")
    expect(prediction(page)).to_have_text("7")
    away_and_back(page)
    expect(prediction(page)).to_have_text("7")
    studio.at_rest(page)
    under_the_canvas(page, "Clear").click()
    expect(empty_state(page)).to_be_visible()
    studio.at_rest(page)
    under_the_canvas(page, "Undo").click()
    expect(prediction(page)).to_have_text("7")


@pytest.mark.slow
def test_uploads_outlive_reload_and_page_and_later_ones_join_them(page):
    open_upload(page)
    upload(page, ("three.png", png(3)), ("eight.png", png(8)))
    expect(page.get_by_role("heading", name="2 of 2 images predicted")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="2 of 2 images predicted")).to_be_visible()
    away_and_back(page)
    expect(page.get_by_role("heading", name="2 of 2 images predicted")).to_be_visible()
    upload(page, ("five.png", png(5)), ("three.png", png(3)))
    expect(page.get_by_role("heading", name="3 of 3 images predicted")).to_be_visible()
    expect(page.get_by_text("Uploaded twice, counted once: three")).to_be_visible()


def test_back_goes_one_step_back_and_pages_keep_their_parameters(page, server):
    go(page, "Compare models", "Compare models")
    page.get_by_role("radio", name="Confusion matrix").click()
    expect(page).to_have_url(f"{server.url}/compare?show=confusion")
    go(page, "Train a model", "Train a model")
    expect(page).to_have_url(f"{server.url}/train")
    page.get_by_role("radio", name="2 · Model").click()
    expect(page).to_have_url(f"{server.url}/train?step=model&model=simple_cnn")
    studio.at_rest(page)
    for chosen, url in (
        ("1 · Images", "/train"),
        ("Confusion matrix", "/compare?show=confusion"),
        ("Leaderboard", "/compare"),
    ):
        page.go_back()
        expect(page.get_by_role("radio", name=chosen)).to_be_checked()
        expect(page).to_have_url(server.url + url)
        studio.at_rest(page)


@pytest.mark.slow
def test_the_menu_of_a_phone_closes(server, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    page.goto(server.url)
    page.locator(studio.CANVAS).wait_for()
    studio.at_rest(page)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Compare models").click()
    expect(page.get_by_role("heading", name="Compare models", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.fixture
def own_runs(tmp_path):
    for name in ("mine-a", "mine-b"):
        folder = tmp_path / "runs" / name
        shutil.copytree(PROJECT_DIR / "saved_models" / "mnist-logistic-regression", folder)
        card = folder / "card.json"
        text = card.read_text("utf-8")
        assert '"owner": "studio"' in text
        card.write_text(text.replace('"owner": "studio"', '"owner": "you"'), "utf-8")
    with studio.serve_studio(tmp_path) as running:
        yield running


@pytest.mark.slow
def test_one_model_is_deleted_and_brought_back_after_a_reload(own_runs, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.goto(f"{own_runs.url}/train?step=runs&run=mine-a")
    expect(page.get_by_role("link", name="Try it on the Recognise page")).to_be_visible()
    studio.at_rest(page)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Delete mine-a?")).to_be_visible()
    yes = page.get_by_role("button", name="Yes, delete it")
    studio.at_rest(page)
    yes.click()
    expect(page.get_by_text("Deleted mine-a.")).to_be_visible()
    expect(yes).to_have_count(0)
    page.reload()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Deleted mine-a.")).to_have_count(0)
    assert sorted(run.name for run in (tmp_path / "runs").iterdir()) == ["mine-a", "mine-b"]
    page.close()
