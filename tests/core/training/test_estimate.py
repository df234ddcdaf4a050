from dataclasses import replace

import pytest

from core import machine, runs
from core.datasets import find
from core.models.transfer import BACKBONES
from core.runs import Run
from core.training import TrainConfig, estimate
from core.training.bundled import CONFIGS


@pytest.fixture(autouse=True)
def same_machine(monkeypatch) -> None:
    """This machine is as fast as the one that trained the runs."""
    monkeypatch.setattr(machine, "gigaflops", lambda: machine.REFERENCE)


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
    images = round(spec.train_size * (1 - config.validation_fraction))
    size = min(images, config.hyperparameters["max_images"] or images)
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
    return estimate(config, find(config.dataset), earlier).learning


def test_nothing_is_known_at_first(small_run):
    assert estimate(FOREST, find("digits"), []) is None


@pytest.mark.parametrize(
    "config",
    [
        FOREST,
        TrainConfig("digits", "rbf_svm"),
        TrainConfig("mnist", "knn", {"features": "hog"}),
        TrainConfig("mnist", "logistic_regression", {"max_images": 5000}),
        TrainConfig("mnist", "gradient_boosting"),
    ],
    ids=lambda config: config.model,
)
def test_the_same_again_takes_as_long(small_run, config):
    found = estimate(config, find(config.dataset), [run_of(small_run, config, 7.5)])
    assert found.learning == pytest.approx(7.5)
    assert (found.trainings, found.alike) == (1, True)


@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_a_network_takes_as_long_as_it_has_epochs(small_run, model):
    config = TrainConfig("mnist", model, {"epochs": 4})
    earlier = [run_of(small_run, config, 60.0, history=({"epoch": 1},) * 4)]
    assert seconds_of(config, earlier) == pytest.approx(60)
    assert seconds_of(TrainConfig("mnist", model, {"epochs": 8}), earlier) == pytest.approx(112)


def test_a_network_that_stopped_early_took_as_long_as_its_epochs(small_run):
    config = TrainConfig("mnist", "simple_cnn", {"epochs": 10})
    earlier = [run_of(small_run, config, 20.0, history=({"epoch": 1},) * 2)]
    assert seconds_of(config, earlier) == pytest.approx(68)


# Networks that have learned already

LITE = "efficientnet_lite0"


def pretrained(model: str = LITE, dataset: str = "mnist", **values) -> TrainConfig:
    small = {"input_size": 64, "epochs": 4, "fine_tune_epochs": 0, "fine_tune_layers": 150}
    return TrainConfig(dataset, model, {**small, **values})


def trained(small_run: Run, config: TrainConfig, seconds: float, *phases: int) -> Run:
    """A run whose epochs were of those phases; as many as it was to have if none are given."""
    wanted = config.hyperparameters
    phases = phases or (1,) * wanted["epochs"] + (2,) * wanted["fine_tune_epochs"]
    history = tuple({"epoch": n, "phase": phase} for n, phase in enumerate(phases, start=1))
    return run_of(small_run, config, seconds, history=history)


@pytest.mark.parametrize("model", BACKBONES)
@pytest.mark.parametrize("values", [{}, {"fine_tune_epochs": 3}, {"cache_features": False}])
def test_a_pretrained_network_takes_as_long_again(small_run, model, values):
    config = pretrained(model, **values)
    assert seconds_of(config, [trained(small_run, config, 33.0)]) == pytest.approx(33)


@pytest.mark.parametrize(
    ("values", "times"),
    [
        ({"epochs": 40}, 1),  # features are computed once
        ({"input_size": 128}, 4),
        ({"max_images": 27_000}, 0.5),
        ({"cache_features": False}, 4),
        ({"cache_features": False, "epochs": 8}, 8),
        ({"fine_tune_epochs": 1}, 1 + 3),  # there, and back, which takes twice as long
        ({"fine_tune_epochs": 2}, 1 + 2 * 3),
        ({"fine_tune_epochs": 2, "fine_tune_layers": 75}, 1 + 2 * 2),
        ({"fine_tune_epochs": 2, "fine_tune_layers": 1000}, 1 + 2 * 3),
    ],
    ids=str,
)
def test_what_a_pretrained_network_has_to_do_is_counted(small_run, values, times):
    earlier = [trained(small_run, pretrained(), 200.0)]
    assert seconds_of(pretrained(**values), earlier) == pytest.approx(200 * times)


def test_few_images_do_not_make_a_pretrained_network_begin_sooner(small_run):
    earlier = [trained(small_run, pretrained(), 200.0)]
    assert seconds_of(pretrained(max_images=100), earlier) == 25


def test_another_backbone_is_estimated_by_its_multiplications(small_run):
    earlier = [trained(small_run, pretrained("mobilenet_v2"), 10.0)]
    found = estimate(pretrained("vgg16"), find("mnist"), earlier)
    assert found.learning == pytest.approx(10 * 15300 / 300)
    assert not found.alike


def test_fine_tuning_that_ended_early_took_as_long_as_its_epochs(small_run):
    config = pretrained(fine_tune_epochs=4)
    earlier = [trained(small_run, config, 70.0, 1, 1, 1, 1, 2, 2)]
    assert seconds_of(config, earlier) == pytest.approx(70 * 13 / 7)


@pytest.mark.parametrize(("wanted", "done"), [(LITE, "simple_cnn"), ("simple_cnn", LITE)])
def test_a_network_from_scratch_says_nothing_of_one_that_has_learned_already(
    small_run, wanted, done
):
    earlier = [run_of(small_run, TrainConfig("digits", done), 9.0, history=({"epoch": 1},))]
    assert estimate(TrainConfig("digits", wanted), find("digits"), earlier) is None


def test_a_classical_model_on_what_a_network_finds_takes_as_long_again(small_run):
    config = TrainConfig("mnist", "knn", {"features": LITE})
    assert seconds_of(config, [run_of(small_run, config, 8.0)]) == pytest.approx(8)
    pixels = TrainConfig("mnist", "knn", {"features": "pixels"})
    assert estimate(config, find("mnist"), [run_of(small_run, pixels, 8.0)]) is None


def test_fewer_images_take_less(small_run):
    earlier = [run_of(small_run, FOREST, 10.0)]
    fewer = TrainConfig("digits", "random_forest", {"n_estimators": 50, "max_images": 300})
    assert seconds_of(fewer, earlier) < 3


def test_the_middle_of_the_latest_five_counts(small_run):
    earlier = [
        run_of(small_run, FOREST, seconds, created=f"2026-01-{day:02}")
        for day, seconds in enumerate([900, 900, 3, 5, 4, 900, 2], start=1)
    ]
    found = estimate(FOREST, find("digits"), earlier)
    assert found.learning == pytest.approx(4)
    assert found.trainings == 5


def test_trainings_on_the_same_dataset_count_before_others(small_run):
    other = TrainConfig("mnist", "random_forest", {"n_estimators": 50})
    elsewhere = run_of(small_run, other, 1000.0)
    here = run_of(small_run, FOREST, 5.0)
    assert seconds_of(FOREST, [elsewhere, here]) == pytest.approx(5)
    found = estimate(FOREST, find("digits"), [elsewhere])
    assert not found.alike
    assert 0 < found.learning < 1000


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


@pytest.mark.parametrize("name", CONFIGS)  # those whose images are bundled
def test_bundled_runs_can_be_estimated_from(name):
    run = runs.load(name)
    config = TrainConfig.of(run.card)
    found = estimate(config, find(config.dataset), [run])
    faster = machine.REFERENCE / run.card.cost.get("gigaflops", machine.REFERENCE)
    assert found is None or found.learning == pytest.approx(run.card.seconds / faster, rel=0.05)


@pytest.mark.parametrize("times_faster", [0.25, 1, 4])
def test_a_faster_machine_takes_less_time(small_run, monkeypatch, times_faster):
    monkeypatch.setattr(machine, "gigaflops", lambda: times_faster * machine.REFERENCE)
    elsewhere = run_of(small_run, FOREST, 8.0)
    found = estimate(FOREST, find("digits"), [elsewhere])
    assert found.learning == pytest.approx(8.0 / times_faster)
    here = replace(elsewhere.card, cost={"gigaflops": times_faster * machine.REFERENCE})
    found = estimate(FOREST, find("digits"), [replace(elsewhere, card=here)])
    assert found.learning == pytest.approx(8.0)


def test_what_is_done_beside_learning_is_learned_from_earlier_trainings(small_run):
    def around(*costs: dict) -> float:
        run = run_of(small_run, FOREST, 8.0)
        earlier = [replace(run, card=replace(run.card, cost=cost)) for cost in costs]
        return estimate(FOREST, find("digits"), earlier).around

    assert around({}) > 0
    assert around({"around_seconds": 30.0}, {}, {"around_seconds": 20.0}) == 25.0
    faster = {"around_seconds": 30.0, "gigaflops": 2 * machine.REFERENCE}
    assert around(faster) == 60.0
