"""Look inside a network, in a real Chromium: its arithmetic, its keys, how fast it follows."""

import base64

import numpy as np
import pytest

from core import runs
from core.datasets import sample_images
from core.explain import network_of
from core.explain.inside import describe_inside
from core.explain.packing import Packer
from pages.components.recognise import inside
from pages.components.shared import drawn
from tests.core.explain.test_inside import built_network

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
