"""Parse the command line, run one command, turn failures into one line and an exit code.

Exit codes: 0 all went well; 1 some pictures could not be read; 2 wrong usage or a failure that
one line explains; 130 interrupted; 143 ended by SIGTERM.
"""

import argparse
import sys
from collections.abc import Sequence

from core import jobs, terminal
from core.cli import comparing, data, listing, predict, trained, training, work


class _Parser(argparse.ArgumentParser):
    """A parser that tells when its help cannot be written; argparse keeps that to itself."""

    def _print_message(self, message: str, file=None) -> None:
        if message:
            (file or sys.stderr).write(message)


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; each command sets `handler`."""
    parser = _Parser(
        prog="python -m core", description="The Classification Studio on the command line."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (data, work, listing, training, trained, comparing, predict):
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
