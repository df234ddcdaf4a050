"""The operations of a LiteRT file, its weights, and what is computed on the way to the result.

The file says all of it in the open (TensorFlow Lite's flatbuffer schema), so no second file is
needed to look inside a network: the arrays that are asked for become further outputs of the same
file. Batch normalisation and activations are part of the convolution before them, as the converter
has written them.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core import runs
from core.errors import RunError
from core.serving.models import MODEL_FILES, ManyFunction, open_outputs

_TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}


@dataclass(frozen=True)
class Operation:
    """One operation of a network.

    Attributes:
        kind: its name in the schema, as `CONV_2D` or `FULLY_CONNECTED`.
        inputs: numbers of the arrays it takes, weights included; -1 for one that is left out.
        outputs: numbers of the arrays it computes.
        options: what the schema says of it (`strideH`, `padding`, `fusedActivationFunction` …), or
            None.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


class Graph:
    """What a LiteRT file computes. Safe to share between threads.

    Args:
        content: of the file, whose digest was checked.

    Raises:
        RunError: if it is no LiteRT file with one input and one output.
    """

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._lock = threading.Lock()  # while it is written anew, its outputs are others
        try:
            self._model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
            self._main = self._model.subgraphs[0]
            (self.source,), (self.target,) = self._main.inputs, self._main.outputs
        except Exception as error:  # the reader fails in ways of its own
            raise RunError(f"The network cannot be looked into: {error}.") from error
        names = {
            number: name
            for name, number in vars(schema.BuiltinOperator).items()
            if not name.startswith("_")
        }
        codes = [
            names.get(max(code.builtinCode, code.deprecatedBuiltinCode), "")
            for code in self._model.operatorCodes
        ]
        self.operations = tuple(
            Operation(
                codes[one.opcodeIndex],
                tuple(map(int, one.inputs)),
                tuple(map(int, one.outputs)),
                one.builtinOptions,
            )
            for one in self._main.operators
        )

    @cached_property
    def made_by(self) -> dict[int, Operation]:
        """By the number of an array, the operation that computes it."""
        return {output: one for one in self.operations for output in one.outputs}

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Shape of an array, for a batch of one image."""
        return tuple(map(int, self._main.tensors[tensor].shape))

    def constant(self, tensor: int) -> np.ndarray | None:
        """The weights that an array holds; those kept in 16 bits as float32.

        None if it is computed, is left out, or is kept in another form.
        """
        maker = self.made_by.get(tensor)
        if maker is not None and maker.kind == "DEQUANTIZE":
            found = self.constant(maker.inputs[0])
            return None if found is None else found.astype(np.float32)
        if tensor < 0 or maker is not None:
            return None
        entry = self._main.tensors[tensor]
        data, kind = self._model.buffers[entry.buffer].data, _TYPES.get(entry.type)
        if data is None or kind is None or len(data) == 0:
            return None
        scales = entry.quantization.scale if entry.quantization else None
        if scales is not None and len(scales):
            return None  # whole numbers with scales: what is computed with them is not this
        return np.frombuffer(bytes(data), kind).reshape(self.shape(tensor))

    def watching(self, tensors: Sequence[int]) -> ManyFunction:
        """A function from uint8 batches `(N, H, W, C)` to the result and each of these arrays.

        Args:
            tensors: numbers of arrays that are computed.

        Raises:
            RunError: if LiteRT does not open it.
        """
        import flatbuffers

        builder = flatbuffers.Builder(0)
        with self._lock:
            before = self._main.outputs
            self._main.outputs = np.array([self.target, *tensors], np.int32)
            signatures, self._model.signatureDefs = self._model.signatureDefs, None
            try:
                builder.Finish(self._model.Pack(builder), b"TFL3")
            finally:
                self._main.outputs, self._model.signatureDefs = before, signatures
        try:
            return open_outputs(bytes(builder.Output()))
        except (RuntimeError, ValueError) as error:
            raise RunError(f"The network cannot be looked into: {error}.") from error


def graph_of(run: runs.Run) -> Graph:
    """The graph of a run's network; read once, then shared.

    Args:
        run: of the family `network`. An imported one is not opened in this process.

    Raises:
        RunError: if it is no such run, or its file is missing, changed or no network.
    """
    name = MODEL_FILES["network"]
    if run.card.family != "network" or run.card.foreign is not None or name not in run.card.files:
        raise RunError(f"The run {run.id!r} has no network that can be looked into.")
    return _read(run.folder / name, run.card.files[name])


@lru_cache(maxsize=4)
def _read(path: Path, sha256: str) -> Graph:
    try:
        return Graph(runs.checked(path, sha256).read_bytes())
    except OSError as error:
        raise RunError(f"The model in {path} cannot be read: {error}.") from error
