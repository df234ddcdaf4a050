"""`python -m core`: the command line of the studio."""

import sys

from core import terminal


def load():
    from core.cli import main

    return main


sys.exit(terminal.run(load))
