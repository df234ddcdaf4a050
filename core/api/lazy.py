"""The API as an ASGI app that is built when it is asked for something for the first time."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
PREFIX = "/api"


class Api:
    """The whole API.

    FastAPI and what it needs are imported in a thread with the first request, 0.4 s, while the
    server goes on with others.

    Args:
        host: what the server is bound to, or a function that says so: `127.0.0.1` for instance.
    """

    def __init__(self, host: str | Callable[[], str]) -> None:
        self._host = host
        self._building: asyncio.Future | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "http":
            app = await self._built()
            await app(scope, receive, send)

    async def _built(self) -> App:
        if self._building is None:
            self._building = asyncio.ensure_future(asyncio.to_thread(self._build))
        try:
            return await asyncio.shield(self._building)  # one who leaves stops it for nobody else
        except Exception:  # memory may have run out: the next request tries again
            self._building = None
            raise

    def _build(self) -> App:
        from core.api.app import build

        return build(self._host() if callable(self._host) else self._host)


class Alone:
    """The API as a server of its own: at the root, and below `/api` as in the studio."""

    def __init__(self, host: str) -> None:
        self._api = Api(host)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path, prefix = scope.get("path", ""), scope.get("root_path", "")
        if path == PREFIX or path.startswith(f"{PREFIX}/"):
            path = path if path != PREFIX else f"{PREFIX}/"
            scope = {**scope, "path": path, "root_path": prefix + PREFIX}
        await self._api(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    """Confirm that the server may start and end."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
