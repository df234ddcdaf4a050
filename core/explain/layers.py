"""The layers of a network as rows that can be looked at, read from the file that serves.

Each row says what its numbers are computed from and how, so that every number of a feature map can
be computed again from the rows before it. Batch normalisation and the scaling of pixels are part of
a convolution's weights wherever the converter put them there.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core import runs
from core.errors import RunError
from core.explain.readers import READERS, NotUnderstoodError, shape_of
from core.explain.rows import NAMES, Row
from core.serving import Graph, ManyFunction, Operation, graph_of

_FAMILY = "network"
_NO_LAYERS = {"SHAPE"}  # what tells of an array, but holds nothing of the image


@dataclass(frozen=True)
class Network:
    """A network that can be looked into.

    Attributes:
        rows: its layers, from the input to the probabilities.
    """

    rows: tuple[Row, ...]
    watched: ManyFunction

    def maps(self, image: np.ndarray) -> list[np.ndarray]:
        """What each row computes for an image, float32 `(H, W, C)` each, as it is served.

        Args:
            image: uint8, shape `(H, W, C)`, prepared for this network.
        """
        computed = self.watched(image[None])[1:]
        arrays = [image, *computed]
        return [
            np.asarray(array, np.float32).reshape(row.shape)
            for row, array in zip(self.rows, arrays, strict=True)
        ]


def why_not_inside(run: runs.Run) -> str:
    """Why a run cannot be looked into, as a sentence; empty if it can."""
    if run.card.foreign is not None:
        return (
            "This model was imported. It runs in a process of its own, shut off from the studio, "
            "so its layers cannot be looked into."
        )
    if run.card.members:
        return "This is an ensemble. Look inside one of its members instead."
    if run.card.family != _FAMILY:
        return "This model is no neural network, so it has no layers."
    return ""


def network_of(run: runs.Run) -> Network:
    """The network of a run; opened once, then shared.

    Raises:
        RunError: if it cannot be looked into, or if its file is missing or was changed.
    """
    if why := why_not_inside(run):
        raise RunError(why)
    return _opened(graph_of(run))


@lru_cache(maxsize=4)
def _opened(graph: Graph) -> Network:
    rows = rows_of(graph)
    return Network(rows, graph.watching([row.tensor for row in rows[1:]]))


def rows_of(graph: Graph) -> tuple[Row, ...]:
    """The rows of a network, from its input to its result, in the order in which they are computed.

    A row of a kind whose options or weights are not understood is `other`.
    """
    height, width, channels = shape = shape_of(graph, graph.source)
    depth = {1: "grey", 3: "red, green, blue"}.get(channels, f"{channels} channels")
    rows = [Row("input", f"Input {height}×{width}, {depth}", graph.source, (), shape)]
    places = {graph.source: 0}
    for operation in graph.operations:
        if operation.kind in _NO_LAYERS or not any(one in places for one in operation.inputs):
            continue
        for output in operation.outputs:
            places[output] = len(rows)
            rows.append(_row(graph, operation, output, rows, places))
    return tuple(rows)


def _row(graph: Graph, operation: Operation, output: int, rows: list[Row], places) -> Row:
    computed = tuple(places[one] for one in operation.inputs if one in places)
    sources = tuple(rows[place] for place in computed)
    shape = shape_of(graph, output)
    try:
        known = READERS[operation.kind](graph, operation, sources, shape)
    except (KeyError, NotUnderstoodError):
        title = operation.kind.replace("_", " ").capitalize()
        known = {"kind": "other", "title": title}
    if known.get("activation") and known["kind"] != "activation":
        known["title"] += f" + {NAMES[known['activation']]}"
    return Row(tensor=output, sources=computed, shape=shape, **known)
