"""Nearest neighbours with NumPy: one matrix product finds candidates, exact distances decide."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge

from core import stored
from core.serving.features import FEATURE_ARRAYS, Features, RowFunction, features_function

NEIGHBOURS_FILE = "neighbours.npz"
MOST_BYTES = 8 * 2**30
NEIGHBOUR_ARRAYS = {
    "settings": ("u", 1),  # `Neighbours` as JSON
    "images": ("f", 2),  # the features of each training image
    "labels": ("iu", 1),  # and its class
    **FEATURE_ARRAYS,
}
_DISTANCES = 4_000_000  # in memory together
_MORE = 16  # candidates beyond those that vote: float32 may order near ones wrongly


@dataclass(frozen=True)
class Neighbours:
    """What is known of a model beside its images.

    Attributes:
        features: the steps before it.
        neighbours: images that vote.
        weights: whether each counts alike, or by the inverse of its distance.
        classes: how many there are.
    """

    features: Features
    neighbours: Annotated[int, Ge(1)]
    weights: Literal["uniform", "distance"]
    classes: Annotated[int, Ge(1)]


def open_neighbours(path: Path) -> RowFunction:
    """A function from float32 rows `(N, D)` to probabilities `(N, K)`.

    Raises:
        StoredError, ValueError: if the file does not hold such a model.
    """
    arrays = stored.read_arrays(path, NEIGHBOUR_ARRAYS, MOST_BYTES)
    model = stored.check(stored.parse_json(bytes(arrays["settings"]).decode()), Neighbours)
    return neighbours_function(model, arrays)


def neighbours_function(model: Neighbours, arrays: dict[str, np.ndarray]) -> RowFunction:
    """The same function from what the file holds, `NEIGHBOUR_ARRAYS`.

    Raises:
        ValueError: if the arrays are no such images; from the function: if rows have another
            length.
    """
    images, labels = arrays["images"], arrays["labels"]
    if len(images) != len(labels) or len(images) < model.neighbours:
        raise ValueError("it lacks images or their labels")
    if labels.min() < 0 or labels.max() >= model.classes:
        raise ValueError("one of its images is of no class")
    look = features_function(model.features, arrays)
    squares = np.einsum("ij,ij->i", images, images)
    if not np.isfinite(squares).all():
        raise ValueError("one of its images is without bounds")
    size = max(1, _DISTANCES // len(images))

    def predict(rows: np.ndarray) -> np.ndarray:
        seen = look(rows)
        parts = (seen[start : start + size] for start in range(0, len(seen), size))
        return np.concatenate([_vote(part, images, squares, labels, model) for part in parts])

    return predict


def _vote(
    seen: np.ndarray,
    images: np.ndarray,
    squares: np.ndarray,
    labels: np.ndarray,
    model: Neighbours,
) -> np.ndarray:
    """Probabilities of some images, float64 `(N, K)`."""
    distances = squares - 2 * (seen @ images.T)  # and the square of the image, which is the same
    most = min(model.neighbours + _MORE, len(images))
    candidates = np.sort(np.argpartition(distances, most - 1, axis=1)[:, :most], axis=1)
    apart = images[candidates].astype(np.float64) - seen[:, None]
    exact = np.einsum("nkf,nkf->nk", apart, apart)
    nearest = np.argsort(exact, axis=1, kind="stable")[:, : model.neighbours]
    votes = labels[np.take_along_axis(candidates, nearest, axis=1)]
    weights = np.ones(votes.shape)
    if model.weights == "distance":
        weights = _inverse(np.sqrt(np.take_along_axis(exact, nearest, axis=1)))
    counts = np.zeros((len(seen), model.classes))
    np.add.at(counts, (np.arange(len(seen))[:, None], votes), weights)
    return counts / counts.sum(axis=1, keepdims=True)


def _inverse(distances: np.ndarray) -> np.ndarray:
    """The inverse of each; if some are 0, these count alike and the others not at all."""
    same = distances == 0
    with np.errstate(divide="ignore"):
        return np.where(same.any(axis=1, keepdims=True), same, 1 / distances)
