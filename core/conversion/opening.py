"""Models as somebody opens them who has their files and nothing of the studio.

Each function opens one kind of file and gives another function, to probabilities `(N, K)`: from
images, uint8 `(N, H, W, C)`, or, of files that only serve classical models, from rows of numbers,
float32 `(N, D)`. Exports are proven with these functions; packages hold them, printed from here.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from core.evaluation.voting import vote
from core.serving.models import TRUSTED_TYPES
from core.serving.neighbours import neighbours_function
from core.serving.onnx import graph_function
from core.serving.trees import trees_function

Function = Callable[[np.ndarray], np.ndarray]
_IMAGES_AT_ONCE = 32


def open_keras(path: Path) -> Function:
    """A network as Keras keeps it, `.keras` or `.h5`."""
    import keras

    network = keras.saving.load_model(path, compile=False)

    def predict(images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), _IMAGES_AT_ONCE)
        parts = (images[start : start + _IMAGES_AT_ONCE].astype(np.float32) for start in starts)
        return np.concatenate([np.asarray(network(part, training=False)) for part in parts])

    return predict


def open_tflite(path: Path) -> Function:
    """A network for LiteRT. One of whole numbers takes pixels and gives probabilities as uint8."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = target["quantization"]  # 0, 0 if it gives fractions

    def predict(images: np.ndarray) -> np.ndarray:
        rows = []
        for image in images:
            interpreter.set_tensor(source["index"], image[None].astype(source["dtype"]))
            interpreter.invoke()
            rows.append(interpreter.get_tensor(target["index"])[0].astype(np.float32))
        return (np.stack(rows) - zero) * scale if scale else np.stack(rows)

    return predict


def open_onnx(path: Path) -> Function:
    """Any model for ONNX Runtime that takes images."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    dtype = np.uint8 if "uint8" in source.type else np.float32

    def predict(images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), _IMAGES_AT_ONCE)
        parts = (images[start : start + _IMAGES_AT_ONCE].astype(dtype) for start in starts)
        return np.concatenate([session.run(None, {source.name: part})[0] for part in parts])

    return predict


def open_skops(path: Path) -> Function:
    """A fitted pipeline of scikit-learn. Only these types are loaded, nothing is executed."""
    import skops.io

    pipeline = skops.io.load(path, trusted=list(TRUSTED_TYPES))
    return pipeline.predict_proba


def open_trees(path: Path) -> Function:
    """A forest or boosting as flat arrays, walked by NumPy."""
    arrays = dict(np.load(path))
    return trees_function(settings_of(bytes(arrays["settings"])), arrays)


def open_neighbours(path: Path) -> Function:
    """Nearest neighbours, found by NumPy."""
    arrays = dict(np.load(path))
    return neighbours_function(settings_of(bytes(arrays["settings"])), arrays)


def open_graph(path: Path) -> Function:
    """A model for ONNX Runtime that takes rows of numbers, with what comes before and behind it."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    text = session.get_modelmeta().custom_metadata_map["studio"]
    return graph_function(settings_of(text), session)


def settings_of(text: str | bytes) -> SimpleNamespace:
    """What a file says of itself."""
    return json.loads(text, object_hook=lambda values: SimpleNamespace(**values))


def of_rows(predict_rows: Function, look: Function = np.asarray) -> Function:
    """A model of rows of numbers that is given images, or what a network finds in them."""

    def predict(images: np.ndarray) -> np.ndarray:
        rows = look(images).reshape(len(images), -1).astype(np.float32)
        return np.asarray(predict_rows(rows), np.float32)

    return predict


def of_votes(models: Sequence[Function], weights: Sequence[float], kind: str) -> Function:
    """Several models that vote."""
    return lambda images: vote([predict(images) for predict in models], weights, kind)
