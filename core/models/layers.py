"""The sections of a script that lay out a network, the same as `core.models.cnn` builds it."""

from collections.abc import Mapping
from typing import Any

from core.models.cnn import Shape, convolution_plan
from core.script import Call, Script, call, listed

_EVENED_OUT = "layers.BatchNormalization(momentum=0.95)"
_POOLING_FROM = 16  # pixels a side from which a ResNet halves the image at the beginning


def add_simple_cnn(
    script: Script, hyperparameters: Mapping[str, Any], shape: Shape, classes: int
) -> None:
    """Add the sections that make the `model` of `core.models.cnn.simple_cnn`."""
    add_penalty(script, hyperparameters)
    parts: list[str | Call] = [f"keras.Input({shape})", "layers.Rescaling(1 / 255)"]
    plan = convolution_plan(hyperparameters)
    for block, convolutions in enumerate(plan):
        parts.append(f"# Block {block + 1} of {len(plan)}.")
        for filters, padding in convolutions:
            sizes = [str(filters), str(hyperparameters["kernel"])]
            if padding == "same":
                sizes.append('padding="same"')
            parts += _activated("layers.Conv2D", sizes, hyperparameters)
        if block < len(plan) - 1 or hyperparameters["pool_last"]:
            parts.append("layers.MaxPooling2D()")
    parts += ["# From features to a prediction.", "layers.Flatten()"]
    parts += dropout(hyperparameters["dropout_features"])
    parts += _activated("layers.Dense", [str(hyperparameters["dense_units"])], hyperparameters)
    parts += dropout(hyperparameters["dropout"])
    parts.append(f'layers.Dense({classes}, activation="softmax")')
    script.add(
        call("model = keras.Sequential", listed("", parts)),
        why="The network. Brightness is scaled to 0 to 1. Convolutions look for patterns wherever "
        "they are in the image; pooling halves the image. At the end, softmax makes "
        f"probabilities of {classes} numbers, one for each class.",
    )


def _activated(
    layer: str, sizes: list[str], hyperparameters: Mapping[str, Any]
) -> list[Call | str]:
    """A layer, then batch normalisation if asked for, then ReLU."""
    batch_norm = hyperparameters["batch_norm"]
    options = ["use_bias=False"] * batch_norm
    options += ["kernel_regularizer=penalty"] * bool(hyperparameters["l2"])
    return [call(layer, *sizes, *options), *[_EVENED_OUT] * batch_norm, "layers.ReLU()"]


def dropout(fraction: float) -> list[str]:
    """The dropout layer, if the fraction is above 0."""
    return [f"layers.Dropout({fraction})"] if fraction else []


def add_resnet(
    script: Script, hyperparameters: Mapping[str, Any], shape: Shape, classes: int
) -> None:
    """Add the sections that make the `model` of `core.models.cnn.resnet`."""
    add_penalty(script, hyperparameters)
    penalty = ["kernel_regularizer=penalty"] * bool(hyperparameters["l2"])
    _add_block(script, penalty)
    width = hyperparameters["width"]
    lines = [
        f"inputs = keras.Input({shape})",
        "x = layers.Rescaling(1 / 255)(inputs)",
        f"x = layers.ReLU()(convolution(x, {width}))",
    ]
    if min(shape[:2]) >= _POOLING_FROM:
        lines.append("x = layers.MaxPooling2D()(x)")
    for stage in range(hyperparameters["stages"]):
        for place in range(hyperparameters["blocks"]):
            stride = ", stride=2" if stage and not place else ""
            lines.append(f"x = block(x, {width * 2 ** (stage + 1)}{stride})")
    lines.append("x = layers.GlobalAveragePooling2D()(x)")
    lines += [f"x = {layer}(x)" for layer in dropout(hyperparameters["dropout"])]
    prediction = call("outputs = layers.Dense", str(classes), 'activation="softmax"', *penalty)
    script.add(
        lines,
        *prediction.lines(after="(x)"),
        "model = keras.Model(inputs, outputs)",
        why="The network. Brightness is scaled to 0 to 1. A stride of 2 halves the image while "
        "the number of patterns doubles. At the end, softmax makes probabilities of "
        f"{classes} numbers, one for each class.",
    )


def _add_block(script: Script, penalty: list[str]) -> None:
    convolution = call(
        "x = layers.Conv2D",
        "filters",
        "size",
        "strides=stride",
        'padding="same"',
        "use_bias=False",
        'kernel_initializer="he_normal"',
        *penalty,
    )
    script.add(
        "def convolution(x, filters, stride=1, size=3):",
        '    """Look for patterns, then even out the numbers, so that learning is steady."""',
        convolution.lines("    ", "(x)"),
        f"    return {_EVENED_OUT}(x)",
    )
    script.add(
        "def block(x, filters, stride=1):",
        '    """Two convolutions that add to what they are given (K. He et al., 2016)."""',
        "    y = layers.ReLU()(convolution(x, filters, stride))",
        "    y = convolution(y, filters)",
        "    if stride > 1 or x.shape[-1] != filters:  # only equal shapes can be added",
        "        x = convolution(x, filters, stride, size=1)",
        "    return layers.ReLU()(layers.Add()([x, y]))",
    )


def add_penalty(script: Script, hyperparameters: Mapping[str, Any]) -> None:
    """Add the section that makes `penalty`, if large weights cost something."""
    script.uses("import keras", "from keras import layers")
    if hyperparameters["l2"]:
        script.add(
            f"penalty = keras.regularizers.L2({hyperparameters['l2']})",
            why="A penalty on large weights, which reduces overfitting.",
        )
