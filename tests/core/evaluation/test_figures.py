from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from sklearn import metrics

from core.evaluation import evaluate


def test_figures_agree_with_scikit_learn(predictions):
    labels, probabilities = predictions
    predictions = probabilities.argmax(axis=1)
    evaluation = evaluate(labels, probabilities)
    assert (evaluation.predictions == predictions).all()
    assert evaluation.accuracy == pytest.approx(metrics.accuracy_score(labels, predictions))
    assert evaluation.log_loss == pytest.approx(metrics.log_loss(labels, probabilities), rel=1e-5)
    assert (evaluation.confusion_matrix == metrics.confusion_matrix(labels, predictions)).all()
    recall = metrics.recall_score(labels, predictions, average=None)
    precision = metrics.precision_score(labels, predictions, average=None)
    assert evaluation.recall == pytest.approx(recall)
    assert evaluation.precision == pytest.approx(precision)


def one_hot(predictions: list[int], classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[predictions]


def test_a_card_keeps_means_over_the_classes(predictions):
    evaluation = evaluate(*predictions)
    assert evaluation.metrics() == {
        "accuracy": evaluation.accuracy,
        "log_loss": evaluation.log_loss,
        "precision": evaluation.macro(evaluation.precision),
        "recall": evaluation.macro(evaluation.recall),
        "f1": evaluation.macro(evaluation.f1),
    }
    assert all(type(value) is float for value in evaluation.metrics().values())


@pytest.mark.parametrize(
    ("labels", "predictions", "classes"),
    [
        ([0, 0, 1, 1, 2, 2], [0, 1, 1, 1, 2, 0], 3),
        ([0, 1, 2], [0, 1, 2], 3),
        ([0, 1, 2], [1, 2, 0], 3),
        ([0, 0, 1, 2], [0, 0, 0, 0], 3),  # classes that were never answered
        ([0, 0, 0, 0], [0, 1, 2, 0], 3),  # classes that never were there
        ([0, 0, 1], [0, 1, 1], 5),  # classes that are neither
        ([1, 1, 1], [0, 0, 0], 2),
        ([0], [0], 2),
    ],
)
def test_macro_means_are_those_of_scikit_learn(labels, predictions, classes):
    evaluation = evaluate(labels, one_hot(predictions, classes))
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, predictions, average="macro", zero_division=0
    )
    received = evaluation.metrics()
    assert received["precision"] == pytest.approx(precision)
    assert received["recall"] == pytest.approx(recall)
    assert received["f1"] == pytest.approx(f1)


def test_macro_means_of_many_predictions_are_those_of_scikit_learn(predictions):
    evaluation = evaluate(*predictions)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        predictions[0], evaluation.predictions, average="macro", zero_division=0
    )
    assert evaluation.macro(evaluation.precision) == pytest.approx(precision)
    assert evaluation.macro(evaluation.recall) == pytest.approx(recall)
    assert evaluation.macro(evaluation.f1) == pytest.approx(f1)


def test_f1_of_a_class_is_the_harmonic_mean(predictions):
    labels, probabilities = predictions
    evaluation = evaluate(labels, probabilities)
    expected = metrics.f1_score(labels, evaluation.predictions, average=None)
    assert evaluation.f1 == pytest.approx(expected)
    precision, recall = evaluation.precision, evaluation.recall
    assert evaluation.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_rows_of_the_confusion_matrix_are_true_classes():
    matrix = evaluate([0, 0, 1], [[0, 1, 0], [1, 0, 0], [0, 0, 1]]).confusion_matrix
    assert matrix.tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_a_class_without_images_or_predictions_has_no_ratio():
    evaluation = evaluate([0, 0, 1], [[0, 1, 0], [1, 0, 0], [0, 1, 0]])
    assert evaluation.recall == pytest.approx([0.5, 1, np.nan], nan_ok=True)
    assert evaluation.precision == pytest.approx([1, 0.5, np.nan], nan_ok=True)
    assert evaluation.f1 == pytest.approx([2 / 3, 2 / 3, np.nan], nan_ok=True)


def test_an_impossible_prediction_costs_much_but_not_infinitely():
    assert evaluate([0], [[0.0, 1.0]]).log_loss == pytest.approx(-np.log(1e-7))


@pytest.mark.parametrize(
    ("labels_shape", "probabilities_shape"),
    [((3,), (4, 2)), ((3, 1), (3, 2)), ((3,), (3,)), ((), (3, 2)), ((3,), (3, 2, 1))],
)
def test_shapes_that_do_not_fit_are_refused(labels_shape, probabilities_shape):
    with pytest.raises(ValueError, match="Received"):
        evaluate(np.zeros(labels_shape), np.zeros(probabilities_shape))


def test_types_are_those_of_the_docstring():
    evaluation = evaluate([0, 1], [[1.0, 0.0], [0.0, 1.0]])
    assert evaluation.labels.dtype == np.int64
    assert evaluation.probabilities.dtype == np.float32


def test_what_was_classified_is_copied(predictions):
    labels, probabilities = (part.copy() for part in predictions)
    evaluation = evaluate(labels, probabilities)
    before = evaluation.accuracy, evaluation.labels.copy()
    labels[:] = 0
    probabilities[:] = 0
    assert (evaluation.labels == before[1]).all()
    assert evaluate(evaluation.labels, evaluation.probabilities).accuracy == before[0]


@pytest.mark.parametrize("field", ["labels", "probabilities", "accuracy", "predictions"])
def test_fields_cannot_be_replaced(predictions, field):
    with pytest.raises(FrozenInstanceError):
        setattr(evaluate(*predictions), field, 0)


@pytest.mark.parametrize(
    "field",
    ["labels", "probabilities", "predictions", "confusion_matrix", "recall", "precision", "f1"],
)
def test_arrays_cannot_be_written_to(predictions, field):
    with pytest.raises(ValueError, match="read-only"):
        getattr(evaluate(*predictions), field)[0] = 0


def test_more_figures_agree_with_scikit_learn(predictions):
    labels, probabilities = predictions
    evaluation, predictions = evaluate(labels, probabilities), probabilities.argmax(axis=1)
    assert evaluation.balanced_accuracy == pytest.approx(
        metrics.balanced_accuracy_score(labels, predictions)
    )
    for k in range(1, 5):
        expected = metrics.top_k_accuracy_score(labels, probabilities, k=k)
        assert evaluation.top_k(k) == pytest.approx(expected)
    assert evaluation.top_k(1) == evaluation.accuracy
    assert evaluation.top_k(5) == 1
    assert evaluation.brier_score == pytest.approx(
        metrics.brier_score_loss(labels, probabilities, scale_by_half=False), rel=1e-5
    )
    expected = metrics.precision_recall_fscore_support(
        labels, predictions, average="weighted", zero_division=0
    )
    figures = (evaluation.precision, evaluation.recall, evaluation.f1)
    assert [evaluation.weighted(one) for one in figures] == pytest.approx(expected[:3])
    assert (evaluation.support == np.bincount(labels)).all()


@pytest.mark.parametrize("predicted", [[0, 0, 1, 1], [0, 0, 0, 0], [2, 2, 2, 2]])
def test_classes_may_be_absent(predicted):
    labels = [0, 0, 0, 1]
    evaluation = evaluate(labels, np.eye(3)[predicted])
    expected = metrics.precision_recall_fscore_support(
        labels, predicted, average="weighted", zero_division=0
    )
    figures = (evaluation.precision, evaluation.recall, evaluation.f1)
    assert [evaluation.weighted(one) for one in figures] == pytest.approx(expected[:3])
    assert evaluation.balanced_accuracy == pytest.approx(
        metrics.recall_score(labels, predicted, average="macro", labels=[0, 1])
    )


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [  # by the formula of Wilson (1927) with z = 1.959964
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (5, 10, 0.2365931, 0.7634069),
    ],
)
def test_the_interval_of_an_accuracy_is_wilsons(right, total, low, high):
    z, p = 1.959964, right / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * np.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    predictions = np.eye(2)[[0] * right + [1] * (total - right)]
    received = evaluate(np.zeros(total), predictions).accuracy_interval
    assert received == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert received == pytest.approx((low, high), abs=1e-6)


def test_classes_that_are_equally_probable_come_in_their_order():
    evaluation = evaluate([0, 1, 2], np.full((3, 4), 0.25))
    assert [round(evaluation.top_k(k) * 3) for k in (1, 2, 3, 4)] == [1, 2, 3, 3]


@pytest.mark.parametrize("k", [0, 5, -1])
def test_k_is_at_most_the_number_of_classes(k):
    with pytest.raises(ValueError, match=f"1 to 4. Received: {k}"):
        evaluate([0], np.full((1, 4), 0.25)).top_k(k)


def test_the_commonest_mistakes_come_first():
    labels, predicted = [0] * 6 + [1] * 4 + [2], [0, 1, 1, 1, 2, 0, 1, 0, 0, 1, 2]
    evaluation = evaluate(labels, np.eye(3)[predicted])
    assert evaluation.most_confused() == [(0, 1, 3), (1, 0, 2), (0, 2, 1)]
    assert evaluation.most_confused(1) == [(0, 1, 3)]
    assert evaluate([0, 1], np.eye(2)).most_confused() == []
