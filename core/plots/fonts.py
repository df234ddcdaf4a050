"""Fonts for names in any script: those that the system has, found by the signs that are needed."""

import warnings
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:  # heavy: imported where a chart is drawn
    from pathlib import Path

    from matplotlib.figure import Figure


def save(figure: "Figure", target: "Path | IO[bytes]", **options: Any) -> None:
    """Write a figure, every text in fonts that have its signs; `options` are those of `savefig`.

    A sign that no font of the system has is drawn as a box. That is seen, so it is not warned of.

    Raises:
        OSError: if nothing can be written there.
    """
    use_fonts(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(Glyph|Matplotlib currently does not support)")
        figure.savefig(target, **options)


def use_fonts(figure: "Figure") -> None:
    """Set the fonts of every text that has letters beyond ASCII."""
    from matplotlib.text import Text

    texts = set(figure.findobj(Text))
    for axes in figure.axes:  # those of ticks are made when they are needed
        texts |= {*axes.get_xticklabels(), *axes.get_yticklabels()}
    for text in texts:
        if not text.get_text().isascii():
            text.set_fontfamily(list(families_for(frozenset(text.get_text()))))


@lru_cache(maxsize=1024)
def families_for(needed: frozenset[str]) -> tuple[str, ...]:
    """Names of fonts that have those signs together, as far as there are any; the usual first."""
    missing = {ord(sign) for sign in needed} - _signs_of(_usual())
    families = ["DejaVu Sans"]
    for family, path in _installed() if missing else ():
        if found := missing & _signs_of(path):
            families.append(family)
            missing -= found
        if not missing:
            break
    return tuple(families)


def _usual() -> str:
    from matplotlib import font_manager

    return font_manager.findfont("DejaVu Sans")


@lru_cache(maxsize=1)
def _installed() -> tuple[tuple[str, str], ...]:
    """Family and file of every upright font of normal weight, as matplotlib would choose it."""
    from matplotlib import font_manager

    known: dict[str, str] = {}
    for entry in font_manager.fontManager.ttflist:
        if entry.style == "normal" and entry.weight in (400, "normal", "regular", "book"):
            known.setdefault(entry.name, entry.fname)
    return tuple(sorted(known.items(), key=lambda pair: ("Sans" not in pair[0], pair[0])))


@lru_cache(maxsize=256)
def _signs_of(path: str) -> frozenset[int]:
    """The code points that a font has; none if it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()
