from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from sklearn import metrics

from core.evaluation import Evaluation, evaluate, mcnemar


@pytest.fixture(scope="module")
def answers() -> tuple[np.ndarray, np.ndarray]:
    """300 answers over 5 classes, right about half of the time."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 300)
    scores = rng.normal(size=(300, 5)) + 1.5 * np.eye(5)[labels]
    return labels, (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(np.float32)


def right_and_wrong(pattern: list[int]) -> Evaluation:
    """One answer per entry, right (1) or wrong (0), about pictures of class 0."""
    return evaluate(np.zeros(len(pattern)), [[r, 1 - r] for r in pattern])


def test_figures_agree_with_scikit_learn(answers):
    labels, probabilities = answers
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


def one_hot(answers: list[int], classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[answers]


def test_a_card_keeps_means_over_the_classes(answers):
    evaluation = evaluate(*answers)
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


def test_macro_means_of_many_answers_are_those_of_scikit_learn(answers):
    evaluation = evaluate(*answers)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        answers[0], evaluation.predictions, average="macro", zero_division=0
    )
    assert evaluation.macro(evaluation.precision) == pytest.approx(precision)
    assert evaluation.macro(evaluation.recall) == pytest.approx(recall)
    assert evaluation.macro(evaluation.f1) == pytest.approx(f1)


def test_f1_of_a_class_is_the_harmonic_mean(answers):
    labels, probabilities = answers
    evaluation = evaluate(labels, probabilities)
    expected = metrics.f1_score(labels, evaluation.predictions, average=None)
    assert evaluation.f1 == pytest.approx(expected)
    precision, recall = evaluation.precision, evaluation.recall
    assert evaluation.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_rows_of_the_confusion_matrix_are_true_classes():
    matrix = evaluate([0, 0, 1], [[0, 1, 0], [1, 0, 0], [0, 0, 1]]).confusion_matrix
    assert matrix.tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_a_class_without_pictures_or_answers_has_no_ratio():
    evaluation = evaluate([0, 0, 1], [[0, 1, 0], [1, 0, 0], [0, 1, 0]])
    assert evaluation.recall == pytest.approx([0.5, 1, np.nan], nan_ok=True)
    assert evaluation.precision == pytest.approx([1, 0.5, np.nan], nan_ok=True)
    assert evaluation.f1 == pytest.approx([2 / 3, 2 / 3, np.nan], nan_ok=True)


def test_an_impossible_answer_costs_much_but_not_infinitely():
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


def test_what_was_answered_is_copied(answers):
    labels, probabilities = (part.copy() for part in answers)
    evaluation = evaluate(labels, probabilities)
    before = evaluation.accuracy, evaluation.labels.copy()
    labels[:] = 0
    probabilities[:] = 0
    assert (evaluation.labels == before[1]).all()
    assert evaluate(evaluation.labels, evaluation.probabilities).accuracy == before[0]


@pytest.mark.parametrize("field", ["labels", "probabilities", "accuracy", "predictions"])
def test_fields_cannot_be_replaced(answers, field):
    with pytest.raises(FrozenInstanceError):
        setattr(evaluate(*answers), field, 0)


@pytest.mark.parametrize(
    "field",
    ["labels", "probabilities", "predictions", "confusion_matrix", "recall", "precision", "f1"],
)
def test_arrays_cannot_be_written_to(answers, field):
    with pytest.raises(ValueError, match="read-only"):
        getattr(evaluate(*answers), field)[0] = 0


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (1, 9, 22 / 1024),  # 2 * (C(10, 0) + C(10, 1)) / 2 ** 10
        (9, 1, 22 / 1024),
        (0, 5, 2 / 32),
        (5, 5, 1.0),
        (0, 1, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemar_gives_the_binomial_p_value(only_first, only_second, p_value):
    both = [1] * 7 + [0] * 4
    first = right_and_wrong([1] * only_first + [0] * only_second + both)
    second = right_and_wrong([0] * only_first + [1] * only_second + both)
    assert mcnemar(first, second) == pytest.approx(p_value)


@pytest.mark.parametrize("labels", [[0, 0, 1], [0, 0], [1, 0]])
def test_mcnemar_needs_the_same_pictures(labels):
    first = evaluate([0, 1], np.eye(2))
    with pytest.raises(ValueError, match="same pictures"):
        mcnemar(first, evaluate(labels, np.ones((len(labels), 2)) / 2))
