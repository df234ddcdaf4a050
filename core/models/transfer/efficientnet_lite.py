"""EfficientNet-Lite in Keras: Lite0, and others scaled from it. TensorFlow only inside functions.

M. Tan & Q. V. Le (2019), "EfficientNet: Rethinking model scaling for convolutional neural
networks", in the Lite variant for small machines: without squeeze-and-excitation, with ReLU6.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

BATCH_NORM_EPSILON = 1e-3
FEATURES = 1280
_STEM = 32


@dataclass(frozen=True)
class Stage:
    """Some blocks alike: how many, kernel, stride of the first, expansion and filters."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


_MULTIPLE = 8  # of the filters of a stage
_LEAST_KEPT = 0.9  # of the filters, when they are rounded


def scaled(width: float, depth: float) -> tuple[Stage, ...]:
    """The stages of a larger network: more filters, more blocks.

    Stem, features and the depth of the first and the last stage stay, as in all of the Lite
    variants.

    Args:
        width: factor of the filters, rounded to a multiple of eight.
        depth: factor of the blocks, rounded up.
    """
    return tuple(
        replace(
            stage,
            filters=_rounded(stage.filters * width),
            blocks=stage.blocks
            if place in (0, len(STAGES) - 1)
            else math.ceil(stage.blocks * depth),
        )
        for place, stage in enumerate(STAGES)
    )


def _rounded(filters: float) -> int:
    """To the next multiple of eight, never below nine tenths."""
    found = max(_MULTIPLE, int(filters + _MULTIPLE / 2) // _MULTIPLE * _MULTIPLE)
    return found + _MULTIPLE if found < _LEAST_KEPT * filters else found


def efficientnet_lite(inputs, stages: tuple[Stage, ...] = STAGES):
    """The convolutional part.

    Args:
        inputs: a Keras tensor `(N, H, W, 3)`, about -1 to 1: (pixel - mean) / deviation.
        stages: of the network; those of Lite0 by default.

    Returns:
        A Keras tensor `(N, ceil(H / 32), ceil(W / 32), 1280)`.
    """
    from keras import layers

    def normalised(x, name, activate=True):
        x = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x) if activate else x

    def convolution(x, filters, kernel, stride, name, activate=True):
        x = layers.Conv2D(
            filters, kernel, strides=stride, padding="same", use_bias=False, name=name
        )(x)
        return normalised(x, name, activate)

    x = convolution(inputs, _STEM, 3, 2, "stem")
    number = 0
    for stage in stages:
        for place in range(stage.blocks):
            stride = 1 if place else stage.stride
            name, before = f"block{number}", x
            if stage.expansion > 1:
                x = convolution(x, x.shape[-1] * stage.expansion, 1, 1, f"{name}_expand")
            x = layers.DepthwiseConv2D(
                stage.kernel,
                strides=stride,
                padding="same",
                use_bias=False,
                name=f"{name}_depthwise",
            )(x)
            x = normalised(x, f"{name}_depthwise")
            x = convolution(x, stage.filters, 1, 1, f"{name}_project", activate=False)
            if stride == 1 and before.shape[-1] == stage.filters:
                x = layers.Add(name=f"{name}_add")([x, before])
            number += 1
    return convolution(x, FEATURES, 1, 1, "top")


def from_pytorch(
    state: dict[str, np.ndarray], stages: tuple[Stage, ...] = STAGES
) -> dict[str, np.ndarray]:
    """The weights under the names that Keras gives its layers.

    Args:
        state: arrays of `efficientnet_lite_pytorch`, by their names there.
        stages: of the network that they are for.

    Returns:
        Float32 arrays by `<layer>/<place in its weights>`; of the classifier as `classifier/0`,
        `(1280, 1000)`, and `classifier/1`, `(1000,)`.

    Raises:
        KeyError: if one is missing.
    """
    found: dict[str, np.ndarray] = {}

    def convolution(layer: str, there: str, depthwise: bool = False) -> None:
        # PyTorch: (out, in / groups, height, width)
        order = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        found[f"{layer}/0"] = state[f"{there}.weight"].transpose(order)

    def batch_norm(layer: str, there: str) -> None:
        for place, part in enumerate(("weight", "bias", "running_mean", "running_var")):
            found[f"{layer}_bn/{place}"] = state[f"{there}.{part}"]

    convolution("stem", "_conv_stem")
    batch_norm("stem", "_bn0")
    number = 0
    for stage in stages:
        for _ in range(stage.blocks):
            block, there = f"block{number}", f"_blocks.{number}"
            if stage.expansion > 1:
                convolution(f"{block}_expand", f"{there}._expand_conv")
                batch_norm(f"{block}_expand", f"{there}._bn0")
            convolution(f"{block}_depthwise", f"{there}._depthwise_conv", depthwise=True)
            batch_norm(f"{block}_depthwise", f"{there}._bn1")
            convolution(f"{block}_project", f"{there}._project_conv")
            batch_norm(f"{block}_project", f"{there}._bn2")
            number += 1
    convolution("top", "_conv_head")
    batch_norm("top", "_bn1")
    found["classifier/0"] = state["_fc.weight"].T
    found["classifier/1"] = state["_fc.bias"]
    return {name: np.ascontiguousarray(value, np.float32) for name, value in found.items()}
