import importlib

import numpy as np
import pytest

from core.errors import ModelError
from core.models import resolve
from core.models.transfer import (
    BACKBONES,
    EMBEDDED,
    build,
    building,
    feature_extractor,
    feature_part,
    head_part,
    load_backbone,
    unfreeze,
)
from core.models.transfer.building import FEATURES, preprocessing

SHAPES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (128, 128, 3)]
SIZE, CLASSES = 32, 4
IN_KERAS = {
    "mobilenet_v2": "mobilenet_v2",
    "efficientnet_b0": "efficientnet",
    "resnet50": "resnet50",
    "vgg16": "vgg16",
}


@pytest.fixture(scope="module")
def loaded():
    """The real backbone, read once."""
    return load_backbone(EMBEDDED, SIZE)


@pytest.fixture
def built(loaded, monkeypatch):
    """`built(shape, **hyperparameters)`: a head on it."""
    monkeypatch.setattr(building, "load_backbone", lambda name, size: loaded)

    def make(shape=(SIZE, SIZE, 3), **values):
        loaded.trainable = False
        return build(EMBEDDED, resolve(EMBEDDED, {"input_size": SIZE, **values}), shape, CLASSES)

    yield make
    loaded.trainable = False


def make_images(shape, count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


def predictions(network, batch) -> np.ndarray:
    return np.asarray(network(batch, training=False))


def layers_of(network) -> list[str]:
    return [layer.name for layer in network.layers]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.few(1)
def test_a_network_takes_images_of_any_size(built, shape):
    network = built(shape)
    assert network.input_shape == (None, *shape)
    found = predictions(network, make_images(shape))
    assert found.shape == (3, CLASSES)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert found.min() >= 0
    assert ("three_channels" in layers_of(network)) is (shape[2] == 1)
    assert ("resizing" in layers_of(network)) is (shape[:2] != (SIZE, SIZE))


def test_a_grey_image_is_one_whose_colours_are_alike(built):
    grey = make_images((SIZE, SIZE, 1))
    one, three = built((SIZE, SIZE, 1)), built((SIZE, SIZE, 3))
    three.set_weights(one.get_weights())
    assert predictions(three, np.repeat(grey, 3, axis=3)) == pytest.approx(
        predictions(one, grey), abs=1e-6
    )


def test_images_of_another_size_are_resized_inside(built):
    plain = np.full((1, 128, 128, 3), 90, np.uint8)
    large, right = built((128, 128, 3)), built()
    right.set_weights(large.get_weights())
    assert predictions(large, plain) == pytest.approx(
        predictions(right, plain[:, :SIZE, :SIZE]), abs=1e-5
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ["head_dense", "head_dropout", "probabilities"]),
        ({"dense_units": 0}, ["head_dropout", "probabilities"]),
        ({"dropout": 0.0}, ["head_dense", "probabilities"]),
        ({"dense_units": 0, "dropout": 0.0}, ["probabilities"]),
    ],
)
def test_the_head_is_what_was_asked_for(built, values, expected):
    names = layers_of(built(**values))
    assert names[names.index(FEATURES) + 1 :] == expected


@pytest.mark.parametrize(("l2", "penalised"), [(0.0, 0), (0.01, 2)])
def test_the_head_is_held_small_if_that_is_asked_for(built, l2, penalised):
    assert len(built(l2=l2).losses) == penalised


def test_only_the_head_learns_at_first(built):
    names = [variable.path for variable in built(dense_units=16).trainable_variables]
    assert len(names) == 4
    assert all(name.startswith(("head_dense", "probabilities")) for name in names)


@pytest.mark.parametrize("shape", [(8, 8, 1), (SIZE, SIZE, 3)], ids=str)
def test_the_two_parts_make_the_whole(built, shape):
    network = built(shape)
    batch = make_images(shape)
    found = predictions(feature_part(network), batch)
    assert found.shape == (3, BACKBONES[EMBEDDED].features)
    assert predictions(head_part(network), found) == pytest.approx(
        predictions(network, batch), abs=1e-6
    )


def test_the_parts_share_their_weights_with_the_whole(built):
    network = built()
    first, second = feature_part(network), head_part(network)
    whole = {id(variable) for variable in network.variables}
    assert {id(variable) for variable in first.weights + second.weights} <= whole
    before = predictions(network, make_images((SIZE, SIZE, 3)))
    second.get_layer("probabilities").bias.assign([5.0, 0.0, 0.0, 0.0])
    after = predictions(network, make_images((SIZE, SIZE, 3)))
    assert (after.argmax(axis=1) == 0).all()
    assert np.abs(after - before).max() > 0.1


def test_features_of_a_classical_model_are_those_of_the_network(built):
    batch = make_images((28, 28, 1))
    alone = predictions(feature_extractor(EMBEDDED, SIZE, (28, 28, 1)), batch)
    assert alone == pytest.approx(predictions(feature_part(built((28, 28, 1))), batch), abs=1e-6)


@pytest.mark.parametrize("count", [1, 2, 5, 20, 60, 1000])
def test_the_last_layers_learn_except_batch_normalisation(built, loaded, count):
    from keras.layers import BatchNormalization

    network = built()
    learning = unfreeze(network, EMBEDDED, count)
    last = loaded.layers[-count:]
    expected = {
        layer.name for layer in last if layer.weights and not isinstance(layer, BatchNormalization)
    }
    assert {layer.name for layer in loaded.layers if layer.trainable_weights} == expected
    assert learning == len(expected)
    paths = {variable.path for variable in network.trainable_variables}
    head = {path for path in paths if path.startswith(("head_dense", "probabilities"))}
    assert len(head) == 4
    assert len(paths - head) == sum(len(loaded.get_layer(name).weights) for name in expected)


def test_fewer_layers_learn_again_once_that_is_asked_for(built, loaded):
    network = built()
    unfreeze(network, EMBEDDED, 1000)
    assert unfreeze(network, EMBEDDED, 3) == 1  # convolution, normalisation, activation
    assert [layer.name for layer in loaded.layers if layer.trainable_weights] == ["top"]


def test_batch_normalisation_stays_as_it_is_while_all_else_learns(built, loaded):
    from keras import optimizers
    from keras.layers import BatchNormalization

    network = built(dropout=0.0)
    unfreeze(network, EMBEDDED, 1000)
    network.compile(optimizers.SGD(0.01), loss="categorical_crossentropy", run_eagerly=True)
    before = {layer.name: layer.get_weights() for layer in loaded.layers if layer.weights}
    try:
        batch = make_images((SIZE, SIZE, 3), 4)
        network.train_on_batch(batch, np.eye(CLASSES, dtype=np.float32))
        for name, weights in before.items():
            layer = loaded.get_layer(name)
            same = [
                np.array_equal(*pair) for pair in zip(weights, layer.get_weights(), strict=True)
            ]
            if isinstance(layer, BatchNormalization):
                assert all(same), name
            else:
                assert not any(same), name
    finally:
        for name, weights in before.items():
            loaded.get_layer(name).set_weights(weights)


@pytest.mark.parametrize("name", IN_KERAS)
def test_pixels_become_what_keras_makes_of_them(name):
    module = importlib.import_module(f"keras.applications.{IN_KERAS[name]}")
    batch = make_images((5, 5, 3)).astype(np.float32)
    expected = np.asarray(module.preprocess_input(batch.copy()))
    found = np.asarray(preprocessing(BACKBONES[name])(batch))
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "pixel", "expected"),
    [
        (EMBEDDED, (0, 127, 255), (-127 / 128, 0, 1)),
        ("mobilenet_v2", (0, 127.5, 255), (-1, 0, 1)),
        ("efficientnet_b0", (0, 127, 255), (0, 127, 255)),
        ("resnet50", (1, 2, 3), (3 - 103.939, 2 - 116.779, 1 - 123.68)),
        ("vgg16", (1, 2, 3), (3 - 103.939, 2 - 116.779, 1 - 123.68)),
    ],
)
def test_pixels_become_what_the_backbone_was_trained_on(name, pixel, expected):
    found = np.asarray(
        preprocessing(BACKBONES[name])(np.array(pixel, np.float32)[None, None, None])
    )
    assert found.ravel() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", BACKBONES)
def test_what_is_done_to_pixels_never_learns(name):
    layer = preprocessing(BACKBONES[name])
    layer(np.zeros((1, 2, 2, 3), np.float32))
    assert layer.trainable_variables == []


def test_without_weights_nothing_is_built(folder):
    with pytest.raises(ModelError, match="python -m core models download mobilenet_v2"):
        build("mobilenet_v2", resolve("mobilenet_v2", {}), (32, 32, 3), 2)
