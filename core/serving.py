"""A run becomes a `Predictor`. Networks answer through LiteRT, classical models through skops;
TensorFlow is never needed.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import memory, runs
from core.errors import ImageError, OutOfMemory, RunError, is_out_of_memory
from core.evaluation import vote
from core.preprocessing import Prepared, prepare

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
MODEL_FILES = {"network": "model.tflite", "classical": "model.skops"}
FEATURES_FILE = "features.tflite"  # beside a classical model that looks through a network
_BATCH = 256
_BATCH_BYTES = 16 * 2**20  # of the largest array inside a network, for all pictures of a batch
_ROWS = 2000  # that a classical model answers at once

Answer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Prediction:
    """One answer.

    Attributes:
        class_names: the classes, in the model's order.
        probabilities: float32, shape `(K,)`, adding up to 1.
    """

    class_names: tuple[str, ...]
    probabilities: np.ndarray

    @property
    def label(self) -> str:
        return self.class_names[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        return float(self.probabilities.max())

    def as_dict(self) -> dict[str, float]:
        """Class name to probability."""
        return {
            name: round(float(p), 6)
            for name, p in zip(self.class_names, self.probabilities, strict=True)
        }


@dataclass(frozen=True)
class Reading:
    """What a run reads in a picture: one prediction, or one for each of several digits."""

    run_id: str
    predictions: tuple[Prediction, ...]
    prepared: Prepared

    @property
    def rows(self) -> tuple[str, ...]:
        """What is read in each row, from the top."""
        labels = [prediction.label for prediction in self.predictions]
        ends = np.cumsum(self.prepared.rows or (len(labels),)).tolist()
        starts = [0, *ends[:-1]]
        return tuple("".join(labels[start:end]) for start, end in zip(starts, ends, strict=True))

    @property
    def label(self) -> str:
        """Everything read: rows are parted by a space."""
        return " ".join(self.rows)

    @property
    def confidence(self) -> float:
        """Probability that all of it is right, taking the digits as independent."""
        return float(np.prod([prediction.confidence for prediction in self.predictions]))


@dataclass(frozen=True)
class Predictor:
    """A model that is ready to answer. Safe to share between threads."""

    run: runs.Run
    answer: Answer

    def probabilities(self, batch: np.ndarray) -> np.ndarray:
        """Probabilities, float32 `(N, K)`, of pictures that are already as the model expects.

        Args:
            batch: uint8, shape `(N, H, W, C)`, H, W, C those of the run's card.

        Raises:
            ImageError: if shape or type differ.
        """
        expected = tuple(self.run.card.input_shape)
        if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[1:] != expected:
            raise ImageError(
                f"Run {self.run.id!r} takes uint8 pictures of shape (N, {expected}). "
                f"Received: {batch.dtype} of shape {batch.shape}."
            )
        if len(batch) == 0:
            return np.zeros((0, len(self.run.card.class_names)), np.float32)
        return self.answer(batch)

    def read(
        self, image: np.ndarray, prepared: Prepared | None = None, fit: str = "crop"
    ) -> Reading:
        """Answer for any picture.

        Args:
            image: uint8, shape `(H, W)` or `(H, W, 3)`.
            prepared: the result of this run's own preprocessing, if it is already at hand.
            fit: of a photograph, see `core.preprocessing.prepare`.

        Raises:
            ImageError: if there is nothing to classify in it.
        """
        prepared = prepared or self.prepare(image, fit)
        names = self.run.card.class_names
        rows = self.probabilities(prepared.batch)
        return Reading(self.run.id, tuple(Prediction(names, row) for row in rows), prepared)

    def prepare(self, image: np.ndarray, fit: str = "crop") -> Prepared:
        """The picture as this run's model was trained to see it."""
        return prepare(self.run.card.preprocessing, image, self.run.card.input_shape, fit)


def load_predictor(run: runs.Run) -> Predictor:
    """The predictor of a run; loaded once, then shared.

    Raises:
        RunError: if its files are missing, changed, or hold anything but a known model.
    """
    if run.card.members:
        return Predictor(run, _open_members(run))
    name = MODEL_FILES[run.card.family]
    known = run.card.files
    return Predictor(
        run,
        _open_once(
            run.folder / name, known.get(name, ""), run.card.family, known.get(FEATURES_FILE, "")
        ),
    )


def model_sha256(run: runs.Run) -> str:
    """SHA-256 of the file that answers; empty if the run has none of its own."""
    return run.card.files.get(MODEL_FILES.get(run.card.family, ""), "")


def _open_members(run: runs.Run) -> Answer:
    answers = []
    for member in run.card.members:
        one = runs.load(member["id"])
        if model_sha256(one) != member["sha256"] or one.card.members:
            raise RunError(
                f"The run {member['id']!r}, a member of {run.id!r}, is not the one it was put "
                "together from. Put the ensemble together again."
            )
        answers.append(load_predictor(one).answer)
    weights = [member["weight"] for member in run.card.members]
    return together(answers, weights, run.card.hyperparameters["vote"])


def together(answers: Sequence[Answer], weights: Sequence[float], kind: str) -> Answer:
    """One answer from several; see `core.evaluation.vote`."""
    return lambda batch: vote([answer(batch) for answer in answers], weights, kind)


@lru_cache(maxsize=8)
def _open_once(path: Path, expected_sha256: str, family: str, features_sha256: str) -> Answer:
    features = path.with_name(FEATURES_FILE)
    if features_sha256:
        runs.checked(features, features_sha256)
    elif features.exists():
        raise RunError(f"The run holds {features.name}, which its card does not name.")
    answer = open_model(runs.checked(path, expected_sha256), family)
    memory.return_freed()
    return answer


def open_model(path: Path, family: str) -> Answer:
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


def open_network(file: Path | bytes) -> Answer:
    """A function from uint8 batches `(N, H, W, C)` to what a LiteRT file computes, `(N, K)`.

    Args:
        file: where it is, or what it holds.
    """
    from ai_edge_litert.interpreter import Interpreter

    model = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
    with quiet():
        interpreter = Interpreter(**model, num_threads=min(2, os.cpu_count() or 1))
        interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    lock = threading.Lock()  # an interpreter holds one question at a time
    largest = max(int(np.prod(found["shape"])) for found in interpreter.get_tensor_details())
    size = max(1, min(_BATCH, _BATCH_BYTES // (4 * max(1, largest))))

    def invoke(batch: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source["index"], batch.astype(source["dtype"]))
        interpreter.invoke()
        return interpreter.get_tensor(target["index"])

    def answer(batch: np.ndarray) -> np.ndarray:
        with lock:
            if len(batch) < size:
                return np.concatenate([invoke(picture[None]) for picture in batch])
            return _answer_in_batches(batch)

    def _answer_in_batches(batch: np.ndarray) -> np.ndarray:
        rows = []
        try:
            for start in range(0, len(batch), size):
                part = batch[start : start + size]
                interpreter.resize_tensor_input(source["index"], part.shape)
                interpreter.allocate_tensors()
                rows.append(invoke(part))
        finally:
            interpreter.resize_tensor_input(source["index"], (1, *batch.shape[1:]))
            interpreter.allocate_tensors()
        return np.concatenate(rows)

    return answer


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


def _open_classical(path: Path) -> Answer:
    import skops.io

    if untrusted := set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES):
        raise ValueError(f"it contains types that are not allowed: {', '.join(sorted(untrusted))}")
    model = skops.io.load(path, trusted=list(TRUSTED_TYPES))
    if not hasattr(model, "predict_proba"):
        raise ValueError(f"it holds a {type(model).__name__}, which gives no probabilities")
    model.set_params(**{k: 1 for k in model.get_params() if k.endswith("__n_jobs")})
    features = path.with_name(FEATURES_FILE)
    look = open_network(features) if features.exists() else np.asarray

    def answer(batch: np.ndarray) -> np.ndarray:
        pixels = look(batch).reshape(len(batch), -1)
        parts = (pixels[start : start + _ROWS] for start in range(0, len(pixels), _ROWS))
        answers = [model.predict_proba(part.astype(np.float32)) for part in parts]
        return np.concatenate(answers).astype(np.float32)

    return answer
