"""What a model sees in an image before it decides: its features, from the files that serve."""

from pathlib import Path

import numpy as np

from core import stored
from core.errors import RunError
from core.serving import neighbours, onnx, trees
from core.serving.features import RowFunction, brightest_to_one, features_function
from core.serving.graph import Graph
from core.serving.models import FEATURES_FILE, PredictFunction, open_network

_LAST = "FULLY_CONNECTED"
_ROWS = 500  # that are turned into features at once


def open_features(model: Path, family: str) -> PredictFunction:
    """A function from uint8 batches `(N, H, W, C)` to features, float32 `(N, F)`.

    The features of a network are what its last layer takes; those of a classical model are what
    stands before it: pixels, edges, components, or what a pretrained network finds.

    Args:
        model: the file that serves, whose digest was checked, as was that of its backbone.
        family: of the model, `network` or `classical`.

    Raises:
        RunError: if it cannot be told what it looks at.
    """
    if family == "network":
        return watch_features(Graph(model.read_bytes()))
    backbone = model.with_name(FEATURES_FILE)
    look = open_network(backbone) if backbone.exists() else _in_parts(_steps(model))
    return lambda batch: look(batch).reshape(len(batch), -1)


def watch_features(graph: Graph) -> PredictFunction:
    """The same of the graph of a network."""
    last = [one for one in graph.operations if one.kind == _LAST]
    if not last:
        raise RunError("This network does not end in a dense layer.")
    watch = graph.watching([last[-1].inputs[0]])
    return lambda batch: watch(batch)[1]


def _in_parts(steps: RowFunction) -> PredictFunction:
    def look(batch: np.ndarray) -> np.ndarray:
        rows = batch.reshape(len(batch), -1).astype(np.float32)
        return np.concatenate([steps(rows[i : i + _ROWS]) for i in range(0, len(rows), _ROWS)])

    return look


def _steps(model: Path) -> RowFunction:
    """The steps before a classical model. Components are part of an ONNX graph, so of such a model
    they are left out."""
    arrays = {}
    if model.name == onnx.ONNX_FILE:
        features = onnx.about(model).features
    elif model.name == trees.TREES_FILE:
        arrays = stored.read_arrays(model, trees.TREE_ARRAYS, trees.MOST_BYTES)
        features = _settings(arrays, trees.Trees)
    elif model.name == neighbours.NEIGHBOURS_FILE:
        arrays = stored.read_arrays(model, neighbours.NEIGHBOUR_ARRAYS, neighbours.MOST_BYTES)
        features = _settings(arrays, neighbours.Neighbours)
    else:
        return brightest_to_one
    return brightest_to_one if features.kind == "none" else features_function(features, arrays)


def _settings(arrays: dict[str, np.ndarray], kind: type):
    return stored.check(stored.parse_json(bytes(arrays["settings"]).decode()), kind).features
