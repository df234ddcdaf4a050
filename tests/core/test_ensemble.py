import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import cost, datasets, runs, serving
from core.ensemble import Ensemble, save, suggest
from core.errors import RunError
from core.evaluation import VOTES, evaluate, mcnemar, suggest_weights, vote
from core.runs import Run
from core.serving import load_predictor, model_sha256, together
from core.training import TrainConfig, train
from tests.conftest import SOME_COST
from tests.overriding import use

TRAINED = {
    "lines": ("logistic_regression", {"max_iter": 20}, None),
    "forest": ("random_forest", {"n_estimators": 5}, None),
    "neighbours": ("knn", {"features": "pixels", "n_neighbors": 5, "weights": "uniform"}, None),
    "other-split": ("random_forest", {"n_estimators": 5}, 0.2),
}
WEIGHTS = (0.5, 0.3, 0.2)
MNIST = ("mnist-cnn", "mnist-random-forest", "mnist-logistic-regression")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder of small runs on scikit-learn's digits, each trained once. Copy it."""
    folder = tmp_path_factory.mktemp("members")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, runs_dir=folder, bundled_runs_dir=folder / "none")
        for name, (model, values, fraction) in TRAINED.items():
            train(TrainConfig("digits", model, values, name, validation_fraction=fraction))
    return folder


@pytest.fixture
def members(trained, own_runs_folder) -> tuple[Run, ...]:
    """Three of them that had the same validation images, among your own runs."""
    shutil.copytree(trained, own_runs_folder)
    return load_all("lines", "forest", "neighbours")


def load_all(*names: str) -> tuple[Run, ...]:
    return tuple(runs.load(name) for name in names)


def rewrite_predictions(run: Run, **arrays: np.ndarray) -> Run:
    """The run with some of its stored answers changed, and a card that knows it."""
    path = run.folder / runs.EVALUATION
    with np.load(path) as found:
        content = {**found, **arrays}
    np.savez_compressed(path, **content)
    files = {**run.card.files, runs.EVALUATION: runs.sha256(path)}
    return runs.rewrite_card(run, replace(run.card, files=files))


def by_hand(members: tuple[Run, ...], weights: tuple[float, ...], kind: str, split: str):
    found = [member.evaluation(split) for member in members]
    return evaluate(found[0].labels, vote([one.probabilities for one in found], weights, kind))


@pytest.mark.parametrize("kind", VOTES)
@pytest.mark.parametrize("weights", [WEIGHTS, (1, 1, 1), (0, 5, 2)], ids=str)
def test_figures_are_those_of_the_members_votes(members, weights, kind):
    together = Ensemble(members, weights, kind)
    for split, received in (("test", together.test), ("val", together.val)):
        expected = by_hand(members, weights, kind, split)
        assert (received.labels == expected.labels).all()
        assert (received.probabilities == expected.probabilities).all()
        assert received.metrics() == expected.metrics()


@pytest.mark.parametrize("kind", VOTES)
def test_suggested_weights_are_those_for_the_predictions_on_validation(members, kind):
    received = suggest(members, kind)
    exact = suggest_weights([member.evaluation("val") for member in members], kind)
    assert received == pytest.approx(exact, abs=0.01)
    assert all(weight == round(weight, 2) for weight in received)
    assert sum(received) == pytest.approx(1, abs=1e-9)
    assert Ensemble(members, received, kind).test.accuracy > 0.9


@pytest.mark.parametrize("kind", VOTES)
def test_test_images_have_no_part_in_suggested_weights(members, kind):
    before = suggest(members, kind)
    lines, forest, neighbours = members
    predictions = neighbours.evaluation("test").probabilities
    spoilt = rewrite_predictions(neighbours, probabilities_test=predictions[:, ::-1])
    assert spoilt.evaluation("test").accuracy < 0.5
    assert suggest((lines, forest, spoilt), kind) == before
    predictions = spoilt.evaluation("val").probabilities
    spoilt = rewrite_predictions(spoilt, probabilities_val=predictions[:, ::-1])
    assert suggest((lines, forest, spoilt), kind) != before


@pytest.mark.parametrize("kind", VOTES)
def test_members_with_other_validation_images_get_no_suggestion(members, kind):
    mixed = (members[0], runs.load("other-split"))
    assert suggest(mixed, kind) is None
    assert Ensemble(mixed, (1, 1), kind).val is None
    assert Ensemble(mixed, (1, 1), kind).test.accuracy > 0.9


def test_members_that_only_seem_to_have_the_same_validation_images_get_none_either(members):
    other = replace(members[1], card=replace(members[1].card, dataset_fingerprint="0" * 64))
    assert suggest((members[0], other)) is None
    labels = members[1].evaluation("val").labels
    moved = rewrite_predictions(members[1], y_val=np.roll(labels, 1))
    assert suggest((members[0], moved)) is None
    nothing = {"y_val": labels[:0], "probabilities_val": np.zeros((0, 10))}
    empty = tuple(rewrite_predictions(member, **nothing) for member in members)
    assert suggest(empty) is None


@pytest.mark.parametrize("kind", VOTES)
def test_a_saved_ensemble_predicts_as_its_figures_say(members, kind):
    saved = save("all-three", Ensemble(members, WEIGHTS, kind))
    assert saved == runs.load("all-three")
    assert "all-three" in [run.id for run in runs.list_runs()]
    dataset = datasets.load("digits")
    for split in ("test", "val"):
        kept, (images, labels) = saved.evaluation(split), dataset.split(split)
        assert (kept.labels == labels).all()
        received = load_predictor(saved).probabilities(images)
        assert received.dtype == np.float32
        assert np.abs(received - kept.probabilities).max() < 1e-5
    metrics = saved.card.metrics
    for metric, value in saved.evaluation("test").metrics().items():
        assert metrics[metric] == pytest.approx(value)
    for metric, value in saved.evaluation("val").metrics().items():
        assert metrics[f"val_{metric}"] == pytest.approx(value)


def test_the_card_of_an_ensemble_says_what_it_is_put_together_from(members, own_runs_folder):
    card = save("all-three", Ensemble(members, (5, 3, 2), "hard")).card
    first = members[0].card
    assert (card.family, card.model, card.owner) == ("ensemble", "ensemble", "you")
    assert card.hyperparameters == {"vote": "hard"}
    assert (card.history, card.axis) == ((), "epoch")
    assert {"scikit-learn", "skops", "numpy"} <= set(card.versions)
    assert [member["id"] for member in card.members] == ["lines", "forest", "neighbours"]
    assert [member["sha256"] for member in card.members] == [
        member.card.files["model.skops"] for member in members
    ]
    assert [member["weight"] for member in card.members] == pytest.approx(WEIGHTS)
    for name in ("dataset", "class_names", "input_shape", "preprocessing", "test_fingerprint"):
        assert getattr(card, name) == getattr(first, name)
    assert card.test_set == first.test_set
    assert card.seconds == pytest.approx(sum(one.card.seconds for one in members), abs=0.06)
    assert (card.metrics["test_size"], card.metrics["train_size"]) == (360, 1293)
    assert set(card.metrics) == set(first.metrics)
    assert set(card.files) == {runs.EVALUATION}
    assert set(os.listdir(own_runs_folder / "all-three")) == {runs.CARD, runs.EVALUATION}
    assert model_sha256(runs.load("all-three")) == ""


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 2, 4), (1e-3, 1, 50), (0, 0, 9)], ids=str)
def test_weights_on_the_card_add_up_to_one(members, weights):
    card = save("all-three", Ensemble(members, weights)).card
    received = [member["weight"] for member in card.members]
    assert sum(received) == pytest.approx(1, abs=3e-6)
    assert received == pytest.approx(np.array(weights) / sum(weights), abs=1e-6)


def test_what_an_ensemble_costs_is_measured_with_all_its_models(members, monkeypatch):
    asked = []

    def measure(*arguments):
        asked.append(arguments)
        return dict(SOME_COST)

    monkeypatch.setattr(cost, "measure", measure)
    parameters = sum(member.card.cost["parameters"] for member in members)
    saved = save("all-three", Ensemble(members, WEIGHTS, "hard"))
    assert saved.card.cost == {**SOME_COST, "parameters": parameters}
    served = ("model.onnx", "trees.npz", "neighbours.npz")
    models = [
        (member.folder / name, "classical") for member, name in zip(members, served, strict=True)
    ]
    assert asked == [(models, (8, 8, 1), WEIGHTS, "hard")]


def test_parameters_are_only_told_if_those_of_all_members_are_known(members):
    older = runs.rewrite_card(members[0], replace(members[0].card, cost={}))
    saved = save("all-three", Ensemble((older, *members[1:]), WEIGHTS))
    assert saved.card.cost == SOME_COST


def test_an_ensemble_without_common_validation_images_can_be_saved(members):
    mixed = (members[0], runs.load("other-split"))
    saved = save("mixed", Ensemble(mixed, (1, 1)))
    assert not [name for name in saved.card.metrics if name.startswith("val_")]
    assert len(saved.evaluation("val").labels) == 0
    assert saved.evaluation("test").accuracy == saved.card.metrics["accuracy"]
    assert load_predictor(saved).probabilities(datasets.load("digits").x_test[:3]).shape == (3, 10)


def test_an_ensemble_reads_images_like_any_other_run(members, drawn_digit):
    saved = save("all-three", Ensemble(members, WEIGHTS))
    prediction = load_predictor(saved).predict(drawn_digit(0))
    alone = [load_predictor(one).predict(drawn_digit(0)).predictions[0] for one in members]
    expected = vote([one.probabilities[None] for one in alone], WEIGHTS)[0]
    assert prediction.run_id == "all-three"
    assert prediction.predictions[0].probabilities == pytest.approx(expected, abs=1e-5)


def test_members_are_kept_as_long_as_they_are_needed(members):
    save("all-three", Ensemble(members, WEIGHTS))
    for member in members:
        with pytest.raises(RunError, match="cannot be deleted: it is a member of all-three"):
            runs.delete(member.id)
        with pytest.raises(RunError, match="cannot be renamed: it is a member of all-three"):
            runs.rename(member.id, "another-name")
    runs.rename("all-three", "three")
    assert load_predictor(runs.load("three")).run.id == "three"
    runs.delete("three")
    runs.delete("forest")


def put_in_place_of(name: str, other: Run) -> None:
    """Another run under the name of one that is there."""
    folder = runs.load(name).folder
    shutil.rmtree(folder)
    shutil.copytree(other.folder, folder)


def train_again(member: Run) -> None:
    shutil.rmtree(member.folder)
    model, values, _ = TRAINED["forest"]
    train(TrainConfig("digits", model, values, member.id, seed=1))


GONE = r"no run named 'forest'. Did you mean `mnist-random-forest`\? Known: "
NOT_THE_ONE = "The run 'forest', a member of 'all-three', was replaced since the ensemble was made"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (train_again, NOT_THE_ONE),
        (lambda member: put_in_place_of("forest", runs.load("lines")), NOT_THE_ONE),
        (
            lambda member: shutil.rmtree(member.folder),
            "There is no run named 'forest'. Did you mean `",
        ),
        (
            lambda member: (member.folder / "model.skops").write_bytes(b"another model"),
            "model.skops of run 'forest' is missing or was changed",
        ),
        (
            lambda member: (member.folder / "card.json").write_text("{"),
            "The card of run 'forest' cannot be read",
        ),
    ],
    ids=["trained again", "another run", "gone", "changed model", "damaged card"],
)
def test_a_member_that_is_not_what_it_was_is_noticed(members, change, expected):
    saved = save("all-three", Ensemble(members, WEIGHTS))
    change(members[1])
    with pytest.raises(RunError, match=expected):
        load_predictor(saved)
    assert saved.evaluation("test").accuracy > 0.9


def test_a_member_that_became_an_ensemble_is_noticed(members):
    saved = save("all-three", Ensemble(members, WEIGHTS))
    put_in_place_of("forest", save("pair", Ensemble(members[:2], (1, 1))))
    with pytest.raises(RunError, match=NOT_THE_ONE):
        load_predictor(saved)
    without_hashes = tuple({**member, "sha256": ""} for member in saved.card.members)
    forged = replace(saved.card, members=(saved.card.members[0], without_hashes[1]))
    with pytest.raises(RunError, match=NOT_THE_ONE):
        load_predictor(runs.rewrite_card(saved, forged))


def nested(members: tuple[Run, ...]) -> Ensemble:
    return Ensemble((members[0], save("pair", Ensemble(members[1:], (1, 1)))), (1, 1))


def changed(members: tuple[Run, ...], **card) -> Ensemble:
    other = replace(members[1], card=replace(members[1].card, **card))
    return Ensemble((members[0], other), (1, 1))


@pytest.mark.parametrize(
    ("put_together", "expected"),
    [
        (lambda m: Ensemble((), ()), "at least two runs. Received: 0."),
        (lambda m: Ensemble(m[:1], (1,)), "at least two runs. Received: 1."),
        (lambda m: Ensemble((m[0], m[1], m[0]), WEIGHTS), "A run can be a member only once."),
        (nested, "'pair' is an ensemble itself; choose its members instead."),
        (
            lambda m: Ensemble((m[0], runs.load("mnist-logistic-regression")), (1, 1)),
            "'mnist-logistic-regression' and 'lines' cannot vote together",
        ),
        (lambda m: changed(m, test_fingerprint="0" * 64), "'forest' and 'lines' cannot vote"),
        (lambda m: changed(m, class_names=tuple("ABCDEFGHIJ")), "cannot vote together"),
        (lambda m: changed(m, input_shape=(8, 8, 3)), "cannot vote together"),
        (lambda m: changed(m, preprocessing="mnist_digit"), "same images and classes"),
        (lambda m: Ensemble(m, (1, 1)), r"An ensemble of 3 needs .* Received: \[1, 1\]."),
        (lambda m: Ensemble(m, (1, 1, 1, 1)), "one weight per member"),
        (lambda m: Ensemble(m, ()), r"one weight per member.* Received: \[\]."),
        (lambda m: Ensemble(m, (1, -0.1, 1)), "each at least 0"),
        (lambda m: Ensemble(m, (0, 0, 0)), "one of them above 0"),
        (lambda m: Ensemble(m, (1, float("nan"), 1)), "each at least 0.*nan"),
        (lambda m: Ensemble(m, WEIGHTS, "loud"), "A vote is soft or hard. Received: 'loud'."),
        (lambda m: Ensemble(m, WEIGHTS, ""), "A vote is soft or hard. Received: ''."),
    ],
    ids=[
        "none",
        "one",
        "one twice",
        "an ensemble",
        "another dataset",
        "other test images",
        "other classes",
        "another shape",
        "another preprocessing",
        "too few weights",
        "too many weights",
        "no weights",
        "a negative weight",
        "only weights of 0",
        "a weight that is no number",
        "an unknown vote",
        "no vote",
    ],
)
def test_only_what_fits_together_can_vote(members, put_together, expected):
    with pytest.raises(RunError, match=expected):
        put_together(members)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("forest", "already a run named 'forest'"),
        ("mnist-cnn", "already a run named 'mnist-cnn'"),
        ("Forest", "already a run named 'forest'"),
        ("", "1 to 100 characters"),
    ],
)
def test_an_ensemble_needs_a_name_of_its_own(members, own_runs_folder, name, expected):
    with pytest.raises(RunError, match=expected):
        save(name, Ensemble(members, WEIGHTS))
    assert sorted(os.listdir(own_runs_folder)) == sorted(TRAINED)


@pytest.mark.parametrize("name", [runs.EVALUATION, "model.skops"])
def test_an_ensemble_with_a_damaged_member_is_not_saved(members, own_runs_folder, name):
    (members[1].folder / name).write_bytes(b"damaged")
    with pytest.raises(RunError, match=f"{name} of run 'forest' is missing or was changed"):
        save("all-three", Ensemble(members, WEIGHTS))
    assert sorted(os.listdir(own_runs_folder)) == sorted(TRAINED)


def test_suggestions_need_the_stored_predictions(members):
    (members[1].folder / runs.EVALUATION).unlink()
    with pytest.raises(RunError, match="evaluation.npz of run 'forest' is missing"):
        suggest(members)


def answering(probabilities: list[list[float]]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda batch: np.repeat(np.float32([probabilities]), len(batch), axis=0)


@pytest.mark.parametrize("kind", VOTES)
def test_predictions_together_are_a_vote(kind):
    rows = ([0.9, 0.1, 0.0], [0.0, 0.4, 0.6], [0.1, 0.6, 0.3])
    prediction = together([answering(row) for row in rows], WEIGHTS, kind)
    batch = np.zeros((4, 8, 8, 1), np.uint8)
    expected = vote([np.repeat([row], 4, axis=0) for row in rows], WEIGHTS, kind)
    assert prediction(batch) == pytest.approx(expected, abs=1e-6)
    assert prediction(batch).shape == (4, 3)


def test_the_file_that_predicts_has_a_hash(members):
    cnn = runs.load("mnist-cnn")
    assert model_sha256(cnn) == runs.sha256(cnn.folder / serving.MODEL_FILES["network"])
    assert model_sha256(members[0]) == runs.sha256(members[0].folder / "model.skops")


def test_the_bundled_models_together_are_as_good_as_the_best(own_runs_folder):
    members = load_all(*MNIST)
    found = Ensemble(members, suggest(members))
    assert len(found.test.labels) == 10_000
    assert found.val.log_loss <= min(one.evaluation("val").log_loss for one in members) + 1e-3
    assert mcnemar(found.test, members[0].evaluation("test")) > 0.05


def test_networks_and_classical_models_vote_together(own_runs_folder, mnist_test, drawn_digit):
    saved = save("mnist-together", Ensemble(load_all(*MNIST), (0.6, 0.25, 0.15)))
    kept = saved.evaluation("test").probabilities[:300]
    predictor = load_predictor(saved)
    received = predictor.probabilities(mnist_test[0][:300, ..., None])
    assert np.abs(received - kept).max() < 1e-5
    assert [predictor.predict(drawn_digit(label)).label for label in (0, 7)] == ["0", "7"]
    assert saved.card.cost["parameters"] == sum(
        runs.load(name).card.cost["parameters"] for name in MNIST
    )
