"""The Train page in a real browser: bring images, look at them, cancel, reload."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core.images import encode_png
from tests.browser import studio
from tests.browser.own_images import choose, do_import, give_name, go_to_own_images, make_image


def write_class(folder: Path, count: int, first: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.png").write_bytes(make_image(first + number))
    return folder


def zip_of(path: Path, classes: dict[str, int]) -> Path:
    seed = 0
    with zipfile.ZipFile(path, "w") as archive:
        for name, count in classes.items():
            for number in range(count):
                archive.writestr(f"{path.stem}/{name}/{number}.png", make_image(seed))
                seed += 1
    return path


@pytest.fixture
def train(server, browser):
    """The Train page, opened by its own address."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(20_000)
    opened = context.new_page()
    opened.goto(f"{server.url}/train")
    opened.get_by_text("Dataset", exact=True).wait_for()
    yield opened
    context.close()


def test_the_page_is_whole_when_it_is_the_first_one_opened(train):
    expect(train.get_by_role("link", name="Recognise", exact=True)).to_be_visible()
    expect(train.locator(".gallery dt")).to_have_count(10)


@pytest.mark.slow
def test_a_zip_is_imported_and_looked_at(train, tmp_path):
    path = zip_of(tmp_path / "fruit.zip", {"apple": 60, "pear": 12})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("fruit/apple/broken.png", b"")
        archive.writestr("fruit/apple/copy.png", make_image(0))
        archive.writestr("fruit/.DS_Store", b"hidden")
    go_to_own_images(train)
    choose(train, path)
    expect(train.get_by_text("Found 74 images in 2 classes")).to_be_visible()
    do_import(train)
    expect(train.get_by_text("“fruit” is ready: 72 images in 2 classes")).to_be_visible()
    train.get_by_role("button", name="Look at it").click()
    expect(train.locator(".gallery dt")).to_have_text(["apple60", "pear12"])
    expect(train.locator(".gallery dd").first.locator("img")).to_have_count(10)

    train.get_by_role("tab", name="Classes and split").click()
    expect(train.get_by_text("5.0 times as many images of “apple”")).to_be_visible()
    expect(train.locator("[data-testid=stVegaLiteChart] :is(canvas, svg)").first).to_be_visible()
    train.get_by_role("tab", name="Left out (2)").click()
    expect(train.get_by_text("2 files were left out.")).to_be_visible()
    expect(train.get_by_text("1 hidden files")).to_be_visible()

    train.reload()
    expect(train.locator(".gallery dt")).to_have_text(["apple60", "pear12"])

    go_to_own_images(train)
    choose(train, path)
    expect(train.get_by_text("already a dataset named 'fruit'")).to_be_visible()
    expect(train.get_by_role("button", name="Import these images")).to_be_disabled()
    give_name(train, "More fruit")
    do_import(train)
    expect(train.get_by_text("“More fruit” is ready")).to_be_visible()


@pytest.mark.slow
def test_a_directory_is_imported(train, tmp_path):
    write_class(tmp_path / "birds" / "robin", 11, 100)
    write_class(tmp_path / "birds" / "wren", 11, 200)
    go_to_own_images(train, "Folders")
    choose(train, tmp_path / "birds")
    expect(train.get_by_text("Found 22 images in 2 classes")).to_be_visible()
    do_import(train)
    expect(train.get_by_text("“birds” is ready: 22 images in 2 classes")).to_be_visible()


@pytest.mark.slow
def test_class_folders_come_one_after_another_and_outlive_a_reload(train, tmp_path):
    go_to_own_images(train, "Folders")
    choose(train, write_class(tmp_path / "red", 10, 300))
    expect(train.get_by_text("There is only one class, 'red'")).to_be_visible()
    train.reload()
    go_to_own_images(train, "Folders")
    expect(train.get_by_text("There is only one class, 'red'")).to_be_visible()
    choose(train, write_class(tmp_path / "green", 10, 400))
    expect(train.get_by_text("Found 20 images in 2 classes")).to_be_visible()
    choose(train, write_class(tmp_path / "blue", 10, 500))
    expect(train.get_by_text("Found 30 images in 3 classes")).to_be_visible()
    give_name(train, "Colours")
    do_import(train)
    expect(train.get_by_text("“Colours” is ready: 30 images in 3 classes")).to_be_visible()


@pytest.mark.slow
def test_an_import_is_found_again_after_a_reload_and_cancelled(train, tmp_path):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:  # small files that take long to read
        for number in range(1000):
            large = encode_png(np.full((2400, 2400), number // 4, np.uint8))
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", large)
    go_to_own_images(train)
    choose(train, path)
    do_import(train)
    train.get_by_role("button", name="Cancel").wait_for()
    train.reload()
    go_to_own_images(train)
    train.get_by_role("button", name="Cancel").click()
    expect(train.get_by_text("The last attempt was cancelled")).to_be_visible()
    expect(train.get_by_role("button", name="Import these images")).to_be_enabled()
    start_over = train.get_by_role("button", name="Start over")
    expect(start_over).to_have_count(1)  # for an instant, the old page is there too
    start_over.click()
    train.get_by_role("button", name="Yes, remove it").click()
    expect(train.get_by_text("is uploaded")).to_have_count(0)


@pytest.mark.slow
def test_a_zip_that_is_refused_says_why(train, tmp_path):
    path = tmp_path / "escape.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside.png", make_image(1))
    go_to_own_images(train)
    choose(train, path)
    expect(train.get_by_text("leads out of it")).to_be_visible()
    expect(train.get_by_role("button", name="Import these images")).to_have_count(0)


@pytest.mark.slow
def test_a_path_on_the_machine_is_imported(train, tmp_path):
    write_class(tmp_path / "tools" / "saw", 10, 600)
    write_class(tmp_path / "tools" / "axe", 10, 700)
    go_to_own_images(train, "A path on this machine")
    field = train.get_by_role("textbox", name="Path of a folder or zip file")
    field.fill(str(tmp_path / "tools"))
    field.press("Enter")
    expect(train.get_by_text("Found 20 images in 2 classes")).to_be_visible()
    do_import(train)
    expect(train.get_by_text("“tools” is ready: 20 images in 2 classes")).to_be_visible()
    train.get_by_role("button", name="Look at it").click()
    train.get_by_role("button", name="Delete this dataset").click()
    train.get_by_role("button", name="Yes, delete it").click()
    expect(train.get_by_role("heading", name="MNIST")).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.slow
def test_nothing_is_wider_than_a_phone(server, browser, scheme):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{server.url}/train")
    expect(page.locator(".gallery dt")).to_have_count(10)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.slow
def test_a_download_that_fails_says_where_to_put_the_file(browser, tmp_path):
    """Without a network: a studio of its own whose connections lead nowhere."""
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    folders = {
        "STUDIO_DATA_DIR": str(tmp_path / "data"),
        "STUDIO_WORK_DIR": str(tmp_path / "work"),
        "STUDIO_RUNS_DIR": str(tmp_path / "runs"),
    }
    with studio.serve(studio.PROJECT / "app.py", tmp_path, {**nowhere, **folders}) as server:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{server.url}/train?dataset=cifar10")
        page.get_by_role("button", name="Download").click()
        alert = page.get_by_test_id("stAlertContentError")
        expect(alert.get_by_text("could not be downloaded")).to_be_visible()
        expect(alert.get_by_text("save it as").first).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        context.close()
    assert [path for path in (tmp_path / "data").iterdir()] == []
