"""Look inside a network, in a real Chromium: its arithmetic and its keys."""

import base64
import re
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import expect

from core import runs
from core.datasets import sample_images
from core.explain import network_of
from core.explain.inside import describe_inside
from core.explain.packing import Packer
from core.training import TrainConfig, train
from pages.components.recognise import inside
from pages.components.shared import drawn
from tests.browser import studio
from tests.browser.test_accessibility import grave
from tests.core.explain.test_inside import built_network
from tests.overriding import use

ARITHMETIC = drawn.script(inside.FOLDER / "arithmetic.js")
# Every number of every row, by the functions that the page computes with.
LARGEST_DIFFERENCE = (
    "async content => {"
    + ARITHMETIC
    + """
    const bytes = Uint8Array.from(atob(content), one => one.charCodeAt(0));
    const {rows} = unpacked(bytes), found = [];
    rows.forEach((row, index) => {
        let count = 0, off = 0;
        const [height, width, depth] = row.shape;
        const values = row.values ? row.values.numbers.data : [];
        const most = Math.max(...values.map(Math.abs));
        for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
            for (let c = 0; c < depth; c++) {
                const expected = numberAt(row, y, x, c), made = computed(rows, index, y, x, c);
                if (expected === undefined || !made?.complete) continue;
                const scale = row.kind === 'resize' ? most : Math.max(1, Math.abs(expected));
                off = Math.max(off, Math.abs(made.value - expected) / scale);
                count++;
            }
        }
        found.push({kind: row.kind, count, off});
    });
    return found;
}"""
)


def sent(network, image: np.ndarray, opened: int | None = None) -> str:
    packer = Packer()
    content = packer.pack(describe_inside(network, image, packer, opened))
    return base64.b64encode(content).decode()


@pytest.fixture
def blank(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_the_arithmetic_of_the_page_is_that_of_the_network(blank):
    rng = np.random.default_rng(4)
    photo = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    large = network_of(runs.load("cifar10-efficientnet-lite0"))
    depthwise = next(place for place, row in enumerate(large.rows) if row.groups > 1)
    for content in (
        sent(network_of(runs.load("mnist-cnn")), sample_images("mnist")[4]),
        sent(built_network(), photo[:9, :7]),
        sent(large, photo, depthwise),
    ):
        rows = blank.evaluate(LARGEST_DIFFERENCE, content)
        assert max(row["off"] for row in rows) < 1e-4
        explained = [row for row in rows if row["count"]]
        assert explained
        if content != sent(large, photo, depthwise):
            assert len(explained) == sum(row["kind"] not in ("input", "other") for row in rows)


@pytest.fixture
def frames(page):
    """What the page sends to the server: a rerun is asked for by a message."""
    found = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: found.append(sent)))
    page.reload()
    page.locator(studio.CANVAS).wait_for()
    return found


def values(panel, name: str) -> list[float]:
    """The numbers of that name which are shown, unrounded."""
    shown = panel.locator(f'[data-name="{name}"]')
    return [float(text) for text in shown.evaluate_all("all => all.map(e => e.dataset.value)")]


# How many places are shown while the mouse moves over a map, each as soon as it is there.
HOVER = """canvas => {
    const box = canvas.getBoundingClientRect(), heads = new Set();
    const panel = canvas.closest('.panel');
    for (let step = 1; step < 20; step++) {
        const at = {clientX: box.left + box.width * step / 20, clientY: box.top + box.height / 2};
        canvas.dispatchEvent(new PointerEvent('pointermove', {...at, bubbles: true}));
        heads.add(panel.querySelector('h5').textContent);
    }
    return heads.size;
}"""


def test_from_a_drawing_to_the_arithmetic_of_a_pixel(page, frames):
    studio.draw(page, "7")
    expect(page.locator(studio.PREDICTION).first).to_have_text("7")
    page.get_by_text("Show the layers of the network").click()
    expect(page).to_have_url(re.compile("inside=true"))
    page.locator('[data-row="12"]').wait_for()
    studio.at_rest(page)
    before = len(frames)
    page.locator('[data-row="2"] .map').nth(3).click()
    panel = page.locator(".panel")
    assert panel.locator(".large canvas").evaluate(HOVER) > 5
    panel.locator(".large canvas").click(position={"x": 120, "y": 130})
    total = sum(values(panel, "channel") + values(panel, "rest"))
    (summed,), (bias,), (served,) = (values(panel, name) for name in ("sum", "bias", "served"))
    assert summed == pytest.approx(total, abs=1e-6)
    assert max(summed + bias, 0) == pytest.approx(served, abs=1e-4)
    assert sum(values(panel, "product")) == pytest.approx(values(panel, "chosen")[0], abs=1e-6)

    head = panel.locator("h5").inner_text()
    panel.locator(".large canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(panel.locator("h5")).not_to_have_text(head)
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.locator('[data-row="12"] .class[data-channel="7"]').press("Enter")
    assert values(panel, "value" if values(panel, "value") else "before")[-1] > 0.5
    slider = page.get_by_label("Move the drawing to the right, in pixels")
    slider.focus()
    slider.press("End")
    expect(page.locator('[data-name="predicted"]').first).to_have_text("7")
    assert len(frames) == before  # all of it without a rerun
    assert grave(page) == []


@pytest.mark.slow
def test_rows_of_a_large_network_are_opened(browser, server):
    with studio_page(browser, 390, "dark") as page:
        page.goto(f"{server.url}/?runs=imagenet-efficientnet-lite0&from=upload&inside=true")
        page.get_by_role("button", name="Cat", exact=True).click()
        page.locator(".inside summary").nth(1).click()
        page.locator(".inside details").nth(1).locator(".map").nth(2).click()
        page.locator(".panel .served").wait_for()
        (served,) = values(page.locator(".panel"), "served")
        assert values(page.locator(".panel"), "value")[-1] == pytest.approx(served, abs=1e-4)
        studio.at_rest(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert grave(page) == []


@pytest.mark.slow
def test_a_training_is_replayed(browser, tmp_path, monkeypatch):
    use(monkeypatch, runs_dir=tmp_path / "runs")
    values_of = {"filters": "8", "dense_units": 8, "epochs": 3, "augmentation": "none"}
    train(TrainConfig("digits", "simple_cnn", values_of, "tiny"))
    with studio.serve_studio(tmp_path) as running, studio_page(browser, 1280, "light") as page:
        page.goto(f"{running.url}/compare?compare=tiny&show=curves&replay=true")
        slider = page.get_by_role("slider", name="Epoch")
        expect(page.get_by_text("Epoch 3 of 3", exact=True)).to_be_visible()
        expect(page.locator(".filters canvas")).to_have_count(8)
        slider.press("Home")
        expect(page.get_by_text("Epoch 1 of 3", exact=True)).to_be_visible()
        page.get_by_role("button", name="Play", exact=True).click()
        expect(page.get_by_text("Epoch 3 of 3", exact=True)).to_be_visible()
        correct = int(page.locator(".score").get_attribute("data-correct"))
        expect(page.locator(".hit")).to_have_count(correct)
        studio.at_rest(page)
        assert grave(page) == []
        page.goto(f"{running.url}/compare?compare=mnist-cnn&show=curves&replay=true")
        expect(page.get_by_text("trained before recordings existed")).to_be_visible()


@contextmanager
def studio_page(browser, width: int, theme: str):
    context = browser.new_context(
        viewport={"width": width, "height": 1400},
        color_scheme=theme,
        reduced_motion="no-preference",
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
