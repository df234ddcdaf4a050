"""Fit a head on a pretrained backbone, then let the last layers of the backbone learn too.

Phase 1 teaches the head what the frozen backbone finds: features that are computed once, or anew
in every epoch from images changed at random. Phase 2 goes on with the last layers unfrozen, at a
lower rate. TensorFlow is imported only inside functions.
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
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
from core.training.callbacks import watching
from core.training.checkpoints import Checkpoints
from core.training.features import extractor, features
from core.training.network import compile_network, load_keras, stopping, was_over

PHASE = "phase"  # in each point of the history: 1 while frozen, 2 while fine-tuned


class _Unreadable(Exception):
    """A checkpoint that cannot be read; an `OSError` of a full disk must not be taken for one."""


@dataclass
class _Training:
    """What both phases need."""

    dataset: Dataset
    model: str
    hyperparameters: Mapping[str, Any]
    seed: int
    report: Reporter
    kept: Checkpoints
    begun: float

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.y_val

    @property
    def classes(self) -> int:
        return len(self.dataset.class_names)

    def history(self, phase: int) -> list[dict[str, float]]:
        return [point for point in self.kept.history if point[PHASE] == phase]

    @property
    def ends_tuned(self) -> bool:
        """Whether the weights that count at the end are fine-tuned ones."""
        frozen = len(self.history(1))
        tuned = len(self.kept.history) > frozen
        return tuned and not 0 < self.kept.best_epoch <= frozen

    def network(self):
        spec = MODELS[self.model]
        return spec.build(self.hyperparameters, self.dataset.input_shape, self.classes)


def fit_transfer(
    dataset: Dataset,
    model: str,
    hyperparameters: Mapping[str, Any],
    seed: int,
    report: Reporter,
    kept: Checkpoints,
):
    """Train in two phases, or go on with a training that was interrupted.

    Returns:
        The trained `keras.Model` and its history, one dict of figures per epoch; `phase` in it is
        1 while the backbone was frozen, 2 afterwards.

    Raises:
        Cancelled: if it was asked to stop.
        ModelError: if the weights of the backbone are missing, or the loss became infinite.
    """
    load_keras()
    import keras

    keras.utils.set_random_seed(seed)
    training = _Training(dataset, model, hyperparameters, seed, report, kept, time.perf_counter())
    report(Progress("preparing", note=MODELS[model].title))
    network = training.network()
    again = kept.read()
    try:
        tuned = bool(training.history(2))
        found = None if tuned and not hyperparameters["calibrate"] else _features(training, network)
        if not tuned:
            _frozen(training, network, found, again)
        if hyperparameters["fine_tune_epochs"] and not report.should_finish():
            _fine_tuned(training, network, again and tuned)
        if kept.best and training.history(2):
            network = _with_best(training, network)
    except _Unreadable as error:
        if not again:
            raise error.__cause__ from None
        shutil.rmtree(kept.folder)
        fresh = Checkpoints(kept.folder, kept.identity)
        return fit_transfer(dataset, model, hyperparameters, seed, report, fresh)
    if hyperparameters["calibrate"]:
        calibrate(network, _predictions(training, network, found), training.labels)
    return network, tuple(kept.history)


def _features(training: _Training, network) -> tuple[np.ndarray, np.ndarray] | None:
    """Features of the training and validation images; None if they are computed in each epoch."""
    if not training.hyperparameters["cache_features"]:
        return None
    dataset = training.dataset
    rows = chosen_rows(dataset.y_train, training.hyperparameters["max_images"], training.seed)
    parts = {"train": rows, "val": np.arange(len(dataset.y_val))}
    train, val = (
        features(
            dataset,
            part,
            chosen,
            MODELS[training.model].backbone,
            training.hyperparameters["input_size"],
            lambda: extractor(feature_part(network)),
            training.report,
        )
        for part, chosen in parts.items()
    )
    return train, val


def _frozen(training: _Training, network, found, again: bool) -> None:
    """Phase 1: the head alone learns."""
    learner = head_part(network) if found else network
    batches = training_batches(
        training.dataset,
        training.hyperparameters,
        training.seed,
        features=found[0] if found else None,
    )
    epochs = training.hyperparameters["epochs"]
    _learn(training, learner, batches, found, training.hyperparameters, epochs, 1, again)


def _fine_tuned(training: _Training, network, again: bool) -> None:
    """Phase 2: the last layers of the backbone learn too."""
    unfreeze(network, MODELS[training.model].backbone, training.hyperparameters["fine_tune_layers"])
    rate = training.hyperparameters["fine_tune_rate"]
    batches = training_batches(training.dataset, training.hyperparameters, training.seed)
    settings = {**training.hyperparameters, "learning_rate": rate}
    epochs = training.hyperparameters["fine_tune_epochs"]
    _learn(training, network, batches, None, settings, epochs, 2, again)


def _learn(
    training: _Training,
    learner,
    batches,
    found,
    hyperparameters: Mapping[str, Any],
    epochs: int,
    phase: int,
    again: bool,
) -> None:
    """Fit one phase, from the last checkpoint if `again`; at its end the best epoch counts."""
    kept, history = training.kept, training.history(phase)
    compile_network(learner, hyperparameters, epochs * len(batches))
    if again and history:
        learner.optimizer.build(learner.trainable_variables)
        _load(learner, kept.folder / kept.last)
    before = len(kept.history) - len(history)
    batches.start(len(kept.history))
    last = before + epochs
    keep_best = hyperparameters.get("keep_best", False)
    learner.fit(
        batches,
        epochs=last,
        initial_epoch=last if was_over(hyperparameters, history) else len(kept.history),
        validation_data=_validation(training, found),
        callbacks=[
            *stopping(hyperparameters, history),
            watching(
                before + _epochs_to_come(hyperparameters, phase),
                len(batches),
                training.report,
                kept,
                keep_best,
                training.begun,
                {PHASE: phase},
            ),
        ],
        shuffle=False,  # the batches are shuffled already, by what the seed and the epoch say
        verbose=0,
    )
    if kept.best and phase == 1:
        _load(learner, kept.folder / kept.best)


def _validation(training: _Training, found):
    """Batches of validation images, or of what the backbone found in them."""
    images, size = training.dataset.x_val, training.hyperparameters["batch_size"]
    if found:
        images, size = found[1], MOST_VALIDATED
    return validation_batches(images, training.labels, training.classes, size)


def _epochs_to_come(hyperparameters: Mapping[str, Any], phase: int) -> int:
    """Of this phase and those behind it."""
    tuning = hyperparameters["fine_tune_epochs"]
    return tuning if phase == 2 else hyperparameters["epochs"] + tuning


def _with_best(training: _Training, network):
    """The network as it was after its best epoch, which may lie before the fine-tuning."""
    best = training.kept.folder / training.kept.best
    if training.ends_tuned:
        _load(network, best)
        return network
    fresh = training.network()
    cached = training.hyperparameters["cache_features"]
    _load(head_part(fresh) if cached else fresh, best)
    return fresh


def _load(network, path: Path) -> None:
    """Take weights from a checkpoint.

    Raises:
        _Unreadable: if it cannot be read; then the training begins anew.
    """
    try:
        network.load_weights(path)
    except OSError as error:
        raise _Unreadable from error


def _predictions(training: _Training, network, found) -> np.ndarray:
    """Probabilities of the validation images, float32 `(N, K)`."""
    found = None if training.ends_tuned else found
    learner = head_part(network) if found else network
    return learner.predict(_validation(training, found), verbose=0)


def calibrate(network, probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Divide what the last layer computes by a temperature, so that confidence is honest.

    Args:
        network: ends in a dense layer with softmax called `probabilities`.
        probabilities: its answers for the validation images, float `(N, K)`.
        labels: the truth, int `(N,)`.

    Returns:
        The temperature.
    """
    temperature = fit_temperature(probabilities, labels)
    last = network.get_layer("probabilities")
    last.set_weights([value / temperature for value in last.get_weights()])
    return temperature
