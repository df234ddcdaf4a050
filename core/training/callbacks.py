"""What happens between the batches and epochs of a network: reports, checkpoints, stopping."""

import math
import time
from collections.abc import Mapping
from types import MappingProxyType

from core.errors import ModelError
from core.evaluation import SCORE, score
from core.progress import Progress, Reporter
from core.training.checkpoints import Checkpoints

_BETWEEN_REPORTS = 0.2  # seconds


def watching(
    epochs: int,
    steps: int,
    report: Reporter,
    kept: Checkpoints,
    keep_best: bool,
    begun: float | None = None,
    more: Mapping[str, float] = MappingProxyType({}),
):
    """Reports, looks whether to stop, and keeps each epoch on disk.

    Args:
        epochs: the last one.
        steps: batches in each.
        report: told how far it is.
        kept: where each epoch is kept.
        keep_best: whether the best epoch's weights are wanted.
        begun: when the training began, by `time.perf_counter`; None for now.
        more: figures that each point of the history has besides.
    """
    import keras

    class Watching(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.reported, self.begun = 0.0, begun or time.perf_counter()
            self.send(len(kept.history), 0, {})

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            if time.monotonic() - self.reported < _BETWEEN_REPORTS:
                return
            metrics = _floats(logs)
            self.check(metrics)
            self.send(self.epoch, batch + 1, metrics)

        def check(self, metrics):
            if not math.isfinite(metrics.get("loss", 0.0)):
                raise ModelError(
                    f"The loss became infinite in epoch {self.epoch + 1}, so nothing more can be "
                    "learned. Choose a smaller learning rate."
                )

        def on_test_batch_end(self, batch, logs=None):
            if time.monotonic() - self.reported >= _BETWEEN_REPORTS:
                self.send(self.epoch, steps, {}, "validating")

        def on_epoch_end(self, epoch, logs=None):
            metrics = {"epoch": epoch + 1, **_floats(logs), **more}
            self.check(metrics)
            metrics["learning_rate"] = float(self.model.optimizer.learning_rate)
            metrics["seconds"] = round(kept.seconds_before + time.perf_counter() - self.begun, 2)
            kept.save(self.model, metrics, keep_best)
            self.send(epoch, steps, metrics)

        def send(self, epoch, batch, metrics, doing="batch"):
            part = (epoch + batch / steps) / epochs
            note = f"epoch {min(epoch + 1, epochs)} of {epochs}, "
            note += doing if doing != "batch" else f"batch {batch} of {steps}"
            history = tuple(kept.history)
            report(
                Progress("fitting", min(epoch + 1, epochs), epochs, part, metrics, note, history)
            )
            self.reported = time.monotonic()
            if report.should_finish():
                self.model.stop_training = True

    return Watching()


def replaying(callback, history: list[dict[str, float]]):
    """A Keras callback that has seen the epochs of an earlier, interrupted training.

    What it would have done to the learning rate is undone: that comes with the weights.
    """
    begin = callback.on_train_begin

    def on_train_begin(logs=None):
        begin(logs)
        rate = float(callback.model.optimizer.learning_rate)
        for epoch, metrics in enumerate(history):
            callback.on_epoch_end(epoch, {**metrics, SCORE: score(metrics)})
        callback.model.stop_training = False
        if history and float(callback.model.optimizer.learning_rate) != rate:
            callback.model.optimizer.learning_rate = rate

    callback.on_train_begin = on_train_begin
    return callback


def _floats(logs) -> dict[str, float]:
    """What Keras measured, without what is only derived from it."""
    return {name: float(value) for name, value in (logs or {}).items() if name != SCORE}
