"""The training loop of every network: compile, resume from a checkpoint, fit.

TensorFlow is imported only inside functions.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from core import memory
from core.evaluation import LEAST_GAIN, SCORE, score
from core.progress import Reporter
from core.serving import quiet
from core.training.callbacks import CatchUp, Extent, Watcher
from core.training.checkpoints import Checkpoints
from core.training.recording import Record

WARM_UP = 0.15  # of the steps: as long the learning rate of one cycle rises
LAST_RATE = 0.003  # of the largest learning rate, reached at the end
MOMENTUM = 0.9
AVERAGED_FRACTION = 10  # a short training averages over no more than a tenth of its steps

T = TypeVar("T")


class Unreadable(Exception):
    """A checkpoint that cannot be read; an `OSError` of a full disk must not be taken for one."""


@dataclass(frozen=True)
class Phase:
    """One pass of the loop; feature extraction and fine-tuning are two.

    Attributes:
        batches: of `core.training.batches`, for training.
        validation: the same for validation.
        hyperparameters: of the model; `learning_rate` is that of this phase.
        epochs: how many this phase has.
        extent: how long the whole training is, for reports.
        more: values that each point of its history has, by which it is known.
        record: told of the network after each epoch; see `core.training.recording`.
    """

    batches: Any
    validation: Any
    hyperparameters: Mapping[str, Any]
    epochs: int
    extent: Extent
    more: Mapping[str, float] = field(default_factory=dict)
    record: Record | None = None

    def own(self, history: Sequence[Mapping[str, float]]) -> list[Mapping[str, float]]:
        """The epochs of a history that belong to this phase."""
        return [point for point in history if self.more.items() <= point.items()]


def resuming(checkpoints: Checkpoints, run: Callable[[Checkpoints], T]) -> T:
    """Run a training on its checkpoints, or from the beginning if one of them is damaged.

    Args:
        checkpoints: read before `run` is called; its history is empty if there is nothing.
        run: trains, and calls `load` for every checkpoint it needs.

    Raises:
        OSError: if a checkpoint that this training wrote itself cannot be read.
    """
    resumed = checkpoints.read()
    try:
        return run(checkpoints)
    except Unreadable as error:
        if not resumed:
            raise error.__cause__ from None
        shutil.rmtree(checkpoints.folder)
        return run(checkpoints.fresh())


def fit(network, phase: Phase, report: Reporter, checkpoints: Checkpoints) -> None:
    """Train a network for one phase, from its last checkpoint if it has one.

    Raises:
        Cancelled: if it was asked to stop.
        ModelError: if the loss became infinite.
        Unreadable: if the checkpoint is damaged.
    """
    values, before = phase.hyperparameters, phase.own(checkpoints.history)
    compile_network(network, values, phase.epochs * len(phase.batches))
    if before:
        network.optimizer.build(network.trainable_variables)
        load(network, checkpoints.folder / checkpoints.last)
    done = len(checkpoints.history)
    last = done - len(before) + phase.epochs
    phase.batches.start(done)
    counting = stopping(values)
    keep_best = values.get("keep_best", False)
    watcher = Watcher(
        network, phase.extent, report, checkpoints, keep_best, phase.more, phase.record
    )
    network.fit(
        phase.batches,
        epochs=last,
        initial_epoch=last if was_over(values, before) else done,
        validation_data=phase.validation,
        callbacks=[*counting, CatchUp(network, counting, before).callback(), watcher.callback()],
        shuffle=False,  # the batches are shuffled already, by what the seed and the epoch say
        verbose=0,
    )


def load(network, path: Path) -> None:
    """Take weights from a checkpoint.

    Raises:
        Unreadable: if it cannot be read; `resuming` begins from the start then.
    """
    try:
        network.load_weights(path)
    except OSError as error:
        raise Unreadable from error


def compile_network(network, hyperparameters: Mapping[str, Any], steps: int) -> None:
    """Say how the network learns, over how many steps: each is a correction after a batch."""
    import keras

    smoothing = hyperparameters["label_smoothing"]
    network.compile(
        optimizer=optimizer(hyperparameters, steps),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
        metrics=["accuracy"],
    )


def was_over(hyperparameters: Mapping[str, Any], history: Sequence[Mapping[str, float]]) -> bool:
    """Whether early stopping had ended the training before it was interrupted."""
    patience, waited, best = hyperparameters["early_stopping"], 0, -1.0
    for reached in map(score, history):
        waited += 1
        if reached - LEAST_GAIN > best:
            waited, best = 0, reached
    return bool(patience and waited >= patience)


def load_keras() -> None:
    """Import Keras without what TensorFlow's C++ code writes to the terminal on the way.

    Freed memory stays with the process from now on, which is much faster.
    """
    memory.keep_freed()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        import keras

        keras.ops.zeros(1)


def optimizer(hyperparameters: Mapping[str, Any], steps: int):
    """The Keras optimizer with its learning rate over that many steps."""
    import keras

    options = {"learning_rate": learning_rate(hyperparameters, steps)}
    if hyperparameters["weight_averaging"]:
        # The weights kept at the end are running averages of those the optimizer visits; a short
        # training averages over fewer steps.
        average = min(hyperparameters["weight_averaging"], 1 - AVERAGED_FRACTION / steps)
        if average > 0:
            options |= {"use_ema": True, "ema_momentum": average}
    if hyperparameters["optimizer"] == "sgd":
        return keras.optimizers.SGD(momentum=MOMENTUM, nesterov=True, **options)
    if hyperparameters["optimizer"] == "adamw":
        return keras.optimizers.AdamW(weight_decay=hyperparameters["weight_decay"], **options)
    return keras.optimizers.Adam(**options)


def learning_rate(hyperparameters: Mapping[str, Any], steps: int):
    """The learning rate: a number, or a schedule over that many steps."""
    import keras

    rate = hyperparameters["learning_rate"]
    if hyperparameters["schedule"] == "cosine":
        # Falls to almost zero, so that the last corrections are small.
        return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=LAST_RATE)
    if hyperparameters["schedule"] == "one_cycle":
        # Rises while the weights are still far off, then falls to almost zero.
        warm_up = max(1, int(WARM_UP * steps))
        return keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=rate / 20,
            warmup_target=rate,
            warmup_steps=warm_up,
            decay_steps=max(1, steps - warm_up),
            alpha=LAST_RATE,
        )
    return rate


def stopping(hyperparameters: Mapping[str, Any]) -> list:
    """Early stopping and the plateau, as far as they are asked for."""
    import keras

    callbacks = []
    if needs_score(hyperparameters):
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=add_score))
    if hyperparameters["schedule"] == "plateau":
        # Halve the learning rate when the validation loss falls no more.
        patience = hyperparameters["plateau_patience"]
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=patience)
        )
    if hyperparameters["early_stopping"]:
        # Stop when the score rises no more.
        patience = hyperparameters["early_stopping"]
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=SCORE, min_delta=LEAST_GAIN, patience=patience, mode="max"
            )
        )
    return callbacks


def needs_score(hyperparameters: Mapping[str, Any]) -> bool:
    """Whether epochs are compared with each other."""
    return bool(hyperparameters["early_stopping"] or hyperparameters.get("keep_best", False))


def add_score(epoch: int, logs: dict[str, float]) -> None:
    """Rank an epoch."""
    logs[SCORE] = score(logs)
