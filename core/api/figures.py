"""What the API has served, for Prometheus."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import jobs, runs

_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"  # the library's own variable: workers share their counts
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_UNKNOWN = "other"  # URLs that do not exist are one, however many are tried


class Figures:
    """Counters of this process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self._requests = Counter(
            "studio_requests", "Requests served", ("path", "method", "status"), registry=own
        )
        self._seconds = Histogram(
            "studio_request_seconds",
            "Time that a request took",
            ("path",),
            buckets=_SECONDS,
            registry=own,
        )
        self._predictions = Counter(
            "studio_predictions", "Images predicted or refused", ("outcome",), registry=own
        )

    def served(self, path: str, method: str, status: int, seconds: float) -> None:
        """Note a request that was answered."""
        self._requests.labels(path, method, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def predicted(self, answers: Sequence[dict[str, Any]]) -> None:
        """Note images that were predicted."""
        predicted = sum(answer["success"] for answer in answers)
        self._predictions.labels("predicted").inc(predicted)
        self._predictions.labels("refused").inc(len(answers) - predicted)

    def text(self) -> bytes:
        """Everything in the format of Prometheus, with the runs and jobs that there are now."""
        counted = self._registry
        if is_shared():
            counted = CollectorRegistry()
            MultiProcessCollector(counted)
        present = CollectorRegistry()
        states = Gauge("studio_jobs", "Jobs by their state", ("state",), registry=present)
        for state in ("queued", "running", "done", "cancelled", "failed"):
            states.labels(state)
        for job in jobs.list_jobs():
            states.labels(job.state).inc()
        Gauge("studio_runs", "Runs", registry=present).set(len(runs.list_runs()))
        return generate_latest(counted) + generate_latest(present)


def is_shared() -> bool:
    """Whether several worker processes count together."""
    return _MULTIPROCESS in os.environ


def share_in(folder: str) -> None:
    """Have worker processes that are started from now on count together, in files of a folder."""
    os.environ[_MULTIPROCESS] = folder


class Watch:
    """ASGI middleware that counts requests by the route that serves them: `/runs/{run_id}`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), 0

        async def response(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, response)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else _UNKNOWN
            with suppress(OSError):  # a full disk stops no request
                path = getattr(scope.get("route"), "path", _UNKNOWN)
                figures.served(path, method, status, time.perf_counter() - begun)


_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
figures = Figures()
