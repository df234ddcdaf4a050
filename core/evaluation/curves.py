"""One class against all others, as the probability asked for falls."""

from dataclasses import dataclass

import numpy as np

from core.evaluation.metrics import Evaluation


@dataclass(frozen=True)
class Curve:
    """A curve and the area that sums it up.

    Attributes:
        x, y: its points, float, shape `(P,)`.
        area: 0 to 1; nan if the class, or every other class, is absent.
    """

    x: np.ndarray
    y: np.ndarray
    area: float


def roc(evaluation: Evaluation, label: int) -> Curve:
    """True positive rate (`y`) over false positive rate (`x`), and the area under it."""
    from sklearn.metrics import auc, roc_curve

    truth, scores = _one_against_rest(evaluation, label)
    if truth.all() or not truth.any():
        return _NOTHING
    false_positive, true_positive, _ = roc_curve(truth, scores)
    return Curve(false_positive, true_positive, float(auc(false_positive, true_positive)))


def precision_recall(evaluation: Evaluation, label: int) -> Curve:
    """Precision (`y`) over recall (`x`), and the average precision."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    truth, scores = _one_against_rest(evaluation, label)
    if not truth.any():
        return _NOTHING
    precision, recall, _ = precision_recall_curve(truth, scores, drop_intermediate=True)
    area = float(average_precision_score(truth, scores))
    return Curve(recall[::-1], precision[::-1], area)


def _one_against_rest(evaluation: Evaluation, label: int) -> tuple[np.ndarray, np.ndarray]:
    return evaluation.labels == label, evaluation.probabilities[:, label]


_NOTHING = Curve(np.empty(0), np.empty(0), float("nan"))
