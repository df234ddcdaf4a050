import pytest

from core.models import MODELS
from core.training import judge


def curve(*points: tuple[float, float], axis: str = "epoch") -> list[dict[str, float]]:
    """A training curve of pairs: training accuracy, validation accuracy."""
    return [
        {axis: step, "accuracy": train, "val_accuracy": val}
        for step, (train, val) in enumerate(points, start=1)
    ]


@pytest.mark.parametrize(
    ("points", "kind", "sentence"),
    [
        ([], "too_short", "Too few points"),
        ([(0.9, 0.9), (0.95, 0.95)], "too_short", "Too few points"),
        ([(0.5, 0.5), (0.9, 0.85), (0.99, 0.85), (0.99, 0.85)], "overfitting", "only 85.0 %"),
        (
            [(0.8, 0.8), (0.93, 0.93), (0.93, 0.9), (0.93, 0.9)],
            "overfitting",
            "Validation accuracy was highest at epoch 2 and fell afterwards.",
        ),
        (
            [(0.5, 0.5), (0.7, 0.7), (0.8, 0.79), (0.85, 0.84)],
            "still_learning",
            "rose from 79.0 % to 84.0 % in the last fifth. More epochs may help.",
        ),
        ([(0.3, 0.3), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5)], "underfitting", "only 50.0 %"),
        ([(0.9, 0.9), (0.95, 0.94), (0.96, 0.94), (0.96, 0.94)], "good", "96.0 % of training"),
        ([(0.8, 0.9), (0.85, 0.94), (0.86, 0.93), (0.86, 0.93)], "good", "93.0 % of validation"),
    ],
)
def test_a_training_curve_is_judged(points, kind, sentence):
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
def test_more_images_may_help(points, kind):
    assert judge(curve(*points, axis="images"), "images").kind == kind


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


def test_the_verdict_quotes_the_epoch_that_was_kept():
    points = curve((0.9, 0.94), (0.97, 0.96), (0.98, 0.95), (0.99, 0.95))
    sentence = judge(points, "epoch", keep_best=True).sentence
    assert "97.0 % of training and 96.0 % of validation" in sentence
    assert "epoch 2, the best one" in sentence
    assert "95.0 % of validation" in judge(points, "epoch").sentence


@pytest.mark.parametrize(
    ("points", "images", "kind"),
    [
        ([(0.9, 0.9), (0.96, 0.96), (0.96, 0.96), (1, 1.0)], 25, "good"),
        ([(0.9, 0.9), (0.96, 0.96), (0.96, 0.96), (1, 1.0)], 2500, "still_learning"),
        ([(0.9, 0.92), (1, 0.92), (1, 0.92), (1, 0.92)], 25, "good"),
        ([(0.9, 0.92), (1, 0.92), (1, 0.92), (1, 0.92)], 2500, "overfitting"),
        ([(0.9, 0.9), (0.97, 0.96), (0.97, 0.92), (0.97, 0.92)], 25, "good"),
        ([(1, 1.0), (1, 0.5), (1, 0.5), (1, 0.5)], 25, "overfitting"),
        ([(1, 0.84), (1, 0.84), (1, 0.84), (1, 0.84)], 25, "too_few"),
    ],
)
def test_differences_of_a_few_images_are_no_reason(points, images, kind):
    verdict = judge(curve(*points), "epoch", images=images)
    assert verdict.kind == kind
    assert ("With 25 validation images, each one counts 4 %." in verdict.sentence) == (images == 25)
