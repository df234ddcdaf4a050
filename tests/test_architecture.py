"""The order in which modules may import each other, and what may be imported where."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import settings as settings_module

PROJECT = Path(__file__).resolve().parent.parent

# A module of `core` imports only from lower levels; a package counts as one module.
LEVELS = {
    "errors": 0,
    "settings": 0,
    "memory": 0,
    "names": 0,
    "units": 0,
    "files": 0,
    "terminal": 1,  # and imports next to nothing: it is there before all else
    "visitors": 1,
    "shares": 1,
    "machine": 2,
    "stored": 1,
    "drafts": 1,
    "progress": 1,
    "script": 1,
    "spreadsheet": 1,
    "images": 1,
    "param": 1,
    "samples": 1,
    "evaluation": 1,
    "opencv_ops": 2,
    "preprocessing": 2,
    "augmentation": 3,
    "datasets": 2,
    "models": 4,
    "runs": 5,
    "serving": 6,
    "comparison": 6,
    "cost": 7,
    "labelled": 7,
    "plots": 7,
    "ensemble": 8,
    "export": 8,
    "report": 8,
    "explain": 8,
    "robustness": 8,
    "training": 8,
    "jobs": 9,
    "cli": 10,
    "api": 10,
    "__main__": 11,  # the door of the command line
}
CORE = sorted((PROJECT / "core").rglob("*.py"))
PAGES = sorted((PROJECT / "pages").rglob("*.py"))
OURS = [PROJECT / "app.py", *CORE, *PAGES]
MAY_IMPORT_TENSORFLOW = ("core/models/cnn.py", "core/models/transfer/", "core/training/")


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def each(paths: list[Path]):
    return pytest.mark.parametrize("path", paths, ids=name_of)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path, outside_functions: bool = False) -> Iterator[str]:
    """Full dotted names of all that a file imports, `core.errors.ImageError` for instance."""
    waiting: list[ast.AST] = [parse(path)]
    while waiting:
        node = waiting.pop()
        if outside_functions and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = list(path.relative_to(PROJECT).parent.parts)
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    """The part of `core` a file belongs to: `core/cli/main.py` to `cli`."""
    return path.relative_to(PROJECT / "core").parts[0].removesuffix(".py")


def packages(names: Iterator[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@each([path for path in CORE if path != PROJECT / "core" / "__init__.py"])
def test_a_module_imports_only_from_lower_levels(path):
    module = module_of(path)
    assert module in LEVELS, f"core/{module} has no level yet"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "core" or parts[1] == module:
            continue
        assert parts[1] in LEVELS, f"{name} is imported by its package, not by its module"
        assert LEVELS[parts[1]] < LEVELS[module], f"{module} may not import {name}"


def test_the_package_itself_imports_nothing():
    assert list(imports(PROJECT / "core" / "__init__.py")) == []


@each(CORE)
def test_core_knows_neither_pages_nor_tests(path):
    assert packages(imports(path)).isdisjoint({"app", "pages", "tests", "benchmarks"})


@each(CORE)
def test_only_pages_import_streamlit(path):
    assert not {name for name in packages(imports(path)) if name.startswith("streamlit")}


@each(OURS)
def test_only_the_api_imports_fastapi(path):
    if not name_of(path).startswith("core/api"):
        assert packages(imports(path)).isdisjoint({"fastapi", "uvicorn"})


@each(OURS)
def test_tensorflow_is_imported_only_inside_functions_that_train(path):
    allowed = name_of(path).startswith(MAY_IMPORT_TENSORFLOW)
    found = packages(imports(path, outside_functions=allowed))
    assert found.isdisjoint({"tensorflow", "keras"})


@each(OURS)
def test_figures_are_not_drawn_with_pyplot(path):
    """Streamlit closes all of pyplot's figures after every run of a script."""
    assert not [name for name in imports(path) if name.startswith(("matplotlib.pyplot", "pylab"))]


@each(PAGES)
def test_pages_never_import_each_other(path):
    shared = ("pages.components",)
    of_pages = {name for name in imports(path) if name.split(".")[0] == "pages"}
    assert all(name.startswith(shared) for name in of_pages)


def test_the_app_is_short():
    assert len((PROJECT / "app.py").read_text(encoding="utf-8").splitlines()) < 50


@each([path for path in OURS if name_of(path) != "core/settings.py"])
def test_environment_variables_are_read_in_settings_only(path):
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert set(re.findall(r"STUDIO_[A-Z_]+[A-Z]", node.value)) <= documented_variables()
        source = ast.unparse(node) if isinstance(node, ast.expr) else ""
        reads = re.match(r"(os\.)?(getenv\(|environ\.get\(|environ\[)", source)
        written = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
        assert not reads or written, f"line {node.lineno}: {source}"


def documented_variables() -> set[str]:
    """The variables in the table of the docstring of `core/settings.py`."""
    return set(re.findall(r"^\| `(\w+)`", settings_module.__doc__, re.MULTILINE))


def test_every_environment_variable_is_in_the_table():
    source = (PROJECT / "core" / "settings.py").read_text(encoding="utf-8")
    code = source.replace(settings_module.__doc__, "")
    assert set(re.findall(r"\"([A-Z]+_[A-Z_]+)\"", code)) == documented_variables()


@each(OURS)
def test_modules_say_what_they_are_for(path):
    source = path.read_text(encoding="utf-8")
    assert ast.get_docstring(parse(path)) or not source.strip()


@each([*CORE, *PAGES])
def test_modules_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 320
