"""Parse the command line, run one command, turn failures into one line and an exit code.

Exit codes: 0 success; 1 some images could not be read; 2 invalid usage, or a failure that one
line explains; 130 interrupted; 143 ended by SIGTERM.
"""

import argparse
import sys
from collections.abc import Sequence

from core import jobs, terminal
from core.cli import (
    comparing,
    data,
    evaluating,
    explaining,
    exporting,
    gradio_app,
    importing,
    listing,
    migrating,
    predict,
    serving,
    trained,
    training,
    work,
)
from core.errors import unknown

_COMMANDS = (
    data,
    work,
    importing,
    listing,
    training,
    evaluating,
    trained,
    exporting,
    comparing,
    predict,
    explaining,
    serving,
    gradio_app,
    migrating,
)


class _Parser(argparse.ArgumentParser):
    """A parser that tells when its help cannot be written, which argparse keeps to itself, and
    that knows what an unknown command, value or option was meant to be."""

    def _print_message(self, message: str, file=None) -> None:
        if message:
            (file or sys.stderr).write(message)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            options = action.option_strings
            kind = f"value of {options[-1]}" if options else action.dest
            raise argparse.ArgumentError(None, unknown(kind, value, action.choices))

    def parse_known_args(self, args=None, namespace=None):
        """What argparse does; but what nobody knows is refused here, by the command it was for."""
        options, rest = super().parse_known_args(args, namespace)
        if flags := [word.partition("=")[0] for word in rest if word.startswith("--")]:
            self.error(unknown("option", flags[0], self._long_options()))
        return options, rest

    def _long_options(self) -> list[str]:
        return [name for name in self._option_string_actions if name.startswith("--")]


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; each command sets `handler`."""
    parser = _Parser(
        prog="python -m core", description="The Classification Studio on the command line."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    try:
        jobs.clear_up()
        return options.handler(options)
    except SystemExit:
        raise
    except BaseException as error:  # whatever it is, a person gets one line
        return terminal.explain(error)
