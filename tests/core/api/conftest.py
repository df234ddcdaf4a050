"""The API in this process, in folders of its own, and images to send to it."""

import base64
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from core.api.app import build
from core.images import encode_png
from tests.core.jobs.conftest import idle, studio  # noqa: F401 - fixtures

LOCAL = "127.0.0.1"


@cache
def _app(host: str) -> ASGIApp:
    return build(host)


def client_of(host: str = LOCAL, name: str = "localhost", **headers: str) -> TestClient:
    """A client of an API that is bound to a host and reached by a name."""
    return TestClient(
        _app(host), base_url=f"http://{name}", headers=headers, raise_server_exceptions=False
    )


@pytest.fixture
def client(own_runs_folder) -> TestClient:
    """Whoever sits at this machine."""
    return client_of()


@pytest.fixture(scope="session")
def png(drawn_digit) -> Callable[[int], bytes]:
    """`png(7)`: a drawn 7 as a PNG file."""
    return lambda label: encode_png(drawn_digit(label))


@pytest.fixture(scope="session")
def text(png) -> Callable[[int], str]:
    """`text(7)`: the same in base64."""
    return lambda label: base64.b64encode(png(label)).decode()


BLANK = encode_png(np.full((40, 40), 255, np.uint8))


def files(*contents: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    """Images as a form holds them: `0.png`, `1.png`, …"""
    return [("image", (f"{number}.png", content)) for number, content in enumerate(contents)]
