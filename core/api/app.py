"""The app of FastAPI with all its routes, and what every request passes through."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from core import settings
from core.api import problems, routes_look, routes_predict
from core.api.access import Access
from core.api.figures import Watch
from core.api.limits import Limits
from core.api.schemas import Problem

_TITLE = "Classification Studio"
_ABOUT = """Predict with trained models, train new ones, read their metrics.

Where `STUDIO_API_TOKEN` is set, send `Authorization: Bearer …`. A request that fails gets
`{"success": false, "error": "…"}`.
"""
_ROUTERS = (routes_look.router, routes_predict.router)


def build(host: str) -> ASGIApp:
    """The whole API as an ASGI app.

    Args:
        host: what the server is bound to; to more than loopback, it only predicts without a token.
    """
    app = FastAPI(
        title=_TITLE,
        description=_ABOUT,
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={"default": {"model": Problem, "description": "Refused or failed"}},
    )
    problems.handle(app)
    for router in _ROUTERS:
        app.include_router(router)

    wrapped: ASGIApp = Watch(Limits(Access(app, host)))
    if origins := settings.current().api_origins:
        wrapped = CORSMiddleware(
            wrapped,
            allow_origins=origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type"),
            expose_headers=("Location", "Retry-After"),
        )
    return wrapped
