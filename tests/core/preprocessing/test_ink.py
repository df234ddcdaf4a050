import numpy as np
import pytest

from core.errors import ImageError
from core.preprocessing import find_ink
from core.preprocessing.ink import reduced

SIDE = 280
DOWN, ACROSS = np.mgrid[:SIDE, :SIDE] / SIDE


def noisy(level: float | np.ndarray, seed: int = 0, sigma: float = 3) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, (SIDE, SIDE))
    return np.clip(level + noise, 0, 255).astype(np.uint8)


GRADIENTS = {
    "weak, sideways": 200 + 20 * ACROSS,
    "sideways": 120 + 100 * ACROSS,
    "downwards": 220 - 100 * DOWN,
    "aslant": 100 + 60 * ACROSS + 60 * DOWN,
    "around a lamp": 220 - 120 * np.hypot(ACROSS - 0.5, DOWN - 0.5),
}


@pytest.mark.parametrize("shape", [(280, 280), (28, 28), (1, 1), (600, 900)])
def test_an_even_image_is_blank(shape):
    for level in [0, 1, 40, 128, 250, 255]:
        with pytest.raises(ImageError, match="blank"):
            find_ink(np.full(shape, level, np.uint8))


@pytest.mark.parametrize("level", [0, 60, 128, 235, 255])
def test_grain_is_no_ink(level):
    for seed in range(4):
        with pytest.raises(ImageError, match="blank"):
            find_ink(noisy(level, seed))


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("grain", [False, True])
def test_light_that_falls_off_is_no_ink(name, grain):
    light = GRADIENTS[name]
    with pytest.raises(ImageError, match="blank"):
        find_ink(noisy(light) if grain else light.astype(np.uint8))


def test_a_faint_stain_is_no_ink():
    page = np.full((280, 280), 250, np.uint8)
    page[100:180, 130:150] = 238
    with pytest.raises(ImageError, match="blank"):
        find_ink(page)


@pytest.mark.parametrize("label", range(10))
def test_either_polarity_gives_the_same_ink(drawn_digit, label):
    dark, light = find_ink(drawn_digit(label)), find_ink(255 - drawn_digit(label))
    assert np.abs(dark.amount.astype(int) - light.amount).max() <= 1
    assert "dark ink" in dark.sentence
    assert "light ink" in light.sentence


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((0, ground) for ground in (60, 90, 180, 255)),
        *((130, ground) for ground in (0, 60, 180, 255)),
        *((255, ground) for ground in (0, 90, 180, 205)),
    ],
)
def test_ink_of_any_shade_is_found_on_ground_of_any_shade(digit_image, ink, ground):
    stroke = np.kron(digit_image(3) > 128, np.ones((8, 8), bool))
    found = find_ink(np.where(stroke, ink, ground).astype(np.uint8)).amount
    assert (found[stroke] >= 250).all()
    assert (found[~stroke] == 0).all()


def test_bare_ground_is_exactly_zero(drawn_digit):
    amount = find_ink(drawn_digit(5)).amount
    assert amount.dtype == np.uint8
    assert not amount[:20].any()
    assert amount.max() == 255


def test_grey_edges_are_kept(digit_image):
    amount = find_ink(digit_image(8)).amount
    soft = (digit_image(8) > 60) & (digit_image(8) < 200)
    assert soft.sum() > 10
    assert np.abs(amount.astype(int) - digit_image(8))[soft].max() <= 6


def test_ink_is_found_in_uneven_light(drawn_digit):
    stroke = 1 - drawn_digit(4) / 255
    light = 130 + 110 * ACROSS
    found = find_ink(noisy(light * (1 - 0.75 * stroke))).amount > 128
    expected = stroke > 0.5
    assert (found & expected).sum() / (found | expected).sum() > 0.75


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((100, 50), (100, 50)),
        ((600, 600), (600, 600)),
        ((1600, 800), (849, 424)),
        ((1000, 4000), (300, 1200)),
        ((8000, 5), (3200, 2)),
    ],
)
def test_large_images_are_reduced(shape, expected):
    page = np.full(shape, 255, np.uint8)
    assert reduced(page).shape == expected


def test_the_image_given_is_left_alone(drawn_digit):
    page = drawn_digit(2)
    page.setflags(write=False)
    find_ink(page)
