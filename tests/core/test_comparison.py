import shutil
from dataclasses import FrozenInstanceError
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from sklearn import metrics

from core import runs
from core.comparison import (
    METRICS,
    TOP,
    Compared,
    best,
    compared,
    groups,
    lead,
    leaders,
    sentence,
    written,
)
from core.errors import RunError
from tests.core.made_up import made_up, made_up_run, right_and_wrong, several

EXACT = 1e-9
FLOAT32 = 1e-5  # relative: what means of float32 can differ by


@lru_cache
def bundled(name: str) -> Compared:
    return compared(runs.load(name))


def wilson(right: int, total: int) -> tuple[float, float]:
    z, part = norm.ppf(0.975), right / total
    middle = part + z * z / (2 * total)
    half = z * np.sqrt(part * (1 - part) / total + z * z / (4 * total * total))
    return (middle - half) / (1 + z * z / total), (middle + half) / (1 + z * z / total)


def expected_calibration_error(right: np.ndarray, confidence: np.ndarray) -> float:
    error = 0.0
    for step in range(15):
        inside = (confidence > step / 15) & (confidence <= (step + 1) / 15)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


@lru_cache
def recomputed(name: str) -> dict[str, float]:
    """The same figures by scikit-learn, from the stored arrays."""
    run = runs.load(name)
    with np.load(run.folder / runs.EVALUATION) as arrays:
        labels, rows = arrays["y_test"], arrays["probabilities_test"].astype(np.float64)
    predictions, classes = rows.argmax(axis=1), np.arange(rows.shape[1])
    right = predictions == labels
    low, high = wilson(int(right.sum()), len(right))
    averages = {}
    for average, prefix in (("macro", ""), ("weighted", "weighted_")):
        found = metrics.precision_recall_fscore_support(labels, predictions, average=average)[:3]
        names = (f"{prefix}{metric}" for metric in ("precision", "recall", "f1"))
        averages |= dict(zip(names, found, strict=True))
    return {
        "accuracy": metrics.accuracy_score(labels, predictions),
        "accuracy_low": low,
        "accuracy_high": high,
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, predictions),
        "top_k": metrics.top_k_accuracy_score(labels, rows - 1e-12 * classes, k=3),
        **averages,
        "log_loss": metrics.log_loss(labels, np.clip(rows, 1e-7, 1)),
        "brier_score": metrics.brier_score_loss(labels, rows, scale_by_half=False),
        "calibration_error": expected_calibration_error(right, rows.max(axis=1)),
        "seconds": run.card.seconds,
        **{metric: value for metric, value in run.card.cost.items() if metric != "machine"},
    }


@pytest.mark.filterwarnings("ignore:The y_prob values do not sum to one")  # exactly, as float32
@pytest.mark.parametrize("name", runs.TRAINED_HERE)
def test_figures_of_bundled_runs_are_those_of_scikit_learn(name):
    for metric in METRICS:
        received = bundled(name).metrics[metric]
        if metric == "training_memory_bytes" and metric not in recomputed(name):
            assert received is None
        else:
            relative = FLOAT32 if metric == "log_loss" else EXACT
            assert received == pytest.approx(recomputed(name)[metric], abs=EXACT, rel=relative)


def test_every_figure_is_described_and_computed():
    one = several(1)[0]
    assert list(one.metrics) == list(METRICS)
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)
    for metric in METRICS.values():
        assert metric.help.endswith((".", "2."))
        assert metric.kind in ("fraction", "number", "seconds", "rate", "bytes", "count")
        assert metric.best in ("high", "low", "")


COST = {"latency_seconds": 0.5, "parameters": 7, "machine": "a processor"}


@pytest.mark.parametrize(
    ("cost", "metric", "expected"),
    [
        (COST, "latency_seconds", 0.5),
        (COST, "parameters", 7),
        (COST, "file_bytes", None),
        ({}, "latency_seconds", None),
        ({}, "training_memory_bytes", None),
    ],
)
def test_what_was_not_measured_has_no_figure(cost, metric, expected):
    assert right_and_wrong("one", [1, 0], cost=cost).metrics[metric] == expected


def test_of_two_classes_both_are_among_the_first():
    assert TOP == 3
    assert right_and_wrong("one", [1, 0, 0]).metrics["top_k"] == 1


def test_reliability_and_coverage_are_those_of_the_predictions():
    one = several(1)[0]
    assert one.reliability.counts.sum() == len(one.evaluation.labels)
    assert one.coverage.accuracy[0] == pytest.approx(one.evaluation.accuracy)
    assert one.metrics["calibration_error"] == one.reliability.expected_calibration_error
    with pytest.raises(FrozenInstanceError):
        one.run = None


def test_a_run_is_compared_by_its_stored_test_predictions(small_run):
    found = compared(small_run)
    assert found.id == small_run.id
    assert found.metrics["accuracy"] == small_run.card.metrics["accuracy"]


def test_a_run_whose_predictions_were_changed_is_not_compared(small_run, runs_folder):
    shutil.copytree(small_run.folder, runs_folder / "changed")
    (runs_folder / "changed" / runs.EVALUATION).write_bytes(b"other answers")
    with pytest.raises(RunError, match="evaluation.npz of run 'changed' is missing or was changed"):
        compared(runs.load("changed"))


def test_runs_are_grouped_by_the_images_they_were_measured_on():
    found = [
        made_up_run("a", test_fingerprint="1"),
        made_up_run("b", test_fingerprint="2"),
        made_up_run("c", test_fingerprint="1", dataset="renamed", validation_fraction=0.3),
        made_up_run("d", test_fingerprint=""),
        made_up_run("e", test_fingerprint="", dataset="other"),
        made_up_run("f", test_fingerprint=""),
        made_up_run("g", test_fingerprint="2"),
    ]
    received = groups(iter(found))
    named = [[run.id for run in group] for group in received.values()]
    assert named == [["a", "c"], ["b", "g"], ["d", "f"], ["e"]]
    assert list(received) == ["1", "2", "digits " + "f" * 64, "other " + "f" * 64]
    assert groups([]) == {}


def test_bundled_runs_make_three_groups():
    names = [
        sorted(run.id for run in group)
        for group in groups(map(runs.load, runs.TRAINED_HERE)).values()
    ]
    assert names == [sorted(runs.TRAINED_HERE[:4]), *([name] for name in runs.TRAINED_HERE[4:])]


def timed(**seconds: float | None) -> list[Compared]:
    """Runs by name whose answers take so long."""
    return [
        right_and_wrong(name, [1, 0], cost={} if value is None else {"latency_seconds": value})
        for name, value in seconds.items()
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": 0.2, "b": 0.1}, {"b"}),
        ({"a": 0.1, "b": 0.2, "c": 0.1}, {"a", "c"}),
        ({"a": 0.1, "b": None}, set()),
        ({"a": 0.2, "b": None, "c": 0.1}, {"c"}),
        ({"a": None, "b": None}, set()),
        ({"a": 0.1, "b": 0.1}, set()),
        ({"a": 0.1}, set()),
        ({}, set()),
        ({"a": 0.0, "b": 0.1}, {"a"}),
    ],
)
def test_the_best_of_a_figure_that_should_be_low(values, expected):
    assert best(timed(**values), "latency_seconds") == expected


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ({"a": [1, 1, 0], "b": [1, 0, 0]}, {"a"}),
        ({"a": [1, 0, 0], "b": [1, 1, 0], "c": [0, 1, 1]}, {"b", "c"}),
        ({"a": [1, 0, 0], "b": [0, 1, 0]}, set()),
        ({"a": [1, 0, 0]}, set()),
    ],
)
def test_the_best_of_a_figure_that_should_be_high(patterns, expected):
    found = [right_and_wrong(name, pattern) for name, pattern in patterns.items()]
    assert best(found, "accuracy") == expected


@pytest.mark.parametrize("metric", ["accuracy_low", "accuracy_high"])
def test_limits_of_an_interval_have_no_best(metric):
    assert best(several(3), metric) == set()


def pair(only_first: int, only_second: int, both: int = 20, neither: int = 5) -> list[Compared]:
    """Two runs of which each is right alone so often."""
    first = [1] * only_first + [0] * only_second + [1] * both + [0] * neither
    second = [0] * only_first + [1] * only_second + [1] * both + [0] * neither
    return [right_and_wrong("first", first), right_and_wrong("second", second)]


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(9, 1), (30, 10), (5, 4), (1, 0), (200, 100)]
)
def test_a_lead_counts_where_only_one_is_right(only_first, only_second):
    one, other = pair(only_first, only_second)
    total = 25 + only_first + only_second
    for found in (lead(one, other), lead(other, one)):
        assert (found.first, found.second) == (one, other)
        assert (found.only_first, found.only_second) == (only_first, only_second)
        assert found.agreement == pytest.approx(25 / total)
        p_value = binomtest(only_first, only_first + only_second).pvalue
        assert found.p_value == pytest.approx(p_value)
        assert found.significant == (p_value < 0.05)


def test_of_equally_good_runs_the_first_stays_the_first():
    one, other = pair(3, 3)
    assert lead(one, other).first is one
    assert lead(other, one).first is other
    assert lead(one, other).p_value == 1
    assert lead(one, one).agreement == 1


def test_leaders_are_the_two_most_accurate_runs():
    found = several(5)
    assert [found[n].metrics["accuracy"] for n in range(5)] == sorted(
        one.metrics["accuracy"] for one in found
    )
    for order in (found, found[::-1], [found[n] for n in (4, 0, 2, 1, 3)]):
        received = leaders(order)
        assert (received.first.id, received.second.id) == ("run-4", "run-3")
        assert received == lead(found[3], found[4])


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_runs_have_no_leader(count):
    assert leaders(several(count)) is None


AHEAD, EQUAL = "is ahead of", "are correct equally often"
CHANCE = "This lead is not significant and may be chance"
SURE = "This is a significant lead"


@pytest.mark.parametrize(
    ("only_first", "only_second", "expected"),
    [
        (30, 5, [f"first (83.33%) {AHEAD} second (41.67%)", "41.7% of", SURE, "p < 0.001"]),
        (9, 1, ["first (82.86%)", "second (60.00%)", "71.4% of", SURE, "p = 0.021"]),
        (9, 1, ["first 9 times and second 1 times"]),
        (5, 4, ["first (73.53%)", "second (70.59%)", "73.5% of", CHANCE, "p = 1.00"]),
        (1500, 1400, [AHEAD, CHANCE, "p = 0.066", "first 1,500 times and second 1,400 times"]),
        (4, 4, [f"first and second {EQUAL} (72.73%)", "75.8% of the images"]),
        (0, 0, [f"first and second {EQUAL} (80.00%)", "100.0% of the images"]),
    ],
)
def test_a_lead_is_put_in_plain_words(only_first, only_second, expected):
    received = sentence(lead(*pair(only_first, only_second))).replace(" %", "%")
    assert [text for text in expected if text not in received] == []
    assert (AHEAD in received) == (only_first > only_second)
    assert (EQUAL in received) == (only_first == only_second)
    assert ("McNemar" in received) == (only_first > only_second)
    assert received.endswith(".")


def test_the_lead_of_the_bundled_network_is_significant():
    found = leaders([bundled(name) for name in runs.TRAINED_HERE[:4]])
    assert (found.first.id, found.second.id) == ("mnist-cnn", "mnist-svm")
    assert found.significant
    assert SURE in sentence(found)


def test_runs_on_other_images_have_no_lead():
    with pytest.raises(ValueError, match="same images"):
        lead(bundled("mnist-cnn"), bundled("digits-random-forest"))


def test_figures_are_written_as_one_reads_them():
    for metric, value, expected in [
        ("accuracy", 0.9966, "99.66 %"),
        ("accuracy", 1.0, "100.00 %"),
        ("accuracy", 0.0, "0.00 %"),
        ("calibration_error", 0.00123, "0.12 %"),
        ("log_loss", 0.0090751, "0.0091"),
        ("brier_score", 2.0, "2.0000"),
        ("latency_seconds", 0.0002, "0.20 ms"),
        ("latency_seconds", 0.0, "0.00 ms"),
        ("latency_p95_seconds", 0.25, "250.00 ms"),
        ("seconds", 1.0, "1.0 s"),
        ("seconds", 2.34, "2.3 s"),
        ("seconds", 10.4, "10 s"),
        ("seconds", 65.2, "1 min 5 s"),
        ("seconds", 12345.6, "3 h 26 min"),
        ("images_per_second", 5264.67, "5,265"),
        ("images_per_second", 3, "3"),
        ("file_bytes", 0, "0 kB"),
        ("file_bytes", 30_400, "30 kB"),
        ("file_bytes", 999_000, "999 kB"),
        ("memory_bytes", 118_149_120, "118.1 MB"),
        ("training_memory_bytes", 2_500_000_000, "2,500.0 MB"),
        ("parameters", 437034, "437,034"),
        ("parameters", 0, "0"),
        ("recall", np.float64(0.5), "50.00 %"),
    ]:
        assert written(metric, value) == expected


def test_what_was_not_measured_is_a_dash():
    for metric, value in product(METRICS, [None, float("nan")]):
        assert written(metric, value) == "–"


def test_absent_classes_do_no_harm():
    one = made_up("one", [0, 0, 1], np.eye(4)[[0, 1, 1]])
    expected = metrics.precision_recall_fscore_support(
        [0, 0, 1], [0, 1, 1], average="weighted", zero_division=0
    )
    names = ("weighted_precision", "weighted_recall", "weighted_f1")
    assert [one.metrics[name] for name in names] == pytest.approx(expected[:3])
    assert one.metrics["balanced_accuracy"] == 0.75
    assert all(np.isfinite(v) for v in one.metrics.values() if v is not None)
