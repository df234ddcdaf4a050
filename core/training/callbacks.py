"""What happens between the batches and epochs of a network: reports, checkpoints, stopping.

Keras is imported only inside functions, so these are no subclasses of its `Callback`; `callback`
hands their methods to Keras' own `LambdaCallback`.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import ModelError
from core.evaluation import SCORE, score
from core.progress import Progress, Reporter
from core.training.checkpoints import Checkpoints
from core.training.recording import Record

_BETWEEN_REPORTS = 0.2  # seconds


@dataclass(frozen=True)
class Extent:
    """How long a training is.

    Attributes:
        epochs: the last one, counted from 1, also when the training has several phases.
        steps: batches in each.
        begun: when it began, by `time.perf_counter`.
    """

    epochs: int
    steps: int
    begun: float


@dataclass
class Watcher:
    """Reports, looks whether to stop, and writes a checkpoint after each epoch.

    Attributes:
        network: the compiled `keras.Model` that is trained.
        extent: how long the training is.
        report: told how far it is.
        checkpoints: where each epoch is kept.
        keep_best: whether the best epoch's weights are wanted.
        more: values that each point of the history has besides.
        record: told of the network after each epoch; see `core.training.recording`.
    """

    network: Any
    extent: Extent
    report: Reporter
    checkpoints: Checkpoints
    keep_best: bool
    more: Mapping[str, float] = field(default_factory=dict)
    record: Record | None = None
    _epoch: int = field(default=0, init=False)
    _reported: float = field(default=0.0, init=False)

    def callback(self):
        """The same as a `keras.callbacks.Callback`."""
        import keras

        return keras.callbacks.LambdaCallback(
            on_train_begin=self.on_train_begin,
            on_epoch_begin=self.on_epoch_begin,
            on_epoch_end=self.on_epoch_end,
            on_train_batch_end=self.on_train_batch_end,
            on_test_batch_end=self.on_test_batch_end,
        )

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._send(len(self.checkpoints.history), 0, {})

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._is_early():
            return
        metrics = _measured(logs)
        self._check(metrics)
        self._send(self._epoch, batch + 1, metrics)

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._is_early():
            self._send(self._epoch, self.extent.steps, {}, "validating")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        metrics = {"epoch": epoch + 1, **_measured(logs), **self.more}
        self._check(metrics)
        metrics["learning_rate"] = float(self.network.optimizer.learning_rate)
        seconds = self.checkpoints.seconds_before + time.perf_counter() - self.extent.begun
        metrics["seconds"] = round(seconds, 2)
        if self.record:
            self.record(self.network, epoch + 1)
        self.checkpoints.save(self.network, metrics, self.keep_best)
        self._send(epoch, self.extent.steps, metrics)

    def _is_early(self) -> bool:
        """Whether the last report was only a moment ago."""
        return time.monotonic() - self._reported < _BETWEEN_REPORTS

    def _check(self, metrics: Mapping[str, float]) -> None:
        if not math.isfinite(metrics.get("loss", 0.0)):
            raise ModelError(
                f"The loss became infinite in epoch {self._epoch + 1}, so nothing more can be "
                "learned. Choose a smaller learning rate."
            )

    def _send(self, epoch: int, batch: int, metrics: dict[str, float], doing: str = "") -> None:
        """Report that so many batches of an epoch, counted from 0, are done."""
        epochs, steps = self.extent.epochs, self.extent.steps
        now, fraction = min(epoch + 1, epochs), (epoch + batch / steps) / epochs
        note = f"epoch {now} of {epochs}, {doing or f'batch {batch} of {steps}'}"
        history = tuple(self.checkpoints.history)
        self.report(Progress("fitting", now, epochs, fraction, metrics, note, history))
        self._reported = time.monotonic()
        if self.report.should_finish():
            self.network.stop_training = True


@dataclass
class CatchUp:
    """Shows the epochs of an interrupted training to Keras' own callbacks when it is resumed.

    What they would have done to the learning rate is undone: that comes with the weights. It has
    to stand behind them in the list of callbacks, so that they have begun before.

    Attributes:
        network: the compiled `keras.Model` that is trained.
        callbacks: those that count epochs.
        history: the epochs they have missed, one dict of metrics each.
    """

    network: Any
    callbacks: Sequence[Any]
    history: Sequence[Mapping[str, float]]

    def callback(self):
        """The same as a `keras.callbacks.Callback`."""
        import keras

        return keras.callbacks.LambdaCallback(on_train_begin=self.on_train_begin)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        optimizer = self.network.optimizer
        rate = float(optimizer.learning_rate)
        for epoch, metrics in enumerate(self.history):
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, {**metrics, SCORE: score(metrics)})
        self.network.stop_training = False
        if self.history and float(optimizer.learning_rate) != rate:
            optimizer.learning_rate = rate


def _measured(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """What Keras measured, without what is only derived from it."""
    return {name: float(value) for name, value in (logs or {}).items() if name != SCORE}
