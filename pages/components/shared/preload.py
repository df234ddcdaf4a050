"""Scripts that a page needs are asked for together with the page.

Streamlit's page loads the script of a kind of element (a slider, an uploader) when the first such
element arrives, and then what that script needs: a chain of requests after everything else. Named
in a header beside the page, they come while the browser still reads the main script.
"""

import re
from functools import cache
from pathlib import Path

import streamlit

from pages.components.shared.contents import PAGES

_STATIC = Path(streamlit.__file__).parent / "static"
_IMPORTED = re.compile(r'(?:from|import)\s*"\./([^"]+\.js)"')

_EVERYWHERE = ("BidiComponent", "Html", "Button", "ButtonGroup")


def header(path: str) -> str | None:
    """The value of the header `Link` for the page at that path; None if it is no page."""
    page = PAGES.get(path.rpartition("/")[2] or next(iter(PAGES)))
    return None if page is None else _link(page.elements)


@cache
def _link(kinds: tuple[str, ...]) -> str:
    names = sorted(scripts(_EVERYWHERE + kinds))
    return ", ".join(f"<./static/js/{name}>; rel=modulepreload" for name in names)


def scripts(kinds: tuple[str, ...]) -> set[str]:
    """The names of the scripts of those kinds of elements and of all that they import, less those
    that Streamlit's page asks for itself. A kind that this Streamlit does not know has none.
    """
    page = (_STATIC / "index.html").read_text(encoding="utf-8")
    folder = _STATIC / "static" / "js"
    waiting = [path.name for kind in kinds for path in folder.glob(f"{kind}.*.js")]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name not in page:
            found.add(name)
            waiting += _IMPORTED.findall((folder / name).read_text(encoding="utf-8"))
    return found
