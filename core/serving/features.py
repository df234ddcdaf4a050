"""What a classical model looks at, computed with NumPy: pixels, components, edges, scaled features.

The arrays of a served file are those of every kind, empty where a kind has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from core.models.hog import hog

FEATURE_ARRAYS = {"components": ("f", 2), "mean": ("f", 1), "scale": ("f", 1)}
Side = Annotated[int, Ge(1), Le(10_000)]
RowFunction = Callable[[np.ndarray], np.ndarray]  # float32 `(N, D)` to float `(N, …)`


@dataclass(frozen=True)
class Hog:
    """How edges are counted; see `core.models.hog`."""

    height: Side
    width: Side
    channels: Literal[1, 3]
    orientations: Side
    cells: Side


@dataclass(frozen=True)
class Features:
    """The steps before a model.

    Attributes:
        kind: `pixels`, `pca`, `hog` or `hog_pca` (the components of edges), of an image divided by
            its brightest value; `scaled`, of what a pretrained network finds; `none`, if the file
            itself holds these steps.
        inputs: numbers per image that it is given.
        hog: only for edges.
    """

    kind: Literal["pixels", "pca", "hog", "hog_pca", "scaled", "none"]
    inputs: Annotated[int, Ge(1)]
    hog: Hog | None = None


def features_function(features: Features, arrays: dict[str, np.ndarray]) -> RowFunction:
    """The function from what a model is given, float32 `(N, D)`, to what it looks at.

    Args:
        features: the steps.
        arrays: of `FEATURE_ARRAYS`, those that the kind needs.

    Raises:
        ValueError: if the arrays do not fit the steps; from the function: if rows have another
            length.
    """
    inputs = features.inputs
    compute = _compute(features, arrays)

    def look(rows: np.ndarray) -> np.ndarray:
        if rows.shape[1] != inputs:
            raise ValueError(f"it takes {inputs} numbers an image. Received: {rows.shape[1]}")
        return compute(rows)

    return look


def _compute(features: Features, arrays: dict[str, np.ndarray]) -> RowFunction:
    if features.kind == "none":
        return lambda rows: rows
    if features.kind == "pixels":
        return brightest_to_one
    if features.kind == "hog":
        return _edges(features)
    if features.kind == "hog_pca":
        edges, components = _edges(features), _components(arrays)
        return lambda rows: components(edges(rows))
    if features.kind == "pca":
        if arrays["mean"].shape != (features.inputs,):
            raise ValueError("the mean must have a number for each input")
        components = _components(arrays)
        return lambda rows: components(brightest_to_one(rows))
    mean, scale = arrays["mean"], arrays["scale"]
    if not mean.shape == scale.shape == (features.inputs,):
        raise ValueError("its mean and its scale must have a number for each input")
    return lambda rows: (rows - mean.astype(np.float32)) / scale.astype(np.float32)


def _components(arrays: dict[str, np.ndarray]) -> RowFunction:
    components, mean = arrays["components"], arrays["mean"]
    if components.shape[1:] != mean.shape or mean.ndim != 1:
        raise ValueError("its components and their mean must have a number for each input")
    centre = mean[None] @ components.T
    return lambda rows: rows @ components.T - centre


def _edges(features: Features) -> RowFunction:
    edges = features.hog
    if edges is None or edges.height * edges.width * edges.channels != features.inputs:
        raise ValueError("its edges must be counted in images of its size")
    shape = (-1, edges.height, edges.width, edges.channels)

    def look(rows: np.ndarray) -> np.ndarray:
        images = brightest_to_one(rows).reshape(shape)
        return hog(images, edges.orientations, edges.cells)

    return look


def brightest_to_one(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their largest value; black ones stay black. As scikit-learn's `Normalizer`
    does with `norm="max"`."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return rows / np.where(largest == 0, np.float32(1), largest)
