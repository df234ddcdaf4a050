"""How far pages differ from the ground they lie on, in light of several kinds."""

import numpy as np
import pytest

from core.preprocessing.ground import (
    Contrast,
    curved_contrasts,
    even_contrasts,
    even_ground,
    uneven_contrasts,
)

SIDE = 240
STROKE = (slice(60, 180), slice(110, 125))
DOWN, ACROSS = np.mgrid[:SIDE, :SIDE] / SIDE
FALLING = 120 + 100 * ACROSS
LAMP = 225 - 130 * ((ACROSS - 0.5) ** 2 + (DOWN - 0.4) ** 2)


def page(light: float | np.ndarray, ink: float) -> np.ndarray:
    """A stroke that is some times as bright as its paper."""
    values = np.full((SIDE, SIDE), light, float)
    values[STROKE] *= ink
    return np.clip(values.round(), 0, 255).astype(np.uint8)


def stands_out(contrast: Contrast) -> bool:
    """Whether the stroke differs clearly from its ground, and nearly nothing else does."""
    elsewhere = contrast.values.copy()
    elsewhere[57:183, 107:128] = 0
    strength = np.median(contrast.values[STROKE])
    return bool(strength > 0.2 and np.quantile(elsewhere, 0.9) < strength / 2)


@pytest.mark.parametrize(
    ("image", "dark"), [(page(200, 0.4), True), (page(60, 3), False)], ids=["dark", "light"]
)
def test_both_polarities_are_tried_on_even_ground_the_likelier_first(image, dark):
    first, second = even_contrasts(image)
    assert (first.dark_ink, second.dark_ink) == (dark, not dark)
    assert (first.even, first.exact) == (True, True)
    assert stands_out(first) and not second.values.any()
    assert first.values[100, 115] == pytest.approx(120 / 255)


@pytest.mark.parametrize("contrasts", [curved_contrasts, uneven_contrasts])
@pytest.mark.parametrize("light", [FALLING, LAMP], ids=["falling", "a lamp"])
@pytest.mark.parametrize(("ink", "dark"), [(0.5, True), (1.4, False)], ids=["dark", "light"])
def test_both_polarities_are_tried_in_uneven_light_the_likelier_first(contrasts, light, ink, dark):
    image = page(light * (1 if dark else 0.6), ink)
    assert not list(even_contrasts(image))
    first, second = contrasts(image)
    assert (first.dark_ink, second.dark_ink) == (dark, not dark)
    assert not first.even and not first.exact
    assert stands_out(first) and not stands_out(second)


def test_ink_that_covers_most_of_an_image_is_told_from_lighter_ground():
    image = page(FALLING, 1)
    image[:, 90:] = (image[:, 90:] * 0.4).astype(np.uint8)
    first, *_ = curved_contrasts(image)
    assert first.dark_ink
    assert np.median(first.values[:, 100:]) > 0.4 and first.values[:, 10:80].max() < 0.1


BORDERED = np.full((100, 100), 255, np.uint8)
BORDERED[10:90, 10:90] = 30  # a thick digit that fills the image
GRAINY = np.random.default_rng(0).normal(200, 3.5, (100, 100)).round().astype(np.uint8)
SPREAD = np.tile(np.arange(0, 250, 2.5).astype(np.uint8), (100, 1))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.full((50, 70), 7, np.uint8), (7, True)),
        (255 - BORDERED, (0, True)),
        (BORDERED, (255, True)),
        (SPREAD, (None, False)),
    ],
    ids=["one level", "light on dark", "dark on light", "all levels"],
)
def test_even_ground_has_the_level_of_the_border(image, expected):
    assert even_ground(image) == expected


def test_grain_may_lie_on_even_ground():
    level, drawn = even_ground(GRAINY)
    assert abs(level - 200) <= 3 and not drawn
