"""Fit a Keras network and export its LiteRT twin. TensorFlow is imported only inside functions."""

import contextlib
import gc
import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import memory
from core.datasets import Dataset
from core.models import MODELS
from core.progress import Reporter
from core.training.batches import chosen_rows, training_batches, validation_batches
from core.training.callbacks import Extent
from core.training.checkpoints import Checkpoints
from core.training.fitting import Phase, fit, load, load_keras, resuming
from core.training.recording import recorder_of


def fit_network(
    dataset: Dataset,
    model: str,
    hyperparameters: Mapping[str, Any],
    seed: int,
    report: Reporter,
    checkpoints: Checkpoints,
):
    """Train a network, or resume a training that was interrupted.

    With `weight_averaging`, the weights kept are running averages of those the optimizer visits
    (Polyak & Juditsky, 1992), which the last, small steps of one cycle bring in line with the
    statistics of batch normalisation.

    Returns:
        The trained `keras.Model` and its history, one dict of metrics per epoch.

    Raises:
        Cancelled: if it was asked to stop.
        ModelError: if the model does not fit the images, or the loss became infinite.
    """
    load_keras()
    import keras

    def run(checkpoints: Checkpoints):
        keras.utils.set_random_seed(seed)
        classes, epochs = len(dataset.class_names), hyperparameters["epochs"]
        network = MODELS[model].build(hyperparameters, dataset.input_shape, classes)
        targets = keras.utils.to_categorical(dataset.y_train, classes)
        rows = chosen_rows(dataset.y_train, hyperparameters["max_images"], seed)
        batches = training_batches(dataset.x_train, targets, hyperparameters, seed, rows)
        validation = validation_batches(
            dataset.x_val, dataset.y_val, classes, hyperparameters["batch_size"]
        )
        extent = Extent(epochs, len(batches), time.perf_counter())
        recorder = recorder_of(dataset, seed, checkpoints)
        record = recorder.showing(np.asarray(dataset.x_val[recorder.rows]))
        phase = Phase(batches, validation, hyperparameters, epochs, extent, record=record)
        fit(network, phase, report, checkpoints)
        if checkpoints.best:
            load(network, checkpoints.folder / checkpoints.best)
        return network, tuple(checkpoints.history)

    return resuming(checkpoints, run)


def export_network(network, folder: Path, half: bool = False) -> None:
    """Write `model.keras` (weights only, no optimiser) and its LiteRT twin `model.tflite`.

    Args:
        network: a `keras.Model`.
        folder: where they go.
        half: whether the twin keeps its weights in 16 bits, which halves it.
    """
    bare = type(network).from_config(network.get_config())  # a `Sequential` stays one
    bare.set_weights(network.get_weights())
    forget_learning(network)
    bare.save(folder / "model.keras")
    export_litert(bare, folder / "model.tflite", half)


def forget_learning(network) -> None:
    """Free what only learning needs: traced functions, the optimiser, what glibc keeps of batches.

    Converting takes hundreds of megabytes, and these need not be there at the same time.
    """
    network.train_function = network.test_function = network.predict_function = None
    network.optimizer = None
    gc.collect()
    memory.return_freed()


def export_litert(network, path: Path, half: bool = False) -> None:
    """Write a `keras.Model` as a LiteRT file, with weights of 16 bits if asked for."""
    options: dict[str, Any] = {}
    if half:
        import tensorflow as tf

        options = {
            "optimizations": [tf.lite.Optimize.DEFAULT],
            "target_spec": {"supported_types": [tf.float16]},
        }
    with contextlib.redirect_stdout(io.StringIO()):
        network.export(path, format="litert", verbose=False, **options)
    gc.collect()
    memory.return_freed()
