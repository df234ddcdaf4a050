"""Part rows of digits into single ones, row by row, left to right.

Pieces of ink that hang together are found first. A piece as tall as a good part of the row is a
digit of its own, unless it lies over or under another one; a smaller piece (the loose bar of a 5,
a broken stroke) joins the nearest digit; a speck far from any digit is dropped.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.preprocessing.normalise import stroke_width

MOST_DIGITS = 100
_TALL = 0.55  # of the tallest piece: a digit of its own
_OVERLAP = 0.45  # of the narrower piece: lies over or under, so the same digit
_NEAR = 0.35  # of the row's height: how far a small piece may be from its digit
_SPECK = 0.01  # of the largest piece's area
_BROKEN_GAP = 0.04  # of the row's height: two halves of one broken digit are no further apart
_BROKEN_WIDTH = 0.8  # of the row's height: nor wider together
_CONNECTED = 64  # amount of ink that holds pieces together
_BESIDE = 0.4  # of the lower piece's height: pieces that share it stand in one row
_ROW_GAP = 0.3  # of the tallest piece: two halves of a broken digit are no further apart
_SOLID = 0.85  # of its rectangle: how much of it a block fills
_BLOCK = 1.7  # times the stroke's width: how thick a block is at least
_BLOCK_WIDTH = 0.7  # of its height: how wide it is at least
_FLAT = 0.4  # of the tallest piece: a flat digit, if it also stands clear of the next by
_CLEAR = 0.1  # of the tallest piece
_BRIDGE = 0.02  # of the tallest piece: gaps up to twice this are a broken stroke


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


def split_rows(ink: np.ndarray) -> tuple[tuple[np.ndarray, ...], ...]:
    """Every digit, row by row and left to right, each alone on a ground of the ink's own size.

    Args:
        ink: uint8, shape `(H, W)`; 0 is bare ground, as `find_ink` gives it.

    Returns:
        Rows of uint8 arrays, all of the shape of the smallest rectangle that holds all ink.
    """
    left, top, width, height = cv2.boundingRect(ink)
    if width == 0:
        return ((ink,),)
    ink = ink[top : top + height, left : left + width]
    count, pieces, stats = _bridged((ink >= min(_CONNECTED, int(ink.max()))).astype(np.uint8))
    if count <= 2:
        return ((ink,),)
    rows = _group(stats, ink)
    if len(rows) == 1 and len(rows[0]) == 1 and len(rows[0][0].members) == count - 1:
        return ((ink,),)
    if sum(map(len, rows)) > MOST_DIGITS:  # too many to be taken apart, let alone read
        return tuple(tuple(ink for _ in row) for row in rows)
    return tuple(tuple(_only(ink, pieces, group) for group in row) for row in rows)


def _bridged(core: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Pieces with the gaps of broken strokes closed: how many, which pixel is whose, statistics."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    reach = round(_BRIDGE * int(stats[1:, cv2.CC_STAT_HEIGHT].max(initial=0)))
    if reach:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        core = cv2.dilate(core, kernel)
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    return count, pieces, stats


def _group(stats: np.ndarray, ink: np.ndarray) -> list[list[_Group]]:
    groups = [
        _Group([index], left, top, left + width, top + height, area)
        for index, (left, top, width, height, area) in enumerate(stats.tolist())
        if index > 0
    ]
    largest = max(group.area for group in groups)
    groups = [group for group in groups if group.area >= _SPECK * largest]
    groups = _without_blocks(groups, ink)
    height = max(group.height for group in groups)
    tall = sorted((g for g in groups if g.height >= _TALL * height), key=lambda g: g.left)
    small = sorted((g for g in groups if g.height < _TALL * height), key=lambda g: -g.area)
    rows = [
        _join_while(row, lambda a, b: _same_digit(a, b, height)) for row in _rows_of(tall, height)
    ]
    for piece in small:
        row, nearest = min(
            ((row, digit) for row in rows for digit in row),
            key=lambda found: _distance(piece, found[1]),
        )
        aside = max(piece.left, nearest.left) - min(piece.right, nearest.right)
        if piece.height >= _FLAT * height and aside >= _CLEAR * height and _beside(piece, nearest):
            row.append(piece)
        elif _distance(piece, nearest) <= _NEAR * height:
            nearest.join(piece)
    return [sorted(row, key=lambda digit: digit.left + digit.right) for row in rows]


def _without_blocks(groups: list[_Group], ink: np.ndarray) -> list[_Group]:
    """Without solid rectangles that are much thicker than the strokes: buttons, bars, tape."""
    drawn = [group for group in groups if group.area < _SOLID * group.width * group.height]
    if not drawn or len(drawn) == len(groups):
        return groups
    model = max(drawn, key=lambda group: group.area)
    stroke = stroke_width(ink[model.top : model.bottom, model.left : model.right])
    return [
        group
        for group in groups
        if group.area < _SOLID * group.width * group.height
        or group.width < _BLOCK_WIDTH * group.height  # perhaps a bold 1
        or min(group.width, group.height) <= _BLOCK * max(stroke, 2)
    ]


def _rows_of(tall: list[_Group], height: int) -> list[list[_Group]]:
    """Pieces that stand side by side, top row first; what is one broken digit is one row."""
    rows: list[list[_Group]] = []
    for piece in sorted(tall, key=lambda group: group.top + group.bottom):
        beside = [row for row in rows if any(_beside(piece, other) for other in row)]
        rows = [row for row in rows if row not in beside]
        rows.append([piece, *(other for row in beside for other in row)])
    rows.sort(key=lambda row: sum(group.top + group.bottom for group in row) / len(row))
    joined = rows[:1]
    for row in rows[1:]:
        gap = min(group.top for group in row) - max(group.bottom for group in joined[-1])
        if min(len(row), len(joined[-1])) == 1 and gap <= _ROW_GAP * height:
            joined[-1] = [*joined[-1], *row]
        else:
            joined.append(row)
    return [sorted(row, key=lambda group: group.left) for row in joined]


def _beside(a: _Group, b: _Group) -> bool:
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared >= _BESIDE * min(a.height, b.height)


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
