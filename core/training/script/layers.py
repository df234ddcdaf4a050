"""The sections of a script that lay out a network, the same as `core.models.cnn` builds it."""

from collections.abc import Mapping
from typing import Any

from core.models.cnn import Shape, convolution_plan
from core.training.script.writing import Call, Script, call, comment, listed

_NORMALISED = "layers.BatchNormalization(momentum=0.95)"


def add_simple_cnn(
    script: Script, hyperparameters: Mapping[str, Any], input_shape: Shape, classes: int
) -> None:
    """Add the sections that make the `model` of `core.models.cnn.simple_cnn`."""
    _add_penalty(script, hyperparameters)
    parts: list[str | Call] = [f"keras.Input({input_shape})", "layers.Rescaling(1 / 255)"]
    plan = convolution_plan(hyperparameters)
    for block, convolutions in enumerate(plan):
        for filters, padding in convolutions:
            sizes = f"{filters}, {hyperparameters['kernel']}"
            named = {"padding": padding} if padding == "same" else {}
            parts += _activated("layers.Conv2D", sizes, named, hyperparameters)
        if block < len(plan) - 1 or hyperparameters["pool_last"]:
            parts.append("layers.MaxPooling2D()")
    parts.append("layers.Flatten()")
    if hyperparameters["dropout_features"]:
        parts.append(f"layers.Dropout({hyperparameters['dropout_features']})")
    parts += _activated("layers.Dense", str(hyperparameters["dense_units"]), {}, hyperparameters)
    if hyperparameters["dropout"]:
        parts.append(f"layers.Dropout({hyperparameters['dropout']})")
    parts.append(f'layers.Dense({classes}, activation="softmax")')
    script.add(
        call("model = keras.Sequential", listed("", parts)),
        why="The network. Brightness becomes 0 to 1; convolutions look for patterns, wherever they "
        "are in the picture, and pooling halves what they found; dense layers draw the conclusion "
        f"from it. Softmax makes {classes} probabilities of the last numbers.",
    )


def _activated(
    layer: str, sizes: str, named: dict[str, Any], hyperparameters: Mapping[str, Any]
) -> list[str | Call]:
    """A layer, batch normalisation if asked for, and ReLU."""
    parts = [sizes]
    if hyperparameters["batch_norm"]:
        named = {**named, "use_bias": False}
    penalty = ["kernel_regularizer=penalty"] if hyperparameters["l2"] else []
    parts = [call(layer, sizes, **named)]
    return parts


def add_resnet(
    script: Script, hyperparameters: Mapping[str, Any], input_shape: Shape, classes: int
) -> None:
    """Add the sections that make the `model` of `core.models.cnn.resnet`."""
