"""EfficientNet-Lite0 as a LiteRT file, written without TensorFlow.

Importing TensorFlow takes 740 MB of memory and converting a network another 250; a classical model
on backbone features needs neither. The file format is a FlatBuffer: tensors, and operators that
name the tensors they read and write. Batch normalisation is folded into the convolutions before
it, as TensorFlow's converter does.
"""

import io
from pathlib import Path

import numpy as np

from core import settings
from core.models.transfer.backbones import BACKBONES, EMBEDDED, LITE0_FILE
from core.models.transfer.efficientnet_lite import BATCH_NORM_EPSILON, FEATURES, STAGES

Shape = tuple[int, int, int]
_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3
_STRIDE_OF_STEM = 2


def embedded_as_litert(size: int, input_shape: Shape, half: bool = False) -> bytes:
    """The features of `efficientnet_lite0` as a LiteRT file.

    It computes what `feature_extractor` of the same arguments does, to about 1e-5.

    Args:
        size: side that images are resized to, in pixels.
        input_shape: height, width and channels; values 0-255 as float32.
        half: whether weights are kept in 16 bits, which halves the file.

    Returns:
        The file: from float32 `(N, H, W, C)` to float32 features `(N, 1280)`.

    Raises:
        OSError: if the bundled weights cannot be read.
    """
    content = (settings.current().embedded_data_dir / LITE0_FILE).read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as weights:
        graph = _Graph(input_shape, half)
        x = _image_at(graph, size)
        x = _convolution(graph, weights, x, "stem", _STRIDE_OF_STEM)
        number = 0
        for stage in STAGES:
            for place in range(stage.blocks):
                x = _block(graph, weights, x, f"block{number}", 1 if place else stage.stride)
                number += 1
        x = _convolution(graph, weights, x, "top")
    return graph.finished(_mean(graph, x))


def write_embedded(path: Path, size: int, input_shape: Shape, half: bool = False) -> None:
    """The same, as a file."""
    path.write_bytes(embedded_as_litert(size, input_shape, half))


class _Graph:
    """Tensors, operators and the bytes of constants, as LiteRT's schema wants them."""

    def __init__(self, input_shape: Shape, half: bool) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema, self.half = schema, half
        self.buffers = [schema.BufferT()]  # the first one is empty, and of all that is computed
        self.tensors: list = []
        self.operators: list = []
        self.codes: dict[str, int] = {}
        self.shapes: list[tuple[int, ...]] = []
        self.input = self.tensor((1, *input_shape))

    def tensor(self, shape: tuple[int, ...], values: np.ndarray | None = None) -> int:
        """A tensor that is computed, float32, or a constant; its number."""
        schema, kinds = self.schema, self.schema.TensorType
        tensor = schema.TensorT()
        tensor.name = f"t{len(self.tensors)}"
        tensor.shape = np.array(shape, np.int32)
        tensor.type = kinds.FLOAT32
        tensor.buffer = 0
        if values is None:
            tensor.shapeSignature = np.array([-1, *shape[1:]], np.int32)
        else:
            names = {"float32": kinds.FLOAT32, "float16": kinds.FLOAT16, "int32": kinds.INT32}
            tensor.type = names[values.dtype.name]
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        self.shapes.append(tuple(shape))
        return len(self.tensors) - 1

    def constant(self, values: np.ndarray) -> int:
        return self.tensor(values.shape, values)

    def weights(self, values: np.ndarray) -> int:
        """A float32 constant, kept in 16 bits if asked for."""
        if not self.half:
            return self.constant(values.astype(np.float32))
        return self.add("DEQUANTIZE", [self.constant(values.astype(np.float16))], values.shape)

    def add(self, name: str, inputs: list[int], shape: tuple[int, ...], **options) -> int:
        """An operator; the number of the tensor it computes.

        Args:
            name: of `BuiltinOperator`, in capitals.
            inputs: numbers of the tensors it reads.
            shape: of what it computes.
            **options: fields of its table of options; `table` names that.
        """
        schema = self.schema
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.setdefault(name, len(self.codes))
        operator.inputs = np.array(inputs, np.int32)
        output = self.tensor(shape)
        operator.outputs = np.array([output], np.int32)
        if table := options.pop("table", ""):
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            operator.builtinOptions = getattr(schema, f"{table}T")()
            for field, value in options.items():
                setattr(operator.builtinOptions, field, value)
        self.operators.append(operator)
        return output

    def finished(self, output: int) -> bytes:
        """The file of a graph that ends in that tensor."""
        import flatbuffers

        schema = self.schema
        part = schema.SubGraphT()
        part.tensors, part.operators = self.tensors, self.operators
        part.inputs, part.outputs = np.array([self.input], np.int32), np.array([output], np.int32)
        model = schema.ModelT()
        model.version, model.description = _SCHEMA_VERSION, BACKBONES[EMBEDDED].title
        model.buffers, model.subgraphs = self.buffers, [part]
        model.operatorCodes = [self._code(name) for name in self.codes]
        builder = flatbuffers.Builder(2**20)
        builder.Finish(model.Pack(builder), _IDENTIFIER)
        return bytes(builder.Output())

    def _code(self, name: str):
        code = self.schema.OperatorCodeT()
        code.builtinCode = getattr(self.schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = code.builtinCode
        code.version = {"DEQUANTIZE": 3, "RESIZE_BILINEAR": 3}.get(name, 1)
        return code


def _image_at(graph: _Graph, size: int) -> int:
    """The image at the backbone's size, in three channels, as it expects pixels."""
    x = graph.input
    channels = graph.shapes[x][-1]
    if graph.shapes[x][1:3] != (size, size):
        sides = graph.constant(np.array([size, size], np.int32))
        shape = (1, size, size, channels)
        x = graph.add(
            "RESIZE_BILINEAR",
            [x, sides],
            shape,
            table="ResizeBilinearOptions",
            halfPixelCenters=True,
        )
    if channels == 1:
        shape = (1, size, size, 3)
        x = graph.add("CONCATENATION", [x, x, x], shape, table="ConcatenationOptions", axis=3)
    backbone, shape = BACKBONES[EMBEDDED], (1, size, size, 3)
    scale, offset = (np.float32(value).reshape(1) for value in (backbone.scale, backbone.offset))
    x = graph.add("MUL", [x, graph.constant(scale)], shape, table="MulOptions")
    return graph.add("ADD", [x, graph.constant(offset)], shape, table="AddOptions")


def _block(graph: _Graph, weights, x: int, name: str, stride: int) -> int:
    """Widen, look at each channel alone, narrow; what came in is added where shapes allow."""
    before = x
    if f"{name}_expand/0" in weights:
        x = _convolution(graph, weights, x, f"{name}_expand")
    x = _convolution(graph, weights, x, f"{name}_depthwise", stride, depthwise=True)
    x = _convolution(graph, weights, x, f"{name}_project", activate=False)
    if graph.shapes[x] == graph.shapes[before]:
        x = graph.add("ADD", [x, before], graph.shapes[x], table="AddOptions")
    return x


def _convolution(
    graph: _Graph,
    weights,
    x: int,
    name: str,
    stride: int = 1,
    **kind: bool,
) -> int:
    """A convolution with its batch normalisation, then ReLU6 unless `activate=False`."""
    kernel = weights[f"{name}/0"]  # (height, width, in, out), or (height, width, in, 1)
    gamma, beta, mean, variance = (weights[f"{name}_bn/{place}"] for place in range(4))
    factor = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    depthwise = kind.get("depthwise", False)
    # LiteRT wants (out, height, width, in), and (1, height, width, in) where channels stay apart.
    kernel = kernel.transpose(3, 0, 1, 2) * (factor if depthwise else factor[:, None, None, None])
    bias = (beta - mean * factor).astype(np.float32)
    activations, paddings = graph.schema.ActivationFunctionType, graph.schema.Padding
    _, height, width, _ = graph.shapes[x]
    shape = (1, -(-height // stride), -(-width // stride), len(bias))
    options = {
        "padding": paddings.SAME,
        "strideH": stride,
        "strideW": stride,
        "fusedActivationFunction": (
            activations.RELU6 if kind.get("activate", True) else activations.NONE
        ),
    }
    inputs = [x, graph.weights(kernel), graph.constant(bias)]
    if depthwise:
        table = "DepthwiseConv2DOptions"
        return graph.add(
            "DEPTHWISE_CONV_2D", inputs, shape, table=table, depthMultiplier=1, **options
        )
    return graph.add("CONV_2D", inputs, shape, table="Conv2DOptions", **options)


def _mean(graph: _Graph, x: int) -> int:
    """The mean over the image."""
    axes = graph.constant(np.array([1, 2], np.int32))
    return graph.add("MEAN", [x, axes], (1, FEATURES), table="ReducerOptions", keepDims=False)
