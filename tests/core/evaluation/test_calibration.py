import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from core.evaluation import Evaluation, coverage, evaluate, reliability


def predicted(confidences: list[float], right: list[int]) -> Evaluation:
    """Answers of two classes with those confidences, right (1) or wrong (0)."""
    return evaluate([1 - one for one in right], [[p, 1 - p] for p in confidences])


def test_bins_agree_with_scikit_learn(predictions):
    evaluation = evaluate(*predictions)
    found = reliability(evaluation, 10)
    right = evaluation.predictions == evaluation.labels
    accuracy, confidence = calibration_curve(right, evaluation.confidences, n_bins=10)
    filled = found.counts > 0
    assert found.accuracy[filled] == pytest.approx(accuracy)
    assert found.confidence[filled] == pytest.approx(confidence)
    assert found.counts.sum() == len(right)
    assert np.isnan(found.accuracy[~filled]).all()


def test_a_bin_holds_what_lies_between_its_limits_and_the_upper_one(predictions):
    found = reliability(predicted([0.5, 0.5625, 0.75, 0.8125, 1.0, 1.0], [1, 0, 1, 0, 1, 1]), 4)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.counts.tolist() == [0, 1, 2, 3]
    assert found.accuracy[1:] == pytest.approx([1, 1 / 2, 2 / 3])
    many = reliability(evaluate(*predictions))
    filled = many.counts > 0
    assert (many.edges[:-1] < many.confidence)[filled].all()
    assert (many.confidence <= many.edges[1:])[filled].all()


def test_confidence_that_16_bits_have_rounded_up_lies_in_the_last_bin():
    found = reliability(evaluate([0, 0], [[1.0078125, 0.0], [1.0, 0.0]]))
    assert (len(found.counts), found.counts[-1], found.accuracy[-1]) == (15, 2, 1)


@pytest.mark.parametrize(
    ("confidences", "right", "error"),
    [
        ([1.0, 1.0], [1, 1], 0.0),
        ([1.0, 1.0], [0, 0], 1.0),
        ([0.75] * 4, [1, 1, 1, 0], 0.0),
        ([0.75] * 4, [1, 1, 0, 0], 0.25),
        ([1.0, 1.0, 0.75, 0.75], [1, 1, 1, 1], 0.125),
    ],
)
def test_the_calibration_error_is_the_mean_distance(confidences, right, error):
    found = reliability(predicted(confidences, right))
    assert found.expected_calibration_error == pytest.approx(error)


def test_fewer_predictions_are_better_ones():
    found = coverage(predicted([0.6, 0.7, 0.8, 0.9], [0, 1, 0, 1]))
    at = {round(float(t), 2): place for place, t in enumerate(found.thresholds)}
    for threshold, left, accuracy in (
        (0.0, 1.0, 0.5),
        (0.6, 1.0, 0.5),
        (0.65, 0.75, 2 / 3),
        (0.8, 0.5, 0.5),
        (0.9, 0.25, 1.0),
    ):
        assert found.coverage[at[threshold]] == left
        assert found.accuracy[at[threshold]] == pytest.approx(accuracy)
    assert found.coverage[-1] == 0
    assert np.isnan(found.accuracy[-1])


def test_coverage_never_grows(predictions):
    found = coverage(evaluate(*predictions), 51)
    assert len(found.thresholds) == 51
    assert (np.diff(found.coverage) <= 0).all()
    assert found.coverage[0] == 1
    assert found.accuracy[0] == pytest.approx(evaluate(*predictions).accuracy)
