from dataclasses import FrozenInstanceError, fields, replace

import pytest

from core.augmentation import (
    CUSTOM,
    DRAWN_DIGITS,
    FILLS,
    POLICIES,
    USUAL,
    Policy,
    chosen_policy,
    usual_policy,
    why_usual,
)
from core.models import MODELS, resolve
from core.models.augmentation_params import AUGMENTATION
from core.preprocessing import RECIPES, reads

NUMBERS = [field.name for field in fields(Policy) if field.name != "fill"]
MOVES = {"shift": 0.1, "rotation": 5, "scale": 0.1, "zoom": 0.1, "shear": 0.1}
OTHER_CHANGES = {
    "flip": 0.5,
    "brightness": 0.1,
    "contrast": 0.1,
    "flip_vertical": 0.5,
    "perspective": 0.1,
    "colour": 0.1,
    "blur": 0.5,
    "noise": 0.1,
    "salt_pepper": 0.1,
    "cutout": 0.1,
    "wobble": 0.5,
    "thickness": 0.5,
    "coarseness": 0.5,
    "random_operations": 1,
}
MOST = {
    "flip": 1,
    "flip_vertical": 1,
    "perspective": 0.3,
    "salt_pepper": 1,
    "cutout": 1,
    "thickness": 1,
    "coarseness": 1,
    "magnitude": 1,
}
NOT_SET_BY_HAND = {"scale", "wobble", "thickness", "coarseness"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, -0.1) for name in NUMBERS),
        *((name, most + 0.01) for name, most in MOST.items()),
        ("fill", "white"),
        ("fill", ""),
    ],
)
def test_a_policy_checks_its_values(name, value):
    with pytest.raises(ValueError, match=f"`{name}`.*Received"):
        replace(Policy(), **{name: value})


@pytest.mark.parametrize(("name", "most"), MOST.items(), ids=MOST)
def test_the_limits_themselves_are_allowed(name, most):
    for value in (0, most):
        assert getattr(replace(Policy(), **{name: value}), name) == value


@pytest.mark.parametrize("name", sorted(set(NUMBERS) - set(MOST)))
def test_what_is_no_part_of_a_whole_may_be_large(name):
    assert getattr(replace(Policy(), **{name: 90}), name) == 90


def test_a_policy_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        DRAWN_DIGITS.shift = 1


def test_a_policy_knows_whether_it_does_anything():
    for values, changes, moves in [
        ({}, False, False),
        ({"fill": "edge", "magnitude": 1.0}, False, False),
        *(({name: value}, True, True) for name, value in MOVES.items()),
        *(({name: value}, True, False) for name, value in OTHER_CHANGES.items()),
    ]:
        policy = Policy(**values)
        assert (policy.changes, policy.moves) == (changes, moves)


def test_every_number_of_a_policy_is_covered():
    assert {*MOVES, *OTHER_CHANGES, "magnitude"} == set(NUMBERS)


def test_policies_have_names():
    assert POLICIES["none"] == Policy()
    assert POLICIES["drawn_digits"] is DRAWN_DIGITS
    assert [name for name, policy in POLICIES.items() if not policy.changes] == ["none"]
    assert {USUAL, CUSTOM}.isdisjoint(POLICIES)


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        ("mnist_digit", "drawn_digits"),
        ("optdigits_digit", "small_moves"),
        ("fashion_item", "clothing"),
        ("photo", "photos"),
        ("a_recipe_of_later", "photos"),
    ],
)
def test_every_recipe_has_its_usual_policy(recipe, name):
    assert usual_policy(recipe) == name
    assert name in POLICIES


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_reason_is_given_for_the_usual_policy(recipe):
    assert usual_policy(recipe) in POLICIES
    assert why_usual(recipe).endswith(".")
    assert "\n" not in why_usual(recipe)


@pytest.mark.parametrize("recipe", [name for name in RECIPES if reads(name) == "digits"])
def test_digits_are_never_mirrored(recipe):
    policy = POLICIES[usual_policy(recipe)]
    assert policy.flip == 0
    assert "never flipped" in why_usual(recipe)


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_chosen_by_its_name(name):
    assert chosen_policy({"augmentation": name}) is POLICIES[name]


@pytest.mark.parametrize("name", [USUAL, "wild", ""])
def test_another_name_is_no_policy(name):
    with pytest.raises(ValueError, match=f"must be a policy. Received: '{name}'"):
        chosen_policy({"augmentation": name})


@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rotation": 10.0},
        {"shift": 0.1, "zoom": 0.2, "shear": 0.3, "flip": 0.5, "fill": "reflect"},
        {"brightness": 0.1, "contrast": 0.2, "random_operations": 2, "magnitude": 0.6},
        {"flip_vertical": 0.5, "perspective": 0.2, "colour": 0.3, "blur": 1.5},
        {"noise": 0.1, "salt_pepper": 0.05, "cutout": 0.4},
    ],
)
def test_a_policy_of_ones_own_has_the_values_given(model, values):
    assert chosen_policy(resolve(model, {"augmentation": CUSTOM, **values})) == Policy(**values)


@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_whatever_may_be_set_makes_a_policy(model):
    """The limits of the hyperparameters are those of a policy, or narrower."""
    params = {param.name: param for param in MODELS[model].params}
    own = {name: params[name] for name in NUMBERS if name in params}
    assert set(own) == set(NUMBERS) - NOT_SET_BY_HAND
    for fill in FILLS:
        for end in ("low", "high"):
            values = {name: getattr(param, end) for name, param in own.items()} | {"fill": fill}
            chosen_policy(resolve(model, {"augmentation": CUSTOM, **values}))


def test_all_that_counts_for_changes_of_ones_own_is_part_of_a_policy():
    own = {param.name: param for param in AUGMENTATION if param.only_if is not None}
    assert set(own) == {field.name for field in fields(Policy)} - NOT_SET_BY_HAND
    for name, param in own.items():
        assert param.only_if == ("augmentation", (CUSTOM,))
        assert param.default == getattr(Policy(), name)
        assert param.title and param.help


@pytest.mark.parametrize("name", ["none", "drawn_digits", USUAL])
@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_what_changes_of_ones_own_are_made_of_is_left_out_of_others(model, name):
    values = resolve(model, {"augmentation": name})
    assert not {param.name for param in AUGMENTATION if param.only_if} & set(values)
