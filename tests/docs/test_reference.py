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
from core.robustness import CHANGES
from core.settings import PROJECT_DIR
from docs.generate import FIRST_LINE, pages
from docs.reference import cli, settings
from pages.components import contents

DOCS = PROJECT_DIR / "docs"
PAGES = pages()
MANUAL = [PROJECT_DIR / "README.md", *sorted(DOCS.glob("*.md"))]
COMMANDS = list(cli.commands(build_parser()))
ARGUMENTS = [
    pytest.param(name, parser, action, id=f"{name} {action.dest}")
    for name, parser in COMMANDS
    for action in cli.arguments(parser)
]
PARAMS: list[tuple[str, Param]] = [
    *((spec.name, param) for spec in MODELS.values() for param in spec.params),
    *((operation.name, param) for operation in OPERATIONS.values() for param in operation.params),
]
VARIABLE = re.compile(r"\bSTUDIO_[A-Z_]*[A-Z]\b")
SOURCES = ("core", "pages", "benchmarks", "app.py", "Makefile", "Dockerfile", ".streamlit")


def each(names):
    return pytest.mark.parametrize("name", names)


def each_param(params):
    cases = [pytest.param(owner, param, id=f"{owner}-{param.name}") for owner, param in params]
    return pytest.mark.parametrize(("owner", "param"), cases)


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


@each(DATASETS)
def test_a_dataset_is_documented(name):
    spec, text = DATASETS[name], PAGES["datasets.md"]
    found = [row for row in rows(text) if row[0] == f"`{name}`"]
    cells = [cell for row in found for cell in row]
    for expected in (spec.title, spec.summary, spec.source, spec.licence, spec.preprocessing):
        assert expected in cells or f"`{expected}`" in cells
    assert f"{spec.train_size:,}" in cells and f"{spec.test_size:,}" in cells
    assert ", ".join(spec.class_names) in cells


def of_model(name: str) -> str:
    """The part of the page on models that is about one of them."""
    spec = MODELS[name]
    heading = "Pretrained networks" if spec.backbone else spec.title
    return section(PAGES["models.md"], f"## {heading}")


@each(MODELS)
def test_a_model_is_documented(name):
    spec = MODELS[name]
    overview = next(row for row in rows(PAGES["models.md"]) if row[0].startswith(f"[`{name}`]"))
    assert overview[1:] == [spec.title, spec.summary, spec.family, spec.learns_by]
    assert f"`{name}`" in of_model(name)


@each(MODELS)
def test_presets_of_a_model_are_documented(name):
    listed = {row[0]: row[2] for row in rows(of_model(name)) if len(row) == 3}
    for preset in MODELS[name].presets.values():
        for value in preset.values:
            assert f"`{value}=" in listed[f"`{preset.name}`"]


def of_param(text: str, param: Param) -> list[str]:
    (found,) = (row for row in rows(text) if row[0] == f"`{param.name}`" and len(row) == 6)
    return found


@each_param([entry for entry in PARAMS if entry[0] in MODELS])
def test_a_hyperparameter_is_documented(owner, param):
    text = of_model(owner)
    assert f"`{param.name}`" in text
    if param.group == "augmentation":
        text = section(PAGES["operations.md"], "## Random changes to training pictures")
    check_row(of_param(text, param), param)


@each_param([entry for entry in PARAMS if entry[0] in OPERATIONS])
def test_a_parameter_of_an_operation_is_documented(owner, param):
    text = section(PAGES["operations.md"], f"#### {OPERATIONS[owner].title}")
    check_row(of_param(text, param), param)


def check_row(row: list[str], param: Param) -> None:
    """A row of a table of parameters says what the code says, and what is typed is allowed."""
    _, title, meaning, kind, default, allowed = row
    assert title == param.title
    assert meaning.startswith(param.help)
    assert kind
    assert param.parse(default.strip("`")) == param.default
    if param.only_if:
        assert f"`{param.only_if[0]}=" in meaning
    if param.choices:
        assert re.findall(r"`([^`]+)`", allowed) == list(param.choices)
    elif not isinstance(param.default, bool):
        low, high = re.fullmatch(r"(?:each )?(\S+) to (\S+)", allowed).groups()
        assert (float(low), float(high)) == (param.low, param.high)


@each_param(PARAMS)
def test_a_parameter_is_explained_in_a_sentence(owner, param):
    assert re.fullmatch(r"\S.{4,}[.?!]", param.help)
    assert param.title.strip()


@each(OPERATIONS)
def test_an_operation_is_documented(name):
    operation = OPERATIONS[name]
    group = section(PAGES["operations.md"], f"### {operation.group}")
    text = section(group, f"#### {operation.title}")
    assert text.strip().startswith(f"`{name}`: {operation.sentence}")
    assert f"`{operation.call(operation.defaults())}`" in text


@each(POLICIES)
def test_a_policy_is_documented(name):
    text = section(PAGES["operations.md"], "### Policies")
    assert f"`{name}`" in [row[0] for row in rows(text)]


@each(CHANGES)
def test_a_change_that_makes_pictures_harder_is_documented(name):
    text = section(PAGES["operations.md"], "## Changes that make pictures harder")
    found = next(row for row in rows(text) if row[0] == f"`{name}`")
    assert found[1:3] == [CHANGES[name].title, CHANGES[name].unit]
    typed = re.findall(r"`([^`]+)`", found[3])
    assert tuple(map(float, typed)) == tuple(map(float, CHANGES[name].strengths))


@pytest.mark.parametrize(("name", "parser"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_a_command_is_documented(name, parser):
    text = section(PAGES["cli.md"], f"## {name}")
    assert f"\npython -m core {name}" in text
    assert cli.sentence(parser.description) in text


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


@pytest.mark.parametrize(("name", "parser", "action"), ARGUMENTS)
def test_an_argument_is_documented(name, parser, action):
    text = section(PAGES["cli.md"], f"## {name}")
    usage = text.partition("```\n")[2].partition("\n```")[0]
    typed = action.option_strings or [action.metavar or action.dest]
    (found,) = (
        row for row in rows(text) if row[0].strip("`").split(", ")[0].split()[0] == typed[0]
    )
    for one in typed:
        assert one in found[0]
    assert typed[0] in usage
    assert cli.meaning(action, parser) in found


@pytest.mark.parametrize(("name", "parser", "action"), ARGUMENTS)
def test_an_argument_is_explained(name, parser, action):
    assert re.fullmatch(r"(?!Default:).{4,}[.?!]", cli.meaning(action, parser))


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


@each([page.title for page in contents.PAGES.values()])
def test_a_page_of_the_studio_is_in_the_manual(name):
    assert re.search(rf"(^#+ |\*\*){re.escape(name)}", manual(), re.MULTILINE)


@each([name for name, _ in COMMANDS])
def test_a_command_is_in_the_manual(name):
    assert f"python -m core {name}" in manual()


def test_every_make_command_in_the_manual_is_there():
    named = set(re.findall(r"`make ([a-z-]+)`", manual()))
    makefile = (PROJECT_DIR / "Makefile").read_text(encoding="utf-8")
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@each([name for name, *_ in settings.variables()])
def test_a_setting_is_in_the_manual(name):
    assert f"`{name}`" in manual()
