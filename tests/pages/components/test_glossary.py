"""The glossary: on every page, built when it is opened, each term once."""

import re

import pytest

from pages.components.shared import glossary
from pages.components.shared.contents import PAGES
from tests.pages.opening import fine, visit

_TERM = "| checkpoint |"


def terms() -> list[str]:
    """The first cells of all rows, those that hold several terms divided."""
    rows = re.findall(r"^\| ([^|]+) \|", glossary.FILE.read_text(encoding="utf-8"), re.MULTILINE)
    cells = [row for row in rows if row != "term" and not row.startswith("-")]
    return [term.strip().lower() for cell in cells for term in cell.split(",")]


def shown(page) -> bool:
    return any(_TERM in element.value for element in page.markdown)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.few(1)
def test_every_page_offers_it_and_builds_it_when_it_is_opened(name):
    page = visit(name)
    assert not shown(page)
    assert shown(fine(page.button(key="glossary").click().run()))
    assert not shown(fine(page.run()))  # closed again


def test_a_glossary_that_is_missing_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(glossary, "FILE", tmp_path / "gone.md")
    page = fine(visit("compare").button(key="glossary").click().run())
    assert [info.value for info in page.info] == ["This installation has no docs/glossary.md."]


def test_every_term_is_explained_once():
    assert len(set(terms())) == len(terms()) > 90
