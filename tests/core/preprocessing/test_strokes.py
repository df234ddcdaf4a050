"""What of the contrast with the ground is ink, on pages of one stroke and what disturbs it."""

import numpy as np
import pytest

from core.preprocessing.ground import Contrast
from core.preprocessing.strokes import beside_strong, ink_amount

SIDE = 280
STROKE = (slice(60, 220), slice(130, 142))
RNG = np.random.default_rng(0)
GRAIN = np.abs(RNG.normal(0, 0.01, (SIDE, SIDE)))


def page(*pieces: tuple[slice, slice], strength: float = 0.6) -> np.ndarray:
    """Contrast of pieces of ink on grainy paper."""
    values = GRAIN.copy()
    for piece in pieces:
        values[piece] = strength
    return values.astype(np.float32)


def amount(values: np.ndarray, even: bool = False) -> np.ndarray | None:
    return ink_amount(Contrast(values, dark_ink=True, even=even))


def glow() -> np.ndarray:
    down, across = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    return (0.7 * np.exp(-(down**2 + across**2) / (2 * 45**2))).astype(np.float32)


SPECK = (slice(100, 107), slice(100, 107))
CRUMBS = [
    (slice(y, y + 3), slice(x, x + 3)) for y in range(20, 260, 24) for x in range(150, 260, 12)
]


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("piece", [STROKE, (slice(90, 190), slice(90, 190))], ids=["thin", "broad"])
def test_a_stroke_is_full_ink_on_bare_ground(piece, even):
    found = amount(page(piece), even)
    assert (found[piece][2:-2, 2:-2] >= 250).all()
    near = np.zeros(found.shape, bool)
    near[tuple(slice(side.start - 2, side.stop + 2) for side in piece)] = True
    assert not found[~near].any()


@pytest.mark.parametrize(
    "values",
    [
        page(),
        page(STROKE, strength=0.03),
        page(SPECK),
        page((slice(100, 120), slice(20, 25)), *CRUMBS),
        glow(),
    ],
    ids=["grain", "hardly darker than grain", "a speck", "crumbs", "a soft shadow"],
)
def test_in_uneven_light_what_is_no_stroke_is_no_ink(values):
    assert amount(values) is None


def test_specks_beside_a_stroke_are_left_out():
    specks = [(slice(y, y + 3), slice(30, 33)) for y in range(30, 250, 40)]
    found = amount(page(STROKE, *specks))
    assert found[STROKE].all() and not found[:, :100].any()


@pytest.mark.parametrize(("drawn", "reach"), [(False, 3), (True, 14)])
def test_faint_ink_counts_only_beside_strong_ink(drawn, reach):
    """Strokes of drawings, enlarged from few pixels, have edges as soft as they are wide."""
    ink = np.full((SIDE, SIDE), 60, np.uint8)
    ink[STROKE] = 255
    kept = beside_strong(ink, drawn)[140]
    assert np.flatnonzero(kept)[[0, -1]] == pytest.approx((130 - reach, 141 + reach), abs=1)
    assert set(kept[[129, 135]]) == {60, 255}


def test_without_strong_ink_nothing_is_left():
    assert not beside_strong(np.full((50, 50), 99, np.uint8), drawn=True).any()
