"""What each operation of a LiteRT file says of a layer: one entry of `READERS` for each.

What TensorFlow Lite means by its options stands in its schema and its reference kernels
(`tensorflow/lite/kernels/internal/reference`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.explain.rows import NAMES, Row, Shape
from core.serving import Graph, Operation

_SAME = 0  # of the schema's two ways to pad
_ACTIVATIONS = {0: "", 1: "relu", 2: "relu_n1", 3: "relu6", 4: "tanh"}
_UNARY = {
    "RELU": "relu",
    "RELU6": "relu6",
    "TANH": "tanh",
    "LOGISTIC": "sigmoid",
    "HARD_SWISH": "hard_swish",
}


class NotUnderstoodError(Exception):
    """An operation is used in a way that these readers do not know."""


def _need(condition: bool) -> None:
    if not condition:
        raise NotUnderstoodError


def shape_of(graph: Graph, tensor: int) -> Shape:
    """Height, width, channels; arrays of other forms are taken for vectors."""
    shape = graph.shape(tensor)
    if len(shape) == 4:
        return shape[1], shape[2], shape[3]
    return 1, 1, int(np.prod(shape))


def _constant(graph: Graph, operation: Operation, place: int) -> np.ndarray:
    """The weights at a place among the inputs, float32."""
    found = graph.constant(operation.inputs[place]) if place < len(operation.inputs) else None
    _need(found is not None and found.dtype in (np.float32, np.float16))
    return found.astype(np.float32)


def _bias(graph: Graph, operation: Operation, count: int) -> np.ndarray:
    given = len(operation.inputs) > 2 and operation.inputs[2] >= 0
    return _constant(graph, operation, 2) if given else np.zeros(count, np.float32)


def _activation(operation: Operation) -> str:
    number = getattr(operation.options, "fusedActivationFunction", 0)
    _need(number in _ACTIVATIONS)
    return _ACTIVATIONS[number]


def _window(operation: Operation, source: Row, shape: Shape, window, dilation=(1, 1)) -> dict:
    """Where a window of that size stands; TensorFlow pads more below and to the right."""
    options = operation.options
    stride, padding = (options.strideH, options.strideW), [0, 0]
    if options.padding == _SAME:
        for axis in (0, 1):
            reach = (shape[axis] - 1) * stride[axis] + (window[axis] - 1) * dilation[axis] + 1
            padding[axis] = max(reach - source.shape[axis], 0) // 2
    return {
        "stride": stride,
        "window": tuple(window),
        "padding": tuple(padding),
        "dilation": tuple(dilation),
    }


def _convolution(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    weights, options = _constant(graph, operation, 1), operation.options
    depthwise = operation.kind == "DEPTHWISE_CONV_2D"
    if depthwise:  # (1, height, width, filters): each filter looks at one channel
        weights = weights.transpose(3, 1, 2, 0)
    filters, height, width, channels = weights.shape
    name = "Depthwise convolution" if depthwise else "Convolution"
    return {
        "kind": "convolution",
        "title": f"{name} {height}×{width}, {filters} filters",
        "weights": np.ascontiguousarray(weights),
        "bias": _bias(graph, operation, filters),
        "activation": _activation(operation),
        "groups": sources[0].shape[2] // channels,
        **_window(
            operation,
            sources[0],
            shape,
            (height, width),
            (options.dilationHFactor, options.dilationWFactor),
        ),
    }


def _pooling(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    size = (operation.options.filterHeight, operation.options.filterWidth)
    kind = "max_pooling" if operation.kind == "MAX_POOL_2D" else "average_pooling"
    name = kind.replace("_", " ").capitalize()
    return {
        "kind": kind,
        "title": f"{name} {size[0]}×{size[1]}",
        "activation": _activation(operation),
        **_window(operation, sources[0], shape, size),
    }


def _mean(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    axes = graph.constant(operation.inputs[1])
    _need(axes is not None and sorted(np.ravel(axes).tolist()) == [1, 2])
    return {"kind": "mean", "title": "Global average pooling", "window": sources[0].shape[:2]}


def _dense(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    weights = _constant(graph, operation, 1)
    _need(int(np.prod(sources[0].shape)) == weights.shape[1])
    return {
        "kind": "dense",
        "title": f"Dense, {len(weights)} units",
        "weights": weights,
        "bias": _bias(graph, operation, len(weights)),
        "activation": _activation(operation),
    }


def _softmax(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    _need(shape[:2] == (1, 1))
    return {"kind": "softmax", "title": "Softmax", "beta": float(operation.options.beta)}


_SIGNS = {"ADD": ("add", "Add"), "MUL": ("multiply", "Multiply"), "SUB": ("subtract", "Subtract")}


def _elementwise(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    """Two arrays, or an array and a constant; one may have a single pixel for all of the other."""
    kind, title = _SIGNS[operation.kind]
    known = {"kind": kind, "title": title, "activation": _activation(operation)}
    if len(sources) == 2:
        _need(all(one.shape in (shape, (1, 1, shape[2])) for one in sources))
        return known
    _need(operation.kind != "SUB" or operation.inputs[0] in (sources[0].tensor,))
    other = 1 if operation.inputs[0] == sources[0].tensor else 0
    constant = _constant(graph, operation, other)
    _need(constant.size in (1, shape[2]) and sources[0].shape == shape)
    joined = {"add": "", "multiply": "by ", "subtract": ""}[kind]
    values = np.unique(constant)
    said = f"{values[0]:.4g}".replace("-", "−") if len(values) == 1 else "a number for each channel"
    return {**known, "title": f"{title} {joined}{said}", "weights": constant.reshape(-1)}


def _unary(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    name = _UNARY[operation.kind]
    return {"kind": "activation", "title": NAMES[name], "activation": name}


def _flatten(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    _need(np.prod(sources[0].shape) == np.prod(shape))
    return {"kind": "flatten", "title": "Flatten" if shape[:2] == (1, 1) else "Reshape"}


def _pad(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    borders = graph.constant(operation.inputs[1])
    _need(borders is not None and borders.shape == (4, 2) and not borders[[0, 3]].any())
    return {
        "kind": "pad",
        "title": "Padding with zeros",
        "padding": (int(borders[1, 0]), int(borders[2, 0])),
    }


def _concatenation(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    _need(len(sources) == len(operation.inputs) and not _activation(operation))
    _need(operation.options.axis in (-1, len(graph.shape(operation.outputs[0])) - 1))
    return {"kind": "concatenation", "title": "Concatenation"}


def _resize(graph: Graph, operation: Operation, sources, shape: Shape) -> dict[str, Any]:
    options, nearest = operation.options, operation.kind == "RESIZE_NEAREST_NEIGHBOR"
    half, corners = bool(options.halfPixelCenters), bool(options.alignCorners)
    _need(not nearest or not (half or corners))
    return {
        "kind": "resize",
        "title": f"Resize to {shape[0]}×{shape[1]}",
        "corners": 1 if corners else 2 if half else 0,
        "nearest": nearest,
    }


READERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "MAX_POOL_2D": _pooling,
    "AVERAGE_POOL_2D": _pooling,
    "MEAN": _mean,
    "FULLY_CONNECTED": _dense,
    "SOFTMAX": _softmax,
    "ADD": _elementwise,
    "MUL": _elementwise,
    "SUB": _elementwise,
    "RESHAPE": _flatten,
    "PAD": _pad,
    "CONCATENATION": _concatenation,
    "RESIZE_BILINEAR": _resize,
    "RESIZE_NEAREST_NEIGHBOR": _resize,
    **dict.fromkeys(_UNARY, _unary),
}
