from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from core.augmentation import DRAWN_DIGITS, Policy, augment

SINGLE_CHANGES = {
    "shift": Policy(shift=0.2),
    "rotation": Policy(rotation=30),
    "scale": Policy(scale=0.3),
    "shear": Policy(shear=0.3),
    "wobble": Policy(wobble=1.0),
    "thickness": Policy(thickness=1.0),
    "coarseness": Policy(coarseness=1.0),
}


@pytest.fixture(scope="module")
def digits(mnist_test) -> np.ndarray:
    return mnist_test[0][:40, ..., None]


@pytest.mark.parametrize("policy", [DRAWN_DIGITS, *SINGLE_CHANGES.values()])
def test_the_same_seed_gives_the_same_pictures(digits, policy):
    assert (augment(digits, policy, 7) == augment(digits, policy, 7)).all()


@pytest.mark.parametrize("policy", [DRAWN_DIGITS, *SINGLE_CHANGES.values()])
def test_another_seed_gives_other_pictures(digits, policy):
    assert (augment(digits, policy, 7) != augment(digits, policy, 8)).any()


def test_a_generator_serves_as_a_seed(digits):
    generator = np.random.default_rng(7)
    first, second = (
        augment(digits, DRAWN_DIGITS, generator),
        augment(digits, DRAWN_DIGITS, generator),
    )
    assert (first == augment(digits, DRAWN_DIGITS, 7)).all()
    assert (first != second).any()


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (2, 16, 20, 3), (1, 8, 8, 1), (0, 28, 28, 1)])
def test_the_default_policy_changes_nothing(shape, seed):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert (augment(images, Policy(), seed) == images).all()


@pytest.mark.parametrize("name", SINGLE_CHANGES)
def test_every_change_changes_something(digits, name):
    changed = augment(digits, SINGLE_CHANGES[name], 1)
    assert (changed != digits).any(axis=(1, 2, 3)).mean() > 0.9


@pytest.mark.parametrize("policy", [DRAWN_DIGITS, *SINGLE_CHANGES.values()])
@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (2, 16, 20, 3), (2, 8, 8, 1), (0, 28, 28, 1)])
def test_shape_and_type_are_kept(policy, shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    changed = augment(images, policy, 0)
    assert changed.shape == shape
    assert changed.dtype == np.uint8


@pytest.mark.parametrize("policy", [Policy(), DRAWN_DIGITS])
def test_the_pictures_given_are_left_alone(digits, policy):
    before = digits.copy()
    changed = augment(digits, policy, 0)
    assert not np.shares_memory(changed, digits)
    assert (digits == before).all()


def test_black_stays_black():
    assert not augment(np.zeros((20, 28, 28, 1), np.uint8), DRAWN_DIGITS, 0).any()


def test_digits_stay_digits_of_about_the_same_ink(digits):
    changed = augment(digits, DRAWN_DIGITS, 0)
    assert changed.mean() == pytest.approx(digits.mean(), rel=0.25)
    assert (changed.max(axis=(1, 2, 3)) > 128).all()


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 8, 8, 1), np.float32),
        np.zeros((2, 8, 8, 1), np.int64),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((8, 8), np.uint8),
    ],
    ids=lambda images: f"{images.dtype}{images.shape}",
)
def test_what_is_no_batch_is_refused(images):
    with pytest.raises(ValueError, match=r"`images`.*Received"):
        augment(images, DRAWN_DIGITS, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, -0.1) for name in SINGLE_CHANGES),
        ("thickness", 1.1),
        ("coarseness", 2),
    ],
)
def test_a_policy_checks_its_values(name, value):
    with pytest.raises(ValueError, match=f"`{name}`.*Received"):
        replace(Policy(), **{name: value})


def test_a_policy_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        DRAWN_DIGITS.shift = 1
