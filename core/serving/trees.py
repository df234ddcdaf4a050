"""Forests and boosting as flat arrays: all trees are walked together, one level a step.

The bundled forest takes 19 MB so; as a scikit-learn model 115 MB, in ONNX Runtime 494 MB.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from core import stored
from core.serving.features import FEATURE_ARRAYS, Features, RowFunction, features_function

TREES_FILE = "trees.npz"
MOST_BYTES = 4 * 2**30
# nodes of all trees, one after another; the right child of a node follows its left child
TREE_ARRAYS = {
    "settings": ("u", 1),  # `Trees` as JSON
    "roots": ("iu", 1),  # of each tree
    "feature": ("iu", 1),
    "threshold": ("f", 1),  # float32: a row goes left up to it; infinite at leaves
    "left": ("iu", 1),  # at leaves the node itself
    "value": ("iu", 1),  # at leaves: row of `values`
    "values": ("f", 2),
    "baseline": ("f", 1),  # of boosting: what the values are added to
    **FEATURE_ARRAYS,
}
_AT_ONCE = 200_000  # trees × images, or values of their leaves, in memory together
_BETWEEN = 4  # levels that are walked before finished walks are left out


@dataclass(frozen=True)
class Trees:
    """What is known of trees beside their arrays.

    Attributes:
        features: the steps before them.
        depth: the most steps from a root to a leaf.
        combine: `mean`, if each leaf holds a probability for each class; `sum`, if each holds one
            number, which counts for the class of its tree: the first tree for the first class and
            so on, round by round.
    """

    features: Features
    depth: Annotated[int, Ge(0), Le(10_000)]
    combine: Literal["mean", "sum"]


def open_trees(path: Path) -> RowFunction:
    """A function from float32 rows `(N, D)` to probabilities `(N, K)`.

    Raises:
        StoredError, ValueError: if the file does not hold such trees.
    """
    arrays = stored.read_arrays(path, TREE_ARRAYS, MOST_BYTES)
    trees = stored.check(stored.parse_json(bytes(arrays["settings"]).decode()), Trees)
    return trees_function(trees, arrays)


def trees_function(trees: Trees, arrays: dict[str, np.ndarray]) -> RowFunction:
    """The same function from what the file holds, `TREE_ARRAYS`.

    Raises:
        ValueError: if the arrays are no such trees; from the function: if rows are too short.
    """
    look = features_function(trees.features, arrays)
    _check(arrays)
    walk = _Walk(arrays, trees.depth)
    combine = _mean(arrays) if trees.combine == "mean" else _sum(arrays)
    size = max(1, _AT_ONCE // max(len(arrays["roots"]), 1))

    def predict(rows: np.ndarray) -> np.ndarray:
        seen = look(rows)
        if seen.shape[1] <= walk.last_feature:
            raise ValueError(f"its trees ask for {walk.last_feature + 1} features of an image")
        parts = (seen[start : start + size] for start in range(0, len(seen), size))
        return np.concatenate([combine(walk(part)) for part in parts])

    return predict


def _check(arrays: dict[str, np.ndarray]) -> None:
    """Raise `ValueError` unless every step stays among the nodes."""
    nodes = [len(arrays[name]) for name in ("feature", "threshold", "left", "value")]
    if len(set(nodes)) > 1 or nodes[0] == 0 or len(arrays["roots"]) == 0:
        raise ValueError("its trees lack nodes")
    leaves = arrays["left"] == np.arange(nodes[0])
    if not (np.isinf(arrays["threshold"]) == leaves).all():
        raise ValueError("each of its nodes must be a leaf, or have a threshold")
    ends = {"roots": nodes[0], "value": len(arrays["values"]), "feature": np.iinfo(np.int32).max}
    for name, end in ends.items():
        if arrays[name].min() < 0 or arrays[name].max() >= end:
            raise ValueError(f"the array {name} points nowhere")
    left = arrays["left"][~leaves]
    if len(left) and (left.min() < 0 or left.max() + 1 >= nodes[0]):
        raise ValueError("the array left points nowhere")


class _Walk:
    """From the roots of all trees to their leaves.

    Called with features, float32 `(N, F)`, it gives rows of `values`, shape `(N, T)`.
    """

    def __init__(self, arrays: dict[str, np.ndarray], depth: int) -> None:
        self._roots = arrays["roots"].astype(np.intp)
        self._feature, self._threshold = arrays["feature"], arrays["threshold"]
        self._left = arrays["left"].astype(np.intp)  # twice as quick as narrower ones
        self._value = arrays["value"]
        self._depth = depth
        self.last_feature = int(arrays["feature"].max())

    def __call__(self, features: np.ndarray) -> np.ndarray:
        count, width = features.shape
        flat = np.ascontiguousarray(features, np.float32).ravel()
        at = nodes = np.tile(self._roots, count)
        # where the features of each walk begin; of a single image at 0, which need not be added
        begin = np.repeat(np.arange(count) * width, len(self._roots)) if count > 1 else None
        waiting = np.arange(len(nodes))  # places of the walks that have not ended
        for level in range(self._depth):
            if level % _BETWEEN == 0 and level:
                going = np.flatnonzero(self._left.take(at) != at)
                nodes[waiting] = at
                waiting, at = waiting[going], at[going]
                begin = None if begin is None else begin[going]
                if not len(at):
                    break
            feature = self._feature.take(at)
            seen = flat.take(feature if begin is None else feature + begin)
            at = self._left.take(at) + (seen > self._threshold.take(at))
        nodes[waiting] = at
        return self._value.take(nodes).reshape(count, -1)


def _mean(arrays: dict[str, np.ndarray]) -> RowFunction:
    """Each tree gives probabilities."""
    values = arrays["values"]
    size = max(1, _AT_ONCE // max(1, len(arrays["roots"]) * values.shape[1]))

    def combine(rows: np.ndarray) -> np.ndarray:
        parts = (rows[start : start + size] for start in range(0, len(rows), size))
        return np.concatenate([values[part].mean(axis=1, dtype=np.float64) for part in parts])

    return combine


def _sum(arrays: dict[str, np.ndarray]) -> RowFunction:
    """Each tree adds to the score of one class; with a single score, it is that of the second."""
    values, baseline = arrays["values"], arrays["baseline"].astype(np.float64)
    scores_of = len(baseline)
    if values.shape[1] != 1 or scores_of == 0 or len(arrays["roots"]) % scores_of:
        raise ValueError("its trees must add one number each, equally many for every class")

    def combine(rows: np.ndarray) -> np.ndarray:
        added = values[rows, 0].reshape(len(rows), -1, scores_of)
        scores = baseline + added.sum(axis=1, dtype=np.float64)
        return softmax(scores if scores_of > 1 else np.hstack([np.zeros_like(scores), scores]))

    return combine


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities, float64 `(N, K)`, of scores of that shape."""
    raised = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
