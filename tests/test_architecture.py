"""The order in which modules may import each other, and what may be imported where."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

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
    "samples": 2,
    "evaluation": 1,
    "opencv_ops": 2,
    "preprocessing": 2,
    "augmentation": 3,
    "datasets": 2,
    "models": 4,
    "runs": 5,
    "serving": 6,
    "comparison": 6,
    "conversion": 7,
    "cost": 7,
    "labelled": 7,
    "plots": 7,
    "batch": 8,
    "ensemble": 8,
    "export": 8,
    "foreign": 8,
    "report": 8,
    "explain": 7,
    "robustness": 8,
    "training": 8,
    "jobs": 9,
    "api": 10,
    "cli": 11,  # one of its commands serves the API
    "__main__": 12,  # the door of the command line
}
CORE = sorted((PROJECT / "core").rglob("*.py"))
PAGES = sorted((PROJECT / "pages").rglob("*.py"))
OURS = [PROJECT / "app.py", *CORE, *PAGES]
MOST_LINES, MOST_LINES_OF_A_MODULE = 50, 300
HEAVY = {"sklearn", "skimage", "scipy", "skops", "skl2onnx", "onnx", "onnxruntime"}
HEAVY |= {"pandas", "pyarrow", "altair", "matplotlib"}
MAY_IMPORT_TENSORFLOW = ("core/models/cnn.py", "core/models/transfer/", "core/training/")
MAY_IMPORT_TENSORFLOW += ("core/conversion/",)


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@cache
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


def breaches(paths: list[Path], found: Callable[[Path], object]) -> dict[str, object]:
    """What is found in files that should hold nothing of the kind, by the names of the files."""
    return {name_of(path): wrong for path in paths if (wrong := found(path))}


def test_a_module_imports_only_from_lower_levels():
    modules = [path for path in CORE if path != PROJECT / "core" / "__init__.py"]
    assert {module_of(path) for path in modules} <= set(LEVELS), "a module has no level yet"

    def too_high(path: Path) -> list[str]:
        module = module_of(path)
        others = [name for name in imports(path) if name.split(".")[0] == "core"]
        others = [name for name in others if name.split(".")[1] != module]
        # A name without a level was imported from the package, not from its module.
        return [n for n in others if LEVELS.get(n.split(".")[1], 99) >= LEVELS[module]]

    assert not breaches(modules, too_high)


def test_the_package_itself_imports_nothing():
    assert list(imports(PROJECT / "core" / "__init__.py")) == []


def test_core_knows_neither_pages_nor_tests():
    others = {"app", "pages", "tests", "benchmarks"}
    assert not breaches(CORE, lambda path: packages(imports(path)) & others)


def test_only_pages_import_streamlit():
    def streamlit(path: Path) -> list[str]:
        return [name for name in packages(imports(path)) if name.startswith("streamlit")]

    assert not breaches(CORE, streamlit)
    assert breaches(PAGES, streamlit)  # it would be seen


def test_only_the_api_imports_fastapi():
    others = [path for path in OURS if not name_of(path).startswith("core/api")]
    assert not breaches(others, lambda path: packages(imports(path)) & {"fastapi", "uvicorn"})


def test_tensorflow_is_imported_only_inside_functions_that_train():
    def tensorflow(path: Path) -> set[str]:
        allowed = name_of(path).startswith(MAY_IMPORT_TENSORFLOW)
        return packages(imports(path, outside_functions=allowed)) & {"tensorflow", "keras"}

    assert not breaches(OURS, tensorflow)


def test_heavy_packages_are_imported_only_inside_functions():
    """They are there when something is trained, converted or drawn, not when a page is opened."""

    def heavy(path: Path) -> set[str]:
        statements = parse(path).body  # what is imported for annotations alone lies deeper
        names = [a.name for node in statements if isinstance(node, ast.Import) for a in node.names]
        names += [node.module or "" for node in statements if isinstance(node, ast.ImportFrom)]
        return packages(iter(names)) & HEAVY

    assert breaches(OURS, heavy) == {"core/models/features.py": {"sklearn"}}  # itself a step of it


def test_figures_are_not_drawn_with_pyplot():
    """Streamlit closes all of pyplot's figures after every run of a script."""
    pyplot = ("matplotlib.pyplot", "pylab")
    assert not breaches(OURS, lambda path: [n for n in imports(path) if n.startswith(pyplot)])


def test_pages_never_import_each_other():
    def other_pages(path: Path) -> list[str]:
        of_pages = [name for name in imports(path) if name.split(".")[0] == "pages"]
        return [name for name in of_pages if not name.startswith("pages.components")]

    assert not breaches(PAGES, other_pages)


def test_parts_of_a_page_are_used_by_that_page_alone():
    """What several pages use lies in `pages/components/shared`, which uses nothing of one page."""
    of_page = {"image_lab": "lab"}  # the others lie under the page's name

    def of_another(path: Path) -> list[str]:
        parts = path.relative_to(PROJECT).parts
        own = parts[2] if len(parts) > 3 else of_page.get(path.stem, path.stem)
        allowed = tuple(f"pages.components.{group}" for group in (own, "shared"))
        return [
            name
            for name in imports(path)
            if name.startswith("pages.components.") and not name.startswith(allowed)
        ]

    assert not breaches(PAGES, of_another)


def test_the_app_is_short():
    assert len((PROJECT / "app.py").read_text(encoding="utf-8").splitlines()) < 50


def test_environment_variables_are_read_in_settings_only():
    def read_elsewhere(path: Path) -> list[str]:
        found = []
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = set(re.findall(r"STUDIO_[A-Z_]+[A-Z]", node.value))
                found += sorted(named - documented_variables())
            if not isinstance(node, ast.Call | ast.Subscript):
                continue
            reads = re.match(r"(os\.)?(getenv\(|environ\.get\(|environ\[)", ast.unparse(node))
            written = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
            if reads and not written:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        return found

    others = [path for path in OURS if name_of(path) != "core/settings.py"]
    assert not breaches(others, read_elsewhere)


@cache
def documented_variables() -> set[str]:
    """The variables in the table of the docstring of `core/settings.py`."""
    return set(re.findall(r"^\| `(\w+)`", settings_module.__doc__, re.MULTILINE))


def test_every_environment_variable_is_in_the_table():
    source = (PROJECT / "core" / "settings.py").read_text(encoding="utf-8")
    code = source.replace(settings_module.__doc__, "")
    assert set(re.findall(r"\"([A-Z]+_[A-Z_]+)\"", code)) == documented_variables()


def test_modules_say_what_they_are_for():
    def silent(path: Path) -> bool:
        return path.read_text(encoding="utf-8").strip() and not ast.get_docstring(parse(path))

    assert not breaches(OURS, silent)


def test_modules_and_functions_stay_readable():
    def too_long(path: Path) -> list[str]:
        length = len(path.read_text(encoding="utf-8").splitlines())
        functions = [
            f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
            for node in ast.walk(parse(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.end_lineno - node.lineno >= MOST_LINES
        ]
        return functions + ([f"{length} lines"] if length > MOST_LINES_OF_A_MODULE else [])

    assert not breaches(OURS, too_long)
