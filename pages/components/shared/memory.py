"""Drawings and uploads that outlive a reload of the page.

The URL carries a random token; the server keeps the last things shown under it.
Nothing is written to disk, and the oldest are forgotten first.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

import streamlit as st

from core import shares, visitors
from pages.components.shared import keys

_ROOM = shares.Room(total=64 * 2**20, share=32 * 2**20)
_HELD = "sketch_held"


@dataclass
class Memory:
    """What one visitor last showed.

    Attributes:
        drawing: strokes on the canvas as Fabric.js JSON; None if it is blank.
        drawing_png: the same as a PNG file.
        uploads: name and content of each uploaded file.
        lab: name and content of the image in the image lab.
        photo, lab_photo: the last photo taken to recognise, and in the image lab.
    """

    drawing: dict | None = None
    drawing_png: bytes | None = None
    uploads: list[tuple[str, bytes]] = field(default_factory=list)
    lab: tuple[str, bytes] | None = None
    photo: bytes | None = None
    lab_photo: bytes | None = None

    def size(self) -> int:
        """Bytes it holds, roughly."""
        drawing = len(self.drawing_png or b"") + len(str(self.drawing or ""))
        files = [*self.uploads, *([self.lab] if self.lab else [])]
        photos = len(self.photo or b"") + len(self.lab_photo or b"")
        return 256 + drawing + photos + sum(len(content) for _, content in files)


class _Shelf:
    """Memories by place, with a limit on their bytes for each network and for all."""

    def __init__(self) -> None:
        self._memories: OrderedDict[str, Memory] = OrderedDict()
        self._lock = Lock()

    def get(self, place: str) -> Memory | None:
        with self._lock:
            return self._memories.get(place)

    def put(self, place: str, memory: Memory) -> None:
        with self._lock:
            self._memories[place] = memory
            self._memories.move_to_end(place)
            held = [
                shares.Item(key, shares.whereabouts(key.rpartition(" ")[0]), kept.size(), number)
                for number, (key, kept) in enumerate(self._memories.items())
            ]
            for item in shares.to_let_go(held, _ROOM):
                del self._memories[item.key]


@st.cache_resource
def _shelf() -> _Shelf:
    return _Shelf()


def recall() -> Memory:
    """What this visitor last showed; empty if nothing is known."""
    token = _token()
    if token:
        _hold(token)
    return _shelf().get(_place(token)) or Memory()


def _token() -> str:
    """This visitor's token: in the URL, or in the session after a change of page."""
    return st.query_params.get(keys.SKETCH, "") or st.session_state.get(_HELD, "")


def _hold(token: str) -> None:
    """Keep the token where the next page finds it, and where a reload of this one does."""
    st.session_state[_HELD] = token
    if st.query_params.get(keys.SKETCH) != token:
        st.query_params[keys.SKETCH] = token


def _place(token: str) -> str:
    """Where it is kept: a link that is handed on takes nothing to another visitor of a demo."""
    me = visitors.current()
    return f"{me} {token}" if visitors.is_visitor(me) else token


def remember(memory: Memory) -> None:
    """Keep it under this visitor's token, which is made when there is something to keep."""
    token = _token() or secrets.token_urlsafe(9)
    _hold(token)
    _shelf().put(_place(token), memory)
