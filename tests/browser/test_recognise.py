"""The main journeys of the first page, in a real Chromium against the real server."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.datasets import sample_images
from tests.browser import studio
from tests.browser.recognising import empty_state, open_upload, png, prediction, upload


def photo(digit: int) -> bytes:
    """A JPEG photo of a digit on paper: warm light falling off, grain, a margin."""
    rng = np.random.default_rng(digit)
    ink = Image.fromarray(sample_images("mnist")[digit][..., 0]).resize((360, 360))
    paper = np.full((600, 800), 225.0)
    paper[120:480, 220:580] -= np.asarray(ink) * 0.65
    rows, columns = np.mgrid[0:600, 0:800]
    paper *= 1.05 - 0.4 * columns / 800 - 0.1 * rows / 600
    paper += rng.normal(0, 4, paper.shape)
    colours = np.clip(paper[..., None] * (1.0, 0.97, 0.88), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "JPEG", quality=85)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.slow
def test_an_empty_canvas_asks_to_draw(page):
    expect(empty_state(page)).to_be_visible()
    expect(page.get_by_text("Draw a digit from 0 to 9")).to_be_visible()


def test_a_drawn_digit_is_classified_explained_and_compared(page):
    studio.draw(page, "7")
    expect(prediction(page)).to_have_text("7")
    expect(page.locator(".bars").first.locator("dt")).to_have_count(10)
    expect(page.get_by_text("Centred", exact=True)).to_be_visible()
    expect(page.locator(".prediction.small b")).to_have_text(["7", "7", "7"])


def press(page: Page, button) -> None:
    """Click as a person does: once the canvas has taken up what was clicked before."""
    studio.at_rest(page)
    button.get_by_role("button").click()


@pytest.mark.slow
def test_undo_and_redo_by_the_buttons_under_the_canvas(page):
    undo, redo = (page.get_by_test_id("stButton").filter(has_text=n) for n in ("Undo", "Redo"))
    expect(undo.get_by_role("button")).to_be_disabled()
    studio.draw(page, "7", offset=(-30, 60), size=0.6)
    expect(prediction(page)).to_have_text("7")
    studio.draw(page, "1", offset=(130, 60), size=0.6)
    expect(prediction(page)).to_have_text("71")
    press(page, undo)
    expect(prediction(page)).to_have_text("7")
    press(page, undo)
    expect(empty_state(page)).to_be_visible()
    press(page, redo)
    expect(prediction(page)).to_have_text("7")
    press(page, redo)
    expect(prediction(page)).to_have_text("71")
    expect(redo.get_by_role("button")).to_be_disabled()


@pytest.mark.slow
def test_a_new_stroke_ends_what_can_be_redone(page):
    undo, redo = (page.get_by_test_id("stButton").filter(has_text=n) for n in ("Undo", "Redo"))
    studio.draw(page, "0")
    expect(prediction(page)).to_have_text("0")
    press(page, undo)
    expect(empty_state(page)).to_be_visible()
    expect(redo.get_by_role("button")).to_be_enabled()
    studio.at_rest(page)
    studio.draw(page, "7")
    expect(prediction(page)).to_have_text("7")
    expect(redo.get_by_role("button")).to_be_disabled()


@pytest.mark.slow
def test_clear_empties_the_canvas_again_and_again(page):
    for digit in ("1", "0"):
        studio.draw(page, digit)
        expect(prediction(page)).to_have_text(digit)
        page.get_by_role("button", name="Clear").click()
        expect(empty_state(page)).to_be_visible()


@pytest.mark.slow
def test_two_digits_are_read_from_left_to_right(page):
    studio.draw(page, "7", offset=(-30, 60), size=0.6)
    studio.draw(page, "1", offset=(130, 60), size=0.6)
    expect(prediction(page)).to_have_text("71")
    expect(page.get_by_role("tab")).to_have_count(2)


@pytest.mark.parametrize("sample", ["2026", "3"])
@pytest.mark.slow
def test_a_sample_is_put_on_the_canvas_and_read(page, sample):
    page.get_by_role("button", name=sample, exact=True).click()
    expect(prediction(page)).to_have_text(sample)
    page.get_by_role("button", name="Clear").click()
    expect(empty_state(page)).to_be_visible()


def test_a_drawing_outlives_a_reload(page):
    studio.draw(page, "7")
    expect(prediction(page)).to_have_text("7")
    page.reload()
    expect(prediction(page)).to_have_text("7")
    page.get_by_role("button", name="Clear").click()
    expect(empty_state(page)).to_be_visible()


@pytest.mark.slow
def test_a_sample_clicked_before_the_script_of_the_canvas_is_there(page):
    held = []
    page.route("**/*drawable*/**/*.js", lambda route: held.append(route))
    page.reload()
    page.get_by_role("button", name="7", exact=True).click()
    expect(page.get_by_role("button", name="Clear")).to_be_enabled()
    assert page.locator(studio.CANVAS).count() == 0
    held.pop().continue_()
    expect(prediction(page)).to_have_text("7")


@pytest.mark.slow
def test_a_drawing_outlives_a_look_at_another_source(page):
    studio.draw(page, "7")
    expect(prediction(page)).to_have_text("7")
    open_upload(page)
    expect(empty_state(page)).to_be_visible()
    page.get_by_role("radio", name="Draw").click()
    expect(prediction(page)).to_have_text("7")
    page.get_by_role("button", name="Clear").click()
    expect(empty_state(page)).to_be_visible()


def test_drawing_by_touch_on_a_phone(server, browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(server.url)
    canvas = page.locator(studio.CANVAS)
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    touch = context.new_cdp_session(page)
    points = [(box["x"] + x, box["y"] + y) for x, y in studio.STROKES["7"][0]]
    touch_at(touch, "touchStart", points[0])
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        for part in np.linspace(0.2, 1, 5):
            touch_at(touch, "touchMove", (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part))
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(prediction(page)).to_have_text("7", timeout=20_000)
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def touch_at(session, kind: str, point: tuple[float, float]) -> None:
    session.send(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": point[0], "y": point[1]}]},
    )


def test_a_photo_is_read(page):
    open_upload(page)
    upload(page, ("photo.jpg", photo(5)))
    expect(prediction(page)).to_have_text("5")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.png", b"these are only words\n" * 20, "not an image the studio knows"),
        pytest.param("nothing.png", b"", "The file is empty", marks=pytest.mark.slow),
        pytest.param("half.png", png(3)[:120], "damaged or cut off", marks=pytest.mark.slow),
        pytest.param(
            "vast.png", png_header(30_000, 30_000), "too many pixels", marks=pytest.mark.slow
        ),
    ],
)
@pytest.mark.few(1)
def test_a_bad_file_gives_one_sentence_and_the_page_goes_on(page, name, content, sentence):
    open_upload(page)
    upload(page, (name, content))
    alert = page.get_by_role("alert").filter(has_text=sentence)
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text(name)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.get_by_role("radio", name="Draw").click()
    page.locator(studio.CANVAS).wait_for()
    studio.draw(page, "7")
    expect(prediction(page)).to_have_text("7")


def test_many_uploads_become_a_table_and_a_csv(page):
    open_upload(page)
    upload(page, ("three.png", png(3)), ("eight.png", png(8)), ("bad.png", b"no"))
    expect(page.get_by_role("heading", name="2 of 3 images predicted")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("bad.png: The file is not an image")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this table as CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "file,label,confidence,second,remark," + ",".join(
        f"p({label})" for label in range(10)
    )
    assert [line.split(",")[:2] for line in lines[1:3]] == [["three.png", "3"], ["eight.png", "8"]]
    assert "not an image" in lines[3]


@pytest.mark.slow
def test_uploads_outlive_a_reload(page):
    open_upload(page)
    upload(page, ("three.png", png(3)))
    expect(prediction(page)).to_have_text("3")
    page.reload()
    expect(prediction(page)).to_have_text("3")
    page.get_by_role("button", name="Remove these images").click()
    expect(prediction(page)).to_have_text("3")  # it asks first
    page.get_by_role("button", name="Yes, remove them").click()
    expect(empty_state(page)).to_be_visible()


@pytest.mark.slow
def test_an_unsure_prediction_is_marked(page):
    page.get_by_text("Settings: models and confidence").click()
    slider = page.get_by_role("slider", name="Confidence threshold")
    slider.focus()
    slider.press("End")
    page.get_by_role("button", name="4", exact=True).click()
    expect(prediction(page)).to_have_text("4?")
    expect(page.get_by_text("not sure (")).to_be_visible()


def test_a_photo_of_anything_has_groups_that_unfold_and_a_search(page):
    page.get_by_role("radio", name="Photos").click()
    page.get_by_role("button", name="Coffee", exact=True).click()
    expect(prediction(page)).to_have_text("espresso")
    groups = page.locator(".groups")
    expect(groups.get_by_text("drink", exact=True)).to_be_visible()  # it is likely, so unfolded
    other = groups.locator("details", has_text="thing").first
    other.locator("summary").first.click()
    expect(other).to_have_attribute("open", "")
    studio.at_rest(page)
    search = page.get_by_role("textbox", name="Search the classes")
    search.fill("wine")
    search.press("Enter")
    expect(page.get_by_text("red wine", exact=True).first).to_be_visible()
    page.get_by_role("radio", name="Ten classes").click()
    expect(page.locator(".groups")).to_have_count(0)
