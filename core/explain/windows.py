"""How a convolution or a pooling moves over an array, and where in the image a cell of one lies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.serving import Graph, Operation

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D")
POOLED = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
_SAME = 0  # TensorFlow Lite's `Padding`
_UNMOVED = ("ADD", "MUL", "SUB", "RELU", "RELU6", "LOGISTIC", "CONCATENATION")


@dataclass(frozen=True)
class Window:
    """A window that moves over an array: its size, its steps, and what is added before the edges.

    Each is `(down, across)`.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]

    @staticmethod
    def of(graph: Graph, one: Operation) -> "Window":
        """The window of a convolution or a pooling."""
        if one.kind in WEIGHTED:
            size = graph.shape(one.inputs[1])[1:3]
        else:
            size = (one.options.filterHeight, one.options.filterWidth)
        stride = (one.options.strideH, one.options.strideW)
        before = (0, 0)
        if one.options.padding == _SAME:
            given, made = graph.shape(one.inputs[0])[1:3], graph.shape(one.outputs[0])[1:3]
            missing = [
                max((m - 1) * s + k - n, 0)
                for m, s, k, n in zip(made, stride, size, given, strict=True)
            ]
            before = (missing[0] // 2, missing[1] // 2)
        return Window(size, stride, before)

    def seen(self, values: np.ndarray, made: tuple[int, int], outside: float) -> np.ndarray:
        """What each place of the window sees, `(rows × columns, N, h, w, C)`.

        Args:
            values: of the array, float32, `(N, H, W, C)`.
            made: h and w, how many steps there are.
            outside: what lies beyond the edges.
        """
        padded = np.full((len(values), *self._reach(values.shape, made), values.shape[3]), outside)
        padded = padded.astype(np.float32)
        top, left = self.before
        padded[:, top : top + values.shape[1], left : left + values.shape[2]] = values
        return np.stack([padded[self._at(place, made)] for place in np.ndindex(self.size)])

    def spread(
        self, shape: tuple[int, ...], part: Callable[[int, int], np.ndarray], count: int
    ) -> np.ndarray:
        """Add up what each place of the window gives back to the array it moved over.

        Args:
            shape: of that array for one image, `(1, H, W, C)`.
            part: for a row and a column of the window, float32 `(N, h, w, C)`.
            count: N.

        Returns:
            float32, `(N, H, W, C)`.
        """
        made = part(0, 0).shape[1:3]
        padded = np.zeros((count, *self._reach(shape, made), shape[3]), np.float32)
        for place in np.ndindex(self.size):
            padded[self._at(place, made)] += part(*place)
        top, left = self.before
        return padded[:, top : top + shape[1], left : left + shape[2]]

    def _reach(self, shape: tuple[int, ...], made: tuple[int, int]) -> list[int]:
        """Height and width that hold the array and every step of the window."""
        return [
            max(before + length, (steps - 1) * stride + size)
            for before, length, steps, stride, size in zip(
                self.before, shape[1:3], made, self.stride, self.size, strict=True
            )
        ]

    def _at(self, place: tuple[int, ...], made: tuple[int, int]) -> tuple[slice, ...]:
        """What one place of the window meets, step by step."""
        ways = (
            slice(begin, begin + stride * steps, stride)
            for begin, stride, steps in zip(place, self.stride, made, strict=True)
        )
        return (slice(None), *ways)


@dataclass(frozen=True)
class Grid:
    """Where the cells of an array lie: cell `i` is centred on pixel `first + i × step`.

    Each is `(down, across)`.
    """

    first: tuple[float, float]
    step: tuple[float, float]


def grid_of(graph: Graph, tensor: int) -> Grid:
    """Where the cells of an array `(1, h, w, C)` lie in the image.

    The windows between the two say it. Behind an operation that is not known here, the array is
    taken as spread evenly over the image.
    """
    trail: list[Operation] = []
    while tensor != graph.source:
        one = graph.made_by.get(tensor)
        if one is None or one.kind not in (*WEIGHTED, *POOLED, *_UNMOVED, "RESIZE_BILINEAR"):
            return _even(graph, trail[0].outputs[0] if trail else tensor)
        trail.append(one)
        tensor = next(i for i in one.inputs if graph.constant(i) is None)
    first, step = [0.0, 0.0], [1.0, 1.0]
    for one in reversed(trail):
        if one.kind in (*WEIGHTED, *POOLED):
            window = Window.of(graph, one)
            middle = [(k - 1) / 2 - b for k, b in zip(window.size, window.before, strict=True)]
            scale = window.stride
        elif one.kind == "RESIZE_BILINEAR":
            given, made = graph.shape(one.inputs[0])[1:3], graph.shape(one.outputs[0])[1:3]
            scale = [n / m for n, m in zip(given, made, strict=True)]
            middle = [s / 2 - 0.5 for s in scale]
        else:
            continue
        first = [f + s * m for f, s, m in zip(first, step, middle, strict=True)]
        step = [s * factor for s, factor in zip(step, scale, strict=True)]
    return Grid(tuple(first), tuple(step))


def _even(graph: Graph, tensor: int) -> Grid:
    """An array that is spread evenly over the image."""
    whole, cells = graph.shape(graph.source)[1:3], graph.shape(tensor)[1:3]
    step = tuple(n / m for n, m in zip(whole, cells, strict=True))
    return Grid(tuple(s / 2 - 0.5 for s in step), step)


def placed(cells: np.ndarray, grid: Grid, shape: tuple[int, int]) -> np.ndarray:
    """An array of cells as large as the image, between them interpolated.

    Args:
        cells: float32, `(h, w)`.
        grid: where they lie.
        shape: height and width of the image.

    Returns:
        float32, `(H, W)`. Beyond the outermost cells, it has their values.
    """
    import cv2

    down, across = (
        ((np.arange(length) - first) / step).astype(np.float32)
        for length, first, step in zip(shape, grid.first, grid.step, strict=True)
    )
    across, down = np.meshgrid(across, down)
    return cv2.remap(
        cells.astype(np.float32), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
