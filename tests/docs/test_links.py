"""Links between the files of the project lead somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from core.settings import PROJECT_DIR
from docs.reference.markdown import anchor

pytestmark = pytest.mark.every_case

DOCUMENTS = sorted((PROJECT_DIR / "docs").glob("*.md"))
FILES = [
    *sorted(PROJECT_DIR.glob("*.md")),
    PROJECT_DIR / "data" / "README.md",
    *DOCUMENTS,
    *sorted((PROJECT_DIR / "notebooks").glob("*.md")),
]
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT_DIR).as_posix()


def text_of(path: Path) -> str:
    """What is written in it, without blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    """Where its links and images point, other than to other machines."""
    found = re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", text_of(path))
    return [link for link in found if not ELSEWHERE.match(link)]


def anchors(path: Path) -> set[str]:
    """What links to its headings end in; a heading that comes again is numbered."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+?) *#*$", text_of(path), re.MULTILINE):
        plain = anchor(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading))
        found.append(plain)
    numbered = [f"{name}-{found[:at].count(name)}" for at, name in enumerate(found)]
    return set(found) | {name for name in numbered if not name.endswith("-0")}


def test_links_lead_somewhere():
    for path in FILES:
        for link in links(path):
            file, _, heading = unquote(link).partition("#")
            target = (path.parent / file).resolve() if file else path
            where = f"{link} in {name_of(path)}"
            assert target.is_relative_to(PROJECT_DIR), f"{where} leads out of the project"
            assert target.exists(), f"{where} leads nowhere"
            if heading:
                assert heading in anchors(target), f"{where}: no such heading"


def test_links_with_names_of_their_own_are_not_used():
    """They would not be looked at here."""
    for path in FILES:
        assert not re.search(r"^\[[^\]]+\]: |<a |<img ", text_of(path), re.MULTILINE)


@each_document
def test_every_document_is_in_the_table_of_contents(path):
    index = PROJECT_DIR / "docs" / "index.md"
    assert path == index or path.name in links(index)


@each_document
def test_files_that_are_named_exist(path):
    named = re.findall(
        r"`((?:core|tests|pages|docs|benchmarks|data)/[\w/.-]*\w\.\w+)`", text_of(path)
    )
    for name in set(named) - set(re.findall("a new file `(.*?)`", text_of(path))):
        assert (PROJECT_DIR / name).exists(), name
