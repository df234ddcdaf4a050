"""Fit a Keras network and export its LiteRT twin. TensorFlow is imported only inside functions."""

import contextlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.augmentation import Policy, augment
from core.datasets import Dataset, Pictures
from core.models import AUGMENTATIONS, MODELS
from core.progress import Progress, Reporter

_WARM_UP = 0.15  # part of the steps in which the learning rate rises
_LAST_RATE = 0.003  # of the largest learning rate, reached at the end
_VALIDATION_BATCH = 500
_AVERAGED_PARTS = 10  # a short training averages over no more than a tenth of its steps


def fit_network(
    dataset: Dataset, model: str, hyperparameters: Mapping[str, Any], seed: int, report: Reporter
):
    """Train a network; the learning rate rises, then falls along a cosine to almost zero.

    The weights kept are running averages of those the optimiser visits (Polyak & Juditsky, 1992),
    which the last, small steps bring in line with the statistics of batch normalisation.

    Returns:
        The trained `keras.Model` and its history, one dict of figures per epoch.

    Raises:
        JobError: if it was asked to stop.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    keras.utils.set_random_seed(seed)
    network = MODELS[model].build(hyperparameters, dataset.input_shape, len(dataset.class_names))
    epochs = hyperparameters["epochs"]
    batches = _batches(dataset, hyperparameters, seed)
    steps = epochs * len(batches)
    average = min(hyperparameters["weight_averaging"], 1 - _AVERAGED_PARTS / steps)
    network.compile(
        optimizer=keras.optimizers.Adam(
            _one_cycle(hyperparameters["learning_rate"], steps),
            use_ema=average > 0,
            ema_momentum=max(average, 0.0),
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    fitted = network.fit(
        batches,
        epochs=epochs,
        validation_data=_in_order(dataset.x_val, dataset.y_val),
        callbacks=[_reporting(epochs, len(batches), report)],
        verbose=0,
    )
    columns = fitted.history
    history = tuple(
        {name: float(values[epoch]) for name, values in columns.items()} for epoch in range(epochs)
    )
    return network, history


def export_network(network, folder: Path) -> None:
    """Write `model.keras` (weights only, no optimiser) and its LiteRT twin `model.tflite`."""
    import keras

    bare = keras.Model.from_config(network.get_config())
    bare.set_weights(network.get_weights())
    bare.save(folder / "model.keras")
    with contextlib.redirect_stdout(io.StringIO()):
        bare.export(folder / "model.tflite", format="litert", verbose=False)


def _one_cycle(rate: float, steps: int):
    import keras

    warm_up = max(1, int(_WARM_UP * steps))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=rate / 20,
        warmup_target=rate,
        warmup_steps=warm_up,
        decay_steps=max(1, steps - warm_up),
        alpha=_LAST_RATE,
    )


def _batches(dataset: Dataset, hyperparameters: Mapping[str, Any], seed: int):
    """Shuffled, augmented batches; the same seed gives the same ones, whatever the threads do."""
    import keras

    policy: Policy = AUGMENTATIONS[hyperparameters["augmentation"]]
    size = min(hyperparameters["batch_size"], len(dataset.y_train))

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__(workers=1, max_queue_size=8)
            self.epoch = -1
            self.on_epoch_end()

        def __len__(self):
            return len(dataset.y_train) // size

        def __getitem__(self, index):
            chosen = np.sort(self.order[index * size : (index + 1) * size])
            images = dataset.x_train[chosen]
            if policy != Policy():
                rng = np.random.default_rng([seed, self.epoch, index])
                images = augment(images, policy, rng)
            return images, dataset.y_train[chosen]

        def on_epoch_end(self):
            self.epoch += 1
            rng = np.random.default_rng([seed, self.epoch])
            self.order = rng.permutation(len(dataset.y_train))

    return Batches()


def _in_order(images: np.ndarray | Pictures, labels: np.ndarray):
    """Large batches in order, read when needed."""
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return -(-len(labels) // _VALIDATION_BATCH)

        def __getitem__(self, index):
            part = slice(index * _VALIDATION_BATCH, (index + 1) * _VALIDATION_BATCH)
            return images[part], labels[part]

    return Batches()


def _reporting(epochs: int, steps: int, report: Reporter):
    import keras

    class Reporting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            if batch % 10 == 0:
                self.send(batch + 1, logs)

        def on_epoch_end(self, epoch, logs=None):
            self.send(steps, logs)

        def send(self, batch, logs):
            figures = {name: float(value) for name, value in (logs or {}).items()}
            part = (self.epoch + batch / steps) / epochs
            report(Progress("fitting", self.epoch + 1, epochs, part, figures))

    return Reporting()
