"""The API as processes of its own: many clients, several workers, what is imported when."""

import json
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from core import runs
from core.api import server
from core.errors import StudioError
from core.images import decode, encode_png
from core.serving import load_predictor
from core.settings import PROJECT_DIR
from tests.core.api import running

HEAVY = {"tensorflow", "keras", "sklearn", "scipy", "skimage", "pandas", "pyarrow", "matplotlib"}
BOUNDARY = "XX"


def form(*contents: bytes) -> bytes:
    """Images as the body of a request."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    parts = (head.encode() + content + b"\r\n" for content in contents)
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def ask(url: str, path: str, body: bytes | None = None, held: threading.local | None = None):
    """The JSON that a server gives; a connection is kept for each thread."""
    if held is None or not hasattr(held, "connection"):
        connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        if held is not None:
            held.connection = connection
    else:
        connection = held.connection
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} if body else {}
    connection.request("POST" if body else "GET", path, body, headers)
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    return json.loads(content)


def test_many_clients_of_two_workers_get_their_own_predictions(tmp_path, mnist_test):
    pngs = [encode_png(255 - image) for image in mnist_test[0][:200]]
    predictor = load_predictor(runs.load("mnist-cnn"))
    expected = [predictor.predict(decode(content)).label for content in pngs]
    bodies = [form(content) for content in pngs]
    held = threading.local()
    with running.serve(tmp_path, "--workers", "2") as served:
        with ThreadPoolExecutor(32) as clients:
            found = list(
                clients.map(lambda body: ask(served.url, "/api/predict", body, held), bodies)
            )
        connection = HTTPConnection(urlsplit(served.url).netloc)
        connection.request("GET", "/metrics/prometheus")
        counted = connection.getresponse().read().decode()
    assert [entry["label"] for entry in found] == expected
    line = next(x for x in counted.splitlines() if 'predictions_total{outcome="predicted"}' in x)
    assert float(line.split()[-1]) == 200  # of both workers together
    assert served.process.returncode == 0


def test_a_port_that_is_taken_gets_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = subprocess.run(
            [sys.executable, "-m", "core", "api", "--port", str(taken.getsockname()[1])],
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 2
    assert "in use" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("host", ["nowhere.invalid", "\u0000", "a" * 300])
def test_a_host_that_does_not_exist_gets_a_sentence(host):
    with pytest.raises(StudioError, match="of this machine"):
        server.serve(host, 0, 1)


def test_nothing_of_the_api_is_imported_before_it_is_asked(png):
    code = f"""
import asyncio, sys
from core.api import Api
before = set(sys.modules)
api = Api("127.0.0.1")
body = {form(png(7))!r}
async def ask():
    sent = []
    async def receive():
        return {{"type": "http.request", "body": body, "more_body": False}}
    async def send(message):
        sent.append(message)
    headers = [(b"content-type", b"multipart/form-data; boundary={BOUNDARY}")]
    scope = {{"type": "http", "method": "POST", "path": "/predict", "raw_path": b"/predict",
              "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1),
              "server": ("127.0.0.1", 80), "scheme": "http", "root_path": "",
              "http_version": "1.1"}}
    await api(scope, receive, send)
    return sent
sent = asyncio.run(ask())
assert sent[0]["status"] == 200, sent
heavy = {HEAVY!r}
print(sorted(before & {{"fastapi", "pydantic", "prometheus_client"}}), heavy & set(sys.modules))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert result.stdout.strip() == "[] set()", result.stderr
