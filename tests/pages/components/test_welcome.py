import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import visitors
from core.settings import PROJECT_DIR, settings
from pages.components import welcome

PAGES = {path.stem for path in (PROJECT_DIR / "pages").glob("[!_]*.py")} - {"studio"}


@pytest.fixture
def newcomer(monkeypatch, tmp_path):
    """Nobody has seen anything yet."""
    seen: dict[str, set[str]] = {}
    monkeypatch.setattr(welcome, "_note", welcome_note)
    monkeypatch.setattr(welcome, "_seen", lambda: seen)
    monkeypatch.setattr(welcome, "settings", replace(settings, work_dir=tmp_path / "work"))
    return tmp_path / "work" / "hints.json"


welcome_note = welcome._note  # which other tests of pages do without


def head(beginning: bool = True) -> AppTest:
    def script(beginning):
        from pages.components import welcome

        welcome.show("compare", "Compare models", beginning)

    return AppTest.from_function(script, kwargs={"beginning": beginning}).run()


def hint(page: AppTest) -> bool:
    return any(button.label == "Got it" for button in page.button)


def test_every_page_has_a_hint_and_an_explanation():
    assert set(welcome.FIRST) == set(welcome.HOW) == PAGES


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_begins_with_it(page):
    assert f'welcome.show("{page}"' in (PROJECT_DIR / "pages" / f"{page}.py").read_text("utf-8")


def test_the_hint_stays_until_it_is_dismissed(newcomer):
    page = head()
    assert page.title[0].value == "Compare models"
    assert hint(page) and hint(page.run())
    page.button[0].click().run()
    assert not hint(page)
    assert not hint(page.run())


def test_the_hint_is_for_the_first_visit_alone(newcomer):
    assert hint(head())
    assert not hint(head())
    assert json.loads(newcomer.read_text("utf-8")) == ["compare"]


def test_the_hint_is_shown_only_where_one_begins(newcomer):
    assert not hint(head(beginning=False))


def test_visitors_have_first_visits_of_their_own_and_leave_no_files(newcomer):
    with visitors.asked_by("visitor-a"):
        assert hint(head())
        assert not hint(head())
    with visitors.asked_by("visitor-b"):
        assert hint(head())
    assert not newcomer.exists()


def test_a_folder_that_cannot_be_written_to_does_no_harm(newcomer):
    newcomer.parent.write_text("a file is in the way")
    assert hint(head())


def test_it_says_how_the_page_works(newcomer):
    page = head()
    assert "McNemar" in " ".join(text.value for text in page.markdown)
