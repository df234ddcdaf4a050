"""A fitted classical model as one ONNX graph, from images to probabilities, for any runtime."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.conversion.converting import refusal
from core.conversion.features import hog_of, split
from core.conversion.onnx import graph_of, uncalibrated
from core.errors import ConversionError
from core.serving.models import TRUSTED_TYPES
from core.serving.onnx import INPUT

IMAGES = "images"


def write_whole_graph(source: Path, path: Path, images: np.ndarray) -> None:
    """Write a model that takes images, uint8 `(N, H, W, C)`, and gives probabilities `(N, K)`.

    Args:
        source: `model.skops` of a run.
        path: the file to write.
        images: as the model takes them, for their shape.

    Raises:
        ConversionError: if there is no such graph.
        OSError: if it cannot be written.
    """
    import skops.io

    steps, model = split(skops.io.load(source, trusted=list(TRUSTED_TYPES)))
    if hog_of(steps):
        raise ConversionError("ONNX has no operation that counts edges (HOG).")
    try:
        model, sharpness = uncalibrated(model)
        inputs = int(np.prod(images.shape[1:]))
        with _plain_numbers():
            graph = graph_of(steps, model, inputs, sharpness is not None)
        _take_images(graph, images.shape[1:])
        _give_probabilities(graph, sharpness)
    except Exception as error:  # skl2onnx fails in ways of its own
        raise ConversionError(refusal(error)) from error
    path.write_bytes(graph.SerializeToString())


@contextmanager
def _plain_numbers() -> Iterator[None]:
    """Let skl2onnx describe the nodes of trees by Python's own numbers.

    Those of boosting arrive as booleans and unsigned numbers, which protobuf refuses.
    """
    from skl2onnx.common import tree_ensemble

    before = tree_ensemble.add_node

    def add_node(pairs, is_classifier, *values, **named) -> None:
        named = {name: _plain(value) for name, value in named.items()}
        before(pairs, is_classifier, *map(_plain, values), **named)

    tree_ensemble.add_node = add_node
    try:
        yield
    finally:
        tree_ensemble.add_node = before


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool | np.bool | np.integer) else value


def _take_images(model, shape: tuple[int, ...]) -> None:
    """Put a cast and a reshape in front of what takes rows of numbers."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    rows = numpy_helper.from_array(np.array([-1, int(np.prod(shape))], np.int64), "rows_shape")
    graph.initializer.append(rows)
    cast = helper.make_node("Cast", [IMAGES], ["images_as_numbers"], to=TensorProto.FLOAT)
    reshape = helper.make_node("Reshape", ["images_as_numbers", "rows_shape"], [INPUT])
    graph.node.insert(0, cast)
    graph.node.insert(1, reshape)
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(IMAGES, TensorProto.UINT8, ["N", *shape]))


def _give_probabilities(model, sharpness: float | None) -> None:
    """Leave out the predicted class, and turn scores into probabilities behind it."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    name = graph.output[-1].name
    if sharpness is not None:
        shape = [place.dim_value for place in graph.output[-1].type.tensor_type.shape.dim]
        constants = {"sharpness": np.float32(sharpness), "column": np.int64([-1, 1])}
        for constant, value in constants.items():
            graph.initializer.append(numpy_helper.from_array(np.asarray(value), constant))
        if shape[1:] in ([], [1]):  # two classes have one score
            graph.node.append(helper.make_node("Reshape", [name, "column"], ["second"]))
            graph.node.append(helper.make_node("Neg", ["second"], ["first"]))
            graph.node.append(helper.make_node("Concat", ["first", "second"], ["both"], axis=1))
            name = "both"
        graph.node.append(helper.make_node("Mul", [name, "sharpness"], ["sharper"]))
        graph.node.append(helper.make_node("Softmax", ["sharper"], ["softmax"], axis=1))
        name = "softmax"
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", None]))
