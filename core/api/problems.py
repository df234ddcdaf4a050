"""Failures as JSON: `{"success": false, "error": "…"}`, with a status that tells whose they are."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from core import visitors
from core.errors import (
    DatasetError,
    ImageError,
    JobError,
    ModelError,
    OutOfMemory,
    RunError,
    StudioError,
    is_disk_error,
    is_out_of_memory,
    system_sentence,
)

_LONGEST = 1000  # characters of a sentence, which may repeat what was received
_STATUS: tuple[tuple[type[StudioError], int], ...] = (
    (ImageError, 422),
    (RunError, 404),
    (JobError, 409),
    (DatasetError, 422),
    (ModelError, 422),
    (OutOfMemory, 503),
)
_MISSING = {
    404: "There is nothing at this URL. What there is: /api/docs.",
    405: "This URL does not take requests of this kind. What it takes: /api/docs.",
}
_logger = logging.getLogger(__name__)


class Refused(StudioError):
    """A request that cannot be served.

    Attributes:
        status: of HTTP, 4xx.
        headers: that go with it.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response that says why a request was refused or failed."""
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[:_LONGEST]}…"
    sentence = visitors.without_paths(sentence)
    return JSONResponse({"success": False, "error": sentence}, status, headers)


def answer(error: Exception) -> JSONResponse:
    """The response for whatever was raised."""
    if isinstance(error, Refused):
        return problem(error.status, str(error), error.headers)
    if isinstance(error, StudioError):
        return problem(status_of(error), str(error))
    if is_out_of_memory(error):
        return problem(503, str(OutOfMemory()))
    if isinstance(error, OSError) and is_disk_error(error):
        return problem(503, system_sentence(error))
    _logger.error("A request to the API failed", exc_info=error)
    return problem(500, "The server failed. What happened is in its log.")


def status_of(error: StudioError) -> int:
    """The status of HTTP that fits a failure."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 422)


def sentence_of(errors: Sequence[Mapping[str, Any]]) -> str:
    """What pydantic found wrong with a request, as sentences."""
    told = []
    for error in errors[:5]:
        name = ".".join(str(piece) for piece in error["loc"] if piece not in ("body", "query"))
        received = error.get("input")
        shown = f" Received: {str(received)[:100]!r}." if isinstance(received, _PLAIN) else ""
        told.append(f"`{name or 'body'}`: {error['msg']}.{shown}")
    return " ".join(told)


_PLAIN = (str, int, float, bool)


def handle(app: FastAPI, routes: Sequence[APIRoute]) -> None:
    """Have an app answer every failure in this way.

    Args:
        routes: all there are; they say which methods a URL takes.
    """

    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, sentence_of(error.errors()))

    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        sentence, headers = _MISSING.get(error.status_code, str(error.detail)), error.headers
        if error.status_code == 405:  # Starlette names those of the first route alone
            path = request.url.path.removeprefix(request.scope.get("root_path", ""))
            methods = {m for route in routes if route.path_regex.match(path) for m in route.methods}
            headers = {"Allow": ", ".join(sorted(methods))}
        return problem(error.status_code, sentence, headers)

    async def failed(request: Request, error: Exception) -> JSONResponse:
        return answer(error)

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(StudioError, failed)
    app.add_exception_handler(Exception, failed)
