"""Classes in the names of files: cat.0.jpg, dog_12.jpg, 0001-cat.png."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_FEWEST = 2  # images of a class that its name must begin
_MOST_CLASSES = 1000
_LIKELY = 0.8  # of the images that must name a class
_CLASS_FIRST = re.compile(
    r"(?P<name>.*?[^\d\s._-].*?|\d+(?=[\s._-]))[\s._-]*(?:\(\d+\)|\d+)(?:[\s._-]*\d+)*"
)
_NUMBER_FIRST = re.compile(r"(?:\d+[\s._-]+)+(?P<name>.*[^\d\s._-].*?)")
_OF_CAMERAS = (  # and of programs: what their names begin with
    "img image images imag pic pics image photo photos foto dsc dscn dscf dcim pxl p mvi gopr "
    "screenshot screen scan whatsapp signal frame frames file bild snapshot untitled unnamed "
    "download downloads test train val x im"
)
_NO_CLASSES = frozenset(_OF_CAMERAS.split())


@dataclass(frozen=True)
class Named:
    """The class in each name.

    Attributes:
        classes: path to class, without files whose names hold none.
        counts: images of each class.
        is_likely: whether these could well be classes.
    """

    classes: dict[str, str]
    counts: Counter
    is_likely: bool


def classes_in_names(paths: Sequence[str]) -> Named:
    """What the names of files begin with before a number, or end with after one."""
    found: list[dict[str, str]] = []
    for pattern in (_CLASS_FIRST, _NUMBER_FIRST):
        classes = {
            path: match["name"].strip(" ._-")
            for path in paths
            if (match := pattern.fullmatch(PurePosixPath(path).stem.strip()))
        }
        counts = Counter(classes.values())
        found.append({path: name for path, name in classes.items() if counts[name] >= _FEWEST})
    classes = max(found, key=len)
    counts = Counter(classes.values())
    words = [name for name in counts if name.casefold() not in _NO_CLASSES]
    likely = (
        2 <= len(counts) <= _MOST_CLASSES
        and len(words) == len(counts)
        and len(classes) >= _LIKELY * len(paths)
        and len(classes) >= 5 * len(counts)
    )
    return Named(classes, counts, likely)
