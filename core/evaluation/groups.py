"""Probabilities of classes summed over the groups that they are in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Group:
    """A group of classes and how likely it is that an image shows one of them.

    Attributes:
        name: what it is called; that of the whole is empty.
        probability: the sum over its classes.
        groups: the groups inside, the most probable one first.
        classes: the classes that are in no group inside, as numbers, the most probable one first.
    """

    name: str
    probability: float
    groups: tuple["Group", ...]
    classes: tuple[int, ...]


def grouped(probabilities: np.ndarray, paths: Sequence[Sequence[str]]) -> Group:
    """The tree of groups.

    Args:
        probabilities: of each class, float, shape `(K,)`.
        paths: of each class the names of its groups, the widest first.
    """
    return _group("", list(range(len(paths))), probabilities, paths, 0)


def _group(
    name: str,
    members: list[int],
    probabilities: np.ndarray,
    paths: Sequence[Sequence[str]],
    depth: int,
) -> Group:
    inside: dict[str, list[int]] = {}
    alone = []
    for label in members:
        if len(paths[label]) > depth:
            inside.setdefault(paths[label][depth], []).append(label)
        else:
            alone.append(label)
    groups = [_group(key, ones, probabilities, paths, depth + 1) for key, ones in inside.items()]
    return Group(
        name,
        float(probabilities[members].sum()),
        tuple(sorted(groups, key=lambda group: -group.probability)),
        tuple(sorted(alone, key=lambda label: -probabilities[label])),
    )


def surest(tree: Group, least: float) -> tuple[str, ...]:
    """The path to the narrowest group with at least that probability; empty if there is none."""
    path: list[str] = []
    group = tree
    while group.groups and group.groups[0].probability >= least:
        group = group.groups[0]
        path.append(group.name)
    return tuple(path)
