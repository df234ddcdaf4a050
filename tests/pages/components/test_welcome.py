import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.settings import PROJECT_DIR
from pages.components.shared import browser, contents

PAGES = {path.stem for path in (PROJECT_DIR / "pages").glob("[!_]*.py")} - {"studio"}


@pytest.fixture
def newcomer(monkeypatch):
    """A browser in which no hint was dismissed."""
    monkeypatch.setattr(browser, "hints_read", hints_read)


hints_read = browser.hints_read  # which other tests of pages do without


def head(beginning: bool = True) -> AppTest:
    def script(beginning):
        from pages.components.shared import welcome

        welcome.show("compare", beginning)

    return AppTest.from_function(script, kwargs={"beginning": beginning}).run()


def hint(page: AppTest) -> bool:
    return any(button.label == "Got it" for button in page.button)


def test_every_page_has_a_hint_and_an_explanation():
    assert set(contents.PAGES) == PAGES
    assert all(page.first and page.how for page in contents.PAGES.values())


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_begins_with_it(page):
    text = (PROJECT_DIR / "pages" / f"{page}.py").read_text("utf-8")
    assert f'welcome.show("{page}"' in text
    assert "beginning=False" not in text or f'welcome.hint("{page}"' in text


def test_the_hint_stays_until_it_is_dismissed(newcomer):
    page = head()
    assert page.title[0].value == "Compare models"
    assert hint(page) and hint(page.run())
    page.button(key="dismiss_hint").click().run()
    assert not hint(page)
    assert not hint(page.run())


@pytest.mark.slow
def test_the_hint_is_known_by_the_browser_not_by_the_server(newcomer, monkeypatch):
    assert hint(head()) and hint(head())
    monkeypatch.setattr(type(st.context), "cookies", {"studio_hints": "train.compare"})
    assert not hint(head())
    monkeypatch.setattr(type(st.context), "cookies", {"studio_hints": "train"})
    assert hint(head())


def test_the_hint_is_shown_only_where_one_begins(newcomer):
    assert not hint(head(beginning=False))


def test_it_says_how_the_page_works(newcomer):
    page = head()
    assert "McNemar" in " ".join(text.value for text in page.markdown)
