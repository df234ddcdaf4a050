"""The sections of a script that compile and fit a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.evaluation import LEAST_GAIN, LOSS_COUNTS, SCORE
from core.script import Call, Script, call, comment, listed
from core.training.fitting import AVERAGED_FRACTION, LAST_RATE, MOMENTUM, WARM_UP

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
    "monitor": SCORE,
    "mode": "max",
    "save_best_only": True,
    "save_weights_only": True,
}


@dataclass(frozen=True)
class Phase:
    """What learns, and under which names the script knows it.

    Attributes:
        learner: the network.
        epochs: how many.
        validation: images and targets that it is measured on after each epoch.
        why: what the comment on its learning begins with.
        learned: what gets the figures of all epochs; empty if they are not needed.
        before: `learned` of the phase that this one goes on from; empty if it is the first.
    """

    learner: str = "model"
    epochs: str = "EPOCHS"
    validation: str = "(x_val, y_val)"
    why: str = "Learning: in each epoch the network sees every training image once."
    learned: str = ""
    before: str = ""


ONLY_PHASE = Phase()


def add_compile(
    script: Script, hyperparameters: Mapping[str, Any], steps: int, phase: Phase = ONLY_PHASE
) -> None:
    """Add the sections that compile the network for that many steps."""
    averaging = _averaging(hyperparameters["weight_averaging"], steps)
    cyclic = hyperparameters["schedule"] in _LEARNING_RATE
    if cyclic or any("steps" in option for option in averaging):
        why = "A step is a correction after a batch."
        script.add(f"steps = {phase.epochs} * len(batches)", why="" if phase.before else why)
    if cyclic:
        _add_learning_rate(script, hyperparameters, steps, phase)
    rate = "learning_rate" if cyclic else f"learning_rate={hyperparameters['learning_rate']}"
    loss, smoothing = 'loss="categorical_crossentropy"', hyperparameters["label_smoothing"]
    why = _OPTIMIZERS[hyperparameters["optimizer"]]
    if averaging:
        why += " The weights kept at the end are running averages of those it visits."
    if smoothing:
        loss = call("loss=keras.losses.CategoricalCrossentropy", label_smoothing=smoothing)
        why += " The loss asks for slightly less than certainty, so that the network does not "
        why += "become too sure of itself."
    if phase.before:
        why = "What may learn has changed, so the network is compiled once more."
    optimizer = _optimizer(hyperparameters, rate, averaging)
    compiled = call(f"{phase.learner}.compile", optimizer, loss, 'metrics=["accuracy"]')
    script.add(compiled, why=why)


def _averaging(average: float, steps: int) -> list[str]:
    """Options of the optimiser: a short training averages over no more than a tenth of its steps,
    a very short one not at all."""
    most = 1 - AVERAGED_FRACTION / steps
    if average == 0 or most <= 0:
        return []
    momentum = average if average <= most else f"1 - {AVERAGED_FRACTION} / steps"
    return ["use_ema=True", f"ema_momentum={momentum}"]


def _optimizer(hyperparameters: Mapping[str, Any], rate: str, averaging: list[str]) -> Call:
    if hyperparameters["optimizer"] == "sgd":
        own = [f"momentum={MOMENTUM}", "nesterov=True"]
        return call("optimizer=keras.optimizers.SGD", rate, *own, *averaging)
    if hyperparameters["optimizer"] == "adamw":
        decay = f"weight_decay={hyperparameters['weight_decay']}"
        return call("optimizer=keras.optimizers.AdamW", rate, decay, *averaging)
    return call("optimizer=keras.optimizers.Adam", rate, *averaging)


def _add_learning_rate(
    script: Script, hyperparameters: Mapping[str, Any], steps: int, phase: Phase
) -> None:
    schedule, rate = hyperparameters["schedule"], hyperparameters["learning_rate"]
    decay = "learning_rate = keras.optimizers.schedules.CosineDecay"
    why = "The learning rate goes the same way again." if phase.before else _LEARNING_RATE[schedule]
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


def add_fit(script: Script, hyperparameters: Mapping[str, Any], phase: Phase = ONLY_PHASE) -> None:
    """Add the sections in which the network learns."""
    watching, why = _watching(hyperparameters), phase.why
    if watching and not phase.before:
        if any("add_score" in part.parts[0] for part in watching if isinstance(part, Call)):
            _add_score(script)
        script.add(listed("callbacks = ", watching), why="What happens between epochs.")
    if not hyperparameters.get("keep_best", False):
        script.add(_fit(phase, ["callbacks=callbacks"] * bool(watching)), why=why)
        return
    script.uses("import tempfile", "from pathlib import Path")
    checkpoint, before = "best = keras.callbacks.ModelCheckpoint", []
    best = call(checkpoint, "file", **_SAVE_BEST)
    why += " The weights of the epoch with the highest score are kept in a file, "
    why += "and taken back at the end"
    if phase.before:
        why += "; those that it begins with count too."
        before = [
            f"    {phase.learner}.optimizer.build({phase.learner}.trainable_variables)",
            f"    {phase.learner}.save_weights(file)  # the best so far",
        ]
        reached = f'initial_value_threshold=max({phase.before}.history["{SCORE}"])'
        best = Call(best.opening, (*best.parts, reached))
    others = "*callbacks, " * bool(watching)
    script.add(
        "with tempfile.TemporaryDirectory() as folder:",
        '    file = Path(folder) / "best.weights.h5"',
        before,
        best.lines("    "),
        _fit(phase, [f"callbacks=[{others}best]"]).lines("    "),
        f"    {phase.learner}.load_weights(file)",
        why=why if phase.before else f"{why}.",
    )


def _add_score(script: Script) -> None:
    """Add the function that epochs are ranked by, as `core.evaluation.score` does."""
    script.add(
        "def add_score(epoch, logs):",
        *comment(
            "Epochs are ranked by validation accuracy; of equal ones, the lower loss is better.",
            "    ",
        ),
        f'    logs["{SCORE}"] = logs["val_accuracy"] + {LOSS_COUNTS} / (1 + logs["val_loss"])',
    )


def _fit(phase: Phase, options: list[str]) -> Call:
    result = f"{phase.learned} = " if phase.learned else ""
    epochs = [f"epochs={phase.epochs}"]
    if phase.before:
        epochs = ["initial_epoch=begun", f"epochs=begun + {phase.epochs}"]
    return call(
        f"{result}{phase.learner}.fit",
        "batches",
        *epochs,
        f"validation_data={phase.validation}",
        "validation_batch_size=500",
        "shuffle=False",  # the batches are shuffled already
        *options,
        "verbose=2",
    )


def _watching(hyperparameters: Mapping[str, Any]) -> list[str | Call]:
    """Callbacks with a comment before each."""
    parts: list[str | Call] = []
    if hyperparameters["early_stopping"] or hyperparameters.get("keep_best", False):
        parts.append(call("keras.callbacks.LambdaCallback", "on_epoch_end=add_score"))
    if hyperparameters["schedule"] == "plateau":
        patience = hyperparameters["plateau_patience"]
        parts += comment("Halve the learning rate when validation does not get better any more.")
        reduce = call(
            "keras.callbacks.ReduceLROnPlateau", monitor="val_loss", factor=0.5, patience=patience
        )
        parts.append(reduce)
    if hyperparameters["early_stopping"]:
        patience = hyperparameters["early_stopping"]
        parts += comment("Stop when the score does not rise any more.")
        stop = call(
            "keras.callbacks.EarlyStopping",
            monitor=SCORE,
            min_delta=LEAST_GAIN,
            patience=patience,
            mode="max",
        )
        parts.append(stop)
    return parts
