"""The REST API over HTTP: one image, many, many clients, beside a training, and the usual way.

The client runs on the same machine; which fraction of the processor time was its own is printed.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil

from benchmarks.report import print_table
from core.datasets import DATASETS
from core.images import encode_png
from core.settings import PROJECT_DIR
from tests.browser import studio
from tests.core.api import running

ONE, BATCHES, AT_ONCE = 500, 24, 256
CLIENTS, PREDICTIONS = 64, 5000
LEARNING = {"dataset": "mnist", "model": "mlp", "hyperparameters": {"epochs": 100}}
_HEAD = b'--XX\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
_FORM = {"Content-Type": "multipart/form-data; boundary=XX"}


@dataclass(frozen=True)
class Load:
    """What a server did under load.

    Attributes:
        rate: images a second.
        client, server: fraction of the machine's processor time of the client, and of the server.
        wrong: images whose label was another than that of the same image alone.
    """

    rate: float
    client: float
    server: float
    wrong: int


class Client:
    """A connection that is kept open."""

    def __init__(self, url: str, prefix: str = "/api") -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._prefix = prefix

    def ask(self, path: str, body: bytes | None = None, headers: dict | None = None) -> dict:
        method = "GET" if body is None else "POST"
        self._connection.request(method, self._prefix + path, body, headers or {})
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {content[:300]!r}")
        return json.loads(content)

    def predict(self, body: bytes) -> dict:
        return self.ask("/predict", body, _FORM)


def form(contents: Sequence[bytes]) -> bytes:
    """Images as the body of a request."""
    return b"".join(_HEAD + content + b"\r\n" for content in contents) + b"--XX--\r\n"


def latencies(predict: Callable[[bytes], dict], bodies: Sequence[bytes]) -> tuple[float, float]:
    """Median and 95th percentile of one request after the other, milliseconds."""
    for body in bodies[:20]:
        predict(body)
    times = []
    for body in bodies:
        begun = time.perf_counter()
        predict(body)
        times.append(1000 * (time.perf_counter() - begun))
    return float(np.median(times)), float(np.percentile(times, 95))


def batches(url: str, pngs: Sequence[bytes], labels: Sequence[str], at_a_time: int) -> Load:
    """Requests of 256 images each, some at a time."""
    starts = [AT_ONCE * number % (len(pngs) - AT_ONCE + 1) for number in range(BATCHES)]
    bodies = [form(pngs[start : start + AT_ONCE]) for start in starts]
    held = threading.local()

    def ask(number: int) -> int:
        held.client = getattr(held, "client", None) or Client(url)
        results = held.client.predict(bodies[number])["results"]
        expected = labels[starts[number] : starts[number] + AT_ONCE]
        return sum(r["label"] != label for r, label in zip(results, expected, strict=True))

    with ThreadPoolExecutor(at_a_time) as clients:
        list(clients.map(ask, range(at_a_time)))
        with shares() as measured:
            wrong = sum(clients.map(ask, range(BATCHES)))
    return Load(BATCHES * AT_ONCE / measured["seconds"], measured["own"], measured["server"], wrong)


@contextmanager
def shares() -> Iterator[dict[str, float]]:
    """Seconds of a block, and the fractions of all cores that client and servers took."""
    found: dict[str, float] = {}
    served = psutil.Process().children(recursive=True)

    def taken() -> float:
        times = [process.cpu_times() for process in served if process.is_running()]
        return sum(one.user + one.system for one in times)

    begun, own, server = time.perf_counter(), time.process_time(), taken()
    yield found
    found["seconds"] = time.perf_counter() - begun
    there_was = found["seconds"] * len(os.sched_getaffinity(0))
    found["own"] = (time.process_time() - own) / there_was
    found["server"] = (taken() - server) / there_was


def crowd(url: str, bodies: Sequence[bytes], labels: Sequence[str]) -> tuple[float, int, int]:
    """Many clients at a time: predictions a second, how many were lost, how many mixed up."""
    held = threading.local()

    def ask(number: int) -> str | None:
        try:
            held.client = getattr(held, "client", None) or Client(url)
            return held.client.predict(bodies[number % len(bodies)])["label"]
        except (OSError, RuntimeError):
            return None

    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        found = list(clients.map(ask, range(PREDICTIONS)))
    rate = PREDICTIONS / (time.perf_counter() - begun)
    expected = [labels[number % len(labels)] for number in range(PREDICTIONS)]
    mixed_up = sum(f is not None and f != e for f, e in zip(found, expected, strict=True))
    return rate, found.count(None), mixed_up


def while_learning(url: str, bodies: Sequence[bytes]) -> tuple[float, float]:
    """Latencies of single images while a network learns in the background."""
    client = Client(url)
    headers = {"Content-Type": "application/json"}
    job = client.ask("/train", json.dumps(LEARNING).encode(), headers)["url"].removeprefix("/api")
    try:
        while not client.ask(job)["history"]:
            time.sleep(0.2)
        return latencies(client.predict, bodies)
    finally:
        connection = HTTPConnection(urlsplit(url).netloc)
        connection.request("DELETE", f"/api{job}")
        connection.getresponse().read()


_USUAL = """
import io, sys
import keras, numpy as np
from flask import Flask, jsonify, request
from PIL import Image
model = keras.saving.load_model(sys.argv[1])
app = Flask(__name__)
@app.post("/api/predict")
def predict():
    images = [Image.open(io.BytesIO(f.read())).convert("L") for f in request.files.getlist("image")]
    batch = 255 - np.stack([np.array(i.resize((28, 28))) for i in images])[..., None]
    rows = model.predict(batch, verbose=0)
    found = [{"label": str(row.argmax()), "confidence": float(row.max())} for row in rows]
    return jsonify(found[0] if len(found) == 1 else {"results": found})
app.run(port=int(sys.argv[2]), threaded=True)
"""


@contextmanager
def usual() -> Iterator[str | None]:
    """A minimal Flask server with `model.predict`; None where Flask is not installed.

    The Python that has Flask and Keras is named by the variable `PYTHON_WITH_FLASK`.
    """
    python = os.environ.get("PYTHON_WITH_FLASK", sys.executable)
    asked = subprocess.run([python, "-c", "import flask"], capture_output=True, check=False)
    if asked.returncode:
        yield None
        return
    port = studio.free_port()
    model = PROJECT_DIR / "saved_models" / "mnist-cnn" / "model.keras"
    process = subprocess.Popen(
        [python, "-c", _USUAL, str(model), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    images, _ = DATASETS["mnist"].read_test()
    pngs = [encode_png(255 - image) for image in images[:2000, ..., 0]]
    bodies = [form([png]) for png in pngs[:ONE]]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with running.serve(Path(folder)) as served:
            client = Client(served.url)
            labels = [client.predict(form([png]))["label"] for png in pngs]
            rows.append(("one image, one worker", latencies(client.predict, bodies)))
            text = [base64.b64encode(png).decode() for png in pngs[:ONE]]
            as_json = [json.dumps({"image": one}).encode() for one in text]
            kind = {"Content-Type": "application/json"}
            found = latencies(lambda body: client.ask("/predict", body, kind), as_json)
            rows.append(("the same as JSON", found))
            rows.append(("while a network learns", while_learning(served.url, bodies[:200])))
        with studio.serve_studio(Path(folder)) as own:
            rows.append(("on the studio's port", latencies(Client(own.url).predict, bodies)))
            loads = {"the studio's port": batches(own.url, pngs, labels, 2)}
        with running.serve(Path(folder), "--workers", "2") as served:
            loads["2 workers"] = batches(served.url, pngs, labels, 3)
            rate, lost, mixed_up = crowd(served.url, bodies, labels[:ONE])
        with usual() as url:
            if url:
                rows.append(("Flask and `model.predict`", latencies(Client(url).predict, bodies)))
                loads["Flask and `model.predict`"] = batches(url, pngs, labels, 2)
    _print(rows, loads)
    print_table(
        "Many clients at a time, 2 workers",
        ("clients at a time", "predictions", "a second", "lost", "mixed up"),
        [(CLIENTS, f"{PREDICTIONS:,}", f"{rate:,.0f}", lost, mixed_up)],
    )


def _print(rows: list[tuple[str, tuple[float, float]]], loads: dict[str, Load]) -> None:
    print_table(
        "One request after the other",
        ("one 28×28 PNG", "median ms", "95 % ms"),
        [(name, f"{median:.1f}", f"{high:.1f}") for name, (median, high) in rows],
    )
    print_table(
        "Many images in a request",
        (f"requests of {AT_ONCE} PNGs", "images/s", "client's CPU", "server's CPU", "other labels"),
        [
            (name, f"{one.rate:,.0f}", f"{one.client:.0%}", f"{one.server:.0%}", one.wrong)
            for name, one in loads.items()
        ],
    )
