"""Is a model right as often as it says it is sure; what does leaving out the unsure gain?"""

from dataclasses import dataclass

import numpy as np

from core.evaluation.metrics import Evaluation, ratio

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Predictions in bins of equal width by their confidence.

    Attributes:
        edges: limits of the bins, float, shape `(B + 1,)`; a bin holds its upper limit.
        counts: predictions in each, int, shape `(B,)`.
        confidence: their mean confidence, float, shape `(B,)`; nan in an empty bin.
        accuracy: the fraction of them that is correct, float, shape `(B,)`; nan in an empty bin.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance between confidence and accuracy, each prediction counting alike, 0 to 1.

        Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks".
        """
        filled = self.counts > 0
        distance = np.abs(self.confidence - self.accuracy)[filled]
        return float(np.average(distance, weights=self.counts[filled]))


def reliability(evaluation: Evaluation, bins: int = BINS) -> Reliability:
    """How often predictions of each confidence are correct.

    Args:
        evaluation: of at least one image.
        bins: how many.
    """
    edges = np.linspace(0, 1, bins + 1)
    confidences = evaluation.confidences.astype(np.float64)
    places = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    return Reliability(
        edges,
        counts,
        ratio(np.bincount(places, confidences, bins), counts),
        ratio(np.bincount(places, evaluation.right, bins), counts),
    )


@dataclass(frozen=True)
class Coverage:
    """Coverage and accuracy when predictions below a confidence are withheld.

    Attributes:
        thresholds: confidences, rising, float, shape `(T,)`.
        coverage: fraction of the images that are predicted at each, float, shape `(T,)`.
        accuracy: fraction of those predictions that is correct, float, `(T,)`; nan if none is left.
    """

    thresholds: np.ndarray
    coverage: np.ndarray
    accuracy: np.ndarray


def coverage(evaluation: Evaluation, steps: int = 101) -> Coverage:
    """Accuracy of the predictions that remain as the threshold rises from 0 to 1.

    A prediction whose confidence equals the threshold remains.
    """
    thresholds = np.linspace(0, 1, steps)
    order = np.argsort(evaluation.confidences, kind="stable")
    confidences = evaluation.confidences[order].astype(np.float64)
    right = evaluation.right[order]
    first = np.searchsorted(confidences, thresholds.astype(np.float32).astype(np.float64))
    left = len(order) - first
    right_from = np.append(np.cumsum(right[::-1])[::-1], 0)
    return Coverage(thresholds, left / len(order), ratio(right_from[first], left))
