from dataclasses import replace

import pytest

from core import runs
from core.datasets import find
from core.runs import Run
from core.training import TrainConfig, estimate
from core.training.shipped import CONFIGS

FOREST = TrainConfig("digits", "random_forest", {"n_estimators": 50})


def run_of(
    small_run: Run,
    config: TrainConfig,
    seconds: float,
    created: str = "2026-01-01",
    history: tuple = (),
    **metrics: float,
) -> Run:
    """A run as a training with that configuration would have left it."""
    spec = find(config.dataset)
    pictures = round(spec.train_size * (1 - config.validation_fraction))
    size = min(pictures, config.hyperparameters["max_pictures"] or pictures)
    card = replace(
        small_run.card,
        dataset=config.dataset,
        model=config.model,
        family=config.family,
        input_shape=spec.input_shape,
        hyperparameters=config.hyperparameters,
        metrics=metrics or {"train_size": size},
        history=history,
        seconds=seconds,
        created=created,
    )
    return replace(small_run, card=card)


def seconds_of(config: TrainConfig, earlier: list[Run]) -> float:
    return estimate(config, find(config.dataset), earlier).seconds


def test_nothing_is_known_at_first(small_run):
    assert estimate(FOREST, find("digits"), []) is None


@pytest.mark.parametrize(
    "config",
    [
        FOREST,
        TrainConfig("digits", "rbf_svm"),
        TrainConfig("mnist", "knn", {"features": "hog"}),
        TrainConfig("mnist", "logistic_regression", {"max_pictures": 5000}),
        TrainConfig("mnist", "gradient_boosting"),
    ],
    ids=lambda config: config.model,
)
def test_the_same_again_takes_as_long(small_run, config):
    found = estimate(config, find(config.dataset), [run_of(small_run, config, 7.5)])
    assert found.seconds == pytest.approx(7.5)
    assert (found.trainings, found.alike) == (1, True)


@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_a_network_takes_as_long_as_it_has_epochs(small_run, model):
    config = TrainConfig("mnist", model, {"epochs": 4})
    earlier = [run_of(small_run, config, 60.0, history=({"epoch": 1},) * 4)]
    assert seconds_of(config, earlier) == pytest.approx(60)
    assert seconds_of(TrainConfig("mnist", model, {"epochs": 8}), earlier) == pytest.approx(120)


def test_a_network_that_stopped_early_took_as_long_as_its_epochs(small_run):
    config = TrainConfig("mnist", "simple_cnn", {"epochs": 10})
    earlier = [run_of(small_run, config, 20.0, history=({"epoch": 1},) * 2)]
    assert seconds_of(config, earlier) == pytest.approx(100)


def test_fewer_pictures_take_less(small_run):
    earlier = [run_of(small_run, FOREST, 10.0)]
    fewer = TrainConfig("digits", "random_forest", {"n_estimators": 50, "max_pictures": 300})
    assert seconds_of(fewer, earlier) < 3


def test_the_middle_of_the_latest_five_counts(small_run):
    earlier = [
        run_of(small_run, FOREST, seconds, created=f"2026-01-{day:02}")
        for day, seconds in enumerate([900, 900, 3, 5, 4, 900, 2], start=1)
    ]
    found = estimate(FOREST, find("digits"), earlier)
    assert found.seconds == pytest.approx(4)
    assert found.trainings == 5


def test_trainings_on_the_same_dataset_count_before_others(small_run):
    other = TrainConfig("mnist", "random_forest", {"n_estimators": 50})
    elsewhere = run_of(small_run, other, 1000.0)
    here = run_of(small_run, FOREST, 5.0)
    assert seconds_of(FOREST, [elsewhere, here]) == pytest.approx(5)
    found = estimate(FOREST, find("digits"), [elsewhere])
    assert not found.alike
    assert 0 < found.seconds < 1000


@pytest.mark.parametrize(
    ("wanted", "done", "known"),
    [
        (("digits", "simple_cnn"), ("digits", "resnet"), True),
        (("digits", "mlp"), ("digits", "random_forest"), False),
        (("digits", "knn"), ("digits", "simple_cnn"), False),
        (("digits", "simple_cnn"), ("digits", "knn"), False),
    ],
)
def test_only_what_is_comparable_counts(small_run, wanted, done, known):
    earlier = [run_of(small_run, TrainConfig(*done), 9.0, history=({"epoch": 1},))]
    found = estimate(TrainConfig(*wanted), find("digits"), earlier)
    assert (found is not None) is known


@pytest.mark.parametrize("features", ["pca", "hog"])
def test_other_features_are_not_comparable(small_run, features):
    earlier = [run_of(small_run, FOREST, 9.0)]
    other = TrainConfig("digits", "random_forest", {"features": features})
    assert estimate(other, find("digits"), earlier) is None


def test_runs_without_their_size_or_time_do_not_count(small_run):
    earlier = [
        run_of(small_run, FOREST, 0.0),
        run_of(small_run, FOREST, 9.0, accuracy=0.9),
    ]
    assert estimate(FOREST, find("digits"), earlier) is None


@pytest.mark.parametrize("name", CONFIGS)  # those whose pictures come along
def test_shipped_runs_can_be_estimated_from(name):
    run = runs.load(name)
    config = TrainConfig.of(run.card)
    found = estimate(config, find(config.dataset), [run])
    assert found is None or found.seconds == pytest.approx(run.card.seconds, rel=0.05)
