"""Which epoch of a training is the best: the one place that says so."""

import math
from collections.abc import Mapping, Sequence

SCORE = "val_score"  # what Keras' callbacks read the score as
LOSS_COUNTS = 1e-6  # less than one image of a million: the loss decides only between ties
LEAST_GAIN = 1e-9  # of the score; a loss that falls by less than about 0.1 % is no progress


def score(point: Mapping[str, float]) -> float:
    """What epochs are ranked by: validation accuracy; of equal ones, the lower validation loss.

    With few validation images, or an easy dataset, many epochs have the same accuracy, and the
    earliest of them is the least trained one.

    Args:
        point: metrics of an epoch; `val_accuracy` (0 to 1) and, if known, `val_loss` (from 0).
    """
    loss = point.get("val_loss", 0.0)
    loss = max(0.0, loss) if math.isfinite(loss) else math.inf
    return point["val_accuracy"] + LOSS_COUNTS / (1 + loss)


def best_point(history: Sequence[Mapping[str, float]]) -> int:
    """Index of the point with the highest `score`; the first of several. Raises `ValueError` if
    there is no point."""
    scores = [score(point) for point in history]
    return scores.index(max(scores))


def kept_point(history: Sequence[Mapping[str, float]], keep_best: bool) -> int:
    """Index of the point whose model was kept: the best one if that was asked for, else the last.

    Raises:
        ValueError: if there is no point.
    """
    return best_point(history) if keep_best else len(history) - 1
