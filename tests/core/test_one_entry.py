"""One entry registers a thing: nobody else asks for a model or a dataset by its name."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB

from core import datasets, runs
from core.datasets import DATASETS
from core.errors import DatasetError, ModelError
from core.models import ANY, MODELS, OWN_PHOTOS, ModelSpec, first_choice
from core.models.spec import LEARNS_BY
from core.models.transfer import BACKBONES
from core.param import Param
from core.runs import AXES
from core.settings import PROJECT_DIR
from core.training import TrainConfig, estimate, train
from core.training.learning import LEARNERS
from core.training.script import as_script
from core.training.verdict import judge_run
from tests.core.training.scripts import run_here

NAMES = {*MODELS, *BACKBONES, *DATASETS}
THEIR_OWN = (
    "core/models/registry.py",
    "core/models/cnn.py",
    "core/models/transfer/backbones.py",
    "core/datasets/known.py",
    "core/datasets/builtin.py",
    "core/datasets/fashion.py",
    "core/datasets/cifar.py",
    "core/datasets/cats_vs_dogs.py",
    "core/training/bundled.py",  # the table of bundled runs
    "core/training/touching.py",  # a network that the studio itself needs, trained on digits
    "core/api/schemas.py",  # examples, and what `/train` trains without a body
)
# What a recipe reads is called `digits` as well, and so are the digits of one prediction.
DIGITS = (
    "core/api/predicting.py",
    "core/batch/results.py",
    "core/cli/gradio_app.py",
    "core/export/web_page.py",
    "core/models/presets.py",
    "core/preprocessing/recipes.py",
    "core/serving/described.py",
    "core/training/unlike.py",
    "pages/recognise.py",
    "pages/components/shared/run_picker.py",
)
COPY = "a_copy"


def named_in(path: Path) -> Iterator[tuple[int, str]]:
    """Lines in which a file names a model or a dataset, and the names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and node.value in NAMES:
            yield node.lineno, node.value


def test_no_model_or_dataset_is_named_outside_its_own_module():
    named = {}
    for folder in ("core", "pages"):
        for path in sorted((PROJECT_DIR / folder).rglob("*.py")):
            place = path.relative_to(PROJECT_DIR).as_posix()
            found = [(line, name) for line, name in named_in(path)]
            if place in DIGITS:
                assert found, f"{place} need not be excepted any more"
                found = [(line, name) for line, name in found if name != "digits"]
            if found and place not in THEIR_OWN:
                named[place] = found
    assert named == {}


@pytest.fixture
def copied(monkeypatch):
    """`copied("resnet")`: the same entry under another name."""

    def copy(name: str, **changed) -> ModelSpec:
        spec = replace(MODELS[name], name=COPY, **changed)
        monkeypatch.setitem(MODELS, COPY, spec)
        return spec

    return copy


def config_of(model: str) -> TrainConfig:
    return TrainConfig("mnist", model, {"max_images": 500}, seed=3)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.few(3)
def test_a_copy_of_a_model_under_another_name_is_treated_alike(copied, small_run, name):
    copied(name)
    made = {}
    for model in (name, COPY):
        config = config_of(model)
        card = replace(
            small_run.card,
            model=model,
            dataset="mnist",
            family=config.family,
            hyperparameters=config.hyperparameters,
        )
        run = replace(small_run, card=card)
        seconds = estimate(config, datasets.find("mnist"), [run]).seconds
        made[model] = (
            dict(config.hyperparameters),
            seconds,
            judge_run(card),
            as_script(config),
        )
    assert made[COPY] == made[name]


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("simple_cnn", {"filters": "8-8-8-8-8-8"}),
        ("efficientnet_lite0", {"fine_tune_epochs": 0, "mixup": 0.2}),
    ],
)
def test_a_copy_refuses_what_its_original_refuses(copied, model, values):
    copied(model)
    for name in (model, COPY):
        with pytest.raises(ModelError):
            TrainConfig("digits", name, values)


def test_of_a_network_that_counts_nothing_only_its_own_runs_tell_the_time(copied, small_run):
    copied("simple_cnn", multiplications=None)
    known = config_of("simple_cnn")
    card = replace(
        small_run.card, model="simple_cnn", family="network", hyperparameters=known.hyperparameters
    )
    other = replace(small_run, card=card)
    config, spec = config_of(COPY), datasets.find("mnist")
    assert estimate(config, spec, [other]) is None
    own = replace(small_run, card=replace(card, model=COPY))
    assert estimate(config, spec, [other, own]).trainings == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"family": "forest"}, "`family` of the model a_copy must be one of classical, network"),
        ({"learns_by": "days"}, "must be one of epoch, iteration, trees.* Received: 'days'"),
        ({"steps": "days"}, "`steps` of the model a_copy must be one of C, max_iter"),
        ({"first_for": ("cats",)}, "`first_for` of the model a_copy must be one of any, own"),
        ({"params": ()}, "Missing: features, .*max_images"),
        ({"family": "network", "learns_by": "epoch"}, "Missing: epochs, batch_size"),
        ({"family": "network"}, "must be one of epoch. Received: 'iteration'"),
    ],
)
def test_an_entry_that_cannot_work_is_refused(copied, changed, sentence):
    with pytest.raises(ModelError, match=sentence):
        copied("logistic_regression", **changed)


def test_the_words_for_how_a_model_learns_are_the_same_everywhere():
    assert set(LEARNS_BY) == set(LEARNERS) == set(AXES)


@pytest.mark.parametrize(
    ("build", "learns_by"),
    [
        (lambda values, seed: GaussianNB(), "images"),
        (
            lambda values, seed: SGDClassifier(
                loss="log_loss", max_iter=values["rounds"], random_state=seed
            ),
            "epoch",
        ),
    ],
    ids=["images", "epochs"],
)
def test_an_estimator_of_another_kind_learns(
    copied, runs_folder, tmp_path, monkeypatch, build, learns_by
):
    rounds = Param("rounds", "Rounds", 3, "How many.", 1, 9)
    params = (rounds, *MODELS["knn"].params[2:])
    copied("knn", build=build, learns_by=learns_by, params=params, steps="rounds")
    config = TrainConfig("digits", COPY, {"features": "pixels"})
    run = train(config)
    assert run.card.axis == learns_by
    assert run.card.metrics["accuracy"] > 0.7
    monkeypatch.chdir(tmp_path)
    script = run_here(as_script(config), tmp_path, monkeypatch)
    accuracy = script.model.score(script.x_test, datasets.load("digits").y_test)
    assert accuracy == pytest.approx(run.card.metrics["accuracy"])


@pytest.mark.parametrize("learns_by", ["iteration", "trees", "rounds", "epoch"])
def test_an_estimator_that_cannot_learn_in_that_way_is_refused(copied, runs_folder, learns_by):
    copied("knn", learns_by=learns_by)
    with pytest.raises(ModelError, match=f"KNeighborsClassifier cannot learn by {learns_by}: .*no"):
        train(TrainConfig("digits", COPY))
    assert runs.list_runs() == []


@pytest.fixture
def registries():
    """Both, with everything in its order again afterwards: pages show it in that order."""
    whole = [(registry, dict(registry)) for registry in (MODELS, DATASETS)]
    yield [registry for registry, _ in whole]
    for registry, entries in whole:
        registry.clear()
        registry.update(entries)


def test_forms_have_a_first_choice_whatever_is_registered(registries):
    for kind in (ANY, OWN_PHOTOS):
        assert kind in first_choice(kind).first_for
    assert datasets.first_choice().is_here()
    for registry in registries:
        for name in list(registry)[:-1]:
            del registry[name]
    assert first_choice() is next(iter(MODELS.values()))
    assert datasets.first_choice() is next(iter(DATASETS.values()))


def test_a_copy_of_a_dataset_has_the_name_it_was_registered_under(monkeypatch, runs_folder):
    monkeypatch.setitem(DATASETS, COPY, replace(DATASETS["digits"], name=COPY, title="A copy"))
    copy = datasets.load(COPY)
    assert copy.name == COPY
    assert copy.fingerprint() == datasets.load("digits").fingerprint()
    with pytest.raises(DatasetError, match="already a dataset named 'a_copy'"):
        datasets.check_free(COPY)
    run = train(TrainConfig(COPY, "logistic_regression", {"max_iter": 10}))
    assert run.card.dataset == COPY
    assert f'load("{COPY}"' in as_script(TrainConfig.of(run.card))
