"""Nearest neighbours as arrays; `core.serving.neighbours` looks among them."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from core import stored
from core.conversion.features import features_of, split
from core.errors import ConversionError
from core.serving.neighbours import NEIGHBOURS_FILE, Neighbours


def write_neighbours(pipeline, folder: Path, inputs: int) -> Path:
    """Write `neighbours.npz`; arguments and errors as for `write_trees`."""
    steps, model = split(pipeline)
    known = ("uniform", "distance")
    if not hasattr(model, "_fit_X") or getattr(model, "weights", None) not in known:
        raise ConversionError(
            "Neighbours are written of KNeighborsClassifier with weights=uniform or distance. "
            f"Received: {type(model).__name__}."
        )
    if model.effective_metric_ != "euclidean":
        raise ConversionError(
            f"Neighbours are written of Euclidean distances. Received: {model.effective_metric_}."
        )
    features, arrays = features_of(steps, inputs)
    settings = Neighbours(features, model.n_neighbors, model.weights, len(model.classes_))
    path = folder / NEIGHBOURS_FILE
    np.savez_compressed(
        path,
        settings=np.frombuffer(stored.as_json(asdict(settings)).encode(), np.uint8),
        images=np.ascontiguousarray(model._fit_X, np.float32),
        labels=model._y.ravel().astype(np.int32),
        **arrays,
    )
    return path
