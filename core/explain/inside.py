"""What a browser is given to show the inside of a network: maps of one image, weights, options.

A small network is given whole, so that the arithmetic of every number can be shown at once. Of one
that would take more than `MOST_BYTES`, each row is given as at most `MOST_MAPS` maps, reduced and
with 256 shades; the exact numbers are given for one row, the one that somebody opens, with what
that row is computed from. Of very large maps those are the numbers of a square in their middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from core.explain.layers import Network
from core.explain.packing import Packer, Place
from core.explain.rows import Row

MOST_BYTES = 6_000_000
MOST_MAPS = 32
_THUMBNAIL = 40  # pixels of the longer side of a reduced map
_MOST_EXACT = 4_000_000  # bytes of the numbers that one opened row is computed from
_SMALLER = 0.8
_SHADES = 255
_ALL = slice(None)
# Kinds whose number at a place depends on that channel of the numbers around the place alone.
_ONE_CHANNEL = {
    "max_pooling",
    "average_pooling",
    "add",
    "multiply",
    "subtract",
    "activation",
    "pad",
}
_LOCAL = _ONE_CHANNEL | {"convolution", "concatenation"}  # on any channel around the place
_OWN_CHANNEL = _ONE_CHANNEL | {"resize"}  # on that channel, at any place


def describe_inside(
    network: Network, image: np.ndarray, packer: Packer, opened: int | None = None
) -> dict[str, Any]:
    """Rows with their maps, for one image; arrays go to the packer.

    Args:
        network: that is looked into.
        image: uint8, shape `(H, W, C)`, prepared for it.
        packer: takes the arrays.
        opened: of a large network, the place of the row whose exact numbers are wanted.

    Returns:
        `whole`: whether all numbers are there; `opened`; `rows`: for each row its fields without
        arrays, `low` and `high` of its numbers, `shown` (which maps, strongest ones, in order),
        and, where they are given, `values`, `weights`, `bias` (see `_exact`) and `thumbnails`.
    """
    maps = network.maps(image)
    whole = _size(network.rows, maps) <= MOST_BYTES
    shown = [strongest(array) for array in maps]
    described = [_plain(row, array) for row, array in zip(network.rows, maps, strict=True)]
    for place, (row, array) in enumerate(zip(network.rows, maps, strict=True)):
        described[place]["shown"] = shown[place]
        vector = row.shape[:2] == (1, 1)
        if whole or vector:
            described[place]["values"] = _values(packer, array, _Region(0, 0, *row.shape[:2]))
        else:
            described[place]["thumbnails"] = packer.add(_thumbnails(array, shown[place]))
        if whole and row.weights is not None:
            described[place] |= _weights(packer, row)
    if not whole and opened is not None and 0 < opened < len(network.rows):
        _open(network, maps, opened, described, packer)
    return {"whole": whole, "opened": None if whole else opened, "rows": described}


def strongest(array: np.ndarray, most: int = MOST_MAPS) -> list[int]:
    """The channels with the largest mean of absolute values, in rising order.

    Args:
        array: float, shape `(H, W, C)`.
        most: how many.
    """
    strength = np.abs(array).mean(axis=(0, 1))
    return sorted(np.argsort(-strength, kind="stable")[:most].tolist())


def _size(rows: Sequence[Row], maps: Sequence[np.ndarray]) -> int:
    weights = sum(row.weights.nbytes for row in rows if row.weights is not None)
    return weights + sum(array.nbytes for array in maps)


def _plain(row: Row, array: np.ndarray) -> dict[str, Any]:
    """The fields of a row that are no arrays, and the range of its numbers."""
    names = ("kind", "title", "sources", "shape", "activation", "stride", "window", "padding")
    names += ("dilation", "groups", "corners", "nearest", "beta")
    finite = bool(np.isfinite(array).all())
    low, high = (float(array.min()), float(array.max())) if finite else (0.0, 0.0)
    return {name: getattr(row, name) for name in names} | {"low": low, "high": high}


@dataclass(frozen=True)
class _Region:
    """A rectangle of pixels."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, array: np.ndarray) -> np.ndarray:
        return array[self.top : self.top + self.height, self.left : self.left + self.width]


def _values(
    packer: Packer, array: np.ndarray, region: _Region, channels: list[int] | None = None
) -> Place:
    """Exact numbers of some pixels and channels; `channels` is None for all of them."""
    numbers = array if region == _Region(0, 0, *array.shape[:2]) else region.cut(array)
    numbers = numbers if channels is None else numbers[:, :, channels]
    return {
        "numbers": packer.add(numbers),
        "top": region.top,
        "left": region.left,
        "channels": channels,
    }


def _weights(packer: Packer, row: Row, filters: list[int] | None = None) -> dict[str, Any]:
    """Weights and bias of some filters or units; `filters` is None for all of them."""
    chosen = _ALL if filters is None else filters
    known = {"filters": filters, "weights": packer.add(row.weights[chosen])}
    return known if row.bias is None else {**known, "bias": packer.add(row.bias[chosen])}


def _open(network: Network, maps, opened: int, described: list[dict], packer: Packer) -> None:
    """Give the exact numbers of one row and of those it is computed from."""
    row = network.rows[opened]
    shown = described[opened]["shown"]
    region = _region(network, row, shown)
    for source in set(row.sources):
        if "values" not in described[source]:
            needed = _needed(row, region, network.rows[source])
            channels = _channels(row, shown)
            described[source]["values"] = _values(packer, maps[source], needed, channels)
    if "values" not in described[opened]:
        described[opened]["values"] = _values(packer, maps[opened], region, shown)
    if row.weights is not None:
        every = row.kind not in ("convolution", "dense")
        described[opened] |= _weights(packer, row, None if every else shown)


def _channels(row: Row, shown: list[int]) -> list[int] | None:
    """Which channels of its sources the shown maps are computed from; None for all."""
    if row.kind in _OWN_CHANNEL:
        return shown
    if row.kind == "convolution" and row.groups > 1:
        filters = row.shape[2] // row.groups
        each = row.weights.shape[3]
        groups = sorted({channel // filters for channel in shown})
        return [group * each + one for group in groups for one in range(each)]
    return None


def _region(network: Network, row: Row, shown: list[int]) -> _Region:
    """The square in the middle of a row's maps whose arithmetic is given; mostly all of them."""
    height, width, _ = row.shape
    region = _Region(0, 0, height, width)
    if row.kind not in _LOCAL:
        return region
    while _bytes_needed(network, row, region, shown) > _MOST_EXACT:
        size = int(region.height * _SMALLER), int(region.width * _SMALLER)
        region = _Region((height - size[0]) // 2, (width - size[1]) // 2, *size)
    return region


def _bytes_needed(network: Network, row: Row, region: _Region, shown: list[int]) -> int:
    total, channels = 0, _channels(row, shown)
    for source in row.sources:
        needed = _needed(row, region, network.rows[source])
        count = network.rows[source].shape[2] if channels is None else len(channels)
        total += 4 * needed.height * needed.width * count
    return max(total, 4 * region.height * region.width * len(shown))


def _needed(row: Row, region: _Region, source: Row) -> _Region:
    """The pixels of a source that a region of a row is computed from."""
    if row.kind not in _LOCAL or source.shape[:2] == (1, 1):
        return _Region(0, 0, *source.shape[:2])
    bounds = []
    for axis, (start, length) in enumerate(
        ((region.top, region.height), (region.left, region.width))
    ):
        first = start * row.stride[axis] - row.padding[axis]
        last = first + (length - 1) * row.stride[axis]
        last += (row.window[axis] - 1) * row.dilation[axis]
        first, last = max(first, 0), min(last, source.shape[axis] - 1)
        bounds.append((first, max(last - first + 1, 0)))
    (top, height), (left, width) = bounds
    return _Region(top, left, height, width)


def _thumbnails(array: np.ndarray, shown: list[int]) -> np.ndarray:
    """Reduced maps in 256 shades from the smallest to the largest number, uint8 `(n, h, w)`."""
    low, high = float(array.min()), float(array.max())
    low = min(low, 0.0)
    scale = _SHADES / (high - low) if high > low else 0.0
    height, width, _ = array.shape
    factor = min(1.0, _THUMBNAIL / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    maps = []
    for channel in shown:
        plane = np.ascontiguousarray(array[:, :, channel])
        reduced = cv2.resize(plane, size, interpolation=cv2.INTER_AREA) if factor < 1 else plane
        maps.append(np.rint((reduced - low) * scale))
    return np.clip(np.stack(maps), 0, _SHADES).astype(np.uint8)
