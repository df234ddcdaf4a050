"""Files that serve. Neither TensorFlow nor scikit-learn is needed, unless a conversion failed."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.errors import OutOfMemory, RunError, is_out_of_memory
from core.serving.features import RowFunction
from core.serving.neighbours import NEIGHBOURS_FILE, open_neighbours
from core.serving.onnx import ONNX_FILE, open_onnx
from core.serving.trees import TREES_FILE, open_trees

# What a stored classical model may consist of, beyond what skops itself trusts. Fixed here, never
# taken from the file.
TRUSTED_TYPES = (
    "core.models.features.HogFeatures",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
# What a run holds whatever serves it: its SHA-256 says which model this is.
MODEL_FILES = {"network": "model.tflite", "classical": "model.skops"}
FEATURES_FILE = "features.tflite"  # beside a classical model that looks through a network
_BATCH = 256
_BATCH_BYTES = 16 * 2**20  # of the largest array inside a network, for all images of a batch
_ROWS = 2000  # that a classical model predicts at once

_threads = min(2, os.cpu_count() or 1)

PredictFunction = Callable[[np.ndarray], np.ndarray]
ManyFunction = Callable[[np.ndarray], list[np.ndarray]]


def use_threads(count: int) -> None:
    """With how many threads networks that are opened from now on compute.

    For processes that share the cores: with two threads each they would wait for each other.
    """
    global _threads
    _threads = count


def open_model(path: Path, family: str) -> PredictFunction:
    """A function from uint8 batches `(N, H, W, C)` to float32 probabilities `(N, K)`.

    Raises:
        RunError: if the file holds anything but a model of that family.
    """
    try:
        return open_network(path) if family == "network" else _open_classical(path)
    except Exception as error:  # a damaged file can fail anywhere inside a reader
        if is_out_of_memory(error):
            raise OutOfMemory("while a model was opened") from error
        raise RunError(f"The model in {path} cannot be opened: {error}.") from error


def open_network(file: Path | bytes) -> PredictFunction:
    """A function from uint8 batches `(N, H, W, C)` to what a LiteRT file computes, `(N, K)`.

    Args:
        file: where it is, or what it holds.
    """
    outputs = open_outputs(file)
    return lambda batch: outputs(batch)[0]


def open_outputs(file: Path | bytes) -> ManyFunction:
    """A function from uint8 batches `(N, H, W, C)` to all outputs of a LiteRT file, `(N, …)` each.

    Args:
        file: where it is, or what it holds.
    """
    from ai_edge_litert.interpreter import Interpreter

    model = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
    with quiet():
        interpreter = Interpreter(**model, num_threads=_threads)
        interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    targets = [target["index"] for target in interpreter.get_output_details()]
    lock = threading.Lock()  # an interpreter holds one question at a time
    largest = max(int(np.prod(found["shape"])) for found in interpreter.get_tensor_details())
    size = max(1, min(_BATCH, _BATCH_BYTES // (4 * max(1, largest))))

    def invoke(batch: np.ndarray) -> list[np.ndarray]:
        interpreter.set_tensor(source["index"], batch.astype(source["dtype"]))
        interpreter.invoke()
        return [interpreter.get_tensor(target) for target in targets]

    def predict(batch: np.ndarray) -> list[np.ndarray]:
        with lock:
            if len(batch) < size:
                return _joined([invoke(image[None]) for image in batch])
            return _predict_in_batches(batch)

    def _predict_in_batches(batch: np.ndarray) -> list[np.ndarray]:
        parts = []
        try:
            for start in range(0, len(batch), size):
                part = batch[start : start + size]
                interpreter.resize_tensor_input(source["index"], part.shape)
                interpreter.allocate_tensors()
                parts.append(invoke(part))
        finally:
            interpreter.resize_tensor_input(source["index"], (1, *batch.shape[1:]))
            interpreter.allocate_tensors()
        return _joined(parts)

    return predict


def _joined(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Outputs of parts of a batch as those of the whole."""
    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what C++ code writes of itself off the terminal."""
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def _open_classical(path: Path) -> PredictFunction:
    if path.name not in CLASSICAL_FILES:
        raise ValueError(f"a file of that name serves nothing; known: {', '.join(CLASSICAL_FILES)}")
    return behind_features(CLASSICAL_FILES[path.name](path), path.with_name(FEATURES_FILE))


def behind_features(predict_rows: RowFunction, features: Path) -> PredictFunction:
    """What a classical model predicts for images.

    Args:
        predict_rows: from float32 rows `(N, D)` to probabilities `(N, K)`.
        features: the network that it looks through; without that file it is given pixels.
    """
    look = open_network(features) if features.exists() else np.asarray

    def predict(batch: np.ndarray) -> np.ndarray:
        pixels = look(batch).reshape(len(batch), -1)
        parts = (pixels[start : start + _ROWS] for start in range(0, len(pixels), _ROWS))
        predictions = [predict_rows(part.astype(np.float32)) for part in parts]
        return np.concatenate(predictions).astype(np.float32)

    return predict


def _open_skops(path: Path) -> RowFunction:
    """The original, where it was not converted: this needs scikit-learn."""
    import skops.io

    if untrusted := set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES):
        raise ValueError(f"it contains types that are not allowed: {', '.join(sorted(untrusted))}")
    model = skops.io.load(path, trusted=list(TRUSTED_TYPES))
    if not hasattr(model, "predict_proba"):
        raise ValueError(f"it holds a {type(model).__name__}, which gives no probabilities")
    model.set_params(**{k: 1 for k in model.get_params() if k.endswith("__n_jobs")})
    return model.predict_proba


CLASSICAL_FILES: dict[str, Callable[[Path], RowFunction]] = {
    ONNX_FILE: open_onnx,
    TREES_FILE: open_trees,
    NEIGHBOURS_FILE: open_neighbours,
    "model.skops": _open_skops,
}
