"""A LiteRT file that is put together operation by operation, without TensorFlow."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_TYPES = {np.dtype(np.float32): 0, np.dtype(np.int32): 2}


class Builder:
    """Adds arrays and operations; an array is known by its number."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._model = schema.ModelT()
        self._model.version = 3
        self._model.buffers = [schema.BufferT()]
        self._model.operatorCodes = []
        self._graph = schema.SubGraphT()
        self._graph.tensors, self._graph.operators = [], []
        self.source = self.tensor(shape)

    def tensor(self, shape: tuple[int, ...], dtype=np.float32, buffer: int = 0) -> int:
        made = schema.TensorT()
        made.shape, made.type, made.buffer = list(shape), _TYPES[np.dtype(dtype)], buffer
        made.name = f"tensor_{len(self._graph.tensors)}".encode()
        self._graph.tensors.append(made)
        return len(self._graph.tensors) - 1

    def constant(self, values, dtype=np.float32) -> int:
        array = np.asarray(values, dtype)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self.tensor(array.shape, dtype, len(self._model.buffers) - 1)

    def add(self, kind: str, inputs: list[int], shape: tuple[int, ...], options=None, **set_to):
        """An operation with one output of that shape; returns its number.

        Args:
            options: name of its table of options in the schema, as `Conv2DOptions`.
            set_to: fields of that table.
        """
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 2 if kind == "RESIZE_NEAREST_NEIGHBOR" else 1
        self._model.operatorCodes.append(code)
        operation = schema.OperatorT()
        operation.opcodeIndex = len(self._model.operatorCodes) - 1
        operation.inputs = inputs
        operation.outputs = [self.tensor(shape)]
        if options:
            operation.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operation.builtinOptions = getattr(schema, f"{options}T")()
            for name, value in set_to.items():
                setattr(operation.builtinOptions, name, value)
        self._graph.operators.append(operation)
        return operation.outputs[0]

    def content(self, target: int) -> bytes:
        """The file, whose result is that array."""
        self._graph.inputs, self._graph.outputs = [self.source], [target]
        self._model.subgraphs = [self._graph]
        builder = flatbuffers.Builder(0)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def many_operations() -> bytes:
    """A network of 9×7 pixels with each operation that the bundled networks do without."""
    rng = np.random.default_rng(0)
    b = Builder((1, 9, 7, 3))

    def weights(*shape):
        return b.constant(rng.normal(0, 0.3, shape))

    def window(height=2, width=2, padding=0):
        return {"strideH": height, "strideW": width, "padding": padding, "filterHeight": 3,
                "filterWidth": 2}  # fmt: skip

    conv = {"strideH": 1, "strideW": 1, "padding": 0, "dilationHFactor": 2, "dilationWFactor": 1}
    x = b.add("MUL", [b.source, b.constant([1 / 255])], (1, 9, 7, 3), "MulOptions")
    x = b.add("SUB", [x, b.constant([0.5, 0.4, 0.3])], (1, 9, 7, 3), "SubOptions")
    x = b.add(
        "CONV_2D", [x, weights(4, 3, 2, 3), weights(4)], (1, 9, 7, 4), "Conv2DOptions", **conv
    )
    x = b.add("HARD_SWISH", [x], (1, 9, 7, 4))
    borders = b.constant([[0, 0], [1, 2], [2, 0], [0, 0]], np.int32)
    x = b.add("PAD", [x, borders], (1, 12, 9, 4), "PadOptions")
    conv |= {"strideH": 2, "strideW": 2, "dilationHFactor": 1, "depthMultiplier": 2}
    conv |= {"fusedActivationFunction": 3}
    x = b.add("DEPTHWISE_CONV_2D", [x, weights(1, 5, 3, 8), weights(8)], (1, 6, 5, 8),
              "DepthwiseConv2DOptions", **conv)  # fmt: skip
    average = b.add("AVERAGE_POOL_2D", [x], (1, 3, 3, 8), "Pool2DOptions", **window())
    largest = b.add("MAX_POOL_2D", [x], (1, 3, 3, 8), "Pool2DOptions", **window())
    both = b.add("CONCATENATION", [average, largest], (1, 3, 3, 16), "ConcatenationOptions", axis=3)
    mean = b.add("MEAN", [both, b.constant([1, 2], np.int32)], (1, 1, 1, 16), "ReducerOptions",
                 keepDims=True)  # fmt: skip
    gate = b.add("LOGISTIC", [mean], (1, 1, 1, 16))
    x = b.add("MUL", [both, gate], (1, 3, 3, 16), "MulOptions", fusedActivationFunction=1)
    x = b.add("ADD", [x, both], (1, 3, 3, 16), "AddOptions")
    size = b.constant([5, 8], np.int32)
    x = b.add("RESIZE_BILINEAR", [x, size], (1, 5, 8, 16), "ResizeBilinearOptions",
              halfPixelCenters=True)  # fmt: skip
    x = b.add("RESIZE_NEAREST_NEIGHBOR", [x, b.constant([3, 4], np.int32)], (1, 3, 4, 16),
              "ResizeNearestNeighborOptions")  # fmt: skip
    x = b.add("RESIZE_BILINEAR", [x, b.constant([4, 2], np.int32)], (1, 4, 2, 16),
              "ResizeBilinearOptions", alignCorners=True)  # fmt: skip
    x = b.add("ABS", [x], (1, 4, 2, 16), "AbsOptions")  # which the studio does not explain
    x = b.add("TANH", [x], (1, 4, 2, 16))
    x = b.add("RESHAPE", [x, b.constant([1, 128], np.int32)], (1, 128), "ReshapeOptions",
              newShape=[1, 128])  # fmt: skip
    x = b.add("FULLY_CONNECTED", [x, weights(5, 128), weights(5)], (1, 5), "FullyConnectedOptions")
    return b.content(b.add("SOFTMAX", [x], (1, 5), "SoftmaxOptions", beta=1.0))
