"""Names and titles that other people chose, as they can be shown anywhere.

A name may be blank, hold control characters, turn the direction of writing around, or be as long
as a page. What is stored and exported stays as it is; what is shown passes through here.
"""

import re
import zlib
from collections.abc import Iterable
from functools import lru_cache

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MOST_OF_ID = 64
MOST_OF_TITLE = 100
LONGEST = 200  # characters that are shown of a name
_LONGEST_PATH = 80
_JOINERS = "\u200c\u200d"  # emoji and Indic scripts are written with them
_REPLACED = {"\n": "⏎", "\r": "⏎", "\t": " "}


def to_id(title: str, word: str) -> str:
    """A title as an id: 1 to 64 of a-z, 0-9, hyphen and underscore. “My model no. 2” →
    `my-model-no-2`, “Größe” → `groesse`.

    Args:
        title: in any script.
        word: what the id begins with if the title has no letter and no digit, e.g. `model`.
    """
    if ID.fullmatch(title):
        return title
    from slugify import slugify

    german = (("ß", "ss"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"))
    found = slugify(
        title.lower(),
        max_length=MOST_OF_ID,
        word_boundary=True,
        regex_pattern=r"[^a-z0-9_]+",
        replacements=german,
    ).strip("-_")
    return found or f"{word}-{zlib.crc32(title.encode(errors='replace')):08x}"


def is_title(title: object) -> bool:
    """Whether something can be the title of a run or a dataset: 1 to 100 characters, not blank."""
    return isinstance(title, str) and bool(title.strip()) and len(title) <= MOST_OF_TITLE


def shown(name: str, most: int = LONGEST) -> str:
    """A name in one line that can be seen: `"  "` → `"␣␣"`; a long one loses its end.

    Control characters, and those that change the direction of writing, become `�`.
    """
    seen = "".join(map(_visible, name[: most + 1]))
    if not seen.strip():
        return "␣" * max(1, len(seen))
    return seen if len(seen) <= most else seen[: most - 1] + "…"


def shown_path(path: str) -> str:
    """A path in a sentence; of a long one the middle is left out."""
    path = "".join(map(_visible, path))
    return path if len(path) <= _LONGEST_PATH else f"{path[:30]}…{path[-45:]}"


def _visible(letter: str) -> str:
    if letter in _REPLACED:
        return _REPLACED[letter]
    seen = letter.isprintable() or letter in _JOINERS
    return letter if seen else "\N{REPLACEMENT CHARACTER}"


def all_shown(names: Iterable[str], most: int = LONGEST) -> list[str]:
    """Names as `shown` gives them, but no two the same, so that a chart can tell them apart."""
    return list(_all_shown(tuple(names), most))


@lru_cache(maxsize=64)
def _all_shown(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        text, number = shown(name, most), 2
        while text in found:
            mark = f" ({number})"
            text, number = shown(name, most - len(mark)) + mark, number + 1
        found[text] = None
    return tuple(found)
