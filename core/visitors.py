"""Who asks: the keeper of the machine, who sees everything, or one of many visitors of a demo.

Runs, datasets, uploads and jobs carry the name of their owner. Whatever lists or loads them looks
here, so that one visitor never comes upon what another has made. On somebody's own machine nobody
asks, and all of it is `you`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core import errors
from core.settings import PROJECT_DIR, settings

KEEPER, STUDIO, NOBODY = "you", "studio", "nobody"
_PATH = re.compile(r"(?<![\w/:.~-])~?/(?:[^\s/:'\"]+/)+([^\s/:'\",;]*)")
_asker: Callable[[], str] | None = None


def current() -> str:
    """The owner of what is made now."""
    return _asker() if _asker else KEEPER


def may_see(owner: str) -> bool:
    """Whether who asks may see what that owner has made."""
    me = current()
    return me == KEEPER or owner in (STUDIO, me)


def may_change(owner: str) -> bool:
    """Whether who asks may rename or delete what that owner has made."""
    me = current()
    return me in (KEEPER, owner)


def is_visitor(owner: str) -> bool:
    """Whether that owner is neither the keeper nor the studio itself."""
    return owner not in (KEEPER, STUDIO)


def distinct(name: str) -> str:
    """The name, with something of the visitor's in a public demo, where many think of the same."""
    me = current()
    return f"{name[:58]}-{me[-4:]}" if is_visitor(me) else name


def told_by(asker: Callable[[], str] | None) -> None:
    """From now on that function knows who asks; None: it is the keeper."""
    global _asker
    _asker = asker


@contextmanager
def acting_as(owner: str) -> Iterator[None]:
    """Whatever is done inside is done for that owner."""
    before = _asker
    told_by(lambda: owner)
    try:
        yield
    finally:
        told_by(before)


def without_paths(text: str) -> str:
    """The text as visitors of a public demo may read it: the server's folders are not named."""
    if not settings.public:
        return text
    known = {
        settings.data_dir: "the data folder",
        settings.runs_dir: "the folder of trained models",
        settings.work_dir: "the work folder",
        PROJECT_DIR: "the studio's folder",
    }
    for folder in sorted(known, key=lambda path: -len(path.parts)):
        inside = re.escape(str(folder)) + r"(?![^\s/:'\",;.])(?:/[^\s:'\",;]*)*"
        text = re.sub(inside, known[folder], text)
    return _PATH.sub(lambda found: f"…/{found[1]}" if found[1] else "a folder", text)


errors.reword_by(without_paths)
