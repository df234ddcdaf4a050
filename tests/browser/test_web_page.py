"""A run as one HTML file, opened from disk in Chromium with the network off."""

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from core import export, runs, settings
from core.errors import Cancelled, ExportError, ImageError
from core.export import web_page, web_proof
from core.images import decode, encode_png
from core.preprocessing import RECIPES, prepare
from core.progress import Reporter
from core.serving import load_predictor
from tests.browser.comparison_images import clothing, digit_images, photos
from tests.browser.studio import STROKES

NETWORK = "mnist-cnn"
PREDICTED = "#result .label"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with settings.override(work_dir=folder / "work"):
        return export.export(NETWORK, "html", folder / "page.html")


@pytest.fixture
def opened(browser, exported, request):
    """The file in a browser without a network; `requests` are all that it has asked for."""
    options = getattr(request, "param", {})
    context = browser.new_context(offline=True, **options)
    page = context.new_page()
    page.requests, page.failures = [], []
    page.on("request", lambda asked: page.requests.append(asked.url))
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    page.goto(exported.path.as_uri())
    page.evaluate("classifier.ready()")
    yield page
    context.close()


def draw(page, digit: str) -> None:
    box = page.locator("#sheet").bounding_box()
    scale = box["width"] / 320
    for stroke in STROKES[digit]:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * scale, box["y"] + y * scale, steps=4)
            if number == 0:
                page.mouse.down()
        page.mouse.up()


def test_a_stranger_opens_the_file_draws_and_chooses_an_image(exported, opened):
    proof = exported.proof
    assert "network off" in proof.how  # it was proven in a browser, each image chosen in the page
    assert (proof.images, proof.agreement, proof.prepared_agreement) == (200, 1, 1)
    draw(opened, "7")
    expect(opened.locator(PREDICTED)).to_have_text("7")
    opened.get_by_role("button", name="Undo").click()
    expect(opened.locator("#result")).to_have_text("Draw, or choose an image.")
    samples = runs.load(NETWORK).samples()
    content = encode_png(samples.test[0])
    opened.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": content})
    expect(opened.locator(PREDICTED)).to_have_text(str(samples.test_labels[0]))
    opened.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": b"no"})
    expect(opened.locator("#result")).to_contain_text("could not be read as an image")
    outside = [url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))]
    assert (outside, opened.failures) == ([], [])


@pytest.mark.slow
def test_with_the_keyboard_alone(opened):
    opened.locator("#sheet").focus()
    for _ in range(20):
        opened.keyboard.press("Shift+ArrowDown", delay=1)
    expect(opened.locator(PREDICTED)).to_have_text("1")
    opened.keyboard.press("Delete")
    expect(opened.locator("#result")).to_have_text("Draw, or choose an image.")


@pytest.mark.slow
@pytest.mark.parametrize(
    "opened",
    [
        {"color_scheme": theme, "viewport": {"width": width, "height": 800}}
        for theme, width in (("light", 390), ("dark", 1200))
    ],
    indirect=True,
)
def test_axe_finds_nothing_grave_and_nothing_is_wider_than_the_screen(opened):
    draw(opened, "1")
    expect(opened.locator(PREDICTED)).to_have_text("1")
    found = Axe().run(opened).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
@pytest.mark.parametrize("opened", [{"has_touch": True, "is_mobile": True}], indirect=True)
def test_a_finger_draws_and_does_not_scroll(opened):
    box = opened.locator("#sheet").bounding_box()
    send = opened.context.new_cdp_session(opened).send
    for y in range(60, 280, 20):
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + y * box["height"] / 320}
        kind = "touchStart" if y == 60 else "touchMove"
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(opened.locator(PREDICTED)).to_have_text("1")
    assert opened.evaluate("scrollY") == 0


@pytest.mark.slow
def test_a_page_that_fails_in_the_browser_is_refused_in_a_sentence(exported, tmp_path):
    content = exported.path.read_text(encoding="utf-8")
    broken = re.sub(r'(id="model">).*?<', r"\1AAAA<", content)
    (tmp_path / "kit" / "proof").mkdir(parents=True)
    (tmp_path / "kit" / "proof" / "expected.json").write_text("[]")
    (tmp_path / "kit" / "page.html").write_text(broken, encoding="utf-8")
    with pytest.raises(ExportError, match="The page failed in Chrome"):
        web_proof.through_page(tmp_path / "kit" / "page.html", Reporter())


@pytest.mark.slow
def test_a_proof_that_is_cancelled_ends_its_browser(tmp_path):
    proving = []

    def tell(progress) -> None:
        proving.append(progress.stage == "proving")

    report = Reporter(tell, should_stop=lambda: sum(proving) > 50, cancelled="It was cancelled.")
    with settings.override(work_dir=tmp_path / "work"), pytest.raises(Cancelled):
        export.export(NETWORK, "html", tmp_path / "page.html", report=report)
    assert list(tmp_path.rglob("*.html")) == []
    work = str(tmp_path).encode()
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if work in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has just ended
        return b""


COMPARE = """async ([recipe, shape, content]) => {
  const file = await (await fetch("data:image/png;base64," + content)).blob();
  try {
    const pixels = await modules.reading.readFile(file);
    const { items, rows } = modules.recipes.RECIPES[recipe](modules.planes.fromRgba(pixels), shape);
    return { rows, items: items.map((planes) => Array.from(modules.recipes.toInput(planes))) };
  } catch (error) {
    return { error: error.message };
  }
}"""

EXPOSED = "\nself.modules = modules;"


@pytest.fixture(scope="module")
def preparing(browser):
    """`preparing(recipe, content, shape)`: a batch as JavaScript prepares it, or an error."""
    page = browser.new_page()
    page.add_script_tag(content=web_page.script("recipes", "reading") + EXPOSED)

    def prepared(recipe: str, content: bytes, shape: tuple[int, int, int]):
        found = page.evaluate(COMPARE, [recipe, shape, base64.b64encode(content).decode()])
        if "error" in found:
            return found["error"]
        return np.array(found["items"], np.uint8).reshape(-1, *shape), tuple(found["rows"])

    yield prepared
    page.close()


def in_python(recipe: str, content: bytes, shape: tuple[int, int, int]):
    try:
        prepared = prepare(recipe, decode(content), shape)
    except ImageError as error:
        return str(error)
    return prepared.batch, prepared.rows


@pytest.mark.parametrize("count", [1, pytest.param(50, marks=pytest.mark.slow)])
def test_digits_are_prepared_as_in_python(preparing, count):
    """Of each kind of image; 50 of each are 500 in all."""
    predict = load_predictor(runs.load(NETWORK)).probabilities
    for kind, images, least in digit_images(count):
        same = []
        for image in images:
            asked = "mnist_digit", encode_png(image), (28, 28, 1)
            received, expected = preparing(*asked), in_python(*asked)
            if isinstance(expected, str) or isinstance(received, str):
                same.append(received == expected)
                continue
            labels = [predict(batch).argmax(1).tolist() for batch, _ in (received, expected)]
            same.append(received[1] == expected[1] and labels[0] == labels[1])
        assert np.mean(same) >= least, (kind, same)


@pytest.mark.parametrize(
    ("recipe", "shape", "make"),
    [
        ("optdigits_digit", (8, 8, 1), lambda: next(iter(digit_images(4)))[1]),
        ("fashion_item", (28, 28, 1), clothing),
        ("photo", (32, 32, 3), photos),
        ("photo", (96, 64, 1), photos),
        ("photo_centre", (48, 64, 3), photos),
    ],
)
def test_other_recipes_give_the_same_pixels(preparing, recipe, shape, make):
    known = {"mnist_digit", "optdigits_digit", "fashion_item", "photo", "photo_centre"}
    assert set(RECIPES) == known
    for image in make():
        asked = recipe, encode_png(image), shape
        received, expected = preparing(*asked), in_python(*asked)
        away = np.abs(received[0].astype(int) - expected[0])
        assert away.max() <= 1, (image.shape, away.max())


@pytest.mark.parametrize("recipe", ["mnist_digit", "fashion_item"])
def test_what_shows_nothing_is_told_in_the_words_of_the_studio(preparing, recipe):
    asked = recipe, encode_png(np.full((64, 48), 200, np.uint8)), (28, 28, 1)
    assert preparing(*asked) == in_python(*asked)


@pytest.mark.parametrize("ink", [0, 255])
def test_transparency_is_laid_on_the_ground_that_shows_the_ink(preparing, ink):
    pixels = np.full((40, 40, 4), ink, np.uint8)
    pixels[..., 3] = 0
    pixels[8:32, 18:23, 3] = 255
    asked = "mnist_digit", cv2.imencode(".png", pixels)[1].tobytes(), (28, 28, 1)
    np.testing.assert_array_equal(preparing(*asked)[0], in_python(*asked)[0])
