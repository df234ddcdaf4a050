"""Ask a model why it gives a class its probability."""

from dataclasses import dataclass

import numpy as np

from core.errors import ModelError, unknown
from core.explain.deletion import Deletion, deletion
from core.explain.methods import METHODS, Method, method_named
from core.serving import Predictor


@dataclass(frozen=True)
class Explanation:
    """Why a model gives a class its probability.

    Attributes:
        map: float32, `(H, W)`: positive where the image speaks for the class, negative where it
            speaks against it. The unit is that of the method, mostly of the score (logit).
        method: name of the method.
        class_index, class_name: which class.
        probability: that the model gives it.
        deletion: what hiding the marked area does.
    """

    map: np.ndarray
    method: str
    class_index: int
    class_name: str
    probability: float
    deletion: Deletion

    @property
    def how(self) -> Method:
        """The method."""
        return METHODS[self.method]


def explain(
    predictor: Predictor, image: np.ndarray, class_index: int | None = None, method: str = ""
) -> Explanation:
    """Explain the prediction of one image.

    >>> from core import datasets, explain, runs, serving
    >>> predictor = serving.load_predictor(runs.load("mnist-logistic-regression"))
    >>> explain.explain(predictor, datasets.sample_images("mnist")[3]).class_name
    '3'

    Args:
        predictor: the model.
        image: as the model takes it (`Prepared.batch` holds such images), uint8, `(H, W, C)`.
        class_index: which class is asked about, also one that was not predicted; None for the
            predicted one.
        method: one of `METHODS`; empty for the first that suits the model.

    Raises:
        ImageError: if the image is of another shape or type.
        ModelError: if there is no such class or method, or the method does not fit the model.
        RunError: if the file that serves was changed.
        ForeignError: if an imported model does not predict.
    """
    probabilities = predictor.probabilities(image[None])[0]
    names = predictor.run.card.class_names
    index = int(probabilities.argmax()) if class_index is None else class_index
    if not 0 <= index < len(names):
        raise ModelError(
            f"The class must be a number from 0 to {len(names) - 1}. Received: {index}."
        )
    chosen = method_named(method, predictor)
    found = chosen.explain(predictor, image, index)
    return Explanation(
        found,
        chosen.name,
        index,
        names[index],
        float(probabilities[index]),
        deletion(predictor, image, index, found),
    )


def class_named(predictor: Predictor, name: str) -> int | None:
    """The number of a class; None for an empty name.

    Raises:
        ModelError: if the model knows no such class.
    """
    names = predictor.run.card.class_names
    if not name:
        return None
    if name not in names:
        raise ModelError(unknown("class", name, names[:50]))
    return names.index(name)
