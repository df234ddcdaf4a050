"""Parse the command line, run one command, turn failures into one line and an exit code.

Exit codes: 0 all went well; 1 some pictures could not be read; 2 wrong usage or a failure that
one line explains; 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from core import jobs
from core.cli import comparing, data, listing, predict, trained, training, work
from core.errors import StudioError, system_sentence


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; each command sets `handler`."""
    parser = argparse.ArgumentParser(
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
    except StudioError as error:
        print_error(str(error))
        return 2
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - must stay open until exit
        return 0
    except OSError as error:  # of a disk, where no command has found better words
        print_error(system_sentence(error))
        return 2
    except KeyboardInterrupt:
        print_error("Interrupted; nothing was kept.")
        return 130


def print_error(sentence: str) -> None:
    """One line on standard error."""
    sys.stderr.write("error: " + " ".join(sentence.split()) + "\n")
