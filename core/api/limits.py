"""What one request may hold, and how many there may be: counted while they come in."""

import asyncio
import time
from collections import OrderedDict, deque

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import settings, shares
from core.api.problems import Refused, answer

_MINUTE = 60.0
_KNOWN = 10_000  # networks whose requests are remembered
_PATIENCE, _SLOWEST = 60.0, 50_000  # seconds, and bytes a second, until a body has come in
_TOGETHER = 4  # times the largest body: held by all requests at a time


class Limits:
    """ASGI middleware that counts requests of a network and bytes of a body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(self, receive)
        response = _Response(send)
        try:
            self._count_request(scope)
            body.expect(Headers(scope=scope).get("content-length"))
            await self._app(scope, body.receive, response)
        except Exception as error:  # whatever it is, a client gets JSON
            if not response.has_begun:
                await answer(error)(scope, receive, send)
        finally:
            self._held -= body.size

    def hold(self, size: int) -> None:
        """Note bytes that have come in; raises `Refused` if there is no room for them."""
        self._held += size
        if self._held > _TOGETHER * _most_bytes():
            raise Refused(
                503, "Too many large requests at a time. Try again.", {"Retry-After": "5"}
            )

    def _count_request(self, scope: Scope) -> None:
        rate = settings.current().api_rate
        if not rate:
            return
        address, *_ = scope.get("client") or ("",)
        network, now = shares.network_of(address), time.monotonic()
        times = self._seen.setdefault(network, deque())
        self._seen.move_to_end(network)
        while len(self._seen) > _KNOWN:
            self._seen.popitem(last=False)
        while times and now - times[0] > _MINUTE:
            times.popleft()
        if len(times) >= rate:
            wait = max(1, round(_MINUTE - (now - times[0])))
            raise Refused(
                429,
                f"At most {rate:,} requests a minute are served for one network. Try again in "
                f"{wait} seconds.",
                {"Retry-After": str(wait)},
            )
        times.append(now)


class _Body:
    """The body of a request, counted as it comes in."""

    def __init__(self, limits: Limits, receive: Receive) -> None:
        self._limits, self._receive = limits, receive
        self.size, self._begun, self._whole = 0, time.monotonic(), False

    def expect(self, length: str | None) -> None:
        """Refuse a body that says it is too large before it is read."""
        if length is not None and length.isdecimal() and len(length) < 20:
            _check(int(length))

    async def receive(self) -> Message:
        if self._whole:  # what comes now is that the client has left
            return await self._receive()
        left = self._begun + _PATIENCE + self.size / _SLOWEST - time.monotonic()
        try:
            async with asyncio.timeout(left):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(408, "The request came in too slowly. Try again.") from error
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self.size += size
            self._limits.hold(size)
            _check(self.size)
            self._whole = not message.get("more_body", False)
        return message


class _Response:
    """Passes a response on and remembers that it has begun."""

    def __init__(self, send: Send) -> None:
        self._send, self.has_begun = send, False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


def _most_bytes() -> int:
    return settings.current().api_megabytes * shares.MB


def _check(size: int) -> None:
    if size > _most_bytes():
        raise Refused(
            413,
            f"A request may hold {settings.current().api_megabytes} MB (STUDIO_API_MAX_MB). "
            f"Received: {size / shares.MB:,.1f} MB or more. Send fewer images at a time.",
        )
