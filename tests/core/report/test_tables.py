import csv
import io
import json
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import classification_report, confusion_matrix

from core.comparison import METRICS
from core.evaluation import evaluate
from core.report import as_csv, as_json, class_rows
from tests.core.made_up import several

HEAD = ["run", "dataset", "model", "test_images"]


def strictly(text: str) -> dict:
    """JSON as its standard has it, without NaN and Infinity."""

    def refuse(constant: str):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def check_csv(found) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert len(rows) == len(found)
    for row, one in zip(rows, found, strict=True):
        assert list(row) == [*HEAD, *METRICS]
        assert [row[name] for name in HEAD] == [
            one.id,
            one.run.card.dataset.replace("=1+1", "'=1+1"),  # no formula
            one.run.card.model,
            str(len(one.evaluation.labels)),
        ]
        for name, value in one.metrics.items():
            assert (float(row[name]) if row[name] else None) == value


def test_the_csv_of_bundled_runs_holds_exactly_their_figures(bundled):
    check_csv(bundled)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_csv_has_a_line_for_each_run(count):
    check_csv(several(count, classes=3, images=30))


def test_what_was_not_measured_is_empty_in_the_csv_and_null_in_the_json():
    one, other = several(2, classes=3, images=30, cost={"parameters": 7})
    for row in csv.DictReader(io.StringIO(as_csv([one, other]))):
        assert (row["parameters"], row["latency_seconds"], row["file_bytes"]) == ("7", "", "")
    for run in strictly(as_json([one, other]))["runs"]:
        assert run["machine"] is None
        assert run["figures"]["parameters"] == 7
        assert run["figures"]["latency_seconds"] is None


@pytest.mark.parametrize("dataset", ["a,b", 'with "quotes"', "two\nlines", "=1+1", "ü ✓"])
def test_a_name_of_any_signs_comes_through(dataset):
    found = several(2, classes=2, images=10, dataset=dataset)
    check_csv(found)
    assert [run["dataset"] for run in strictly(as_json(found))["runs"]] == [dataset] * 2


def test_the_json_of_bundled_runs_holds_their_figures_and_settings(bundled):
    received = strictly(as_json(bundled))
    assert list(received) == ["runs", "pairs"]
    for run, one in zip(received["runs"], bundled, strict=True):
        card, found = one.run.card, one.evaluation
        assert run["id"] == card.id
        assert run["test_fingerprint"] == card.test_fingerprint
        assert run["hyperparameters"] == card.hyperparameters
        assert (run["model"], run["seed"], run["members"]) == (card.model, card.seed, [])
        assert run["test_images"] == 10_000
        assert run["machine"] == card.cost["machine"]
        assert run["figures"] == one.metrics
        expected = confusion_matrix(found.labels, found.predictions)
        assert np.array_equal(run["confusion_matrix"], expected)
        assert run["classes"] == class_rows(found, card.class_names)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_json_holds_every_pair_of_runs_once(count):
    found = several(count, classes=4, images=60)
    pairs = strictly(as_json(found))["pairs"]
    received = [frozenset((pair["first"], pair["second"])) for pair in pairs]
    assert received == [frozenset(pair) for pair in combinations([o.id for o in found], 2)]


def test_pairs_hold_what_numpy_and_scipy_find(bundled):
    known = {one.id: one.evaluation for one in bundled}
    for pair in strictly(as_json(bundled))["pairs"]:
        first, second = known[pair["first"]], known[pair["second"]]
        assert first.accuracy >= second.accuracy
        ours, theirs = (e.probabilities.argmax(axis=1) for e in (first, second))
        right, other_right = ours == first.labels, theirs == first.labels
        only_first = int((right & ~other_right).sum())
        only_second = int((other_right & ~right).sum())
        assert (pair["only_first_right"], pair["only_second_right"]) == (only_first, only_second)
        assert pair["agreement"] == pytest.approx((ours == theirs).mean())
        p_value = binomtest(min(only_first, only_second), only_first + only_second).pvalue
        assert pair["mcnemar_p"] == pytest.approx(p_value)


def test_the_json_of_absent_classes_holds_no_nan(with_gaps):
    received = strictly(as_json(with_gaps))
    first = received["runs"][0]["classes"]
    assert [row["precision"] for row in first] == [0.5, None, 0.0, None]
    assert [row["recall"] for row in first] == [2 / 3, 0.0, None, None]
    assert [row["f1"] for row in first][1:] == [0.0, 0.0, None]
    check_csv(with_gaps)


def check_classes(evaluation, names) -> None:
    expected = classification_report(
        evaluation.labels,
        evaluation.predictions,
        labels=range(len(names)),
        target_names=names,
        output_dict=True,
        zero_division=np.nan,
    )
    rows = class_rows(evaluation, names)
    assert [row["class"] for row in rows] == list(names)
    titles = {"precision": "precision", "recall": "recall", "f1": "f1-score", "images": "support"}
    for row in rows:
        for ours, theirs in titles.items():
            value = expected[row["class"]][theirs]
            if np.isnan(value):
                assert row[ours] is None
            else:
                assert row[ours] == pytest.approx(value, abs=1e-12)
        assert isinstance(row["images"], int)


def test_classes_of_bundled_runs_are_those_of_scikit_learn(bundled):
    for one in bundled:
        check_classes(one.evaluation, one.run.card.class_names)


def test_absent_classes_are_those_of_scikit_learn(with_gaps):
    for one in with_gaps:
        check_classes(one.evaluation, one.run.card.class_names)


@pytest.mark.parametrize("classes", [2, 3, 30])
@pytest.mark.parametrize("images", [1, 5, 200])
def test_classes_of_any_predictions_are_those_of_scikit_learn(classes, images):
    rng = np.random.default_rng([classes, images])
    rows = rng.dirichlet(np.ones(classes), images)
    found = evaluate(rng.integers(0, classes, images), rows)
    check_classes(found, [f"class {label}" for label in range(classes)])
