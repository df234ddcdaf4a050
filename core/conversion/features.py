"""The steps in front of a classical model as arrays, for models that are served by NumPy."""

from typing import Any

import numpy as np

from core.errors import ConversionError
from core.serving.features import FEATURE_ARRAYS, Features, Hog


def split(pipeline) -> tuple[list, Any]:
    """The steps of a fitted pipeline before its model, and the model."""
    *steps, model = (step for _, step in pipeline.steps)
    return steps, model


def hog_of(steps: list) -> Hog | None:
    """How edges are counted, if the step after the scaling counts them."""
    names = ("height", "width", "channels", "orientations", "cells")
    if len(steps) < 2 or type(steps[1]).__name__ != "HogFeatures":
        return None
    return Hog(**{name: int(getattr(steps[1], name)) for name in names})


def features_of(steps: list, inputs: int) -> tuple[Features, dict[str, np.ndarray]]:
    """Steps as they are served, and their arrays.

    Args:
        steps: fitted, of scikit-learn, as `core.models.classical.features` makes them.
        inputs: numbers per image that they are given.

    Raises:
        ConversionError: if NumPy has no way to compute them.
    """
    arrays = {
        name: np.zeros((0,) * dimensions, np.float32)
        for name, (_, dimensions) in FEATURE_ARRAYS.items()
    }
    names = [type(step).__name__ for step in steps]
    if names == ["StandardScaler"] and steps[0].mean_ is not None and steps[0].scale_ is not None:
        arrays |= {"mean": steps[0].mean_, "scale": steps[0].scale_}
        return Features("scaled", inputs), arrays
    if names[:1] == ["Normalizer"] and steps[0].norm == "max":
        if names[1:] == []:
            return Features("pixels", inputs), arrays
        edges = hog_of(steps)
        if edges and names[2:] == []:
            return Features("hog", inputs, edges), arrays
        if names[-1] == "PCA" and len(names) == (3 if edges else 2) and not steps[-1].whiten:
            arrays |= {"components": steps[-1].components_, "mean": steps[-1].mean_}
            return Features("hog_pca" if edges else "pca", inputs, edges), arrays
    raise ConversionError(
        "Known steps before a model are those of `core.models.classical.features`. Received: "
        f"{', '.join(names) or 'none'}."
    )
