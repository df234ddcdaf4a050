import json
from dataclasses import replace

import pytest

from core.errors import StoredError
from core.runs import AXES, FAMILIES, RunCard

MEMBERS = (
    {"id": "first", "sha256": "1" * 64, "weight": 0.25},
    {"id": "second", "sha256": "2" * 64, "weight": 0.75},
)
LATER = ("test_fingerprint", "cost", "members", "title", "ended_early", "served", "foreign")
LATER += ("published", "out_of_distribution")


def card(**changes) -> RunCard:
    fields = {
        "id": "pets-forest",
        "owner": "you",
        "dataset": "pets",
        "dataset_fingerprint": "f" * 64,
        "class_names": ("cat", "Hündin"),
        "input_shape": (8, 8, 3),
        "preprocessing": "photo",
        "model": "random_forest",
        "family": "classical",
        "hyperparameters": {"n_estimators": 5, "features": "pixels"},
        "history": tuple({"trees": n, "accuracy": n / 8, "val_accuracy": 0.5} for n in (1, 5)),
        "metrics": {"accuracy": 0.5, "test_size": 2},
        "seconds": 1.5,
        "seed": 3,
        "validation_fraction": 0.1,
        "versions": {"numpy": "2.4"},
        "created": "2026-01-02T03:04:05+00:00",
        "files": {"model.skops": "a" * 64},
        "test_fingerprint": "e" * 64,
        "cost": {"latency_seconds": 0.002, "machine": "a processor", "parameters": 99},
    }
    return RunCard(**{**fields, **changes})


def ensemble_card() -> RunCard:
    vote = {"vote": "soft"}
    return card(family="ensemble", model="ensemble", hyperparameters=vote, members=MEMBERS)


def read(given: RunCard, *without: str, **changes) -> RunCard:
    """The card as it is read back when its file lacks some fields and has others changed."""
    content = {**json.loads(given.to_json()), **changes}
    return RunCard.from_json(json.dumps({k: v for k, v in content.items() if k not in without}))


@pytest.mark.parametrize("given", [card(), ensemble_card()], ids=["trained", "ensemble"])
def test_a_card_is_read_as_it_was_written(given):
    received = RunCard.from_json(given.to_json())
    assert received == given
    assert RunCard.from_json(received.to_json()) == given
    for name in ("class_names", "input_shape", "history", "members"):
        assert type(getattr(received, name)) is tuple


@pytest.mark.parametrize("without", [*((name,) for name in LATER), LATER], ids=" ".join)
def test_cards_written_before_a_field_was_known_are_read(without):
    empty = {"test_fingerprint": "", "cost": {}, "members": (), "title": "", "ended_early": False}
    empty |= {"served": {}, "foreign": None, "published": None, "out_of_distribution": None}
    assert read(card(), *without) == replace(card(), **{name: empty[name] for name in without})


def test_every_other_field_must_be_there():
    for name in json.loads(card().to_json()):
        if name not in (*LATER, "format_version"):
            with pytest.raises(StoredError, match=f"it lacks {name}"):
                read(card(), name)
    with pytest.raises(StoredError, match="format version"):
        read(card(), "format_version")
    with pytest.raises(StoredError, match="it lacks metrics, model, seed"):
        read(card(), "seed", "model", "metrics")


@pytest.mark.parametrize("name", MEMBERS[0])
def test_a_member_without_one_of_its_entries_is_refused(name):
    spoilt = [MEMBERS[0], {k: v for k, v in MEMBERS[1].items() if k != name}]
    with pytest.raises(StoredError, match="a member lacks its id, sha256 or weight"):
        read(ensemble_card(), members=spoilt)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("members", ["first", "second"]),
        ("members", [None]),
        ("members", [[0.5]]),
        ("cost", None),
        ("cost", 0.2),
        ("cost", ["latency_seconds"]),
        ("metrics", []),
        ("files", "model.skops"),
        ("hyperparameters", None),
    ],
)
def test_maps_must_be_maps(field, value):
    with pytest.raises(StoredError, match=f"^{field}.*: input should be"):
        read(ensemble_card(), **{field: value})


@pytest.mark.parametrize("members", [None, 2])
def test_members_must_be_a_list(members):
    with pytest.raises(StoredError, match="^members: input should be a valid array"):
        read(ensemble_card(), members=members)


@pytest.mark.parametrize("name", ["accuracy", "test_size"])
@pytest.mark.parametrize("value", [None, "0.5", [0.5]])
def test_metrics_hold_numbers(name, value):
    with pytest.raises(StoredError, match=f"^metrics.{name}: input should be"):
        read(card(), metrics={"accuracy": 0.5, "test_size": 2, name: value})


WHOLE = {"accuracy": 0.5, "test_size": 2}


@pytest.mark.parametrize(
    ("field", "allowed", "refused", "said"),
    [
        ("input_shape", [1, 1, 1], [0, 1, 1], "input_shape"),
        ("input_shape", [10_000, 10_000, 3], [10_000, 10_001, 3], "input_shape"),
        ("metrics", {**WHOLE, "accuracy": 0}, {**WHOLE, "accuracy": -0.01}, "accuracy must be 0"),
        ("metrics", {**WHOLE, "val_f1": 1}, {**WHOLE, "val_f1": 1.01}, "val_f1 must be 0 to 1"),
        ("metrics", {**WHOLE, "test_size": 1}, {**WHOLE, "test_size": 0}, "no test images"),
        ("metrics", {**WHOLE, "val_size": 0}, {**WHOLE, "val_size": -1}, "must count images"),
        ("metrics", {**WHOLE, "log_loss": 7}, {**WHOLE, "val_size": 2.5}, "must count images"),
        ("cost", {"parameters": 0}, {"parameters": -1}, "cost parameters must be a number"),
        ("cost", {"memory_bytes": None}, {"memory_bytes": "5"}, "cost memory_bytes must be"),
        ("cost", {"machine": "5"}, {"machine": 5}, "must be a text"),
        ("validation_fraction", 1, 1.01, "validation_fraction"),
    ],
)
def test_a_card_is_read_up_to_its_limits(field, allowed, refused, said):
    read(card(), **{field: allowed})
    with pytest.raises(StoredError, match=said):
        read(card(), **{field: refused})


@pytest.mark.parametrize("family", ["Ensemble", "none", "forest"])
def test_families_are_known(family):
    with pytest.raises(StoredError, match=f"{' or '.join(FAMILIES)}, not {family!r}"):
        read(card(), family=family)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"card"', "{}"])
def test_what_is_no_card_is_refused(text):
    with pytest.raises(StoredError):
        RunCard.from_json(text)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "e" * 64),
        ({"dataset": "other", "dataset_fingerprint": "0" * 64}, "e" * 64),
        ({"test_fingerprint": ""}, "pets " + "f" * 64),
        ({"test_fingerprint": "", "dataset": "other"}, "other " + "f" * 64),
    ],
)
def test_runs_were_measured_on_the_same_images_if_their_test_sets_are_equal(changes, expected):
    assert card(**changes).test_set == expected


@pytest.mark.parametrize("axis", AXES)
def test_the_axis_is_what_the_points_of_the_history_have(axis):
    assert card(history=({"accuracy": 0.5, axis: 3},)).axis == axis


@pytest.mark.parametrize("history", [(), ({"accuracy": 0.5},)])
def test_without_any_the_axis_is_that_of_epochs(history):
    assert card(history=history).axis == "epoch"


MEMBER = {"id": "first", "sha256": "0" * 64, "weight": 1.0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"members": []}, "needs members"),
        ({"family": "classical"}, "nothing else has any"),
        ({"hyperparameters": {}}, "vote must be"),
        ({"hyperparameters": {"vote": "loud"}}, "vote must be"),
        ({"members": [{**MEMBER, "id": 3}]}, "must be texts"),
        ({"members": [{**MEMBER, "weight": "much"}]}, "weights"),
        ({"members": [{**MEMBER, "weight": -1}]}, "weights"),
        ({"members": [{**MEMBER, "weight": 0}]}, "weights"),
        ({"members": [{**MEMBER, "weight": float("nan")}]}, "finite"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_ensemble_that_cannot_predict_is_no_card(changes, said):
    whole = card(family="ensemble", hyperparameters={"vote": "soft"}, members=(MEMBER,))
    assert RunCard.from_json(whole.to_json()) == whole
    with pytest.raises(StoredError, match=said):
        RunCard.from_json(json.dumps({**json.loads(whole.to_json()), **changes}))
