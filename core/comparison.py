"""Runs side by side: the metrics of each, and whether the best one leads by more than chance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.evaluation import (
    Coverage,
    Evaluation,
    Reliability,
    agreement,
    coverage,
    mcnemar,
    reliability,
    right_against_wrong,
)
from core.runs import FOREIGN, Run, names_of
from core.units import duration, file_size, percent

SIGNIFICANT = 0.05
TOP = 3


@dataclass(frozen=True)
class Metric:
    """One metric of a run.

    Attributes:
        title: what it is called.
        help: what it means, for a student.
        kind: how it is written: `fraction`, `number`, `seconds`, `rate`, `bytes` or `count`.
        best: `high` or `low`, whichever is better; empty if neither is.
    """

    title: str
    help: str
    kind: str
    best: str = ""


_MEAN = "Unweighted mean over the classes (macro average)."
_WEIGHTED = "Mean over the classes, weighted by their number of images."
_PRECISION = "Of the images predicted as a class, the fraction that belongs to it."
_RECALL = "Of the images of a class, the fraction that was found."
_F1 = "Harmonic mean of precision and recall."

METRICS: dict[str, Metric] = {
    "accuracy": Metric(
        "Accuracy", "Fraction of the test images that are predicted correctly.", "fraction", "high"
    ),
    "accuracy_low": Metric(
        "Accuracy, lower bound",
        "Lower end of the 95 % interval of the accuracy (Wilson).",
        "fraction",
    ),
    "accuracy_high": Metric(
        "Accuracy, upper bound",
        "Upper end of the 95 % interval of the accuracy (Wilson).",
        "fraction",
    ),
    "balanced_accuracy": Metric(
        "Balanced accuracy",
        "Mean recall over the classes, each counting alike.",
        "fraction",
        "high",
    ),
    "top_k": Metric(
        f"Top-{TOP} accuracy",
        f"Fraction of the test images whose class is among the {TOP} most probable ones.",
        "fraction",
        "high",
    ),
    "precision": Metric("Precision", f"{_PRECISION} {_MEAN}", "fraction", "high"),
    "recall": Metric("Recall", f"{_RECALL} {_MEAN}", "fraction", "high"),
    "f1": Metric("F1", f"{_F1} {_MEAN}", "fraction", "high"),
    "weighted_precision": Metric(
        "Precision, weighted", f"{_PRECISION} {_WEIGHTED}", "fraction", "high"
    ),
    "weighted_recall": Metric("Recall, weighted", f"{_RECALL} {_WEIGHTED}", "fraction", "high"),
    "weighted_f1": Metric("F1, weighted", f"{_F1} {_WEIGHTED}", "fraction", "high"),
    "log_loss": Metric(
        "Log loss",
        "Mean cross-entropy: low when correct predictions are confident.",
        "number",
        "low",
    ),
    "brier_score": Metric(
        "Brier score",
        "Mean squared distance between the probabilities and the true class, 0 to 2.",
        "number",
        "low",
    ),
    "calibration_error": Metric(
        "Calibration error",
        "Mean distance between confidence and accuracy (expected calibration error, ECE).",
        "fraction",
        "low",
    ),
    "seconds": Metric("Training time", "How long the training took.", "seconds", "low"),
    "latency_seconds": Metric(
        "Prediction time", "How long the model takes for one image: the median.", "seconds", "low"
    ),
    "latency_p95_seconds": Metric(
        "Prediction time, 95th percentile", "95 of 100 take no longer than this.", "seconds", "low"
    ),
    "images_per_second": Metric(
        "Throughput", "Images per second, in batches of 256.", "rate", "high"
    ),
    "file_bytes": Metric("Model size", "Size of the model on disk.", "bytes", "low"),
    "parameters": Metric(
        "Parameters",
        "Number of learned values: weights, nodes of trees, or stored images.",
        "count",
        "low",
    ),
    "memory_bytes": Metric(
        "Memory", "Peak memory of a process that only predicts with it.", "bytes", "low"
    ),
    "training_memory_bytes": Metric(
        "Training memory", "Peak memory of the process that trained it.", "bytes", "low"
    ),
}


@dataclass(frozen=True)
class Compared:
    """A run and its predictions on the test images."""

    run: Run
    evaluation: Evaluation

    @property
    def id(self) -> str:
        return self.run.id

    @cached_property
    def reliability(self) -> Reliability:
        return reliability(self.evaluation)

    @cached_property
    def coverage(self) -> Coverage:
        return coverage(self.evaluation)

    @cached_property
    def metrics(self) -> dict[str, float | None]:
        """Every one of `METRICS`; None for what was not measured."""
        cost = self.run.card.cost
        return {
            **{name: cost.get(name) for name in METRICS},
            **metrics_of(self.evaluation),
            "seconds": None if self.run.card.family == FOREIGN else self.run.card.seconds,
        }


def metrics_of(found: Evaluation) -> dict[str, float]:
    """Those of `METRICS` that follow from the predictions."""
    low, high = found.accuracy_interval
    return {
        "accuracy": found.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "balanced_accuracy": found.balanced_accuracy,
        "top_k": found.top_k(min(TOP, found.classes)),
        "precision": found.macro(found.precision),
        "recall": found.macro(found.recall),
        "f1": found.macro(found.f1),
        "weighted_precision": found.weighted(found.precision),
        "weighted_recall": found.weighted(found.recall),
        "weighted_f1": found.weighted(found.f1),
        "log_loss": found.log_loss,
        "brier_score": found.brier_score,
        "calibration_error": reliability(found).expected_calibration_error,
    }


def compared(run: Run) -> Compared:
    """The run with its predictions.

    Raises:
        RunError: if they are missing or were changed.
    """
    return Compared(run, run.evaluation("test"))


def groups(found: Iterable[Run]) -> dict[str, list[Run]]:
    """Runs by the test images they were measured on; only within one can they be compared."""
    parted: dict[str, list[Run]] = {}
    for run in found:
        parted.setdefault(run.card.test_set, []).append(run)
    return parted


def best(found: Sequence[Compared], metric: str) -> set[str]:
    """Ids of the runs with the best value of a metric; none if all values are equal."""
    values = {one.id: one.metrics[metric] for one in found if one.metrics[metric] is not None}
    if not METRICS[metric].best or len(set(values.values())) < 2:
        return set()
    top = (max if METRICS[metric].best == "high" else min)(values.values())
    return {run_id for run_id, value in values.items() if value == top}


@dataclass(frozen=True)
class Lead:
    """Two runs on the same images, the more accurate one first.

    Attributes:
        first, second: the two.
        only_first, only_second: images that only this one predicts correctly.
        agreement: fraction of the images that both predict as the same class.
        p_value: of McNemar's exact test: how often a difference of this size would arise if
            both were equally good.
    """

    first: Compared
    second: Compared
    only_first: int
    only_second: int
    agreement: float
    p_value: float

    @property
    def significant(self) -> bool:
        return self.p_value < SIGNIFICANT


def lead(one: Compared, other: Compared) -> Lead:
    """Which of two is better, and whether that could be chance."""
    first, second = sorted((one, other), key=lambda c: -c.evaluation.accuracy)
    return Lead(
        first,
        second,
        len(right_against_wrong(first.evaluation, second.evaluation)),
        len(right_against_wrong(second.evaluation, first.evaluation)),
        agreement(first.evaluation, second.evaluation),
        mcnemar(first.evaluation, second.evaluation),
    )


def leaders(found: Sequence[Compared]) -> Lead | None:
    """The most accurate run against the second; None if there are fewer than two."""
    if len(found) < 2:
        return None
    ranked = sorted(found, key=lambda one: -one.evaluation.accuracy)
    return lead(ranked[0], ranked[1])


def run_names(found: Iterable[Compared]) -> dict[str, str]:
    """What each of them is called, by its id; see `core.runs.names_of`."""
    return names_of(one.run for one in found)


def sentence(found: Lead, called: Mapping[str, str] | None = None) -> str:
    """A lead as a sentence.

    Args:
        found: the two runs.
        called: the name of each by its id; by default those of `run_names`.
    """
    called = called or run_names((found.first, found.second))
    first, second = called[found.first.id], called[found.second.id]
    accuracy = percent(found.first.evaluation.accuracy, 2)
    same = f"Both predict the same class for {percent(found.agreement)} of the images"
    if found.only_first == found.only_second:
        return f"{first} and {second} are correct equally often ({accuracy}). {same}."
    verdict = (
        "This is a significant lead"
        if found.significant
        else "This lead is not significant and may be chance"
    )
    return (
        f"{first} ({accuracy}) is ahead of {second} "
        f"({percent(found.second.evaluation.accuracy, 2)}). {same}; where only one is "
        f"correct, it is {first} {found.only_first:,} times and {second} "
        f"{found.only_second:,} times. {verdict} ({written_p(found.p_value)})."
    )


def written_p(value: float) -> str:
    """The p-value of McNemar's test as text."""
    text = "< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.1 else f"= {value:.2f}"
    return f"McNemar's test, p {text}"


def written(name: str, value: float | None) -> str:
    """A metric as text: 0.9966 → '99.66 %', 0.0002 → '0.20 ms'; '–' if not measured."""
    if value is None or value != value:
        return "–"
    return _WRITTEN[METRICS[name].kind](value)


_WRITTEN: dict[str, Any] = {
    "fraction": lambda value: percent(value, 2),
    "number": lambda value: f"{value:.4f}",
    "seconds": duration,
    "rate": lambda value: f"{value:,.0f}",
    "bytes": file_size,
    "count": lambda value: f"{value:,.0f}",
}
