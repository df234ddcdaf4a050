"""Several models predict as one."""

from collections.abc import Sequence

import numpy as np

from core.evaluation.metrics import Evaluation

VOTES = ("soft", "hard")
_LEAST = 1e-7
_TIE = 1e-6  # of a vote more for the winner, which parts equal ones also as float32


def vote(
    probabilities: Sequence[np.ndarray], weights: Sequence[float], kind: str = "soft"
) -> np.ndarray:
    """What several models say together, as probabilities, float32, shape `(N, K)`.

    Args:
        probabilities: of each model, float, shape `(N, K)`.
        weights: how much each counts, not negative; they need not add up to 1.
        kind: `soft` takes the mean of the probabilities; with `hard` each model has one vote for
            its predicted class, and the share of the votes becomes the probability. Of several
            classes with equally many votes, the one more probable to the models comes first.

    Raises:
        ValueError: if the kind is unknown, or the weights are negative, infinite, all 0, or too
            few.
    """
    weights = np.asarray(weights, np.float64)
    if kind not in VOTES:
        raise ValueError(f"`kind` must be one of {', '.join(VOTES)}. Received: {kind!r}")
    allowed = len(weights) == len(probabilities) and np.isfinite(weights).all()
    if not allowed or (weights < 0).any() or not weights.max() > 0:
        raise ValueError(
            f"`weights` must be {len(probabilities)} numbers of at least 0, one of them above 0. "
            f"Received: {weights.tolist()}"
        )
    weights = weights / weights.max()
    weights /= weights.sum()
    mean = sum(w * np.asarray(p, np.float64) for w, p in zip(weights, probabilities, strict=True))
    if kind == "soft":
        return mean.astype(np.float32)
    rows = np.arange(len(mean))
    votes = np.zeros_like(mean)
    for weight, one in zip(weights, probabilities, strict=True):
        votes[rows, np.argmax(one, axis=1)] += weight
    ahead = votes >= votes.max(axis=1, keepdims=True) - _TIE / 100
    votes[rows, np.where(ahead, mean, -1).argmax(axis=1)] += _TIE
    return (votes / (1 + _TIE)).astype(np.float32)


def suggest_weights(evaluations: Sequence[Evaluation], kind: str = "soft") -> tuple[float, ...]:
    """Weights fitted to models that predicted the same images; they add up to 1.

    For a soft vote, those with the lowest log loss of the mean, which is a convex problem; for a
    hard one, the log odds that a model is correct (Littlestone & Warmuth, 1994, "The
    weighted majority algorithm"). Images that are used for this tell nothing about the result
    any more: take those of validation, never of the test.
    """
    if kind == "hard":
        right = np.clip([e.accuracy for e in evaluations], 0.5 + 1e-3, 1 - 1e-4)
        found = np.log(right / (1 - right))
    else:
        found = _lowest_log_loss(evaluations)
    return tuple(float(weight) for weight in found / found.sum())


def _lowest_log_loss(evaluations: Sequence[Evaluation]) -> np.ndarray:
    from scipy.optimize import minimize

    labels = evaluations[0].labels
    truth = np.stack([e.probabilities[np.arange(len(labels)), labels] for e in evaluations], 1)
    truth = truth.astype(np.float64)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        together = np.clip(truth @ weights, _LEAST, None)
        return -np.log(together).mean(), -(truth / together[:, None]).mean(0)

    count = len(evaluations)
    result = minimize(
        loss,
        np.full(count, 1 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        options={"ftol": 1e-12, "maxiter": 500},
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
    )
    return np.clip(result.x, 0, None)
