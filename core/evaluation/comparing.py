"""Two models that predicted the same images."""

import numpy as np

from core.evaluation.metrics import Evaluation


def agreement(first: Evaluation, second: Evaluation) -> float:
    """Fraction of the images that both predict as the same class, correct or not, 0 to 1.

    Raises:
        ValueError: if the two were not made on the same labels.
    """
    _check(first, second)
    return float((first.predictions == second.predictions).mean())


def right_against_wrong(first: Evaluation, second: Evaluation) -> np.ndarray:
    """Sorted indices of the images that only the first of the two predicts correctly.

    Raises:
        ValueError: if the two were not made on the same labels.
    """
    _check(first, second)
    return np.flatnonzero(first.right & ~second.right)


def mcnemar(first: Evaluation, second: Evaluation) -> float:
    """Exact two-sided p-value that two models err equally often on the same images.

    McNemar (1947), "Note on the sampling error of the difference between correlated proportions".

    Raises:
        ValueError: if the two were not made on the same labels.
    """
    from scipy.special import bdtr  # scipy.stats would take most of a second to import

    only_first = len(right_against_wrong(first, second))
    only_second = len(right_against_wrong(second, first))
    if only_first + only_second == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), only_first + only_second, 0.5)))


def _check(first: Evaluation, second: Evaluation) -> None:
    if not np.array_equal(first.labels, second.labels):
        raise ValueError("Both evaluations must be made on the same images, in the same order.")
