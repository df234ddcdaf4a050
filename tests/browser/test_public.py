"""A public demo in a real browser: two visitors, neither of whom comes upon what the other does."""

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import psutil
import pytest
from playwright.sync_api import Page, expect

from core.images import encode_png
from core.runs import BUNDLED
from tests.browser import studio
from tests.browser.studio import at_rest
from tests.core.jobs.conftest import processes_in

SECRET = re.compile("secret", re.IGNORECASE)
HEADINGS = {"": "Recognise", "train": "Train a model", "compare": "Compare models"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[Path]:
    own = tmp_path_factory.mktemp("public")
    yield own
    for process in processes_in(own):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture(scope="module")
def server(folder):
    places = {f"STUDIO_{name.upper()}_DIR": str(folder / name) for name in ("data", "runs", "work")}
    with studio.serve(studio.PROJECT / "app.py", folder, {**places, "STUDIO_PUBLIC": "1"}) as own:
        yield own


@pytest.fixture
def visitor(browser) -> Iterator[Callable[[], Page]]:
    """`visitor()`: an empty page of somebody who was never here before."""
    contexts = []

    def come() -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 1600}))
        contexts[-1].set_default_timeout(20_000)
        return contexts[-1].new_page()

    yield come
    for context in contexts:
        context.close()


@pytest.fixture
def secrets(tmp_path) -> Path:
    """A zip of two classes with twelve tiny images each; in every name there is “secret”."""
    path = tmp_path / "secretfruit.zip"
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("secretapple", "secretpear"):
            for number in range(12):
                image = rng.integers(0, 256, (8, 8, 3), np.uint8)
                archive.writestr(f"{name}/{number}.png", encode_png(image))
    return path


def open_page(page: Page, server, name: str = "", **address: str) -> None:
    follow(page, f"{server.url}/{name}?{urlencode(address)}")


def follow(page: Page, url: str) -> None:
    """Open the very address somebody else has open."""
    page.goto(url)
    heading = HEADINGS[urlsplit(url).path.strip("/")]
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    at_rest(page)


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def asked(page: Page, name: str) -> str:
    """What stands in the address."""
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def written(page: Page, url: str = "") -> str:
    """All that stands on the page but the names its address asked for, which a warning repeats."""
    text = page.locator("[data-testid=stMain]").inner_text()
    for values in parse_qs(urlsplit(url).query).values():
        for name in values[0].split(","):
            text = text.replace(f"{name} was not found", "")
    return text


def draw(page: Page, server, digit: str) -> None:
    open_page(page, server)
    page.locator(studio.CANVAS).wait_for()
    studio.draw(page, digit)
    expect(page.locator(studio.PREDICTION).first).to_have_text(digit)
    expect(page).to_have_url(re.compile("sketch="))
    at_rest(page)


@pytest.mark.slow
def test_a_drawing_is_seen_by_who_drew_it_alone(server, visitor):
    first, second = visitor(), visitor()
    draw(first, server, "7")
    expect(first.get_by_text("Public demo.")).to_be_visible()

    follow(second, first.url)
    expect(second.get_by_text("Public demo.")).to_be_visible()
    expect(second.get_by_role("heading", name="No image yet")).to_be_visible()
    expect(second.locator(studio.PREDICTION)).to_have_count(0)
    studio.draw(second, "1")
    expect(second.locator(studio.PREDICTION).first).to_have_text("1")
    assert asked(second, "sketch") == asked(first, "sketch")

    first.reload()
    expect(first.locator(studio.PREDICTION).first).to_have_text("7")


@pytest.mark.slow
def test_what_one_brings_and_trains_no_other_sees(server, visitor, secrets):
    first, second = visitor(), visitor()

    open_page(first, server, "train", dataset="+own")
    expect(first.get_by_text("A path on this machine")).to_have_count(0)
    uploader = first.locator("[data-testid=stFileUploader] input[type=file]")
    uploader.set_input_files(secrets)
    expect(first.get_by_text("Found 24 images in 2 classes")).to_be_visible()
    sent = first.url
    assert asked(first, "upload")
    follow(second, sent)
    assert not SECRET.search(written(second))

    button(first, "Import these images").click()
    expect(first.get_by_text("“secretfruit” is ready: 24 images")).to_be_visible()
    button(first, "Look at it").click()
    expect(first.locator(".gallery dt")).to_have_text(["secretapple12", "secretpear12"])
    at_rest(first)
    looked_at, dataset = first.url, asked(first, "dataset")

    open_page(first, server, "train", dataset=dataset, step="model", model="logistic_regression")
    button(first, "Start training").click()
    expect(first).to_have_url(re.compile("run=secretfruit"))  # it has ended, and is shown
    expect(first.get_by_role("heading", name="Logistic regression · secretfruit")).to_be_visible()
    expect(button(first, "Delete")).to_be_visible()
    at_rest(first)
    watched, run = first.url, asked(first, "run")

    expected = {  # what the second one sees where the first one has seen what is theirs
        looked_at: "70,000 handwritten digits",
        f"{server.url}/train?{urlencode({'dataset': dataset, 'step': 'model'})}": "MNIST: about",
        watched: f"All {len(BUNDLED)} trained models as a table",  # those that are bundled
        f"{server.url}/compare?compare={run}": "was not found",
        f"{server.url}/?runs={run}": "Draw a digit",
    }
    for url, sentence in expected.items():
        follow(second, url)
        expect(second.get_by_text(sentence).first).to_be_visible()
        assert not SECRET.search(written(second, url)), url
        echoes = second.get_by_text("was not found").get_by_text(SECRET).count()
        expect(second.get_by_text(SECRET)).to_have_count(echoes)
        assert str(server.log.parent) not in written(second)

    open_page(second, server, "compare")
    board = second.get_by_role("table", name="Leaderboard")
    expect(board.locator("tbody tr")).to_have_count(4)
    assert set(board.locator("tbody th").all_inner_texts()) < set(BUNDLED)

    follow(first, f"{server.url}/compare?compare={run}")
    expect(first.get_by_text(run).first).to_be_visible()  # it is still there for who has made it


@pytest.mark.slow
def test_an_upload_may_be_as_large_as_the_page_says(server, visitor, tmp_path):
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cats/1.png", bytes(25 * 10**6))
    page = visitor()
    open_page(page, server, "train", dataset="+own")
    expect(page.get_by_text("(up to 50 MB)")).to_be_visible()
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(path)
    came = page.get_by_text(re.compile("is uploaded|status code")).first
    expect(came).to_contain_text("is uploaded", timeout=5_000)
