"""Take off what is no writing: printed boxes and rings around it, and what comes in at the edge."""

import cv2
import numpy as np

_INK = 80  # of 255: amount that holds pieces together
_INNER = 0.5  # of a frame's box, in its middle: there it has no ink itself,
_INSIDE = 0.3  # but other ink stands there, at least this fraction of the frame's height tall
_THIN = 0.4  # of its rectangle: how much a frame fills at most
_SOLID = 0.8  # of its convex hull: how much something solid fills
_BROAD = 0.45  # of its length: how broad a block is at least, unlike a 1
_ALONG = 0.8  # of a side: how far it runs along it
_MOST_WAYS_OUT = 4  # in so many places a digit may run out of the image
_TOUCH = 0.015  # of the shorter side: so near the edge of the image still counts as at its edge


Pieces = tuple[np.ndarray, np.ndarray]  # which pixel is whose, and OpenCV's statistics


def without_frames(amount: np.ndarray, found: Pieces) -> np.ndarray:
    """The ink without pieces that are drawn around other ink; the same array if there are none."""
    pieces, stats = found
    frames = _closed_frames(pieces, stats) | {
        index for index in range(1, len(stats)) if _is_open_frame(index, pieces, stats)
    }
    return _without(amount, pieces, sorted(frames))


def _closed_frames(pieces: np.ndarray, stats: np.ndarray) -> set[int]:
    """Pieces in whose holes other ink stands: boxes, tables, rings."""
    outlines, tree = cv2.findContours(
        (pieces > 0).astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE
    )
    frames = set()
    for index, (_, _, _, hole) in enumerate(tree[0] if tree is not None else ()):
        frame = tree[0][hole][3] if hole >= 0 else -1
        if frame < 0:
            continue
        inner, outer = (cv2.boundingRect(outlines[k])[3] for k in (index, hole))
        x, y = outlines[frame][0][0]
        _, _, across, down, area = stats[pieces[y, x]].tolist()
        if inner >= _INSIDE * outer and area <= _THIN * across * down:
            frames.add(int(pieces[y, x]))
    return frames


def without_edge_pieces(amount: np.ndarray, found: Pieces) -> np.ndarray:
    """The ink without what comes in at the edge of the image; the same array if there is none.

    A piece at the edge stays if the largest of the others stands within it: then both are writing.
    """
    pieces, stats = found
    edge = _edge(amount)
    at_edge, others = [], []
    for index in range(1, len(stats)):
        near = any(_near_edges(stats[index], amount.shape, edge))
        (at_edge if near else others).append(index)
    if not others:
        return amount
    largest = max(others, key=lambda index: stats[index][cv2.CC_STAT_AREA])
    foreign = [
        index
        for index in at_edge
        if not _overlap(stats[index], stats[largest]) and not _alike(stats[index], stats[largest])
    ]
    return _without(amount, pieces, foreign)


def _overlap(piece: np.ndarray, other: np.ndarray) -> bool:
    """Whether a good fraction of the rectangle around `other` lies in that around `piece`."""
    across, down = other[2], other[3]
    shared = [
        max(0, min(piece[k] + piece[k + 2], other[k] + other[k + 2]) - max(piece[k], other[k]))
        for k in (0, 1)
    ]
    return bool(shared[0] * shared[1] > 0.3 * across * down)


def _alike(piece: np.ndarray, other: np.ndarray) -> bool:
    """Whether a piece may be a digit of the same row: as tall, and no solid block."""
    *_, across, down, area = piece.tolist()
    return other[3] / 1.7 <= down <= other[3] * 1.7 and area < 0.6 * across * down


def surroundings(amount: np.ndarray, found: Pieces) -> tuple[float, bool]:
    """How much the ink looks like what lies around writing.

    Returns:
        How much it is at the edge of the image: 0 if it is clear of it, 0.5 if only the largest
        piece comes near, which may be a digit that runs out of the image, 1 if another does, 2 if
        something solid lies along a side. And whether the largest piece is a solid block, such as
        the sheet itself with a digit cut out.
    """
    pieces, stats = found
    if len(stats) < 2:
        return 0.0, False
    edge = _edge(amount)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    worst = 0.0
    for index in range(1, len(stats)):
        near = _near_edges(stats[index], amount.shape, edge)
        if not any(near):
            continue
        solid = _is_solid(index, pieces, stats)
        if _along(stats[index], near, amount.shape) >= _ALONG and solid:
            doubt = 2.0
        elif index == largest and not solid and _ways_out(pieces == index, edge) <= _MOST_WAYS_OUT:
            doubt = 0.5
        else:
            doubt = 1.0
        worst = max(worst, doubt)
    across, down = stats[largest][2], stats[largest][3]
    broad = min(across, down) > _BROAD * max(across, down)
    return worst, bool(broad and _is_solid(largest, pieces, stats))


def _near_edges(piece: np.ndarray, shape: tuple[int, int], edge: int) -> tuple[bool, ...]:
    """Whether a piece comes near the left, top, right and bottom edge of the image."""
    left, top, across, down = piece[:4].tolist()
    away = left, top, shape[1] - left - across, shape[0] - top - down
    return tuple(distance <= edge for distance in away)


def _along(piece: np.ndarray, near: tuple[bool, ...], shape: tuple[int, int]) -> float:
    """How much of a side of the image a piece runs along."""
    return max(
        piece[3] / shape[0] * (near[0] or near[2]), piece[2] / shape[1] * (near[1] or near[3])
    )


def _is_solid(index: int, pieces: np.ndarray, stats: np.ndarray) -> bool:
    """Whether a piece fills most of its convex hull."""
    left, top, across, down, area = stats[index].tolist()
    piece = pieces[top : top + down, left : left + across] == index
    outlines, _ = cv2.findContours(
        piece.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    hull = cv2.convexHull(np.vstack(outlines))
    # A hull runs through the middles of pixels: half a pixel of its length lies outside.
    return area >= _SOLID * (cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1)


def _ways_out(piece: np.ndarray, edge: int) -> int:
    """In how many places a piece comes near the edge of the image: printed lines do in many."""
    width = edge + 1
    sides = piece[:width].T, piece[:, -width:], piece[::-1][:width, ::-1].T, piece[::-1, :width]
    around = np.concatenate([side.any(axis=1) for side in sides])
    return int((around & ~np.roll(around, 1)).sum())


def _edge(amount: np.ndarray) -> int:
    return round(_TOUCH * min(amount.shape))


def pieces_of(amount: np.ndarray) -> Pieces:
    """What hangs together in an amount of ink, uint8, shape `(H, W)`."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(
        (amount >= _INK).astype(np.uint8), connectivity=8
    )
    return pieces, stats


def _is_open_frame(index: int, pieces: np.ndarray, stats: np.ndarray) -> bool:
    """Whether it runs around other ink, perhaps cut off by the edge of the image."""
    left, top, across, down, area = stats[index].tolist()
    if area > _THIN * across * down or min(across, down) < 8:
        return False
    margin_x, margin_y = round(across * (1 - _INNER) / 2), round(down * (1 - _INNER) / 2)
    window = pieces[
        top + margin_y : top + down - margin_y, left + margin_x : left + across - margin_x
    ]
    if (window == index).any():
        return False
    others = [other for other in np.unique(window) if other not in (0, index)]
    return any(stats[other][cv2.CC_STAT_HEIGHT] >= _INSIDE * down for other in others)


def _without(amount: np.ndarray, pieces: np.ndarray, doomed: list[int]) -> np.ndarray:
    """Without those pieces and their soft edges."""
    if not doomed:
        return amount
    gone = np.isin(pieces, doomed).astype(np.uint8)
    stays = ((pieces > 0) & (gone == 0)).astype(np.uint8)
    reach = np.ones((5, 5), np.uint8)
    erased = (cv2.dilate(gone, reach) > 0) & (cv2.dilate(stays, np.ones((3, 3), np.uint8)) == 0)
    return np.where(erased | (gone > 0), 0, amount).astype(np.uint8)
