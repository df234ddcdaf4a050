"""Labels and probabilities become figures: computed once, drawn elsewhere."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Evaluation:
    """What a model answered on pictures whose labels are known.

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

    @cached_property
    def predictions(self) -> np.ndarray:
        """The most probable class of each picture, int, shape `(N,)`."""
        return _frozen(self.probabilities.argmax(axis=1))

    @cached_property
    def accuracy(self) -> float:
        """Part of the pictures answered rightly, 0 to 1."""
        return float((self.predictions == self.labels).mean())

    @cached_property
    def log_loss(self) -> float:
        """Mean cross-entropy in nats: low when right answers are given with confidence."""
        of_truth = self.probabilities[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.clip(of_truth, 1e-7, 1)).mean())

    @cached_property
    def confusion_matrix(self) -> np.ndarray:
        """Counts, int, shape `(K, K)`: row = true class, column = predicted class."""
        classes = self.probabilities.shape[1]
        pairs = self.labels * classes + self.predictions
        counts = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
        return _frozen(counts)

    @cached_property
    def recall(self) -> np.ndarray:
        """Part of each class that was found, float, shape `(K,)`; nan for an absent class."""
        return _ratio(np.diag(self.confusion_matrix), self.confusion_matrix.sum(axis=1))

    @cached_property
    def precision(self) -> np.ndarray:
        """Part of the answers of each class that were right, float, shape `(K,)`."""
        return _ratio(np.diag(self.confusion_matrix), self.confusion_matrix.sum(axis=0))

    @cached_property
    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall, float, shape `(K,)`; nan for an absent class."""
        matrix = self.confusion_matrix
        return _ratio(2 * np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1))

    def macro(self, figures: np.ndarray) -> float:
        """Mean over the classes, each counting alike; one never answered counts as 0.

        The same as scikit-learn's `average="macro"` with `zero_division=0`.

        Args:
            figures: `precision`, `recall` or `f1`.
        """
        matrix = self.confusion_matrix
        present = matrix.sum(axis=0) + matrix.sum(axis=1) > 0
        return float(np.nan_to_num(figures[present]).mean())

    def metrics(self) -> dict[str, float]:
        """The figures a card keeps; precision, recall and F1 are means over the classes."""
        return {
            "accuracy": self.accuracy,
            "log_loss": self.log_loss,
            "precision": self.macro(self.precision),
            "recall": self.macro(self.recall),
            "f1": self.macro(self.f1),
        }


def evaluate(labels: np.ndarray, probabilities: np.ndarray) -> Evaluation:
    """Keep what a model answered as an immutable `Evaluation`."""
    labels = _frozen(np.array(labels, dtype=np.int64))
    return Evaluation(labels, _frozen(np.array(probabilities, dtype=np.float32)))


def mcnemar(first: Evaluation, second: Evaluation) -> float:
    """Exact two-sided p-value that two models err equally often on the same pictures.

    McNemar (1947), "Note on the sampling error of the difference between correlated proportions".

    Raises:
        ValueError: if the two were not made on the same labels.
    """
    from scipy.stats import binomtest

    if not np.array_equal(first.labels, second.labels):
        raise ValueError("Both evaluations must be made on the same pictures, in the same order.")
    first_right = first.predictions == first.labels
    second_right = second.predictions == second.labels
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return _frozen(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))


def _frozen(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array
