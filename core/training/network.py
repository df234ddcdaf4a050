"""Fit a Keras network and export its LiteRT twin. TensorFlow is imported only inside functions."""

import contextlib
import gc
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core import memory
from core.datasets import Dataset
from core.evaluation import LEAST_GAIN, SCORE, score
from core.models import MODELS
from core.progress import Reporter
from core.serving import quiet
from core.training.batches import training_batches, validation_batches
from core.training.callbacks import replaying, watching
from core.training.checkpoints import Checkpoints

WARM_UP = 0.15  # part of the steps in which the learning rate of one cycle rises
LAST_RATE = 0.003  # of the largest learning rate, reached at the end
MOMENTUM = 0.9
AVERAGED_PARTS = 10  # a short training averages over no more than a tenth of its steps


def fit_network(
    dataset: Dataset,
    model: str,
    hyperparameters: Mapping[str, Any],
    seed: int,
    report: Reporter,
    kept: Checkpoints,
):
    """Train a network, or go on with a training that was interrupted.

    With `weight_averaging`, the weights kept are running averages of those the optimiser visits
    (Polyak & Juditsky, 1992), which the last, small steps of one cycle bring in line with the
    statistics of batch normalisation.

    Returns:
        The trained `keras.Model` and its history, one dict of figures per epoch.

    Raises:
        Cancelled: if it was asked to stop.
        ModelError: if the model does not fit the images, or the loss became infinite.
    """
    load_keras()
    import keras

    keras.utils.set_random_seed(seed)
    network = MODELS[model].build(hyperparameters, dataset.input_shape, len(dataset.class_names))
    batches = training_batches(dataset, hyperparameters, seed)
    epochs = hyperparameters["epochs"]
    compile_network(network, hyperparameters, epochs * len(batches))
    if kept.read():
        network.optimizer.build(network.trainable_variables)
        try:
            network.load_weights(kept.folder / kept.last)
            batches.start(len(kept.history))
        except OSError:
            shutil.rmtree(kept.folder)
            return fit_network(
                dataset,
                model,
                hyperparameters,
                seed,
                report,
                Checkpoints(kept.folder, kept.identity),
            )
    keep_best = hyperparameters.get("keep_best", False)
    over = was_over(hyperparameters, kept.history)
    network.fit(
        batches,
        epochs=epochs,
        initial_epoch=epochs if over else len(kept.history),
        validation_data=validation_batches(
            dataset.x_val,
            dataset.y_val,
            len(dataset.class_names),
            hyperparameters["batch_size"],
        ),
        callbacks=[
            *stopping(hyperparameters, kept.history),
            watching(epochs, len(batches), report, kept, keep_best),
        ],
        shuffle=False,  # the batches are shuffled already, by what the seed and the epoch say
        verbose=0,
    )
    if kept.best:
        network.load_weights(kept.folder / kept.best)
    return network, tuple(kept.history)


def compile_network(network, hyperparameters: Mapping[str, Any], steps: int) -> None:
    """Compile a network for a training of that many steps."""
    import keras

    network.compile(
        optimizer=optimizer(hyperparameters, steps),
        loss=keras.losses.CategoricalCrossentropy(
            label_smoothing=hyperparameters["label_smoothing"]
        ),
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
    """Import Keras without what TensorFlow's C++ code writes to the terminal on the way."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        import keras

        keras.ops.zeros(1)


def optimizer(hyperparameters: Mapping[str, Any], steps: int):
    """The Keras optimiser with its learning rate over that many steps."""
    import keras

    average = hyperparameters["weight_averaging"]
    average = min(average, max(0.0, 1 - AVERAGED_PARTS / steps))
    options = {
        "learning_rate": _rate(hyperparameters, steps),
        "use_ema": average > 0,
        "ema_momentum": average,
    }
    name = hyperparameters["optimizer"]
    if name == "sgd":
        return keras.optimizers.SGD(momentum=MOMENTUM, nesterov=True, **options)
    if name == "adamw":
        return keras.optimizers.AdamW(weight_decay=hyperparameters["weight_decay"], **options)
    return keras.optimizers.Adam(**options)


def _rate(hyperparameters: Mapping[str, Any], steps: int):
    import keras

    rate, schedule = hyperparameters["learning_rate"], hyperparameters["schedule"]
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=LAST_RATE)
    if schedule != "one_cycle":
        return rate
    warm_up = max(1, int(WARM_UP * steps))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=rate / 20,
        warmup_target=rate,
        warmup_steps=warm_up,
        decay_steps=max(1, steps - warm_up),
        alpha=LAST_RATE,
    )


def stopping(hyperparameters: Mapping[str, Any], history: Sequence[Mapping[str, float]]) -> list:
    """Early stopping and the plateau, as far as they are asked for; they know the history."""
    import keras

    callbacks = []
    if hyperparameters["early_stopping"] or hyperparameters.get("keep_best", False):
        callbacks.append(
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: logs.update({SCORE: score(logs)})
            )
        )
    if hyperparameters["schedule"] == "plateau":
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor="val_loss", factor=0.5, patience=hyperparameters["plateau_patience"]
            )
        )
    if hyperparameters["early_stopping"]:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=SCORE,
                min_delta=LEAST_GAIN,
                patience=hyperparameters["early_stopping"],
                mode="max",
            )
        )
    return [replaying(callback, history) for callback in callbacks]


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
