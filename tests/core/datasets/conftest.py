"""Fixtures of the datasets: folders of their own, and a server on this machine."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.settings import Settings
from tests.overriding import use


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose `data_dir` and `work_dir` are empty folders that all datasets use."""
    changed = use(monkeypatch, data_dir=tmp_path / "data", work_dir=tmp_path / "work")
    changed.data_dir.mkdir()
    return changed


@pytest.fixture
def stored_files(folders: Settings) -> Callable[[], list[str]]:
    """`stored_files()`: every file below the folder of stored datasets, drafts included."""
    root = folders.work_dir / "datasets"
    return lambda: sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


class Server:
    """Answers every request as `response` does; it is called with the handler and this server."""

    def __init__(self) -> None:
        self.content = b""
        self.response: Callable[[BaseHTTPRequestHandler, Server], None] = whole
        self.ranges: list[str | None] = []
        self.asked = threading.Event()
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.ranges.append(self.headers["Range"])
                outer.asked.set()
                outer.response(self, outer)

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: object) -> None:
    """An answer; a header `Content_Length` of None is left out."""
    handler.send_response(status)
    for name, value in ({"Content_Length": len(body)} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()


def whole(handler: BaseHTTPRequestHandler, server: Server) -> None:
    """The file named in the path if `content` is a dict of files, else `content`."""
    content = server.content
    if isinstance(content, dict):
        content = content[handler.path.strip("/")]
    send(handler, 200, content)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine that gives `server.content`, or does what it is told to."""
    monkeypatch.setenv("NO_PROXY", "*")
    running = Server()
    yield running
    running.close()
