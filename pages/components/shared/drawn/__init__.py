"""JavaScript and CSS of components that draw maps, filters and images in the browser.

The files of a component are joined into one module: only its last one exports anything, and all
share one scope. That way every component is one text, which Streamlit sends with the page.
"""

from pathlib import Path

_HERE = Path(__file__).parent


def script(*files: Path) -> str:
    """A module of a component: what all of them share, then these files in order."""
    shared = (_HERE / name for name in ("elements.js", "packed.js", "colours.js"))
    return "\n".join(path.read_text(encoding="utf-8") for path in (*shared, *files))


def style(*files: Path) -> str:
    """The CSS of a component: what all of them share, then these files."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (_HERE / "drawn.css", *files))
