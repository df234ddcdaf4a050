"""Folders and images as the tests of jobs have them, and commands that are refused."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from core.cli import main
from tests.core.jobs.conftest import idle, large, small, studio

__all__ = ["idle", "large", "refused", "small", "studio"]


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every address of the network leads to a place where nobody listens."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            for spelt in (name, name.upper()):
                monkeypatch.setenv(spelt, f"http://127.0.0.1:{free.getsockname()[1]}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        yield


def refused(capsys, *arguments: str) -> str:
    """The one line on standard error of a command that fails."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")
