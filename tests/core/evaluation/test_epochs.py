import numpy as np
import pytest

from core.evaluation import best_point, cautions, evaluate, few_in_split


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([(0.5, 1)], 0),
        ([(0.5, 1), (0.7, 9), (0.6, 0)], 1),
        ([(1, 0.9), (1, 0.2), (1, 0.1), (1, 0.3)], 2),
        ([(1, 0.1), (1, 0.1)], 0),
        ([(0.9999, 0.0), (1, 50.0)], 1),
        ([(1, float("inf")), (1, 3.0), (1, float("nan"))], 1),
        ([(0.7, None), (0.7, None), (0.6, None)], 0),
    ],
)
def test_the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss(values, expected):
    named = ({"val_accuracy": accuracy, "val_loss": loss} for accuracy, loss in values)
    history = [{k: v for k, v in point.items() if v is not None} for point in named]
    assert best_point(history) == expected


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((60, 60), []),
        (
            (118, 2),
            ["Fewer than 10 test images of dogs (2): metrics of that class are unreliable."],
        ),
        ((50, 40), ["only 90 test images", "between 95.9 % and 100 %"]),
        ((3, 2), ["only 5 test images", "of dogs (2), cats (3): metrics of those classes"]),
        ((120, 0), ["of dogs (0)"]),
    ],
)
def test_metrics_on_few_images_say_so(counts, said):
    labels = np.repeat([0, 1], counts)
    evaluation = evaluate(labels, np.eye(2, dtype=np.float32)[labels])
    found = " ".join(cautions(evaluation, ("cats", "dogs")))
    assert bool(found) == bool(said)
    assert all(sentence in found for sentence in said)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((60, 60), []),
        (
            (0, 25),
            ["With 25 test images, each one counts 4 %.", "of cats (0): metrics of that class"],
        ),
        (
            (118, 2),
            ["Fewer than 10 test images of dogs (2): metrics of that class are unreliable."],
        ),
    ],
)
def test_a_split_of_few_images_is_said_to_be_small(counts, said):
    found = few_in_split(counts, ("cats", "dogs"), "test")
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("few", "said"),
    [
        (3, "of a (0), b (1), c (2): metrics of those classes"),
        (4, "of a (0), b (1), c (2) and 1 more: metrics of those classes"),
        (6, "of a (0), b (1), c (2) and 3 more: metrics of those classes"),
    ],
)
def test_of_many_classes_with_few_images_the_smallest_are_named(few, said):
    names = ["of which there are many", *reversed("abcdef"[:few])]
    (sentence,) = few_in_split([100, *reversed(range(few))], names, "test")
    assert said in sentence
