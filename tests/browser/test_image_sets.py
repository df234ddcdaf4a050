"""Images chosen class by class on the Train page, on a desk and on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.own_images import do_import, give_name, go_to_own_images, make_image

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
HOW = "Give each class a name"


def images(folder: Path, count: int, first: int) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(make_image(first + number))
    return paths


def name_class(page: Page, place: int, name: str) -> None:
    field = page.get_by_role("textbox", name=f"Name of class {place}")
    field.fill(name)
    field.press("Enter")
    studio.at_rest(page)


def choose(page: Page, place: int, paths: list[Path], total: int) -> None:
    row = page.locator(f".st-key-image_set_{place}")
    row.locator("input[type=file]").set_input_files(paths)
    expect(row.get_by_text(f"{total} images", exact=True)).to_be_visible()
    studio.at_rest(page)


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.slow
def test_classes_are_put_together_and_imported(server, browser, tmp_path, size):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{server.url}/train")
    page.get_by_text("Dataset", exact=True).wait_for()
    go_to_own_images(page)
    page.get_by_text("Class by class").click()
    expect(page.get_by_text(HOW)).to_be_visible()
    first = 1000 * (1 + list(SIZES).index(size))
    name_class(page, 1, "süße Äpfel 🍎")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image at all")
    choose(page, 1, [*images(tmp_path / "a", 11, first), broken], 11)
    expect(page.get_by_text("1 file was left out:")).to_be_visible()
    name_class(page, 2, "Süße äpfel 🍎")
    expect(page.get_by_text("Another class has this name too").first).to_be_visible()
    name_class(page, 2, "test")
    choose(page, 2, images(tmp_path / "b", 10, first + 100), 10)
    expect(page.get_by_text("Found 21 images in 2 classes")).to_be_visible()

    page.reload()  # as after a change of page, everything is still there
    expect(page.get_by_role("textbox", name="Name of class 1")).to_have_value("süße Äpfel 🍎")
    page.get_by_role("button", name="Add a class").click()
    name_class(page, 3, "c")
    choose(page, 3, images(tmp_path / "c", 10, first + 200), 10)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    give_name(page, f"Sets {size}")
    do_import(page)
    expect(page.get_by_text(f"“Sets {size}” is ready: 31 images in 3 classes")).to_be_visible()
    context.close()
