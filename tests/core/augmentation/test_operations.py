from itertools import product

import numpy as np
import pytest

from core.augmentation import FILLS
from core.augmentation.operations import OPERATIONS, apply_random

SHAPES = [(28, 28, 1), (32, 32, 3), (8, 12, 1), (9, 7, 3), (16, 16)]


def make_image(shape: tuple[int, ...] = (16, 16, 1)) -> np.ndarray:
    """Soft light and dark, as in a photo."""
    height, width = shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    wave = 128 + 60 * np.sin(rows / 3) + 50 * np.cos(columns / 2)
    return np.broadcast_to(wave.reshape(height, width, *[1] * (len(shape) - 2)), shape).astype(
        np.uint8
    )


def each_operation(test):
    return pytest.mark.parametrize(
        "operation", OPERATIONS, ids=lambda operation: operation.__name__.strip("_")
    )(test)


def operation(name: str):
    (found,) = [operation for operation in OPERATIONS if operation.__name__ == f"_{name}"]
    return found


def changed(name: str, image: np.ndarray, amount: float, fill: str = "black") -> np.ndarray:
    return operation(name)(image, amount, FILLS[fill]).reshape(image.shape)


def test_there_are_ten():
    assert len(set(OPERATIONS)) == 10


@each_operation
def test_shape_and_type_are_kept(operation):
    for shape in SHAPES:
        image = make_image(shape)
        before = image.copy()
        for amount, fill in product([-1.0, -0.3, 0.0, 0.3, 1.0], FILLS):
            received = operation(image, amount, FILLS[fill])
            assert received.dtype == np.uint8
            assert received.reshape(shape).shape == shape
        assert (image == before).all()


@each_operation
def test_nothing_changes_without_an_amount(operation):
    for shape in SHAPES:
        image = make_image(shape)
        received = operation(image, 0.0, FILLS["black"]).reshape(shape)
        assert np.abs(received.astype(int) - image).max() <= 1


@each_operation
def test_much_changes_with_the_full_amount(operation):
    for amount in [-1.0, 1.0]:
        image = make_image((24, 24, 1))
        received = operation(image, amount, FILLS["reflect"]).reshape(image.shape)
        assert (received != image).mean() > 0.3


@each_operation
def test_more_changes_more(operation):
    image = make_image((24, 24, 1))
    differences = [
        np.abs(operation(image, amount, FILLS["reflect"]).reshape(image.shape).astype(int) - image)
        for amount in (0.25, 1.0)
    ]
    assert differences[0].sum() <= differences[1].sum()


@pytest.mark.parametrize(("amount", "columns"), [(1.0, 3), (-1.0, -3), (1 / 3, 1)])
def test_moving_takes_up_to_three_tenths_of_a_side(amount, columns):
    image = make_image((10, 10, 1))
    sideways = changed("move_sideways", image, amount)
    upwards = changed("move_upwards", image, amount)
    inside = slice(max(0, columns), 10 + min(0, columns))
    assert (sideways[:, inside] == np.roll(image, columns, axis=1)[:, inside]).all()
    assert (upwards[inside] == np.roll(image, columns, axis=0)[inside]).all()
    assert not np.delete(sideways, np.arange(10)[inside], axis=1).any()


def test_brightness_and_contrast_go_by_nine_tenths():
    image = np.full((4, 4, 1), 100, np.uint8)
    image[:2] = 60
    assert np.unique(changed("brighten", image, 0.5)).tolist() == [87, 145]
    assert np.unique(changed("brighten", image, -1.0)).tolist() == [6, 10]
    assert np.unique(changed("contrast", image, 0.5)).tolist() == [51, 109]
    assert np.unique(changed("contrast", image, -1.0)).tolist() == [78, 82]


@pytest.mark.parametrize(("amount", "levels"), [(0.25, 128), (-0.5, 64), (1.0, 16), (-1.0, 16)])
def test_levels_of_brightness_become_fewer(amount, levels):
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    received = changed("posterise", image, amount)
    assert len(np.unique(received)) == levels
    assert (received <= image).all()


def test_equalising_spreads_the_levels_of_each_channel():
    image = np.stack([make_image((16, 16)) // 4, make_image((16, 16)) // 2], axis=-1)
    image = np.concatenate([image, image[..., :1]], axis=-1)
    received = changed("equalise", image, -1.0)
    assert received.max(axis=(0, 1)).tolist() == [255] * 3
    assert received.min(axis=(0, 1)).tolist() == [0] * 3


def test_sharpening_raises_differences_and_blurring_lowers_them():
    image = make_image((16, 16, 1))
    steps = [
        np.abs(np.diff(changed("sharpen", image, amount).astype(int), axis=1)).sum()
        for amount in (-1.0, 0.0, 1.0)
    ]
    assert steps == sorted(steps)
    assert len(set(steps)) == 3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_one_drawn_at_random_keeps_shape_and_type(shape):
    image = make_image(shape)
    for seed in range(20):
        received = apply_random(image, 0.7, "edge", np.random.default_rng(seed))
        assert received.shape == shape
        assert received.dtype == np.uint8


def test_every_operation_is_drawn_in_both_directions(monkeypatch):
    drawn = []

    def spy(number):
        def note(image, amount, fill):
            drawn.append((number, amount, fill))
            return image

        return note

    spies = tuple(spy(number) for number in range(10))
    monkeypatch.setattr("core.augmentation.operations.OPERATIONS", spies)
    rng = np.random.default_rng(0)
    for _ in range(400):
        apply_random(make_image(), 0.4, "edge", rng)
    assert set(drawn) == {(n, a, FILLS["edge"]) for n in range(10) for a in (0.4, -0.4)}


def test_the_same_generator_gives_the_same_image():
    first, second = (
        apply_random(make_image(), 1.0, "black", np.random.default_rng(3)) for _ in range(2)
    )
    assert (first == second).all()


def test_a_mirrored_view_can_be_changed():
    image = make_image((12, 12, 3))[:, ::-1]
    for seed in range(20):
        assert apply_random(image, 1.0, "reflect", np.random.default_rng(seed)).shape == (12, 12, 3)
