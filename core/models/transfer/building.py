"""A head on a backbone, in Keras. TensorFlow is imported only inside functions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.models.transfer.backbones import BACKBONES, Backbone
from core.models.transfer.weights import classifier_of, load_backbone

Shape = tuple[int, int, int]
FEATURES = "features"


def build(backbone: str, hyperparameters: Mapping[str, Any], input_shape: Shape, classes: int):
    """The whole network: image, backbone, mean over the image, head, probabilities.

    Resizing and what the backbone expects of pixels are layers of the network, so that whoever
    has the model file has them too.

    Args:
        backbone: one of `BACKBONES`.
        hyperparameters: `input_size`, `dense_units`, `dropout` and `l2` are read.
        input_shape: height, width and channels; uint8 values 0-255.
        classes: number of classes.

    Returns:
        An uncompiled `keras.Model` from `(N, H, W, C)` to probabilities `(N, classes)`; its
        backbone is frozen and stays in inference mode.

    Raises:
        ModelError: if the weights of the backbone are not on this machine.
    """
    import keras
    from keras import layers

    inputs, x = _features(backbone, hyperparameters["input_size"], input_shape)
    regularizer = None
    if hyperparameters["l2"]:  # a penalty on large weights
        regularizer = keras.regularizers.L2(hyperparameters["l2"])
    if hyperparameters["dense_units"]:
        x = layers.Dense(
            hyperparameters["dense_units"],
            activation="relu",
            kernel_regularizer=regularizer,
            name="head_dense",
        )(x)
    if hyperparameters["dropout"]:
        x = layers.Dropout(hyperparameters["dropout"], name="head_dropout")(x)
    outputs = layers.Dense(
        classes, activation="softmax", kernel_regularizer=regularizer, name="probabilities"
    )(x)
    return keras.Model(inputs, outputs, name=f"{backbone}_with_head")


def with_classifier(backbone: str, hyperparameters: Mapping[str, Any], input_shape: Shape):
    """The whole network with the classifier that it was trained with: ImageNet's 1,000 classes.

    Args:
        backbone: one of `BACKBONES` whose file holds the classifier.
        hyperparameters, input_shape: see `build`; there is no dense layer before the output.

    Raises:
        ModelError: if the weights are not on this machine, or hold no classifier.
    """
    kernel, bias = classifier_of(backbone)
    network = build(backbone, hyperparameters, input_shape, len(bias))
    network.get_layer("probabilities").set_weights([kernel, bias])
    return network


def feature_extractor(backbone: str, size: int, input_shape: Shape):
    """The network up to the features, float32 `(N, F)`."""
    import keras

    return keras.Model(*_features(backbone, size, input_shape), name=f"{backbone}_features")


def _features(name: str, size: int, input_shape: Shape):
    """Input and features as Keras tensors."""
    import keras
    from keras import layers

    x = inputs = keras.Input(input_shape, name="image")
    if input_shape[2] == 1:
        x = layers.Concatenate(name="three_channels")([x, x, x])
    if tuple(input_shape[:2]) != (size, size):
        x = layers.Resizing(size, size, interpolation="bilinear", name="resizing")(x)
    x = preprocessing(BACKBONES[name])(x)
    x = load_backbone(name, size)(x, training=False)
    return inputs, layers.GlobalAveragePooling2D(name=FEATURES)(x)


def preprocessing(backbone: Backbone):
    """The layer that makes of pixels 0-255 what the backbone was trained on."""
    from keras import layers

    if backbone.subtract is None:
        return layers.Rescaling(backbone.scale, backbone.offset, name="preprocessing")
    swap = layers.Conv2D(3, 1, name="preprocessing", trainable=False)  # RGB to BGR, less the mean
    swap.build((None, None, None, 3))
    kernel = np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3)
    swap.set_weights([kernel, -np.array(backbone.subtract, np.float32)])
    return swap


def feature_part(network):
    """The part of a network of `build` up to the features; it shares the weights."""
    import keras

    return keras.Model(network.input, network.get_layer(FEATURES).output)


def head_part(network):
    """The part of a network of `build` behind the features; it shares the weights."""
    import keras

    x = inputs = keras.Input(network.get_layer(FEATURES).output.shape[1:], name=FEATURES)
    names = [layer.name for layer in network.layers]
    for layer in network.layers[names.index(FEATURES) + 1 :]:
        x = layer(x)
    return keras.Model(inputs, x, name="head")


def unfreeze(network, backbone: str, count: int) -> int:
    """Let the last layers of the backbone learn; batch normalisation stays as it is.

    Args:
        network: of `build`.
        backbone: its name.
        count: how many of the last layers, those without weights and those that stay counted.

    Returns:
        How many layers will learn.
    """
    from keras import layers

    body = network.get_layer(backbone)
    body.trainable = True
    learning = 0
    for place, layer in enumerate(reversed(body.layers)):
        frozen = place >= count or isinstance(layer, layers.BatchNormalization)
        layer.trainable = not frozen
        learning += bool(layer.trainable and layer.weights)
    return learning
