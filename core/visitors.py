"""The current visitor: the owner of the machine, who sees everything, or a visitor of a demo.

Runs, datasets, uploads and jobs carry the name of their owner. Whatever lists or loads them looks
here, so that one visitor never comes upon what another has made. On somebody's own machine nobody
asks, and all of it is `you`.

One function gives the current visitor, in every thread of a process: the pages register theirs,
which looks whose page a thread serves; a job acts as its owner from beginning to end. A request of
the REST API has a visitor of its own, whatever else its process serves meanwhile (`serving`).
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core import names, settings
from core.settings import PROJECT_DIR

OWNER, STUDIO, NOBODY = "you", "studio", "nobody"
_ADDRESS = re.compile(r"(https?://\S+)")
# A path begins behind anything but a name, of which it would be a part, or behind an option.
_BEFORE = r"(?:(?<![\w./~-])(?<!\b[A-Za-z]:)|(?<=-[A-Za-z])|(?<=\s-)|(?<=--))"
_PATH = re.compile(_BEFORE + r"~?/(?=[\w.])((?:[^\s/:'\"]+/)*)([^\s/:'\",;)]*)")
_OWN = 8  # characters of a visitor that make a name distinct
_LONGEST = names.MOST_OF_ID - _OWN - 1
_asker: Callable[[], str] | None = None  # None: it is the owner
_served: ContextVar[str | None] = ContextVar("served", default=None)


def current() -> str:
    """The owner of what is made now."""
    served = _served.get()
    if served is not None:
        return served
    return _asker() if _asker else OWNER


def may_see(owner: str) -> bool:
    """Whether the current visitor may see what that owner has made."""
    me = current()
    return me == OWNER or owner in (STUDIO, me)


def may_change(owner: str) -> bool:
    """Whether the current visitor may rename or delete what that owner has made."""
    me = current()
    return me in (OWNER, owner)


def is_visitor(owner: str) -> bool:
    """Whether that owner is neither the owner nor the studio itself."""
    return owner not in (OWNER, STUDIO)


def distinct(name: str) -> str:
    """The name, with something of the visitor's in a public demo, where many think of the same."""
    me = current()
    own = f"-{me[-_OWN:]}"
    if not is_visitor(me) or own in name:  # e.g. a run named after a dataset of the visitor's
        return name
    return f"{name[:_LONGEST]}{own}"


def id_of(title: str, word: str) -> str:
    """The id that a title gives what is made now; see `core.names.to_id`."""
    return distinct(names.to_id(title, word))


def told_by(asker: Callable[[], str] | None) -> None:
    """Register the function that gives the current visitor; None: it is the owner."""
    global _asker
    _asker = asker


@contextmanager
def acting_as(owner: str) -> Iterator[None]:
    """Whatever the process does meanwhile, in any thread, is done for that owner.

    For a process that serves nobody else, such as a job. What concerns everybody asks for it by
    name: `runs.list_everybodys`, `datasets.list_everybodys`.
    """
    before = _asker
    told_by(lambda: owner)
    try:
        yield
    finally:
        told_by(before)


@contextmanager
def serving(visitor: str) -> Iterator[None]:
    """What this request does meanwhile is done for that visitor; others of the process are not
    concerned. Threads that are started with a copy of the context, as those of `anyio` and
    `asyncio.to_thread` are, belong to the request.
    """
    before = _served.set(visitor)
    try:
        yield
    finally:
        _served.reset(before)


def without_paths(text: str) -> str:
    """The text as visitors of a public demo may read it: the server's folders are not named."""
    if not settings.current().public:
        return text
    pieces = _ADDRESS.split(text)  # every second one is a URL, which stays
    pieces[::2] = map(_without_paths, pieces[::2])
    return "".join(pieces)


def _without_paths(text: str) -> str:
    known = {
        settings.current().data_dir: "the data folder",
        settings.current().runs_dir: "the folder of trained models",
        settings.current().work_dir: "the work folder",
        PROJECT_DIR: "the studio's folder",
    }
    text = text.replace("file://", "")
    for folder in sorted(known, key=lambda path: -len(path.parts)):
        inside = re.escape(str(folder)) + r"(?![^\s/:'\",;.])(?:/[^\s:'\",;]*)*"
        text = re.sub(_BEFORE + inside, known[folder], text)
    return _PATH.sub(lambda found: f"…/{found[2]}" if found[1] and found[2] else "a folder", text)
