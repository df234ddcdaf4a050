"""Cards of earlier versions. `bring_up` in `core.stored` says how they are read."""

from typing import Any

from core.stored import renamed


def _from_1(card: dict[str, Any]) -> dict[str, Any]:
    """The first version spoke of pictures and parts."""
    return renamed(card, {"pictures": "images", "parts": "splits"})


CARDS = {1: _from_1}
INDEX_1 = {"parts": "splits"}  # arrays of the first version's index, and their names of today
