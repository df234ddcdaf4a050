"""Forests and histogram gradient boosting as flat arrays; `core.serving.trees` walks them."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core import stored
from core.conversion.features import features_of, split
from core.errors import ConversionError
from core.serving.trees import TREES_FILE, Trees


class _Tree(NamedTuple):
    """One tree; nodes in any order, `left` and `right` -1 at leaves."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    values: np.ndarray


def write_trees(pipeline, folder: Path, inputs: int) -> Path:
    """Write `trees.npz`.

    Args:
        pipeline: fitted; its last step is a forest, one tree, or histogram gradient boosting.
        folder: where to.
        inputs: numbers per image that it is given.

    Returns:
        The file.

    Raises:
        ConversionError: if the model or a step before it is of another kind.
    """
    steps, model = split(pipeline)
    features, arrays = features_of(steps, inputs)
    combine, trees, baseline = _trees_of(model)
    laid_out, depth = _laid_out(trees)
    settings = stored.as_json(asdict(Trees(features, depth, combine)))
    path = folder / TREES_FILE
    np.savez_compressed(
        path,
        settings=np.frombuffer(settings.encode(), np.uint8),
        baseline=baseline,
        **laid_out,
        **arrays,
    )
    return path


def _trees_of(model: Any) -> tuple[str, list[_Tree], np.ndarray]:
    """How trees are combined, the trees, and what boosting adds them to."""
    if hasattr(model, "_predictors") and hasattr(model, "_baseline_prediction"):
        trees = [_of_boosting(tree.nodes) for rounds in model._predictors for tree in rounds]
        return "sum", trees, np.ravel(model._baseline_prediction).astype(np.float64)
    fitted = getattr(model, "estimators_", [model])
    if not all(hasattr(one, "tree_") and hasattr(one, "predict_proba") for one in fitted):
        raise ConversionError(
            "Trees are written of forests, single trees and histogram gradient boosting. "
            f"Received: {type(model).__name__}."
        )
    if getattr(model, "n_outputs_", 1) != 1:
        raise ConversionError("Trees are written of models with one label an image.")
    return "mean", [_of_forest(one.tree_) for one in fitted], np.zeros(0)


def _of_forest(tree: Any) -> _Tree:
    counts = tree.value[:, 0, :]
    probabilities = counts / counts.sum(axis=1, keepdims=True)
    return _Tree(
        tree.feature, tree.threshold, tree.children_left, tree.children_right, probabilities
    )


def _of_boosting(nodes: np.ndarray) -> _Tree:
    if nodes["is_categorical"].any():
        raise ConversionError("Trees that ask for categories are not written.")
    leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(leaf, -1, nodes[name].astype(np.int64)) for name in ("left", "right"))
    feature = np.where(leaf, 0, nodes["feature_idx"])
    return _Tree(feature, nodes["num_threshold"], left, right, nodes["value"][:, None])


def _laid_out(trees: list[_Tree]) -> tuple[dict[str, np.ndarray], int]:
    """All nodes level by level, so that the right child follows the left one; and the depth."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("feature", "threshold", "left")}
    values, roots, deepest, begin = [], [], 0, 0
    for tree in trees:
        order, depth = _by_level(tree)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        leaf = tree.left[order] < 0
        own = np.arange(len(order))
        parts["left"].append(begin + np.where(leaf, own, place[tree.left[order]]))
        parts["feature"].append(np.where(leaf, 0, tree.feature[order]))
        parts["threshold"].append(np.where(leaf, np.inf, rounded_down(tree.threshold[order])))
        values.append(tree.values[order])
        roots.append(begin)
        begin, deepest = begin + len(order), max(deepest, depth)
    joined = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    all_values = np.concatenate(values)
    leaf = joined["left"] == np.arange(begin)
    value = np.zeros(begin, np.int32)
    different, value[leaf] = np.unique(_narrow(all_values[leaf]), axis=0, return_inverse=True)
    feature = joined["feature"]
    return {
        "roots": np.array(roots, np.int32),
        "feature": feature.astype(np.uint16 if feature.max() < 2**16 else np.int32),
        "threshold": joined["threshold"].astype(np.float32),
        "left": joined["left"].astype(np.int32),
        "value": value,
        "values": different,
    }, deepest


def _narrow(values: np.ndarray) -> np.ndarray:
    """Probabilities of trees as float32; the numbers that boosting adds up stay as they are."""
    return values if values.shape[1] == 1 else values.astype(np.float32)


def _by_level(tree: _Tree) -> tuple[np.ndarray, int]:
    """The nodes of a tree, the root first, then its children, then theirs; and its depth."""
    levels = [np.zeros(1, np.int64)]
    while True:
        inner = levels[-1][tree.left[levels[-1]] >= 0]
        if not len(inner):
            return np.concatenate(levels), len(levels) - 1
        levels.append(np.stack([tree.left[inner], tree.right[inner]], axis=1).ravel())


def rounded_down(thresholds: np.ndarray) -> np.ndarray:
    """Thresholds as float32: a float32 feature is below the one just if it is below the other.

    Rounding to the nearest would let some feature pass that lies between the two.
    """
    nearest = thresholds.astype(np.float32)
    above = nearest > thresholds
    return np.where(above, np.nextafter(nearest, np.float32(-np.inf)), nearest)
