"""The sections of a script that trains a network with plain Keras."""

from collections.abc import Callable, Mapping
from typing import Any

from core import datasets
from core.models import MODELS
from core.models.spec import Shape
from core.script import Script, call, literal
from core.training.config import TrainConfig
from core.training.script.batches import add_batches, add_targets
from core.training.script.fitting import add_compile, add_fit
from core.training.script.images import Amounts


def add_settings(script: Script, config: TrainConfig, found: Amounts) -> None:
    """Add the section with the numbers that are needed in several places."""
    script.uses("import keras")
    tuning = config.hyperparameters.get("fine_tune_epochs")
    script.add(
        f"SEED = {config.seed}",
        f"EPOCHS = {config.hyperparameters['epochs']}",
        [f"FINE_TUNING_EPOCHS = {tuning}"] * bool(tuning),
        f"BATCH_SIZE = {batch_size(config, found)}",
        "keras.utils.set_random_seed(SEED)",
        why="With the same seed, the same random numbers are drawn every time.",
    )


def add_training(script: Script, config: TrainConfig, found: Amounts) -> None:
    """Add the sections from the chosen images to a trained `model`."""
    spec, hyperparameters = datasets.find(config.dataset), config.hyperparameters
    add_targets(script, found.classes)
    add_batches(script, hyperparameters, found.classes)
    add_layers = MODELS[config.model].layers or _building(config.model)
    add_layers(script, hyperparameters, spec.input_shape, found.classes)
    add_compile(script, hyperparameters, steps_of(config, found, "epochs"))
    add_fit(script, hyperparameters)


def _building(model: str) -> Callable[[Script, Mapping[str, Any], Shape, int], None]:
    """For a network without `layers` in its entry: the section that has it built."""

    def add_model(
        script: Script, hyperparameters: Mapping[str, Any], shape: Shape, classes: int
    ) -> None:
        script.uses("from core.models import MODELS")
        script.add(
            call("hyperparameters = dict", **hyperparameters).lines(),
            call(
                f"model = MODELS[{literal(model)}].build",
                "hyperparameters",
                str(shape),
                str(classes),
            ),
            why=f"The network. {MODELS[model].summary} `build` in its entry lays it out, from "
            "the brightness of pixels to a probability for each class.",
        )

    return add_model


def add_metrics(script: Script) -> None:
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
        why="The accuracy on the test set, which the model has never seen, is what counts.",
    )


def batch_size(config: TrainConfig, found: Amounts) -> int:
    """How many images are in a batch: never more than there are."""
    return min(config.hyperparameters["batch_size"], found.used)


def steps_of(config: TrainConfig, found: Amounts, epochs: str) -> int:
    """How many batches the epochs of that name have together."""
    return config.hyperparameters[epochs] * (found.used // batch_size(config, found))
