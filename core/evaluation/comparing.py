"""Two models that answered the same images."""

import numpy as np

from core.evaluation.metrics import Evaluation


def agreement(first: Evaluation, second: Evaluation) -> float:
    """Part of the images to which both give the same answer, right or wrong, 0 to 1.

    Raises:
        ValueError: if the two were not made on the same labels.
    """
    _check(first, second)
    return float((first.predictions == second.predictions).mean())


def right_against_wrong(first: Evaluation, second: Evaluation) -> np.ndarray:
    """Indices of the images that the first answers rightly and the second wrongly, sorted.

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
