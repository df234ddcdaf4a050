"""The studio's own code that turns image files into what a model takes, under another name.

Packages hold it as it is here, so they see every image as the studio does.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from core.settings import PROJECT_DIR

NAME = "imaging"
_ROOT = PROJECT_DIR / "core"
_STARTS = ("preprocessing", "images", "errors")
_IMPORT = re.compile(r"^(\s*(?:from|import)) core\b", re.MULTILINE)
_TITLE = '"""How the studio reads and prepares images; copied from it."""\n'


def imaging_files() -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, in a package called `NAME`."""
    yield f"{NAME}/__init__.py", _TITLE.encode()
    for path in _needed():
        inside = f"{NAME}/{path.relative_to(_ROOT).as_posix()}"
        if path.suffix == ".py":
            source = _IMPORT.sub(rf"\1 {NAME}", path.read_text(encoding="utf-8"))
            yield inside, source.encode()
        else:
            yield inside, path.read_bytes()


def _needed() -> list[Path]:
    """The files of what `_STARTS` names and of all that these import, and data beside them."""
    waiting = [file for start in _STARTS for file in _files_of(_ROOT / start)]
    needed: set[Path] = set()
    while waiting:
        if (path := waiting.pop()) in needed:
            continue
        needed.add(path)
        if path.suffix == ".py":
            waiting += _imported(path)
    return sorted(needed)


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != "core":
            continue
        inside = node.module.split(".")[1:]
        names = inside[:1] or [alias.name for alias in node.names]
        for name in names:
            yield from _files_of(_ROOT / name)


def _files_of(place: Path) -> list[Path]:
    """The files of a module or a package of `core`."""
    if place.is_dir():
        return [file for file in place.iterdir() if file.is_file()]
    return [place.with_suffix(".py")]
