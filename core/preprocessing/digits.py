"""Part a row of digits into single ones, left to right.

Pieces of ink that hang together are found first. A piece as tall as a good part of the row is a
digit of its own, unless it lies over or under another one; a smaller piece (the loose bar of a 5,
a broken stroke) joins the nearest digit; a speck far from any digit is dropped.
"""

from dataclasses import dataclass

import cv2
import numpy as np

MOST_DIGITS = 20
_TALL = 0.55  # of the tallest piece: a digit of its own
_OVERLAP = 0.45  # of the narrower piece: lies over or under, so the same digit
_NEAR = 0.35  # of the row's height: how far a small piece may be from its digit
_SPECK = 0.01  # of the largest piece's area
_BROKEN_GAP = 0.04  # of the row's height: two halves of one broken digit are no further apart
_BROKEN_WIDTH = 0.8  # of the row's height: nor wider together
_CONNECTED = 64  # amount of ink that holds pieces together
_BRIDGE = 0.02  # of the ink's height: gaps up to twice this are a broken stroke


@dataclass
class _Group:
    """Pieces that make up one digit, with the rectangle around them."""

    members: list[int]
    left: int
    top: int
    right: int
    bottom: int
    area: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def join(self, other: "_Group") -> None:
        self.members += other.members
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.top, self.bottom = min(self.top, other.top), max(self.bottom, other.bottom)
        self.area += other.area


def split_digits(ink: np.ndarray) -> list[np.ndarray]:
    """Every digit of a row, left to right, each alone on a ground of the row's own size.

    Args:
        ink: uint8, shape `(H, W)`; 0 is bare ground, as `find_ink` gives it.

    Returns:
        A list of uint8 arrays, all of the shape of the smallest rectangle that holds all ink.
    """
    left, top, width, height = cv2.boundingRect(ink)
    if width == 0:
        return [ink]
    ink = ink[top : top + height, left : left + width]
    core = _bridge_gaps((ink >= min(_CONNECTED, int(ink.max()))).astype(np.uint8))
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    if count <= 2:
        return [ink]
    groups = _group(stats)
    if len(groups) == 1 and len(groups[0].members) == count - 1:
        return [ink]
    return [_only(ink, pieces, group) for group in groups]


def _bridge_gaps(core: np.ndarray) -> np.ndarray:
    reach = round(_BRIDGE * cv2.boundingRect(core)[3])
    if reach == 0:
        return core
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.dilate(core, kernel)


def _group(stats: np.ndarray) -> list[_Group]:
    groups = [
        _Group([index], left, top, left + width, top + height, area)
        for index, (left, top, width, height, area) in enumerate(stats.tolist())
        if index > 0
    ]
    largest = max(group.area for group in groups)
    groups = [group for group in groups if group.area >= _SPECK * largest]
    row = max(group.height for group in groups)
    tall = sorted((g for g in groups if g.height >= _TALL * row), key=lambda g: g.left)
    small = sorted((g for g in groups if g.height < _TALL * row), key=lambda g: -g.area)
    digits = _join_while(tall, lambda a, b: _same_digit(a, b, row))
    for piece in small:
        nearest = min(digits, key=lambda digit: _distance(piece, digit))
        if _distance(piece, nearest) <= _NEAR * row:
            nearest.join(piece)
    digits.sort(key=lambda digit: digit.left + digit.right)
    return digits[:MOST_DIGITS]


def _join_while(groups: list[_Group], same) -> list[_Group]:
    done: list[_Group] = []
    for group in groups:
        for other in done:
            if same(other, group):
                other.join(group)
                break
        else:
            done.append(group)
    return done


def _same_digit(a: _Group, b: _Group, row: int) -> bool:
    overlap = min(a.right, b.right) - max(a.left, b.left)
    if overlap >= _OVERLAP * min(a.width, b.width):
        return True
    together = max(a.right, b.right) - min(a.left, b.left)
    return -overlap <= _BROKEN_GAP * row and together <= _BROKEN_WIDTH * row


def _distance(a: _Group, b: _Group) -> float:
    across = max(0, max(a.left, b.left) - min(a.right, b.right))
    down = max(0, max(a.top, b.top) - min(a.bottom, b.bottom))
    return float(np.hypot(across, down))


def _only(ink: np.ndarray, pieces: np.ndarray, group: _Group) -> np.ndarray:
    """The ink of one group with its soft edges, and nothing of its neighbours."""
    own = np.isin(pieces, group.members)
    others = (pieces > 0) & ~own
    if not others.any():
        reach = np.ones_like(own)
    else:
        to_own = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 3)
        to_others = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, 3)
        reach = to_own < to_others
    return np.where(reach, ink, 0).astype(np.uint8)
