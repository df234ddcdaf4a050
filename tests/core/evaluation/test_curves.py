import numpy as np
import pytest
from sklearn import metrics

from core.evaluation import evaluate, precision_recall, roc


@pytest.mark.parametrize("label", range(5))
def test_areas_agree_with_scikit_learn(predictions, label):
    labels, probabilities = predictions
    truth, scores = labels == label, probabilities[:, label]
    evaluation = evaluate(labels, probabilities)
    found = roc(evaluation, label)
    assert found.area == pytest.approx(metrics.roc_auc_score(truth, scores))
    assert (found.x[0], found.y[0], found.x[-1], found.y[-1]) == (0, 0, 1, 1)
    assert (np.diff(found.x) >= 0).all()
    found = precision_recall(evaluation, label)
    assert found.area == pytest.approx(metrics.average_precision_score(truth, scores))
    assert (np.diff(found.x) >= 0).all()
    assert (found.x[0], found.x[-1]) == (0, 1)


def test_without_images_of_a_class_there_is_no_curve():
    evaluation = evaluate([0, 0, 0], np.full((3, 2), 0.5))
    for curve in (roc(evaluation, 0), roc(evaluation, 1), precision_recall(evaluation, 1)):
        assert len(curve.x) == len(curve.y) == 0
        assert np.isnan(curve.area)
    assert precision_recall(evaluation, 0).area == 1
