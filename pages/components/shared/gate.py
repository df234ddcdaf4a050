"""What stands between a browser and Streamlit: headers that browsers heed, and in a public demo
limits on what one network may send or keep open.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.components.shared import preload, traffic

_UPLOADS, _METRICS, _COMPONENTS = "/_stcore/upload_file/", "/_stcore/metrics", "/component/"
_BUSY = 1013  # of a WebSocket: try again later
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
# Emotion writes styles into the page; components of Streamlit's second kind come as blobs.
_POLICY = (
    "default-src 'self'; script-src 'self' blob: {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; "
    "frame-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)


class Gate:
    """ASGI middleware around the whole studio."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = _with_headers(scope["path"], send)
        # The server starts before a secret can have set STUDIO_PUBLIC.
        if scope["type"] == "lifespan" or not _is_public():
            return await self._app(scope, receive, send)
        path = scope["path"]
        if scope["type"] == "websocket":
            try:
                with traffic.traffic.connection(traffic.network_of(scope)):
                    await self._app(scope, receive, send)
            except traffic.Busy:
                await send({"type": "websocket.close", "code": _BUSY})
        elif path.rstrip("/").endswith(_METRICS):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        elif scope["method"] == "PUT" and _UPLOADS in path:
            await traffic.traffic.upload(self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_public() -> bool:
    from core import settings

    return settings.current().public


def _with_headers(path: str, send: Send) -> Send:
    async def response(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", _policy(_COMPONENTS in path))
            is_page = headers.get("content-type", "").startswith("text/html")
            if is_page and (link := preload.header(path)):
                headers.append("Link", link)
        await send(message)

    return response


@cache
def _policy(component: bool) -> str:
    """What a page may load; components come with small scripts in their pages."""
    scripts = "'unsafe-inline'" if component else " ".join(_own_scripts())
    return _POLICY.format(scripts=f"'wasm-unsafe-eval' {scripts}".rstrip())


def _own_scripts() -> list[str]:
    """Hashes of the scripts inside Streamlit's page."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inside = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in inside)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


async def _to_the_first_page(request: Request) -> RedirectResponse:
    return RedirectResponse(f"./?{request.url.query}".rstrip("?"))


# Streamlit finds its first page at `/` alone, but it is called like the others in links.
ROUTES = [Route("/recognise", _to_the_first_page)]
