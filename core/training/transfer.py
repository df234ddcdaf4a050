"""Fit a head on a pretrained backbone, then let the last layers of the backbone learn too.

Phase 1 teaches the head what the frozen backbone finds: features that are computed once, or anew
in every epoch from images changed at random. Phase 2 goes on with the last layers unfrozen, at a
lower rate. TensorFlow is imported only inside functions.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.datasets import Dataset
from core.evaluation import fit_temperature
from core.models import MODELS
from core.models.transfer import feature_part, head_part, unfreeze
from core.progress import Progress, Reporter
from core.training.batches import (
    MOST_VALIDATED,
    chosen_rows,
    training_batches,
    validation_batches,
)
from core.training.callbacks import Extent
from core.training.checkpoints import Checkpoints
from core.training.features import Extractor, extractor, features
from core.training.fitting import Phase, fit, load, load_keras, resuming
from core.training.recording import Recorder, recorder_of

PHASE = "phase"  # in each point of the history: 1 while frozen, 2 while fine-tuned


@dataclass
class _Training:
    """What both phases need."""

    dataset: Dataset
    model: str
    hyperparameters: Mapping[str, Any]
    seed: int
    report: Reporter
    checkpoints: Checkpoints
    begun: float
    recorder: Recorder

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.y_val

    @property
    def classes(self) -> int:
        return len(self.dataset.class_names)

    @property
    def rows(self) -> np.ndarray:
        """Which training images are used."""
        most = self.hyperparameters["max_images"]
        return chosen_rows(self.dataset.y_train, most, self.seed)

    def history(self, phase: int) -> list[dict[str, float]]:
        return [point for point in self.checkpoints.history if point[PHASE] == phase]

    @property
    def ends_tuned(self) -> bool:
        """Whether the weights that count at the end are fine-tuned ones."""
        frozen = len(self.history(1))
        tuned = len(self.checkpoints.history) > frozen
        return tuned and not 0 < self.checkpoints.best_epoch <= frozen

    def network(self):
        spec = MODELS[self.model]
        return spec.build(self.hyperparameters, self.dataset.input_shape, self.classes)


def fit_transfer(
    dataset: Dataset,
    model: str,
    hyperparameters: Mapping[str, Any],
    seed: int,
    report: Reporter,
    checkpoints: Checkpoints,
):
    """Train in two phases, or resume a training that was interrupted.

    Returns:
        The trained `keras.Model` and its history, one dict of metrics per epoch; `phase` in it is
        1 while the backbone was frozen, 2 afterwards.

    Raises:
        Cancelled: if it was asked to stop.
        ModelError: if the weights of the backbone are missing, or the loss became infinite.
    """
    load_keras()
    import keras

    def run(checkpoints: Checkpoints):
        keras.utils.set_random_seed(seed)
        begun = time.perf_counter()
        recorder = recorder_of(dataset, seed, checkpoints, filters=False)  # most are frozen
        training = _Training(
            dataset, model, hyperparameters, seed, report, checkpoints, begun, recorder
        )
        return _both_phases(training), tuple(checkpoints.history)

    return resuming(checkpoints, run)


def _both_phases(training: _Training):
    """The trained network."""
    values = training.hyperparameters
    training.report(Progress("preparing", note=MODELS[training.model].title))
    network = training.network()
    tuned = bool(training.history(2))
    found = None if tuned and not values["calibrate"] else _features(training, network)
    if not tuned:
        _frozen(training, network, found)
    if values["fine_tune_epochs"] and not training.report.should_finish():
        _fine_tuned(training, network)
    if training.checkpoints.best and training.history(2):
        network = _with_best(training, network)
    if values["calibrate"]:
        calibrate(network, _predictions(training, network, found), training.labels)
    return network


def _features(training: _Training, network) -> tuple[np.ndarray, np.ndarray] | None:
    """Features of the training and validation images; None if they are computed in each epoch."""
    if not training.hyperparameters["cache_features"]:
        return None
    dataset = training.dataset
    chosen = {"train": training.rows, "val": np.arange(len(dataset.y_val))}
    frozen = Extractor(
        MODELS[training.model].backbone,
        training.hyperparameters["input_size"],
        lambda: extractor(feature_part(network)),
    )
    train, val = (
        features(dataset, split, rows, frozen, training.report) for split, rows in chosen.items()
    )
    return train, val


def _frozen(training: _Training, network, found) -> None:
    """Phase 1: the head alone learns. At its end the best epoch counts."""
    learner = head_part(network) if found else network
    batches = _batches(training, found)
    phase = _phase(training, 1, batches, found)
    fit(learner, phase, training.report, training.checkpoints)
    if training.checkpoints.best:
        load(learner, training.checkpoints.folder / training.checkpoints.best)


def _fine_tuned(training: _Training, network) -> None:
    """Phase 2: the last layers of the backbone learn too."""
    unfreeze(network, MODELS[training.model].backbone, training.hyperparameters["fine_tune_layers"])
    batches = _batches(training, None)
    phase = _phase(training, 2, batches, None)
    fit(network, phase, training.report, training.checkpoints)


def _phase(training: _Training, number: int, batches, found) -> Phase:
    values, tuning = training.hyperparameters, training.hyperparameters["fine_tune_epochs"]
    epochs = values["epochs"] if number == 1 else tuning
    frozen = values["epochs"] if number == 1 else len(training.history(1))
    if number == 2:
        values = {**values, "learning_rate": values["fine_tune_rate"]}
    extent = Extent(frozen + tuning, len(batches), training.begun)
    images, rows = found[1] if found else training.dataset.x_val, training.recorder.rows
    record = training.recorder.showing(np.asarray(images[rows]))
    validation = _validation(training, found)
    return Phase(batches, validation, values, epochs, extent, {PHASE: number}, record)


def _batches(training: _Training, found):
    """Batches of training images, or of what the backbone found in them."""
    import keras

    images = found[0] if found else training.dataset.x_train
    targets = keras.utils.to_categorical(training.dataset.y_train, training.classes)
    values, seed = training.hyperparameters, training.seed
    return training_batches(images, targets, values, seed, training.rows, change=not found)


def _validation(training: _Training, found):
    """Batches of validation images, or of what the backbone found in them."""
    images, size = training.dataset.x_val, training.hyperparameters["batch_size"]
    if found:
        images, size = found[1], MOST_VALIDATED
    return validation_batches(images, training.labels, training.classes, size)


def _with_best(training: _Training, network):
    """The network as it was after its best epoch, which may lie before the fine-tuning."""
    best = training.checkpoints.folder / training.checkpoints.best
    if training.ends_tuned:
        load(network, best)
        return network
    fresh = training.network()
    cached = training.hyperparameters["cache_features"]
    load(head_part(fresh) if cached else fresh, best)
    return fresh


def _predictions(training: _Training, network, found) -> np.ndarray:
    """Probabilities of the validation images, float32 `(N, K)`."""
    found = None if training.ends_tuned else found
    learner = head_part(network) if found else network
    return learner.predict(_validation(training, found), verbose=0)


def calibrate(network, probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Divide what the last layer computes by a temperature, so that confidence is honest.

    Args:
        network: ends in a dense layer with softmax called `probabilities`.
        probabilities: its predictions for the validation images, float `(N, K)`.
        labels: the truth, int `(N,)`.

    Returns:
        The temperature.
    """
    temperature = fit_temperature(probabilities, labels)
    last = network.get_layer("probabilities")
    last.set_weights([value / temperature for value in last.get_weights()])
    return temperature
