"""Nothing is undocumented: what the code knows of itself is in docs/, and docs/ is up to date."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.augmentation import POLICIES
from core.cli.main import build_parser
from core.datasets import DATASETS
from core.models import MODELS
from core.opencv_ops import OPERATIONS
from core.param import Param
from core.robustness import CORRUPTIONS
from core.settings import PROJECT_DIR
from docs.generate import FIRST_LINE, pages
from docs.reference import cli, settings
from pages.components.shared import contents

pytestmark = pytest.mark.every_case

DOCS = PROJECT_DIR / "docs"
PAGES = pages()
MANUAL = [PROJECT_DIR / "README.md", *sorted(DOCS.glob("*.md"))]
COMMANDS = list(cli.commands(build_parser()))
PARAMS: list[tuple[str, Param]] = [
    *((spec.name, param) for spec in MODELS.values() for param in spec.params),
    *((operation.name, param) for operation in OPERATIONS.values() for param in operation.params),
]
VARIABLE = re.compile(r"\bSTUDIO_[A-Z_]*[A-Z]\b")
SOURCES = ("core", "pages", "benchmarks", "app.py", "Makefile", "Dockerfile", ".streamlit")


def each(names):
    return pytest.mark.parametrize("name", names)


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def section(page: str, heading: str) -> str:
    """What stands below a heading, up to the next one of the same or a higher level."""
    level = heading.partition(" ")[0]
    text = f"\n{page}".partition(f"\n{heading}\n")[2]
    assert text, f"{heading!r} is missing"
    return re.split(rf"^#{{1,{len(level)}}} ", text, maxsplit=1, flags=re.MULTILINE)[0]


def manual() -> str:
    """README and docs/ together."""
    return "\n".join(path.read_text(encoding="utf-8") for path in MANUAL)


def sources() -> Iterator[str]:
    """The texts that may speak of a setting."""
    for name in SOURCES:
        path = PROJECT_DIR / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.read_text(encoding="utf-8", errors="ignore")


@each(PAGES)
def test_a_page_is_as_the_code_says(name):
    path = DOCS / name
    assert path.exists() and path.read_text(encoding="utf-8") == PAGES[name], (
        f"docs/{name} is behind the code: run `python docs/generate.py`"
    )


@each(PAGES)
def test_a_page_begins_alike(name):
    first, _, title, _, introduction, *_ = PAGES[name].splitlines()
    assert first == FIRST_LINE
    assert title.startswith("# ")
    assert introduction.endswith(".")
    assert PAGES[name].endswith("\n") and not PAGES[name].endswith("\n\n")


@each(PAGES)
def test_tables_are_whole(name):
    width = 0
    for line in PAGES[name].splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.split(r"(?<!\\)\|", line))
        assert width in (0, cells), line
        width = cells


def test_pages_are_the_same_wherever_they_are_made(tmp_path):
    code = (
        f"import json, sys; sys.path.insert(0, {str(PROJECT_DIR)!r})\n"
        "from docs.generate import pages\n"
        "sys.stdout.write(json.dumps(pages()))\n"
    )
    folders = {f"STUDIO_{name}_DIR": str(tmp_path / name) for name in ("DATA", "RUNS", "WORK")}
    others = {"COLUMNS": "40", "LANGUAGE": "de", "STUDIO_PUBLIC": "1", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **folders, **others},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == PAGES


@each(PAGES)
def test_a_page_tells_nothing_of_this_machine(name):
    for path in (PROJECT_DIR, Path.home(), sys.prefix):
        assert len(str(path)) < 3 or f"{path}/" not in PAGES[name]
    assert not re.search(r"0x[0-9a-f]{6}|<function|<class|\bNone\b", PAGES[name])


def of_model(name: str) -> str:
    """The part of the page on models that is about one of them."""
    spec = MODELS[name]
    heading = "Pretrained networks" if spec.backbone else spec.title
    return section(PAGES["models.md"], f"## {heading}")


def test_every_parameter_is_explained_in_a_sentence():
    for owner, param in PARAMS:
        assert re.fullmatch(r"\S.{4,}[.?!]", param.help), f"{owner} {param.name}"
        assert param.title.strip()


def test_what_the_page_says_of_a_parameter_is_what_may_be_typed():
    """Default and limits as a person reads them, taken by the parameter that they belong to."""
    for owner, page, heading in [
        ("canny", "operations.md", "#### Canny edges"),
        ("knn", "models.md", f"## {MODELS['knn'].title}"),
    ]:
        spec = {**MODELS, **OPERATIONS}[owner]
        found = {row[0].strip("`"): row for row in rows(section(PAGES[page], heading))}
        for param in spec.params:
            if param.group == "augmentation":
                continue
            _, title, meaning, _, default, allowed = found[param.name]
            assert (title, meaning.startswith(param.help)) == (param.title, True)
            assert param.parse(default.strip("`")) == param.default
            if param.choices:
                assert re.findall(r"`([^`]+)`", allowed) == list(param.choices)
            elif not isinstance(param.default, bool):
                low, high = re.fullmatch(r"(?:each )?(\S+) to (\S+)", allowed).groups()
                assert (float(low), float(high)) == (param.low, param.high)


def test_everything_that_can_be_chosen_has_its_place_in_the_pages():
    operations = PAGES["operations.md"]
    for name, operation in OPERATIONS.items():
        group = section(operations, f"### {operation.group}")
        assert f"`{name}`" in section(group, f"#### {operation.title}")
    policies = [row[0] for row in rows(section(operations, "### Policies"))]
    changes = [row[0] for row in rows(section(operations, "## Corruptions of test images"))]
    assert {f"`{name}`" for name in POLICIES} <= set(policies)
    assert {f"`{name}`" for name in CORRUPTIONS} <= set(changes)
    assert {f"`{name}`" for name in DATASETS} <= {row[0] for row in rows(PAGES["datasets.md"])}
    for name in MODELS:
        assert f"`{name}`" in of_model(name)
    for name, _ in COMMANDS:
        assert f"\npython -m core {name}" in section(PAGES["cli.md"], f"## {name}")


def test_every_command_is_found():
    """Whatever the parser itself names in its help."""
    named = re.search(r"no command named .* Known: (.*)\.", usage_error("no-such-command"))[1]
    top = [name for name, _ in COMMANDS if " " not in name]
    assert sorted(re.findall(r"[\w-]+", named)) == sorted(top)


def usage_error(command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "core", command],
        cwd=PROJECT_DIR,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    return done.stderr


def test_every_argument_is_explained_and_in_the_usage():
    for name, parser in COMMANDS:
        text = section(PAGES["cli.md"], f"## {name}")
        usage = text.partition("```\n")[2].partition("\n```")[0]
        for action in cli.arguments(parser):
            typed = action.option_strings or [action.metavar or action.dest]
            assert typed[0] in usage
            assert re.fullmatch(r"(?!Default:).{4,}[.?!]", cli.meaning(action, parser)), typed


def test_exit_codes_are_documented():
    listed = dict(rows(section(PAGES["cli.md"], "## Exit codes"))[2:])
    assert {"`0`", "`1`", "`2`"} < set(listed)
    assert all(meaning.endswith(".") for meaning in listed.values())


def test_every_setting_is_documented():
    found = {name for text in sources() for name in VARIABLE.findall(text)}
    documented = {row[0].strip("`") for row in rows(PAGES["settings.md"])}
    assert len(found) >= 3
    assert found <= documented
    assert {name for name, *_ in settings.variables()} <= found


def test_pages_commands_and_settings_are_in_the_manual():
    text = manual()
    for page in contents.PAGES.values():
        assert re.search(rf"(^#+ |\*\*){re.escape(page.title)}", text, re.MULTILINE), page.title
    for name, _ in COMMANDS:
        assert f"python -m core {name}" in text
    for name, *_ in settings.variables():
        assert f"`{name}`" in text


def test_every_make_command_in_the_manual_is_there():
    named = set(re.findall(r"`make ([a-z-]+)`", manual()))
    makefile = (PROJECT_DIR / "Makefile").read_text(encoding="utf-8")
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
