"""A run becomes a `Predictor`, which reads images."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import memory, runs
from core.errors import ImageError, RunError
from core.evaluation import vote
from core.preprocessing import Prepared, prepare
from core.serving.apart import open_apart
from core.serving.models import FEATURES_FILE, MODEL_FILES, PredictFunction, open_model
from core.serving.touching import part_touching

_OFF = 0.02  # how far the sum of probabilities may be from 1


@dataclass(frozen=True)
class Prediction:
    """One prediction.

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
class Result:
    """What a run predicts for an image: one prediction, or one for each of several digits."""

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
        """Probability that all digits are correct, taken as independent."""
        return float(np.prod([prediction.confidence for prediction in self.predictions]))


@dataclass(frozen=True)
class Predictor:
    """A model that is ready to predict. Safe to share between threads."""

    run: runs.Run
    predict_batch: PredictFunction

    def probabilities(self, batch: np.ndarray) -> np.ndarray:
        """Probabilities, float32 `(N, K)`, of images that are already as the model expects.

        Args:
            batch: uint8, shape `(N, H, W, C)`, H, W, C those of the run's card.

        Raises:
            ImageError: if shape or type differ.
        """
        expected = tuple(self.run.card.input_shape)
        if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[1:] != expected:
            raise ImageError(
                f"Run {self.run.id!r} takes uint8 images of shape (N, {expected}). "
                f"Received: {batch.dtype} of shape {batch.shape}."
            )
        if len(batch) == 0:
            return np.zeros((0, len(self.run.card.class_names)), np.float32)
        return self.predict_batch(batch)

    def predict(
        self,
        image: np.ndarray,
        prepared: Prepared | None = None,
        fit: str = "",
        part: bool = True,
    ) -> Result:
        """Predict any image.

        Args:
            image: uint8, shape `(H, W)` or `(H, W, 3)`.
            prepared: the result of this run's own preprocessing, if it is already at hand.
            fit: of a photo, see `core.preprocessing.prepare`; empty: as its card says.
            part: whether digits that touch are taken apart.

        Raises:
            ImageError: if there is nothing to classify in it.
            ForeignError: if an imported model does not predict.
        """
        prepared = prepared or self.prepare(image, fit)
        prepared = prepared.whole or prepared
        return self._result(prepared, self.probabilities(prepared.batch), part)

    def predict_many(self, prepared: Sequence[Prepared]) -> list[Result]:
        """Predict many prepared images at once, which takes less time than one after another."""
        if not prepared:
            return []
        rows = self.probabilities(np.concatenate([one.batch for one in prepared]))
        ends = np.cumsum([len(one.batch) for one in prepared]).tolist()
        return [
            self._result(one, rows[start:end])
            for start, end, one in zip([0, *ends[:-1]], ends, prepared, strict=True)
        ]

    def _result(self, prepared: Prepared, rows: np.ndarray, part: bool = True) -> Result:
        """What is predicted for one image, whose touching digits are taken apart."""
        if part and prepared.crops:
            prepared, rows = part_touching(prepared, rows, self.probabilities)
        names = self.run.card.class_names
        return Result(self.run.id, tuple(Prediction(names, row) for row in rows), prepared)

    def prepare(self, image: np.ndarray, fit: str = "") -> Prepared:
        """The image as this run's model was trained to see it."""
        card = self.run.card
        return prepare(card.preprocessing, image, card.input_shape, fit or card.fit)


def load_predictor(run: runs.Run) -> Predictor:
    """The predictor of a run; loaded once, then shared.

    Raises:
        RunError: if its files are missing, changed, or hold anything but a known model.
    """
    if run.card.members:
        return Predictor(run, _open_members(run))
    if run.card.foreign is not None:
        return Predictor(run, open_apart(run, _checked(run)))
    known = run.card.files
    names = (served_file(run), MODEL_FILES[run.card.family], FEATURES_FILE)
    prediction = _open_once(
        run.folder,
        run.card.family,
        tuple((name, known.get(name, "")) for name in names),
        tuple(run.card.input_shape),
        len(run.card.class_names),
    )
    return Predictor(run, prediction)


def served_file(run: runs.Run) -> str:
    """Name of the file that serves. Cards of runs that were never converted do not say it."""
    return run.card.served.get("file") or MODEL_FILES[run.card.family]


def model_path(run: runs.Run) -> Path:
    """The file that serves. It and the trained model are checked.

    Raises:
        RunError: if one of the two is missing or was changed.
    """
    if run.card.family in MODEL_FILES:
        run.file(MODEL_FILES[run.card.family])
    return run.file(served_file(run))


def _checked(run: runs.Run) -> Path:
    """The file that serves; all files that it is opened with are checked."""
    if FEATURES_FILE in run.card.files:
        run.file(FEATURES_FILE)
    elif (run.folder / FEATURES_FILE).exists():
        raise RunError(f"The run holds {FEATURES_FILE}, which its card does not name.")
    return model_path(run)


def model_sha256(run: runs.Run) -> str:
    """SHA-256 of the trained model, however it is served; empty if the run has none of its own."""
    name = MODEL_FILES.get(run.card.family) or str(run.card.served.get("file", ""))
    return run.card.files.get(name, "")


def members_of(run: runs.Run) -> list[Predictor]:
    """The members of an ensemble.

    Raises:
        RunError: if one is missing, was replaced, or its files were changed.
    """
    members = []
    for member in run.card.members:
        one = runs.load(member["id"])
        if model_sha256(one) != member["sha256"] or one.card.members:
            raise RunError(
                f"The run {member['id']!r}, a member of {run.id!r}, was replaced since the "
                "ensemble was made. Make the ensemble again."
            )
        members.append(load_predictor(one))
    return members


def _open_members(run: runs.Run) -> PredictFunction:
    members = [member.predict_batch for member in members_of(run)]
    weights = [member["weight"] for member in run.card.members]
    return together(members, weights, run.card.hyperparameters["vote"])


def together(
    members: Sequence[PredictFunction], weights: Sequence[float], kind: str
) -> PredictFunction:
    """One prediction from several; see `core.evaluation.vote`."""
    return lambda batch: vote([predict(batch) for predict in members], weights, kind)


@lru_cache(maxsize=8)
def _open_once(
    folder: Path,
    family: str,
    files: tuple[tuple[str, str], ...],
    input_shape: tuple[int, int, int],
    classes: int,
) -> PredictFunction:
    """Args: files: name and SHA-256 of what serves, of the original and of the features."""
    (name, sha256), original, (features, features_sha256) = files
    if features_sha256:
        runs.checked(folder / features, features_sha256)
    elif (folder / features).exists():
        raise RunError(f"The run holds {features}, which its card does not name.")
    # One that was converted serves only as long as it is the model that it was converted from.
    runs.checked(folder / original[0], original[1])
    path = folder / name
    predict = open_model(runs.checked(path, sha256), family)
    try:
        _try_out(predict, input_shape, classes)
    except Exception as error:  # what is no such model can fail anywhere
        raise RunError(f"The model in {path} does not fit the card of its run: {error}.") from error
    memory.return_freed()
    return predict


def _try_out(predict: PredictFunction, input_shape: tuple[int, int, int], classes: int) -> None:
    """Raise `ValueError` unless a black image gets a probability for each class."""
    rows = np.asarray(predict(np.zeros((1, *input_shape), np.uint8)))
    if rows.shape != (1, classes):
        raise ValueError(f"it gives {rows.shape[1:]} numbers for {classes} classes")
    if not (np.isfinite(rows).all() and (rows >= 0).all() and abs(rows.sum() - 1) < _OFF):
        raise ValueError("it gives no probabilities")
