"""Gradients of a served network's scores, in NumPy: the operations of its file, walked backwards.

The values on the way come from the served file itself (`Graph.watching`), so what is explained is
what predicts, and TensorFlow is not needed. Batch normalisation is part of the convolutions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import ModelError
from core.explain.windows import WEIGHTED, Window
from core.serving import Graph, Operation

RELU, RELU6 = 1, 3  # TensorFlow Lite's `ActivationFunctionType`
_PLAIN = (0, RELU, RELU6)
Values = Mapping[int, np.ndarray]
Rule = Callable[[Graph, Operation, Values, np.ndarray], dict[int, np.ndarray]]


def scores_of(graph: Graph) -> int:
    """The array of the scores (logits) that become probabilities, `(N, K)`.

    Raises:
        ModelError: if the probabilities are not the softmax of scores.
    """
    last = graph.made_by.get(graph.target)
    if last is None or last.kind != "SOFTMAX":
        raise ModelError("The network does not end in a softmax.")
    return last.inputs[0]


@dataclass(frozen=True)
class Backward:
    """The way from the scores of a network back to one of its arrays.

    Attributes:
        graph: the network.
        target: the array that gradients are asked for.
        operations: those between the two, in the order of the file.
    """

    graph: Graph
    target: int
    operations: tuple[Operation, ...]

    @property
    def needed(self) -> list[int]:
        """Arrays whose values the walk needs, the target first."""
        found = [self.target]
        for one in self.operations:
            if _fused(one) or one.kind in ("LOGISTIC", "MAX_POOL_2D", "RELU", "RELU6"):
                found.append(one.outputs[0])
            if one.kind == "MAX_POOL_2D":
                found.append(one.inputs[0])
        return list(dict.fromkeys(found))

    def __call__(self, values: Values, of_scores: np.ndarray) -> np.ndarray:
        """The gradient of a weighted sum of the scores with respect to the target.

        Args:
            values: float32 arrays `(N, …)` of `needed`; or `(1, …)`, for several sums of one image.
            of_scores: the weights, float32, `(N, K)`: 1 for the class that is asked about.

        Returns:
            float32, the shape of the target for N images.
        """
        gradients = {scores_of(self.graph): of_scores.astype(np.float32)}
        for one in reversed(self.operations):
            gradient = gradients.pop(one.outputs[0], None)
            if gradient is None:
                continue
            gradient = _through_activation(one, values, gradient)
            for tensor, more in RULES[one.kind](self.graph, one, values, gradient).items():
                gradients[tensor] = gradients[tensor] + more if tensor in gradients else more
        return gradients[self.target]


def backward(graph: Graph, target: int) -> Backward:
    """The way back to an array.

    Raises:
        ModelError: if there is none, or an operation on it has no rule here.
    """
    end, reached, between = scores_of(graph), {target}, []
    for one in graph.operations:
        if reached & set(one.inputs) and one.kind not in ("SHAPE", "STRIDED_SLICE", "PACK"):
            if one.outputs[0] == graph.target:
                break
            reached.add(one.outputs[0])
            between.append(one)
    if end not in reached or not between:
        raise ModelError("The scores of the network do not depend on this array.")
    for one in between:
        _check(graph, one)
    return Backward(graph, target, tuple(between))


def _check(graph: Graph, one: Operation) -> None:
    """Raise `ModelError` unless there is a rule for an operation as it is used."""
    weights = graph.constant(one.inputs[1]) if one.kind in (*WEIGHTED, "FULLY_CONNECTED") else True
    dilated = {getattr(one.options, f"dilation{side}Factor", 1) for side in "WH"}
    multiplied = getattr(one.options, "depthMultiplier", 1)
    if (
        one.kind not in RULES
        or weights is None
        or getattr(one.options, "fusedActivationFunction", 0) not in _PLAIN
        or (one.kind in WEIGHTED and (dilated != {1} or multiplied != 1))
        or (one.kind in ("MUL", "SUB") and graph.constant(one.inputs[1]) is None)
    ):
        raise ModelError(f"There is no rule for the gradient of {one.kind} as it is used here.")


def _fused(one: Operation) -> int:
    """The activation that is part of an operation; 0 for none."""
    return getattr(one.options, "fusedActivationFunction", 0) or 0


def _through_activation(one: Operation, values: Values, gradient: np.ndarray) -> np.ndarray:
    """What passes through the activation that is part of an operation."""
    if not _fused(one):
        return gradient
    return gradient * _passes(values[one.outputs[0]], _fused(one))


def _passes(output: np.ndarray, activation: int) -> np.ndarray:
    """Where a ReLU (up to 6) lets a gradient pass, judged by what it gave, as TensorFlow does."""
    return (output > 0) & (output < 6) if activation == RELU6 else output > 0


def _reshape(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    return {one.inputs[0]: gradient.reshape(len(gradient), *graph.shape(one.inputs[0])[1:])}


def _fully_connected(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    return _reshape(graph, one, values, gradient @ graph.constant(one.inputs[1]))


def _mean(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    shape = graph.shape(one.inputs[0])
    axes = tuple(int(axis) for axis in np.ravel(graph.constant(one.inputs[1])))
    share = np.float32(1 / np.prod([shape[axis] for axis in axes]))
    kept = [1 if axis in axes else length for axis, length in enumerate(shape)][1:]
    spread = (gradient * share).reshape(len(gradient), *kept)
    return {one.inputs[0]: np.broadcast_to(spread, (len(gradient), *shape[1:]))}


def _add(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    computed = [i for i in one.inputs if graph.constant(i) is None]
    if len(computed) == 2 and computed[0] == computed[1]:
        return {computed[0]: 2 * gradient}
    return dict.fromkeys(computed, gradient)


def _subtract(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    return {one.inputs[0]: gradient}


def _multiply(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    return {one.inputs[0]: gradient * graph.constant(one.inputs[1])}


def _relu(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    activation = RELU6 if one.kind == "RELU6" else RELU
    return {one.inputs[0]: gradient * _passes(values[one.outputs[0]], activation)}


def _logistic(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    output = values[one.outputs[0]]
    return {one.inputs[0]: gradient * output * (1 - output)}


def _convolution(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    weights, source = graph.constant(one.inputs[1]), one.inputs[0]
    if one.kind == "CONV_2D":
        part = lambda row, column: gradient @ weights[:, row, column, :]  # noqa: E731
    else:
        part = lambda row, column: gradient * weights[0, row, column]  # noqa: E731
    window = Window.of(graph, one)
    return {source: window.spread(graph.shape(source), part, len(gradient))}


def _average_pool(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    source, window = one.inputs[0], Window.of(graph, one)
    ones = np.ones(graph.shape(source), np.float32)
    inside = window.seen(ones, gradient.shape[1:3], 0).sum(axis=0)
    share = gradient / inside
    return {source: window.spread(graph.shape(source), lambda row, column: share, len(gradient))}


def _max_pool(graph: Graph, one: Operation, values: Values, gradient: np.ndarray) -> dict:
    """To the first of the largest values in each window, as TensorFlow does."""
    source, window = one.inputs[0], Window.of(graph, one)
    largest = window.seen(values[source], gradient.shape[1:3], -np.inf).argmax(axis=0)
    part = lambda row, column: gradient * (largest == row * window.size[1] + column)  # noqa: E731
    return {source: window.spread(graph.shape(source), part, len(gradient))}


RULES: dict[str, Rule] = {
    "ADD": _add,
    "AVERAGE_POOL_2D": _average_pool,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "FULLY_CONNECTED": _fully_connected,
    "LOGISTIC": _logistic,
    "MAX_POOL_2D": _max_pool,
    "MEAN": _mean,
    "MUL": _multiply,
    "RELU": _relu,
    "RELU6": _relu,
    "RESHAPE": _reshape,
    "SUB": _subtract,
}
