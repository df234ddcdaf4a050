"""Folders and pictures as the tests of jobs have them, and commands that are refused."""

from core.cli import main
from tests.core.jobs.conftest import idle, large, small, studio

__all__ = ["idle", "large", "refused", "small", "studio"]


def refused(capsys, *arguments: str) -> str:
    """The one line on standard error of a command that fails."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")
