import numpy as np
import pytest

from core.evaluation import Evaluation, agreement, evaluate, mcnemar, right_against_wrong


def right_and_wrong(pattern: list[int]) -> Evaluation:
    """One answer per entry, right (1) or wrong (0), about images of class 0."""
    return evaluate(np.zeros(len(pattern)), [[r, 1 - r] for r in pattern])


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
def test_mcnemar_needs_the_same_images(labels):
    first = evaluate([0, 1], np.eye(2))
    with pytest.raises(ValueError, match="same images"):
        mcnemar(first, evaluate(labels, np.ones((len(labels), 2)) / 2))


@pytest.mark.parametrize("compare", [agreement, right_against_wrong])
def test_only_predictions_of_the_same_images_are_compared(compare):
    with pytest.raises(ValueError, match="same images"):
        compare(right_and_wrong([1, 0]), right_and_wrong([1, 0, 1]))


def test_agreement_counts_equal_predictions_right_or_wrong():
    first, second = right_and_wrong([1, 1, 0, 0]), right_and_wrong([1, 0, 1, 0])
    assert agreement(first, second) == 0.5
    assert agreement(first, first) == 1
    # two wrong answers may differ
    assert agreement(evaluate([0], np.eye(3)[[1]]), evaluate([0], np.eye(3)[[2]])) == 0


def test_images_that_only_one_gets_right_are_listed():
    first, second = right_and_wrong([1, 1, 0, 0, 1]), right_and_wrong([1, 0, 1, 0, 0])
    assert right_against_wrong(first, second).tolist() == [1, 4]
    assert right_against_wrong(second, first).tolist() == [2]
