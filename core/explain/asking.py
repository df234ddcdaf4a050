"""One question about one image file, as the command line and the API ask it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import ModelError
from core.explain.explaining import Explanation, class_named, explain
from core.explain.overlay import overlay
from core.serving import Predictor


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        class_name: which class; empty for the predicted one.
        method: its name; empty for the usual one.
        digit: which of several digits, from 1.
        opacity: of the colours, 0 to 1.
    """

    class_name: str = ""
    method: str = ""
    digit: int = 1
    opacity: float = 0.7


@dataclass(frozen=True)
class Drawn:
    """An explanation with the image it is drawn over, uint8 `(h, w, 3)`."""

    run_id: str
    explanation: Explanation
    drawn: np.ndarray

    def as_dict(self) -> dict[str, Any]:
        """What scripts read of it."""
        found = self.explanation
        check = found.deletion
        return {
            "run": self.run_id,
            "method": found.method,
            "class": found.class_name,
            "probability": round(found.probability, 6),
            "deletion": {
                "verdict": check.verdict,
                "fraction": round(check.fraction, 4),
                "probability_marked_hidden": round(check.marked, 6),
                "probability_random_hidden": round(check.random, 6),
                "sentence": check.sentences(found.class_name),
            },
        }


def explain_image(predictor: Predictor, image: np.ndarray, question: Question) -> Drawn:
    """Prepare any image as a run's model expects it, and explain what it predicts.

    Args:
        predictor: the model.
        image: uint8, `(H, W)` or `(H, W, 3)`.
        question: what is asked.

    Raises:
        ImageError: if there is nothing to classify in it.
        ModelError: if there is no such class, method or digit.
        RunError, ForeignError: as for `explain`.
    """
    index = class_named(predictor, question.class_name)
    prepared = predictor.predict(image).prepared.batch
    if not 1 <= question.digit <= len(prepared):
        raise ModelError(
            f"The image holds {len(prepared)} to explain: the digit must be a number from 1 to "
            f"{len(prepared)}. Received: {question.digit}."
        )
    seen = prepared[question.digit - 1]
    found = explain(predictor, seen, index, question.method)
    drawn = overlay(seen, found.map, question.opacity, found.how.signed)
    return Drawn(predictor.run.id, found, drawn)
