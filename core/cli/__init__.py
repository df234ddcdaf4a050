"""The command line: `python -m core --help`."""

from core.cli.main import main

__all__ = ["main"]
