"""The predictions of one model, and their metrics."""

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np

_Z = NormalDist().inv_cdf(0.975)  # of the interval that holds 95 %


@dataclass(frozen=True)
class Evaluation:
    """The predictions of a model on labelled images.

    Attributes:
        labels: true classes, int, shape `(N,)`.
        probabilities: float32, shape `(N, K)`, rows add up to 1.

    Raises:
        ValueError: if the shapes do not fit together.
    """

    labels: np.ndarray
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        if self.probabilities.ndim != 2 or self.labels.shape != self.probabilities.shape[:1]:
            raise ValueError(
                "`labels` must have shape (N,) and `probabilities` shape (N, K). "
                f"Received: {self.labels.shape} and {self.probabilities.shape}"
            )

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self.probabilities.shape[1]

    @cached_property
    def predictions(self) -> np.ndarray:
        """The most probable class of each image, int, shape `(N,)`."""
        return _frozen(self.probabilities.argmax(axis=1))

    @cached_property
    def right(self) -> np.ndarray:
        """Which images are predicted correctly, bool, shape `(N,)`."""
        return _frozen(self.predictions == self.labels)

    @cached_property
    def accuracy(self) -> float:
        """Fraction of the images predicted correctly, 0 to 1."""
        return float(self.right.mean())

    @cached_property
    def accuracy_interval(self) -> tuple[float, float]:
        """Where the accuracy on very many such images lies, with 95 % confidence.

        Wilson (1927), "Probable inference, the law of succession, and statistical inference".
        """
        count, part = len(self.right), self.accuracy
        middle = (part + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
        half = _Z / (1 + _Z**2 / count)
        half *= math.sqrt(part * (1 - part) / count + _Z**2 / (4 * count**2))
        return max(0.0, middle - half), min(1.0, middle + half)

    @cached_property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that occur, each counting alike."""
        return float(np.nanmean(self.recall))

    def top_k(self, k: int) -> float:
        """Fraction of the images whose class is among the `k` most probable ones, 0 to 1.

        A class that is exactly as probable as others comes after those with a lower index.

        Raises:
            ValueError: if `k` is not within 1 to K.
        """
        classes = self.probabilities.shape[1]
        if not 1 <= k <= classes:
            raise ValueError(f"`k` must be 1 to {classes}. Received: {k}")
        of_truth = self._of_truth[:, None]
        before = np.arange(classes) < self.labels[:, None]
        better = (self.probabilities > of_truth) | ((self.probabilities == of_truth) & before)
        return float((better.sum(axis=1) < k).mean())

    @cached_property
    def brier_score(self) -> float:
        """Mean squared distance between the probabilities and the truth, 0 to 2.

        Brier (1950), "Verification of forecasts expressed in terms of probability".
        """
        truth = np.eye(self.probabilities.shape[1])[self.labels]
        return float(((self.probabilities - truth) ** 2).sum(axis=1).mean())

    @cached_property
    def confidences(self) -> np.ndarray:
        """The confidence of each prediction, float32, shape `(N,)`."""
        return _frozen(self.probabilities.max(axis=1))

    @cached_property
    def support(self) -> np.ndarray:
        """How many images there are of each class, int, shape `(K,)`."""
        return _frozen(self.confusion_matrix.sum(axis=1))

    @cached_property
    def log_loss(self) -> float:
        """Mean cross-entropy in nats: low when correct predictions are confident."""
        return float(-np.log(np.clip(self._of_truth, 1e-7, 1)).mean())

    @cached_property
    def _of_truth(self) -> np.ndarray:
        """The probability each true class was given, float32, shape `(N,)`."""
        return self.probabilities[np.arange(len(self.labels)), self.labels]

    @cached_property
    def confusion_matrix(self) -> np.ndarray:
        """Counts, int, shape `(K, K)`: row = true class, column = predicted class."""
        classes = self.probabilities.shape[1]
        pairs = self.labels * classes + self.predictions
        counts = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
        return _frozen(counts)

    @cached_property
    def recall(self) -> np.ndarray:
        """Fraction of each class that was found, float, shape `(K,)`; nan for an absent class."""
        return ratio(np.diag(self.confusion_matrix), self.support)

    @cached_property
    def precision(self) -> np.ndarray:
        """Fraction of the predictions of each class that is correct, float, shape `(K,)`."""
        return ratio(np.diag(self.confusion_matrix), self.confusion_matrix.sum(axis=0))

    @cached_property
    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall, float, shape `(K,)`; nan for an absent class."""
        matrix = self.confusion_matrix
        return ratio(2 * np.diag(matrix), matrix.sum(axis=0) + self.support)

    def macro(self, figures: np.ndarray) -> float:
        """Mean over the classes, each counting alike; one never predicted counts as 0.

        The same as scikit-learn's `average="macro"` with `zero_division=0`.

        Args:
            values: `precision`, `recall` or `f1`.
        """
        matrix = self.confusion_matrix
        present = matrix.sum(axis=0) + self.support > 0
        return float(np.nan_to_num(figures[present]).mean())

    def weighted(self, figures: np.ndarray) -> float:
        """Mean over the classes, each counting as often as it occurs; else as `macro`.

        The same as scikit-learn's `average="weighted"` with `zero_division=0`.

        Args:
            values: `precision`, `recall` or `f1`.
        """
        return float(np.average(np.nan_to_num(figures), weights=self.support))

    def most_confused(self, most: int = 5) -> list[tuple[int, int, int]]:
        """The most confused pairs: true class, predicted class, how often; most often first."""
        matrix = self.confusion_matrix * (1 - np.eye(len(self.confusion_matrix), dtype=np.int64))
        places = np.argsort(-matrix, axis=None, kind="stable")[:most]
        rows, columns = np.unravel_index(places, matrix.shape)
        return [
            (int(row), int(column), int(matrix[row, column]))
            for row, column in zip(rows, columns, strict=True)
            if matrix[row, column]
        ]

    def metrics(self) -> dict[str, float]:
        """The metrics that a card stores; precision, recall and F1 are means over the classes."""
        return {
            "accuracy": self.accuracy,
            "log_loss": self.log_loss,
            "precision": self.macro(self.precision),
            "recall": self.macro(self.recall),
            "f1": self.macro(self.f1),
        }


def evaluate(labels: np.ndarray, probabilities: np.ndarray) -> Evaluation:
    """The predictions of a model as an immutable `Evaluation`."""
    labels = _frozen(np.array(labels, dtype=np.int64))
    return Evaluation(labels, _frozen(np.array(probabilities, dtype=np.float32)))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """One by the other, entry by entry, read-only; nan where the whole is 0."""
    return _frozen(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))


def _frozen(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array
