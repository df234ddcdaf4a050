"""The sections of a script that trains a network with plain Keras."""

from collections.abc import Mapping
from typing import Any

from core import datasets
from core.training.config import TrainConfig
from core.training.network import AVERAGED_PARTS, LAST_RATE, MOMENTUM, WARM_UP
from core.training.script.batches import add_batches, add_targets
from core.training.script.layers import LAYERS
from core.training.script.pictures import Amounts
from core.training.script.writing import Call, Script, call, comment, listed

_LEARNING_RATE = {
    "one_cycle": "The learning rate rises while the weights are still far off, then falls along a "
    "cosine to almost zero, so that the last corrections are small.",
    "cosine": "The learning rate falls along a cosine to almost zero, so that the last "
    "corrections are small.",
}
_OPTIMIZERS = {
    "adam": "Adam corrects each weight with a step size of its own.",
    "adamw": "AdamW corrects each weight with a step size of its own, and pulls all weights a "
    "little towards zero.",
    "sgd": "Stochastic gradient descent corrects all weights with the same step size; momentum "
    "keeps it going in directions that have proved right.",
}
_SAVE_BEST = {
    "monitor": "val_accuracy",
    "mode": "max",
    "save_best_only": True,
    "save_weights_only": True,
}


def add_settings(script: Script, config: TrainConfig, found: Amounts) -> None:
    """Add the section with the numbers that are needed in several places."""
    script.uses("import keras")
    script.add(
        f"SEED = {config.seed}",
        f"EPOCHS = {config.hyperparameters['epochs']}",
        f"BATCH_SIZE = {_batch_size(config, found)}",
        "keras.utils.set_random_seed(SEED)",
        why="With the same seed, the same random numbers are drawn every time.",
    )


def add_training(script: Script, config: TrainConfig, found: Amounts) -> None:
    """Add the sections from the chosen pictures to a trained `model`."""
    spec, hyperparameters = datasets.find(config.dataset), config.hyperparameters
    add_targets(script, found.classes)
    add_batches(script, hyperparameters, found.classes)
    LAYERS[config.model](script, hyperparameters, spec.input_shape, found.classes)
    steps = hyperparameters["epochs"] * (found.used // _batch_size(config, found))
    _add_compile(script, hyperparameters, steps)
    _add_fit(script, hyperparameters)


def add_figures(script: Script) -> None:
    """Add the sections that measure `model` and keep it."""
    script.add(
        "_, accuracy = model.evaluate(x_val, y_val, verbose=0)",
        'print(f"validation accuracy: {accuracy:.4f}")',
        'model.save("model.keras")',
        why="Validation accuracy is for comparing settings. The model is kept in a file.",
    )
    script.add(
        "_, accuracy = model.evaluate(x_test, y_test, verbose=0)",
        'print(f"test accuracy: {accuracy:.4f}")',
        why="How often it is right on pictures it has never seen is the figure that counts.",
    )


def _batch_size(config: TrainConfig, found: Amounts) -> int:
    return min(config.hyperparameters["batch_size"], found.used)


def _add_compile(script: Script, hyperparameters: Mapping[str, Any], steps: int) -> None:
    averaging = _averaging(hyperparameters["weight_averaging"], steps)
    cyclic = hyperparameters["schedule"] in _LEARNING_RATE
    if cyclic or any("steps" in option for option in averaging):
        script.add("steps = EPOCHS * len(batches)", why="A step is a correction after a batch.")
    if cyclic:
        _add_learning_rate(script, hyperparameters, steps)
    rate = "learning_rate" if cyclic else f"learning_rate={hyperparameters['learning_rate']}"
    loss, smoothing = 'loss="categorical_crossentropy"', hyperparameters["label_smoothing"]
    why = _OPTIMIZERS[hyperparameters["optimizer"]]
    if averaging:
        why += " The weights kept at the end are running averages of those it visits."
    if smoothing:
        loss = call("loss=keras.losses.CategoricalCrossentropy", label_smoothing=smoothing)
        why += " The loss asks for slightly less than certainty, so that the network does not "
        why += "become too sure of itself."
    optimizer = _optimizer(hyperparameters, rate, averaging)
    script.add(call("model.compile", optimizer, loss, 'metrics=["accuracy"]'), why=why)


def _averaging(average: float, steps: int) -> list[str]:
    """Options of the optimiser: a short training averages over no more than a tenth of its steps,
    a very short one not at all."""
    most = 1 - AVERAGED_PARTS / steps
    if average == 0 or most <= 0:
        return []
    momentum = average if average <= most else f"1 - {AVERAGED_PARTS} / steps"
    return ["use_ema=True", f"ema_momentum={momentum}"]


def _optimizer(hyperparameters: Mapping[str, Any], rate: str, averaging: list[str]) -> Call:
    if hyperparameters["optimizer"] == "sgd":
        own = [f"momentum={MOMENTUM}", "nesterov=True"]
        return call("optimizer=keras.optimizers.SGD", rate, *own, *averaging)
    if hyperparameters["optimizer"] == "adamw":
        decay = f"weight_decay={hyperparameters['weight_decay']}"
        return call("optimizer=keras.optimizers.AdamW", rate, decay, *averaging)
    return call("optimizer=keras.optimizers.Adam", rate, *averaging)


def _add_learning_rate(script: Script, hyperparameters: Mapping[str, Any], steps: int) -> None:
    schedule, rate = hyperparameters["schedule"], hyperparameters["learning_rate"]
    decay, why = "learning_rate = keras.optimizers.schedules.CosineDecay", _LEARNING_RATE[schedule]
    if schedule == "cosine":
        script.add(call(decay, str(rate), "steps", f"alpha={LAST_RATE}"), why=why)
        return
    warm_up = int(WARM_UP * steps)
    script.add(
        f"warm_up = {f'int({WARM_UP} * steps)' if warm_up else 1}",
        call(
            decay,
            f"initial_learning_rate={rate} / 20",
            f"warmup_target={rate}",
            "warmup_steps=warm_up",
            f"decay_steps={'steps - warm_up' if steps > 1 else 1}",
            f"alpha={LAST_RATE}",
        ),
        why=why,
    )


def _add_fit(script: Script, hyperparameters: Mapping[str, Any]) -> None:
    watching = _watching(hyperparameters)
    if watching:
        script.add(listed("callbacks = ", watching), why="What happens between epochs.")
    why = "Learning: in each epoch the network sees every training picture once."
    if not hyperparameters.get("keep_best", False):
        script.add(_fit(["callbacks=callbacks"] * bool(watching)), why=why)
        return
    script.uses("import tempfile", "from pathlib import Path")
    best = call("best = keras.callbacks.ModelCheckpoint", "file", **_SAVE_BEST)
    others = "*callbacks, " * bool(watching)
    script.add(
        "with tempfile.TemporaryDirectory() as folder:",
        '    file = Path(folder) / "best.weights.h5"',
        best.lines("    "),
        _fit([f"callbacks=[{others}best]"]).lines("    "),
        "    model.load_weights(file)",
        why=f"{why} The weights of the epoch with the highest validation accuracy are kept in a "
        "file, and taken back at the end.",
    )


def _fit(options: list[str]) -> Call:
    return call(
        "model.fit",
        "batches",
        "epochs=EPOCHS",
        "validation_data=(x_val, y_val)",
        "validation_batch_size=500",
        "shuffle=False",  # the batches are shuffled already
        *options,
        "verbose=2",
    )


def _watching(hyperparameters: Mapping[str, Any]) -> list[str | Call]:
    """Callbacks with a comment before each."""
    parts: list[str | Call] = []
    if hyperparameters["schedule"] == "plateau":
        patience = hyperparameters["plateau_patience"]
        parts += comment("Halve the learning rate when validation does not get better any more.")
        reduce = call(
            "keras.callbacks.ReduceLROnPlateau", monitor="val_loss", factor=0.5, patience=patience
        )
        parts.append(reduce)
    if hyperparameters["early_stopping"]:
        patience = hyperparameters["early_stopping"]
        parts += comment("Stop when validation accuracy does not rise any more.")
        stop = call(
            "keras.callbacks.EarlyStopping", monitor="val_accuracy", patience=patience, mode="max"
        )
        parts.append(stop)
    return parts
