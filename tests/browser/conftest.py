"""One server and one browser for all browser tests; a fresh page for each."""

import pytest
from playwright.sync_api import expect

from tests.browser import studio

expect.set_options(timeout=30_000)  # the first answer loads every model


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with studio.serve_studio(folder) as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    with studio.chromium() as running:
        yield running


@pytest.fixture
def page(server, browser):
    """The first page, opened and ready to draw on."""
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    context.set_default_timeout(20_000)
    opened = context.new_page()
    opened.goto(server.url)
    opened.locator(studio.CANVAS).wait_for()
    yield opened
    context.close()
