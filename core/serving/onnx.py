"""Linear models, support vector machines and perceptrons through ONNX Runtime."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Gt

from core import stored
from core.serving.features import Features, RowFunction, features_function
from core.serving.trees import softmax

ONNX_FILE, METADATA = "model.onnx", "studio"
INPUT, PROBABILITIES = "rows", "probabilities"
MOST_BYTES = 2 * 2**30  # what the format allows


@dataclass(frozen=True)
class Graph:
    """What is known of a graph beside itself: JSON in its metadata.

    Attributes:
        features: steps before it that ONNX has no operator for.
        sharpness: if it gives scores, what they are multiplied by before they become
            probabilities: the inverse of the temperature. None if it gives probabilities.
    """

    features: Features
    sharpness: Annotated[float, Gt(0)] | None = None


def open_onnx(path: Path) -> RowFunction:
    """A function from float32 rows `(N, D)` to probabilities `(N, K)`. Safe to share by threads.

    Raises:
        StoredError, ValueError: if the file does not hold such a model.
    """
    session = session_of(stored.read_bytes(path, MOST_BYTES))
    return graph_function(_about(session), session)


def about(path: Path) -> Graph:
    """What is known of a graph beside itself; errors as for `open_onnx`."""
    return _about(session_of(stored.read_bytes(path, MOST_BYTES)))


def _about(session: Any) -> Graph:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA, "")
    return stored.check(stored.parse_json(text), Graph)


def graph_function(graph: Graph, session: Any) -> RowFunction:
    """The same function from an `onnxruntime.InferenceSession` and what is known of its graph."""
    look = features_function(graph.features, {})

    def predict(rows: np.ndarray) -> np.ndarray:
        (values,) = session.run([PROBABILITIES], {INPUT: look(rows)})
        if graph.sharpness is None:
            return values
        if values.ndim == 1 or values.shape[1] == 1:  # two classes have one score
            values = np.stack([-values.ravel(), values.ravel()], axis=1)
        return softmax(graph.sharpness * values)

    return predict


def session_of(content: bytes) -> Any:
    """A session of ONNX Runtime, from bytes, so that the file which was checked is opened."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # errors only
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(2, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # keeps what the largest batch took
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
