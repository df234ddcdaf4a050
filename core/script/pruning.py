"""Source code without what some known values make unreachable; comments and layout stay."""

import ast
import builtins
import threading
from collections.abc import Iterator, Mapping
from typing import Any

_INDENT = " " * 4
_PARSING = threading.Lock()
_TRIES = 9


def parse(source: str) -> ast.Module:
    """The syntax tree of some lines.

    Before Python 3.11.9, `ast.parse` fails now and then while another thread parses something:
    https://github.com/python/cpython/issues/106905. So it is tried again.

    Raises:
        SyntaxError: if they are not Python.
    """
    with _PARSING:
        for _ in range(_TRIES):
            try:
                return ast.parse(source)
            except SystemError:
                continue
        return ast.parse(source)


def pruned(source: str, known: Mapping[str, Any], around: Mapping[str, Any]) -> str:
    """A function's source with each condition decided that asks for known values alone.

    What follows a `return` goes too, and a docstring is cut to its first paragraph.

    Args:
        source: of one function or class, not indented.
        known: values by name.
        around: names of its module; functions among them may be called in a condition.
    """
    lines: list[str] | None = source.splitlines()
    for step in (_cut_docstring, _decide, _cut_dead):
        while lines is not None:
            source, lines = "\n".join(lines), step("\n".join(lines), known, around)
        lines = source.splitlines()
    return source


def _cut_docstring(source: str, known: Mapping, around: Mapping) -> list[str] | None:
    """The lines with the next long docstring cut; None if there is none."""
    lines = source.splitlines()
    for node in ast.walk(parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or not ast.get_docstring(node):
            continue
        text = node.body[0]
        inside = lines[text.lineno - 1 : text.end_lineno]
        if "" in inside:
            first = inside[: inside.index("")]
            return [*lines[: text.lineno - 1], *_closed(first), *lines[text.end_lineno :]]
    return None


def _closed(paragraph: list[str]) -> list[str]:
    return [*paragraph[:-1], f'{paragraph[-1]}"""']


def _decide(source: str, known: Mapping, around: Mapping) -> list[str] | None:
    """The lines with the next condition decided, or a part of it; None if there is none."""
    for node in ast.walk(parse(source)):
        if not isinstance(node, ast.If):
            continue
        test, lines = node.test, source.splitlines()
        parts = test.values if _is_and(test) else [test]
        values = [_value(part, known, around) for part in parts]
        if False in values:
            return _with_branch(lines, node, False)
        if None not in values:
            return _with_branch(lines, node, True)
        if True in values:
            pairs = zip(parts, values, strict=True)
            left = [ast.get_source_segment(source, part) for part, value in pairs if value is None]
            start, end = test.lineno - 1, test.end_lineno
            before, after = lines[start][: test.col_offset], lines[end - 1][test.end_col_offset :]
            return [*lines[:start], before + " and ".join(left) + after, *lines[end:]]
    return None


def _is_and(test: ast.expr) -> bool:
    return isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)


def _value(test: ast.expr, known: Mapping, around: Mapping) -> bool | None:
    """Whether a condition holds that asks for known values, and beside them only for functions and
    constants; None for any other."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    others = names - set(known)
    if not names & set(known) or not all(n in around or hasattr(builtins, n) for n in others):
        return None
    code = compile(ast.Expression(test), "condition", "eval")
    try:
        return bool(eval(code, {**around, **known}))  # written in the project's own files
    except Exception:  # a network of somebody's own may ask for what this model does not have
        return None


def _with_branch(lines: list[str], node: ast.If, value: bool) -> list[str]:
    """The lines with one branch of a condition in its place."""
    start, end = node.lineno - 1, node.end_lineno
    indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
    is_elif = lines[start].lstrip().startswith("elif")
    if value:
        first = node.test.end_lineno
        first += not lines[first - 1].partition("#")[0].rstrip().endswith(":")
        branch = lines[first : node.body[-1].end_lineno]
    elif not node.orelse:
        branch = []
        while not is_elif and start and lines[start - 1].startswith(f"{indent}#"):
            start -= 1  # the comment on it
    elif lines[node.orelse[0].lineno - 1].startswith(f"{indent}elif"):
        first = node.orelse[0].lineno - 1
        rest = lines[first].replace("elif", "elif" if is_elif else "if", 1)
        return [*lines[:start], rest, *lines[first + 1 :]]
    else:
        first = node.body[-1].end_lineno
        first += lines[first:].index(f"{indent}else:") + 1
        branch = lines[first:end]
    if is_elif and branch:
        branch = [f"{indent}else:", *branch]
    elif branch:
        branch = [line.removeprefix(_INDENT) for line in branch]
    return [*lines[:start], *branch, *lines[end:]]


def _cut_dead(source: str, known: Mapping, around: Mapping) -> list[str] | None:
    """The lines without what follows a `return`; None if nothing does."""
    lines = source.splitlines()
    for block in _blocks(parse(source)):
        for statement in block[:-1]:
            if isinstance(statement, ast.Return | ast.Raise):
                return [*lines[: statement.end_lineno], *lines[block[-1].end_lineno :]]
    return None


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            if isinstance(block := getattr(node, name, None), list):
                yield block
