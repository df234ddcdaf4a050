"""The page on the command line, from the parsers of `core.cli`."""

import argparse
import inspect
import re
from collections.abc import Iterator

from core.cli.main import build_parser
from docs.reference.markdown import anchor, code, codes, document, sentence, table

Parser = argparse.ArgumentParser
_INTRODUCTION = (
    "Everything the pages do is also a command, which helps to try many settings one after "
    "another. Run commands in the project's folder; after `make run`, use `.venv/bin/python` in "
    "place of `python`. Every command has a `--help`."
)
_SYNTAX = "Brackets mark what is optional, capitals what you replace by a value."
_HEADER = ("argument", "meaning", "type", "default", "allowed")


def page() -> str:
    """The text of docs/cli.md."""
    found = list(commands(build_parser()))
    rows = [(_link(name), sentence(parser.description or "")) for name, parser in found]
    return document(
        "The command line",
        _INTRODUCTION,
        _SYNTAX,
        table(("command", "description"), rows),
        "## Exit codes",
        "The exit code says how the command ended.",
        table(("code", "meaning"), exit_codes()),
        *[part for name, parser in found for part in _command(name, parser)],
    )


def commands(parser: Parser, before: str = "") -> Iterator[tuple[str, Parser]]:
    """Name and parser of every command and of every command within it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield f"{before}{name}", inner
                yield from commands(inner, f"{before}{name} ")


def arguments(parser: Parser) -> list[argparse.Action]:
    """Its arguments and options, those that must be given first; without `--help`."""
    skipped = (argparse._SubParsersAction, argparse._HelpAction)
    found = [action for action in parser._actions if not isinstance(action, skipped)]
    return sorted(found, key=lambda one: (bool(one.option_strings), not _required(one)))


def exit_codes() -> list[tuple[str, str]]:
    """Number and meaning, from the docstring of `core.cli.main`."""
    documented = inspect.getdoc(inspect.getmodule(build_parser)) or ""
    listed = documented.partition("Exit codes: ")[2].partition("\n\n")[0]
    entries = re.findall(r"(\d+) (.+?)(?:; |\.$)", " ".join(listed.split()))
    return [(code(number), sentence(meaning)) for number, meaning in entries]


def _command(name: str, parser: Parser) -> list[str]:
    usage = " ".join(["python -m core", name, *map(_in_usage, arguments(parser))])
    actions = [inner for inner, _ in commands(parser)]
    parts = [f"## {name}", sentence(parser.description or ""), f"```\n{usage}\n```"]
    if rows := [_row(action, parser) for action in arguments(parser)]:
        parts.append(table(_HEADER, rows))
    if actions:
        parts.append(f"More: {', '.join(_link(f'{name} {action}') for action in actions)}.")
    return parts


def _link(name: str) -> str:
    return f"[{code(name)}](#{anchor(name)})"


def _row(action: argparse.Action, parser: Parser) -> tuple[str, ...]:
    return (
        code(_typed(action)),
        meaning(action, parser),
        _kind(action),
        "required" if _required(action) else _default(action),
        codes(action.choices or ()),
    )


def meaning(action: argparse.Action, parser: Parser) -> str:
    """Its help as a sentence; empty if it has none."""
    text = (action.help or "") % {**vars(action), "prog": parser.prog}
    return sentence(text)


def _value(action: argparse.Action) -> str:
    """What stands for its value."""
    shown = action.metavar or action.dest
    if isinstance(shown, tuple):
        return " ".join(shown)
    return shown if action.metavar or not action.option_strings else shown.upper()


def _typed(action: argparse.Action) -> str:
    """As one types it: `--set NAME=VALUE`, `PATH`."""
    names = ", ".join(action.option_strings)
    return " ".join(part for part in (names, "" if action.nargs == 0 else _value(action)) if part)


def _in_usage(action: argparse.Action) -> str:
    shown = _typed(action)
    if action.nargs in ("*", "+"):
        shown += "…"
    repeated = "…" if isinstance(action, argparse._AppendAction) else ""
    return shown if _required(action) else f"[{shown}]{repeated}"


def _required(action: argparse.Action) -> bool:
    """Whether it must be given; of arguments without a name, Python versions say so differently."""
    return action.required if action.option_strings else action.nargs not in ("*", "?")


def _kind(action: argparse.Action) -> str:
    if action.nargs == 0:
        return "flag"
    kind = {int: "whole number", float: "number"}.get(action.type, "text")
    kind = "choice" if action.choices else kind
    several = {"*": ", none or more", "+": ", one or more"}.get(action.nargs, "")
    repeated = ", may be repeated" if isinstance(action, argparse._AppendAction) else ""
    return kind + several + repeated


def _default(action: argparse.Action) -> str:
    """What it is if it is left out; empty for switches and where that is nothing."""
    nothing = action.nargs == 0 or action.default in (None, "", [], argparse.SUPPRESS)
    return "" if nothing else code(action.default)
