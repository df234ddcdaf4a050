"""What passes between browsers and the studio, tried on a small app behind the same gate."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from core import settings, shares
from core.shares import Room
from pages.components.shared import gate, traffic

FILE = "/_stcore/upload_file/{session}/{file}"


@pytest.fixture
def manager(monkeypatch) -> MemoryUploadedFileManager:
    manager = MemoryUploadedFileManager("/_stcore/upload_file")
    monkeypatch.setattr(traffic, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=manager))
    return manager


@pytest.fixture
def public(monkeypatch) -> bool:
    monkeypatch.setattr(gate, "_is_public", lambda: True)
    monkeypatch.setattr(traffic, "traffic", traffic.Traffic())
    return True


def allow(monkeypatch, **changes: object) -> None:
    """Change what browsers may send."""
    monkeypatch.setattr(shares, "_LARGE", replace(shares._LARGE, **changes))


@pytest.fixture
def come_from(manager) -> Iterator[Callable[[str], TestClient]]:
    """`come_from("192.0.2.1")`: a browser there, before a server that keeps files as Streamlit."""

    async def keep(request: Request) -> PlainTextResponse:
        data = await request.body()
        record = UploadedFileRec(request.path_params["file"], "x.png", "image/png", data)
        manager.add_file(request.path_params["session"], record)
        return PlainTextResponse("", 204)

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("a page")

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await socket.receive_text()

    routes = [
        Route(FILE, keep, methods=["PUT"]),
        Route("/_stcore/metrics", page),
        Route("/", page),
        Route("/component/canvas/index.html", page),
        WebSocketRoute("/_stcore/stream", talk),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(gate.Gate)])
    with anyio.from_thread.start_blocking_portal() as portal:  # one loop, as in a server

        def come(url: str) -> TestClient:
            client = TestClient(app, client=(url, 50_000))
            client.portal = portal
            return client

        yield come


def send(client: TestClient, session: str, file: str, size: int) -> int:
    return client.put(FILE.format(session=session, file=file), content=bytes(size)).status_code


def held(manager: MemoryUploadedFileManager) -> list[str]:
    return [file for files in manager.file_storage.values() for file in files]


def test_large_files_are_refused_before_they_are_read(come_from, public, manager, monkeypatch):
    allow(monkeypatch, file=1_000_000)
    assert send(come_from("192.0.2.1"), "s", "small", 1_000_000) == 204
    assert send(come_from("192.0.2.1"), "s", "large", 1_100_000) == 413
    path = FILE.format(session="s", file="unknown")
    response = come_from("192.0.2.1").put(path, content=iter([b"x"] * 3))
    assert response.status_code == 411
    assert held(manager) == ["small"]


def test_invented_sessions_share_what_their_network_has(come_from, public, manager, monkeypatch):
    allow(monkeypatch, held=Room(total=10_000, share=5_000))
    send(come_from("192.0.2.1"), "honest", "photo", 2_000)
    for number in range(8):
        assert send(come_from("192.0.2.2"), f"invented-{number}", f"file-{number}", 2_000) == 204
    assert held(manager) == ["photo", "file-6", "file-7"]
    now = traffic.traffic
    assert not now.was_emptied("honest") and not now.was_emptied("invented-7")
    assert now.was_emptied("invented-0") and not now.was_emptied("invented-0")


def test_files_that_come_in_together_are_counted_too(come_from, public, manager, monkeypatch):
    allow(monkeypatch, held=Room(total=10_000, share=5_000))
    client = come_from("192.0.2.1")
    with ThreadPoolExecutor(8) as pool:
        responses = pool.map(
            lambda number: send(client, f"s{number}", f"f{number}", 2_000), range(24)
        )
        assert set(responses) == {204}
    assert len(held(manager)) == 2


def test_files_that_streamlit_has_forgotten_do_not_count(come_from, public, manager, monkeypatch):
    allow(monkeypatch, held=Room(total=5_000, share=5_000))
    send(come_from("192.0.2.1"), "left", "before", 3_000)
    manager.remove_session_files("left")
    send(come_from("192.0.2.1"), "here", "first", 2_000)
    send(come_from("192.0.2.1"), "here", "second", 2_000)
    assert held(manager) == ["first", "second"]


def test_a_file_that_never_arrives_holds_its_place_for_a_while_only(public, manager, monkeypatch):
    monkeypatch.setattr(traffic, "_PATIENCE", 0.05)
    responses: list[int] = []

    async def never(scope, receive, send) -> None:
        await asyncio.sleep(60)

    async def note(message) -> None:
        responses.extend([message["status"]] if "status" in message else [])

    async def come() -> None:
        headers = [(b"content-length", b"100")]
        scope = {"type": "http", "method": "PUT", "path": "/u/s/f", "headers": headers}
        now = traffic.Traffic()
        await asyncio.gather(*(now.upload(never, scope, None, note) for _ in range(5)))
        assert not now._coming and not now._items

    asyncio.run(come())
    assert responses == [503] * 5


def test_one_network_does_not_hold_all_connections(come_from, public, monkeypatch):
    monkeypatch.setattr(traffic, "CONNECTIONS", Room(total=3, share=2))
    here, there = come_from("192.0.2.1"), come_from("192.0.2.2")
    with here.websocket_connect("/_stcore/stream"):
        with here.websocket_connect("/_stcore/stream"):
            with (
                pytest.raises(WebSocketDisconnect, check=lambda error: error.code == 1013),
                here.websocket_connect("/_stcore/stream"),
            ):
                pass
            with there.websocket_connect("/_stcore/stream"):
                pass
        with here.websocket_connect("/_stcore/stream"):
            pass


@pytest.mark.parametrize("path", ["/", "/component/canvas/index.html", "/nowhere"])
def test_browsers_are_told_what_a_page_may_do(come_from, monkeypatch, path):
    headers = come_from("192.0.2.1").get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["img-src"] == "'self' data: blob:"
    assert "'unsafe-eval'" not in policy["script-src"]
    assert ("'unsafe-inline'" in policy["script-src"]) is path.startswith("/component")
    assert ("'sha256-" in policy["script-src"]) is not path.startswith("/component")


def test_metrics_and_large_files_are_for_the_owner(come_from, manager, monkeypatch):
    client = come_from("192.0.2.1")
    allow(monkeypatch, file=1_000)
    for is_public, status in ((True, 404), (False, 200)):
        monkeypatch.setattr(gate, "_is_public", lambda response=is_public: response)
        assert client.get("/_stcore/metrics").status_code == status
    assert send(client, "s", "large", 100_000) == 204
    assert settings.current().public is False
