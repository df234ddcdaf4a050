"""What visitors of a public demo send and how many connections they hold, kept within limits.

Streamlit keeps every file a browser sends in memory while the page is open, whoever sent it. Here
files are counted before they are read: how large each is, how much one network and all of them
hold together (`core.shares`), and how many come in at a time.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from core import shares
from core.shares import Item, Room

CONNECTIONS = Room(total=300, share=100)  # open pages
_FORM = 64_000  # bytes of a form around its file
_PATIENCE = 60.0  # seconds until it is a file's turn
_SLOWEST = 50_000  # bytes a second
_REMEMBERED = 1000  # pages whose files were let go


class Busy(Exception):
    """Too many at a time."""


class Traffic:
    """What is on its way and what is held. All of it happens in the server's event loop."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._coming: Counter[str] = Counter()
        self._items: dict[tuple[str, str], Item] = {}
        self._emptied: OrderedDict[str, None] = OrderedDict()
        self._changed = asyncio.Condition()

    @contextmanager
    def connection(self, network: str) -> Iterator[None]:
        """A page that is open.

        Raises:
            Busy: if there are too many.
        """
        if self._open.total() >= CONNECTIONS.total or self._open[network] >= CONNECTIONS.share:
            raise Busy
        self._open[network] += 1
        try:
            yield
        finally:
            _subtract(self._open, network)

    @asynccontextmanager
    async def _turn(self, network: str) -> AsyncIterator[None]:
        def there_is_room() -> bool:
            room = shares.inbox().coming
            mine, everybodys = self._coming[network], self._coming.total()
            # the last place is for somebody who sends nothing yet
            return mine < room.share and everybodys < room.total - (mine > 0)

        async with asyncio.timeout(_PATIENCE), self._changed:
            await self._changed.wait_for(there_is_room)
            self._coming[network] += 1
        try:
            yield
        finally:
            _subtract(self._coming, network)
            async with self._changed:
                self._changed.notify_all()

    async def upload(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a file in: it waits for its turn, and older ones give way for it."""
        headers = dict(scope["headers"])
        try:
            size = int(headers[b"content-length"])
        except (KeyError, ValueError):
            return await _refuse(411, "Say how large the file is.", scope, receive, send)
        most = shares.inbox().file
        if size > most + _FORM:
            sentence = f"A file may hold {most // shares.MB} MB."
            return await _refuse(413, sentence, scope, receive, send)
        network = network_of(scope)
        response = _Response(send)
        try:
            async with self._turn(network):
                item = Item(_key_of(scope["path"]), network, size, time.monotonic())
                self._make_room(item)
                async with asyncio.timeout(_PATIENCE + size / _SLOWEST):
                    await app(scope, receive, response)
                # Others may have come in meanwhile, and this one is held from now on.
                self._items[item.key] = replace(item, since=time.monotonic())
                self._make_room(self._items[item.key])
        except TimeoutError:
            if response.status is None:
                await _refuse(503, "Too many files at a time.", scope, receive, send)

    def _make_room(self, item: Item) -> None:
        """Let older files go, so that this one fits; it may still be on its way."""
        self._drop_what_is_gone()
        held = {**self._items, item.key: item}
        for old in shares.to_let_go(held.values(), shares.inbox().held):
            session, file = old.key
            del self._items[old.key]
            if manager := _manager():
                manager.remove_file(session, file)
            self._emptied[session] = None
            while len(self._emptied) > _REMEMBERED:
                self._emptied.popitem(last=False)

    def _drop_what_is_gone(self) -> None:
        """Forget files that Streamlit no longer keeps."""
        manager = _manager()
        for key in list(self._items):
            if manager is None or not manager.get_files(key[0], [key[1]]):
                del self._items[key]

    def was_emptied(self, session: str) -> bool:
        """Whether files of a page were let go; said once."""
        return self._emptied.pop(session, self) is None


class _Response:
    """Passes a response on and remembers how it begins."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def network_of(scope: Scope) -> str:
    """From which network a request comes."""
    address, *_ = scope.get("client") or ("",)
    return shares.network_of(address)


def _subtract(counts: Counter[str], network: str) -> None:
    counts[network] -= 1
    if not counts[network]:
        del counts[network]


def _key_of(path: str) -> tuple[str, str]:
    """Session and file of `…/upload_file/<session>/<file>`."""
    *_, session, file = ("", *path.rstrip("/").split("/"))
    return session, file


def _manager() -> MemoryUploadedFileManager | None:
    manager = get_instance().uploaded_file_mgr
    return manager if isinstance(manager, MemoryUploadedFileManager) else None


async def _refuse(status: int, sentence: str, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(sentence, status)(scope, receive, send)


traffic = Traffic()
