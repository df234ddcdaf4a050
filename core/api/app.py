"""The app of FastAPI with all its routes, and what every request passes through."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from core import settings
from core.api import (
    problems,
    routes_docs,
    routes_explain,
    routes_export,
    routes_look,
    routes_metrics,
    routes_predict,
    routes_train,
    threads,
)
from core.api.access import Access
from core.api.figures import Watch, is_shared
from core.api.limits import Limits
from core.api.schemas import Problem

_TITLE = "Classification Studio"
_ABOUT = """Predict with trained models, train new ones, read their metrics.

Where `STUDIO_API_TOKEN` is set, send `Authorization: Bearer …`. A request that fails gets
`{"success": false, "error": "…"}`.
"""
_ROUTERS = (
    routes_look.router,
    routes_predict.router,
    routes_explain.router,
    routes_train.router,
    routes_export.router,
    routes_metrics.router,
    routes_docs.router,
)


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with the token that may be needed."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemes = {"token": {"type": "http", "scheme": "bearer"}}
        schema["components"]["securitySchemes"] = schemes
        schema["security"] = [{}, {"token": []}]
        app.openapi_schema = schema
    return app.openapi_schema


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
    if is_shared():
        threads.leave_cores_to_others()
    problems.handle(app, [route for router in _ROUTERS for route in router.routes])
    for router in _ROUTERS:
        app.include_router(router)

    app.openapi = lambda: described(app)
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
