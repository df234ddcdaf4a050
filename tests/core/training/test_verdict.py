import pytest

from core.models import MODELS
from core.training import best_point, judge


def curve(*points: tuple[float, float], axis: str = "epoch") -> list[dict[str, float]]:
    """A learning curve of pairs: training accuracy, validation accuracy."""
    return [
        {axis: step, "accuracy": train, "val_accuracy": val}
        for step, (train, val) in enumerate(points, start=1)
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.5], 0), ([0.5, 0.7, 0.6], 1), ([0.7, 0.7, 0.6], 0), ([0.1, 0.2, 0.3], 2)],
)
def test_the_best_point_is_the_first_of_the_highest(values, expected):
    assert best_point(curve(*((0.9, value) for value in values))) == expected


@pytest.mark.parametrize(
    ("points", "kind", "sentence"),
    [
        ([], "too_short", "Too few points"),
        ([(0.9, 0.9), (0.95, 0.95)], "too_short", "Too few points"),
        ([(0.5, 0.5), (0.9, 0.85), (0.99, 0.85), (0.99, 0.85)], "overfitting", "only 85.0 %"),
        (
            [(0.8, 0.8), (0.93, 0.93), (0.93, 0.9), (0.93, 0.9)],
            "overfitting",
            "Validation was best at epoch 2 and fell afterwards.",
        ),
        (
            [(0.5, 0.5), (0.7, 0.7), (0.8, 0.79), (0.85, 0.84)],
            "still_learning",
            "rose from 79.0 % to 84.0 % in the last fifth. More epochs would help.",
        ),
        ([(0.3, 0.3), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5)], "underfitting", "only 50.0 %"),
        ([(0.9, 0.9), (0.95, 0.94), (0.96, 0.94), (0.96, 0.94)], "good", "96.0 % of training"),
        ([(0.8, 0.9), (0.85, 0.94), (0.86, 0.93), (0.86, 0.93)], "good", "93.0 % of validation"),
    ],
)
def test_a_learning_curve_is_judged(points, kind, sentence):
    verdict = judge(curve(*points), "epoch")
    assert verdict.kind == kind
    assert sentence in verdict.sentence
    assert verdict.sentence.endswith(".")


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        ([(0.9, 0.7), (0.91, 0.8), (0.9, 0.88)], "still_learning"),
        ([(0.9, 0.87), (0.91, 0.88), (0.9, 0.88)], "good"),
        ([(1.0, 0.7), (1.0, 0.8), (1.0, 0.88)], "overfitting"),
    ],
)
def test_more_pictures_may_help(points, kind):
    assert judge(curve(*points, axis="pictures"), "pictures").kind == kind


@pytest.mark.parametrize("axis", sorted({spec.learns_by for spec in MODELS.values()}))
@pytest.mark.parametrize(
    "points",
    [
        [(0.5, 0.5), (0.7, 0.7), (0.8, 0.79), (0.85, 0.84)],
        [(0.8, 0.8), (0.93, 0.93), (0.93, 0.9), (0.93, 0.9)],
        [(0.3, 0.3), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5)],
        [(0.96, 0.95)] * 3,
    ],
)
def test_every_way_of_learning_can_be_judged(axis, points):
    verdict = judge(curve(*points, axis=axis), axis)
    assert verdict.sentence.endswith(".")
    assert "\n" not in verdict.sentence
