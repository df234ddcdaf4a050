"""The convolutional networks, in Keras. TensorFlow is imported only inside functions."""

from collections.abc import Mapping
from typing import Any

from core.errors import ModelError
from core.param import numbers

Shape = tuple[int, int, int]


def simple_cnn(hyperparameters: Mapping[str, Any], input_shape: Shape, classes: int):
    """Blocks of convolutions with pooling between them, then a dense layer and the output.

    With several convolutions in a block and `valid` padding, the first one of every block after
    the first still pads, so that three blocks fit an image of 28 pixels.

    Args:
        hyperparameters: `filters`, `convolutions`, `kernel`, `padding`, `pool_last`,
            `batch_norm`, `dropout_features`, `dense_units`, `dropout` and `l2` are read.
        input_shape: height, width and channels; uint8 values 0-255.
        classes: number of classes.

    Returns:
        An uncompiled `keras.Model` from `(N, H, W, C)` to probabilities `(N, classes)`; see
        `check_size` for images that are too small for that many blocks.
    """
    import keras
    from keras import layers

    common = {"use_bias": not hyperparameters["batch_norm"]}
    if hyperparameters["l2"]:  # a penalty on large weights
        common["kernel_regularizer"] = keras.regularizers.L2(hyperparameters["l2"])

    def activated(layer, x):
        x = layer(x)
        if hyperparameters["batch_norm"]:
            x = layers.BatchNormalization(momentum=0.95)(x)
        return layers.ReLU()(x)

    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 255)(inputs)
    plan = convolution_plan(hyperparameters)
    for block, convolutions in enumerate(plan):
        for filters, padding in convolutions:
            kernel = hyperparameters["kernel"]
            x = activated(layers.Conv2D(filters, kernel, padding=padding, **common), x)
        if block < len(plan) - 1 or hyperparameters["pool_last"]:
            x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    if hyperparameters["dropout_features"]:
        x = layers.Dropout(hyperparameters["dropout_features"])(x)
    x = activated(layers.Dense(hyperparameters["dense_units"], **common), x)
    if hyperparameters["dropout"]:
        x = layers.Dropout(hyperparameters["dropout"])(x)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="simple_cnn")


def convolution_plan(hyperparameters: Mapping[str, Any]) -> list[list[tuple[int, str]]]:
    """Filters and padding of every convolution of `simple_cnn`, block by block."""
    several = hyperparameters["convolutions"] > 1
    return [
        [
            (filters, "same" if several and block and not place else hyperparameters["padding"])
            for place in range(hyperparameters["convolutions"])
        ]
        for block, filters in enumerate(numbers(hyperparameters["filters"]))
    ]


def check_size(hyperparameters: Mapping[str, Any], input_shape: Shape) -> None:
    """Raise `ModelError` if nothing would be left of an image before the dense layer."""
    side = min(input_shape[:2])
    plan = convolution_plan(hyperparameters)
    for block, convolutions in enumerate(plan):
        side -= sum((hyperparameters["kernel"] - 1) * (pad == "valid") for _, pad in convolutions)
        if side > 0 and (block < len(plan) - 1 or hyperparameters["pool_last"]):
            side //= 2
        if side < 1:
            valid = hyperparameters["padding"] == "valid"
            cause = (
                f"`kernel`={hyperparameters['kernel']} with `padding`=valid and " if valid else ""
            )
            advice = "Set `padding` to same, or use" if valid else "Use"
            raise ModelError(
                f"Images of {input_shape[1]}×{input_shape[0]} pixels are used up in block "
                f"{block + 1} of {len(plan)}: {cause}pooling leaves nothing. "
                f"{advice} fewer blocks in `filters`."
            )


def resnet(hyperparameters: Mapping[str, Any], input_shape: Shape, classes: int):
    """A residual network for small images.

    K. He, X. Zhang, S. Ren & J. Sun (2016), "Deep residual learning for image recognition": each
    block adds what it computes to what it was given. A convolution and pooling come first; every
    stage after the first halves the image and doubles the filters.

    Args:
        hyperparameters: `width`, `blocks`, `stages`, `dropout` and `l2` are read.
        input_shape: height, width and channels; uint8 values 0-255.
        classes: number of classes.

    Returns:
        An uncompiled `keras.Model` from `(N, H, W, C)` to probabilities `(N, classes)`.
    """
    import keras
    from keras import layers

    penalty = {}
    if hyperparameters["l2"]:  # a penalty on large weights
        penalty["kernel_regularizer"] = keras.regularizers.L2(hyperparameters["l2"])
    common = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal", **penalty}

    def convolution(x, filters, stride=1, kernel=3):
        x = layers.Conv2D(filters, kernel, strides=stride, **common)(x)
        return layers.BatchNormalization(momentum=0.95)(x)

    def block(x, filters, stride):
        """Two convolutions that add to what they are given."""
        y = layers.ReLU()(convolution(x, filters, stride))
        y = convolution(y, filters)
        if stride > 1 or x.shape[-1] != filters:  # only equal shapes can be added
            x = convolution(x, filters, stride, kernel=1)
        return layers.ReLU()(layers.Add()([x, y]))

    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.ReLU()(convolution(x, hyperparameters["width"]))
    if min(input_shape[:2]) >= 16:
        x = layers.MaxPooling2D()(x)
    for stage in range(hyperparameters["stages"]):
        for place in range(hyperparameters["blocks"]):
            stride = 2 if stage and not place else 1
            x = block(x, hyperparameters["width"] * 2 ** (stage + 1), stride)
    x = layers.GlobalAveragePooling2D()(x)
    if hyperparameters["dropout"]:
        x = layers.Dropout(hyperparameters["dropout"])(x)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities", **penalty)(x)
    return keras.Model(inputs, outputs, name="resnet")


def simple_cnn_multiplications(hyperparameters: Mapping[str, Any], input_shape: Shape) -> int:
    """Multiplications that one image takes on its way through the convolutions and the dense
    layer, roughly: what the time of a training is in proportion to.
    """
    height, width, channels = input_shape
    total, plan = 0, convolution_plan(hyperparameters)
    for block, convolutions in enumerate(plan):
        for filters, padding in convolutions:
            lost = (hyperparameters["kernel"] - 1) * (padding == "valid")
            height, width = height - lost, width - lost
            total += height * width * filters * channels * hyperparameters["kernel"] ** 2
            channels = filters
        if block < len(plan) - 1 or hyperparameters["pool_last"]:
            height, width = height // 2, width // 2
    return total + height * width * channels * hyperparameters["dense_units"]


def resnet_multiplications(hyperparameters: Mapping[str, Any], input_shape: Shape) -> int:
    """The same for `resnet`: of all its convolutions."""
    area, filters = input_shape[0] * input_shape[1], hyperparameters["width"]
    total = area * 9 * input_shape[2] * filters
    if min(input_shape[:2]) >= 16:
        area //= 4
    for stage in range(hyperparameters["stages"]):
        before, filters = filters, filters * 2
        area = area // 4 if stage else area
        total += area * (10 * before * filters + 9 * filters**2)
        total += (hyperparameters["blocks"] - 1) * area * 18 * filters**2
    return total
