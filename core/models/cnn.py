"""The convolutional network, in Keras. TensorFlow is imported only inside functions."""

from collections.abc import Mapping
from typing import Any

_SMALL = 20  # below this side, pictures are padded so that three blocks still fit


def simple_cnn(hyperparameters: Mapping[str, Any], input_shape: tuple[int, int, int], classes: int):
    """Three pairs of convolutions, pooling between them, then two dense layers.

    Every convolution is followed by batch normalisation and a ReLU; dropout comes before each
    dense layer. Pixels are scaled to 0-1 by the first layer.

    Args:
        hyperparameters: `filters`, `dense_units` and `dropout` are read.
        input_shape: height, width and channels; uint8 values 0-255.
        classes: number of classes.

    Returns:
        An uncompiled `keras.Model` from `(N, H, W, C)` to probabilities `(N, classes)`.
    """
    import keras
    from keras import layers

    filters = hyperparameters["filters"]
    padding = "same" if min(input_shape[:2]) < _SMALL else "valid"

    def convolution(x, filters, padding):
        x = layers.Conv2D(filters, 3, padding=padding, use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    inputs = keras.Input(input_shape, name="picture")
    x = layers.Rescaling(1 / 255)(inputs)
    x = convolution(x, filters, padding)
    x = convolution(x, filters, padding)
    x = layers.MaxPooling2D()(x)
    x = convolution(x, 2 * filters, "same")
    x = convolution(x, 2 * filters, padding)
    x = layers.MaxPooling2D()(x)
    x = convolution(x, 4 * filters, "same")
    x = convolution(x, 4 * filters, padding)
    x = layers.Flatten()(x)
    x = layers.Dropout(hyperparameters["dropout"])(x)
    x = layers.Dense(hyperparameters["dense_units"], use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    x = layers.Dropout(hyperparameters["dropout"])(x)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="simple_cnn")
