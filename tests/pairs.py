"""Cases that try every two values of different parameters together, not every product of them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import Any


def pairs(values: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """Few combinations in which every two values of any two parameters meet at least once.

    Most faults show with one or two values; the whole product grows with every parameter, this
    about with the two longest.

    Args:
        values: what each parameter is tried with, at least one value each.

    Returns:
        One value for each parameter in every combination; the same ones every time.
    """
    names = list(values)
    choices = [list(values[name]) for name in names]
    waiting = list(product(*(range(len(options)) for options in choices)))
    open_pairs = set().union(*map(_pairs_in, waiting)) if len(names) > 1 else set()
    taken = waiting if len(names) < 2 else []
    while open_pairs:
        most = max(waiting, key=lambda row: len(_pairs_in(row) & open_pairs))
        open_pairs -= _pairs_in(most)
        taken.append(most)
    rows = [[options[place] for options, place in zip(choices, r, strict=True)] for r in taken]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _pairs_in(row: Sequence[int]) -> set[tuple]:
    return set(combinations(enumerate(row), 2))
