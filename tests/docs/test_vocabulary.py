"""Pages, messages and documentation speak as Keras, scikit-learn and the papers do."""

import ast
import re
from pathlib import Path

import pytest

from core.settings import PROJECT_DIR

pytestmark = pytest.mark.every_case

# Words of our own making, each with what is said instead; `docs/glossary.md` explains the latter.
BANNED = {
    r"pictur(e|es|ed)": "image",
    r"photograph(s|ed)?": "photo",
    r"(un)?learnt": "learned",
    r"held[ -]out|hold(s|ing)? out": "split, validation set, test set",
    r"mistakes?|got wrong|get(s|ting)? wrong": "misclassified images",
    r"(is|are|was|were|been|gets?|got|getting) (right|wrong)|right (on|for)|right or wrong"
    r"|wrong(ly)?|right answers?": "correct, incorrect",
    r"answer(s|ed|ing)?|readings?": "prediction",
    r"trainings": "runs; jobs",
    r"finished training": "run, trained model",
    r"random changes": "augmentation",
    r"where (a )?models? breaks?": "robustness",
    r"(go|goes|going|gone) on with|finish now": "resume, stop early",
    r"shipped|com(e|es|ing) along|came along|com(e|es) with the studio|came with the studio": (
        "bundled, included"
    ),
    r"address(es)?": "URL",
    r"keepers?|who(ever)? asks": "owner, visitor",
    r"takes? (it|them) for|taken for": "predicted as",
    r"figures? of": "metric",
}
# Elsewhere these words mean what everybody means by them.
ALLOWED = re.compile(
    r"IP(v[46])? address(es)?|network address(es)?|addresses of visitors"
    r"|\breading (images|files|the)\b|learning curve \(|left to right|right-to-left"
    r"|answers\.npz|trainings trainieren",
    re.IGNORECASE,
)
_WORDS = {re.compile(rf"\b({words})\b", re.IGNORECASE): said for words, said in BANNED.items()}
_SENTENCE = re.compile(r"[A-Za-z]{2,}[ ,.:]|^[A-Z][a-z]+$")
DOCUMENTS = [PROJECT_DIR / "README.md", PROJECT_DIR / "CHANGELOG.md"]
DOCUMENTS += sorted((PROJECT_DIR / "docs").glob("*.md"))
MODULES = sorted(
    path for folder in ("core", "pages") for path in (PROJECT_DIR / folder).rglob("*.py")
)


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT_DIR))


def banned_in(text: str) -> list[str]:
    text = ALLOWED.sub("", " ".join(text.split()))
    return [
        f"{found[0]!r} in {text[max(0, found.start() - 40) : found.end() + 30]!r}: say {said}"
        for word, said in _WORDS.items()
        for found in word.finditer(text)
    ]


def prose(markdown: str) -> str:
    """A document without its code and its links."""
    text = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    return re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)


def sentences(source: str) -> list[str]:
    """What a module may show to a person: its texts, but not its docstrings."""
    tree = ast.parse(source)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
        and _SENTENCE.search(node.value)
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_the_documentation_uses_the_terms_of_the_field(path):
    assert banned_in(prose(path.read_text(encoding="utf-8"))) == []


def test_pages_and_messages_use_the_terms_of_the_field():
    found = {
        name(path): words
        for path in MODULES
        if (
            words := [
                word
                for text in sentences(path.read_text(encoding="utf-8"))
                for word in banned_in(text)
            ]
        )
    }
    assert found == {}
