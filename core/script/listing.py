"""Functions as they stand in their files, with the helpers, constants and imports they need.

Known values decide what is printed: of `if hyperparameters["dropout"]:`, only the branch that is
taken.
"""

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from core.script.pruning import parse, pruned

WIDTH = 100
_INDENT = " " * 4


def literal(value: Any) -> str:
    """A value as Python reads it; texts in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def broken(opening: str, parts: list[str], closing: str) -> str:
    """Something in brackets with a line for each part."""
    return "\n".join([opening, *(f"{_INDENT}{part}," for part in parts), closing])


@dataclass
class Listing:
    """Functions with all they need, in an order in which Python can read them.

    Attributes:
        shown: modules whose functions and classes are printed; those of others are imported.
        known: values of names that decide conditions. They are not looked up.
        replaced: texts of the source that others are printed instead of.
        constants: lines above the functions.
    """

    shown: tuple[str, ...]
    known: Mapping[str, Any] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)
    _definitions: list[str] = field(default_factory=list)
    _imports: dict[str, set[str]] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, function: Callable) -> None:
        """Add a function or class, behind what it needs.

        Raises:
            OSError: if its source is not in a file.
        """
        module = import_module(function.__module__)
        if (key := (module.__name__, function.__name__)) in self._seen:
            return
        self._seen.add(key)
        source = pruned(textwrap.dedent(inspect.getsource(function)), self.known, vars(module))
        for before, after in self.replaced.items():
            end = r"\b" if before[-1].isalnum() else ""
            pattern = rf"\b{re.escape(before)}{end}"
            source = re.sub(pattern, lambda match, after=after: after, source)
        source = self._without_imports(source)
        self._look_up(source, module)
        self._definitions.append(source.rstrip())

    def uses(self, statement: str) -> None:
        """Add an import statement, such as `import numpy as np` or `from core import datasets`."""
        before, _, names = statement.partition(" import ")
        if before == statement:
            self._imports.setdefault(statement, set())
        else:
            self._imports.setdefault(before, set()).update(names.split(", "))

    def body(self) -> str:
        """All but docstring and imports."""
        return "\n\n\n".join(["\n".join(self.constants)] * bool(self.constants) + self._definitions)

    def text(self, docstring: str, end: str = "") -> str:
        """The script: docstring, imports, constants, functions, and an end."""
        top = "\n\n".join([f'"""{docstring}\n"""', *self._blocks_of_imports()])
        gap = "\n\n" if self.constants else "\n\n\n"
        return top + gap + "\n\n\n".join(filter(None, (self.body(), end))) + "\n"

    def _look_up(self, source: str, module: ModuleType) -> None:
        """Add what a source asks its module for."""
        statements = _statements(module)
        for name in _names_in(source):
            if name in self.known or name not in statements:
                continue
            node, value = statements[name], getattr(module, name)
            if getattr(value, "__module__", None) in self.shown and hasattr(value, "__name__"):
                self.add(value)
            elif getattr(node, "module", None) in self.shown:
                self._look_up(name, import_module(node.module))
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node, name)
            elif (line := _source_of(node, module)) not in self.constants:
                self._look_up(line, module)
                self.constants.append(line)

    def _import(self, node: ast.Import | ast.ImportFrom, name: str) -> None:
        """Add the import that binds a name."""
        alias = next(alias for alias in node.names if name in (alias.asname, alias.name))
        renamed = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
        start = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
        self.uses(f"{start}import {renamed}")

    def _without_imports(self, source: str) -> str:
        """What is imported inside of a function is imported at the top instead."""
        used = {node.id for node in ast.walk(parse(source)) if isinstance(node, ast.Name)}
        kept: list[str] = []
        moved = False
        lines = source.splitlines()
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if line.startswith(_INDENT) and line.lstrip().startswith(("import ", "from ")):
                self._move(line.strip(), used)
                moved = True
                continue
            defines = following.lstrip().startswith(("def ", "class ", "@"))
            needless = not kept or not kept[-1] or kept[-1].endswith(":") or moved and not defines
            if line or not needless:
                kept.append(line)
                moved = False
        return "\n".join(kept)

    def _move(self, statement: str, used: set[str]) -> None:
        """Add an import that stood inside of a function, as far as its names are used there."""
        before, _, names = statement.rpartition("import ")
        for name in names.split(", "):
            if name.split()[-1].partition(".")[0] in used:
                self.uses(f"{before}import {name}")

    def _blocks_of_imports(self) -> Iterator[str]:
        """Sorted: Python's own, those of packages, those of the project."""
        blocks: list[list[str]] = [[], [], []]
        for start in sorted(self._imports, key=lambda line: (line.startswith("from"), line)):
            names = sorted(self._imports[start], key=_order)
            line = f"{start} import {', '.join(names)}" if names else start
            if len(line) > WIDTH:
                line = broken(f"{start} import (", names, ")")
            package = start.split()[1].partition(".")[0]
            own = package in sys.stdlib_module_names
            blocks[0 if own else 2 if package == "core" else 1].append(line)
        return ("\n".join(block) for block in blocks if block)


def _order(name: str) -> tuple[bool, bool, str]:
    """Constants, then classes, then functions."""
    return not name.isupper(), name[:1].islower(), name


@cache
def _statements(module: ModuleType) -> dict[str, ast.stmt]:
    """The statements of a module by the names they give a value."""
    body = parse(inspect.getsource(module)).body
    return {name: node for node in body for name in _bound_by(node)}


def _bound_by(node: ast.stmt) -> list[str]:
    """Names that a statement gives a value."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    several = [getattr(target, "elts", [target]) for target in targets]
    return [name.id for names in several for name in names if isinstance(name, ast.Name)]


def _source_of(node: ast.stmt, module: ModuleType) -> str:
    """The lines of a statement, with the comment at its end."""
    lines = inspect.getsource(module).splitlines()
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])


def _names_in(source: str) -> list[str]:
    """Names that are read and not given a value, each once, in the order they come in."""
    nodes = list(ast.walk(parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    given = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    given |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    return [name for name in dict.fromkeys(node.id for node in names) if name not in given]
