import numpy as np
import pytest

from core.errors import ModelError
from core.models import MODELS, cnn, resolve
from core.models.presets import CNN_PRESETS, STUDIOS_OWN
from core.runs import load

SMALL = {"filters": "4", "dense_units": 8}
RIM = {"padding": "valid", "batch_norm": False}


@pytest.fixture(scope="module", autouse=True)
def quiet_tensorflow():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        yield


def build(shape=(28, 28, 1), classes=10, model="simple_cnn", **values):
    return MODELS[model].build(resolve(model, values), shape, classes)


def of_kind(network, kind: str) -> list:
    return [layer for layer in network.layers if type(layer).__name__ == kind]


def written(network) -> str:
    """The layers after the scaling as one would write them down, `conv 32, relu, pool, …`."""
    sizes = {"Conv2D": "filters", "Dense": "units", "Dropout": "rate"}
    words = {"Conv2D": "conv", "MaxPooling2D": "pool", "BatchNormalization": "norm"}
    parts = []
    for layer in network.layers[2:]:
        kind = type(layer).__name__
        word = words.get(kind, kind.lower())
        parts.append(f"{word} {getattr(layer, sizes[kind])}" if kind in sizes else word)
    return ", ".join(parts)


@pytest.mark.parametrize(
    ("input_shape", "classes"),
    [
        ((28, 28, 1), 10),
        ((8, 8, 1), 10),
        ((20, 20, 1), 2),
        ((19, 24, 3), 3),
        ((32, 32, 3), 100),
        ((8, 40, 1), 4),
    ],
)
@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
@pytest.mark.few(3)
def test_any_input_shape_gives_probabilities(model, input_shape, classes):
    small = {"width": 8} if model == "resnet" else {"filters": "4-4-4", "dense_units": 8}
    network = build(input_shape, classes, model, **small)
    assert network.name == model
    assert network.input_shape == (None, *input_shape)
    assert network.output_shape == (None, classes)
    images = np.random.default_rng(0).integers(0, 256, (3, *input_shape), np.uint8)
    probabilities = np.asarray(network(images))
    assert probabilities.shape == (3, classes)
    assert probabilities.min() >= 0
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_pixels_are_scaled_by_the_network_itself(model):
    network = build((28, 28, 1), 10, model)
    (scaling,) = of_kind(network, "Rescaling")
    assert scaling.scale == pytest.approx(1 / 255)
    assert network.layers[1] is scaling


@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_the_network_comes_uncompiled(model):
    assert not build((8, 8, 1), 10, model).compiled


@pytest.mark.parametrize(
    ("preset", "layers", "mnist", "cifar"),
    [
        (
            "two_blocks",
            "conv 32, relu, pool, conv 64, relu, pool, flatten, dense 128, relu, dense 10",
            320 + 18_496 + 204_928 + 1_290,  # 28 → 26 → 13 → 11 → 5: 5 * 5 * 64 = 1600 numbers
            896 + 18_496 + 295_040 + 1_290,  # 32 → 30 → 15 → 13 → 6: 6 * 6 * 64 = 2304 numbers
        ),
        (
            "three_blocks",
            "conv 32, relu, pool, conv 64, relu, pool, conv 128, relu, pool, flatten, "
            "dense 128, relu, dropout 0.5, dense 10",
            320 + 18_496 + 73_856 + 16_512 + 1_290,  # … → 5 → 3 → 1: 128 numbers
            896 + 18_496 + 73_856 + 65_664 + 1_290,  # … → 6 → 4 → 2: 512 numbers
        ),
        (
            "three_convolutions",
            "conv 32, relu, pool, conv 64, relu, pool, conv 64, relu, flatten, "
            "dense 64, relu, dropout 0.5, dense 10",
            320 + 18_496 + 36_928 + 36_928 + 650,  # … → 5 → 3: 3 * 3 * 64 = 576 numbers
            896 + 18_496 + 36_928 + 65_600 + 650,  # … → 6 → 4: 4 * 4 * 64 = 1024 numbers
        ),
        (
            "two_blocks_l2",
            "conv 32, relu, pool, conv 64, relu, pool, flatten, dense 128, relu, dense 10",
            320 + 18_496 + 204_928 + 1_290,
            896 + 18_496 + 295_040 + 1_290,
        ),
    ],
)
def test_a_preset_is_the_published_architecture(preset, layers, mnist, cifar):
    for shape, parameters in (((28, 28, 1), mnist), ((32, 32, 3), cifar)):
        network = build(shape, **CNN_PRESETS[preset].values)
        assert written(network) == layers
        assert network.count_params() == parameters
        for convolution in of_kind(network, "Conv2D"):
            assert convolution.kernel_size == (3, 3)
            assert convolution.strides == (1, 1)
            assert convolution.padding == "valid"
        for pooling in of_kind(network, "MaxPooling2D"):
            assert (pooling.pool_size, pooling.strides) == ((2, 2), (2, 2))
            assert pooling.padding == "valid"
        *hidden, prediction = [*of_kind(network, "Conv2D"), *of_kind(network, "Dense")]
        assert prediction.activation.__name__ == "softmax"
        penalty = 0.001 if "l2" in preset else None
        for layer in hidden:
            assert layer.use_bias
            assert layer.activation.__name__ == "linear"  # the ReLU comes after it
            regularizer = layer.kernel_regularizer
            assert (regularizer and float(regularizer.l2)) == pytest.approx(penalty)


def test_the_studios_own_preset_is_the_bundled_network():
    import keras

    bundled = keras.models.load_model(load("mnist-cnn").file("model.keras"))
    network = build(**CNN_PRESETS[STUDIOS_OWN].values)
    pair = "conv {0}, norm, relu, conv {0}, norm, relu"
    pairs = ", pool, ".join(pair.format(filters) for filters in (32, 64, 128))
    assert written(network) == written(bundled)
    assert written(network) == (
        f"{pairs}, flatten, dropout 0.4, dense 128, norm, relu, dropout 0.4, dense 10"
    )
    assert network.count_params() == bundled.count_params() == 437_034
    for ours, theirs in zip(network.layers, bundled.layers, strict=True):
        assert ours.output.shape == theirs.output.shape
        assert [weight.shape for weight in ours.weights] == [w.shape for w in theirs.weights]
    network.set_weights(bundled.get_weights())
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1), np.uint8)
    assert np.asarray(network(images)) == pytest.approx(np.asarray(bundled(images)), abs=1e-6)


@pytest.mark.parametrize(
    ("values", "layers"),
    [
        ({}, "conv 4, norm, relu, pool, flatten, dense 8, norm, relu, dropout 0.3, dense 10"),
        (
            {"batch_norm": False, "dropout": 0},
            "conv 4, relu, pool, flatten, dense 8, relu, dense 10",
        ),
        (
            {"pool_last": False},
            "conv 4, norm, relu, flatten, dense 8, norm, relu, dropout 0.3, dense 10",
        ),
        (
            {"filters": "4-6", "pool_last": False, "batch_norm": False},
            "conv 4, relu, pool, conv 6, relu, flatten, dense 8, relu, dropout 0.3, dense 10",
        ),
        (
            {"convolutions": 3, "batch_norm": False, "dropout_features": 0.25, "dropout": 0.5},
            "conv 4, relu, conv 4, relu, conv 4, relu, pool, flatten, dropout 0.25, dense 8, relu, "
            "dropout 0.5, dense 10",
        ),
    ],
)
def test_hyperparameters_choose_the_layers(values, layers):
    assert written(build(**{**SMALL, **values})) == layers


@pytest.mark.parametrize("batch_norm", [True, False])
def test_batch_normalisation_stands_for_the_biases(batch_norm):
    network = build(**SMALL, batch_norm=batch_norm)
    *hidden, prediction = [*of_kind(network, "Conv2D"), *of_kind(network, "Dense")]
    assert [layer.use_bias for layer in hidden] == [not batch_norm] * 2
    assert prediction.use_bias
    assert {layer.momentum for layer in of_kind(network, "BatchNormalization")} <= {0.95}


@pytest.mark.parametrize(
    ("values", "sides"),
    [
        ({"filters": "4-4", "padding": "same"}, [28, 14]),
        ({"filters": "4-4", "padding": "valid"}, [26, 11]),
        ({"filters": "4-4", "padding": "valid", "kernel": 5}, [24, 8]),
        ({"filters": "4-4", "padding": "same", "kernel": 7}, [28, 14]),
        ({"filters": "4-4", "padding": "valid", "kernel": 1}, [28, 14]),
        # the first of several in a later block still pads
        ({"filters": "4-4", "padding": "valid", "convolutions": 2}, [26, 24, 12, 10]),
        ({"filters": "4-4", "padding": "valid", "convolutions": 3}, [26, 24, 22, 11, 9, 7]),
        ({"filters": "4-4", "padding": "same", "convolutions": 2}, [28, 28, 14, 14]),
    ],
)
def test_padding_and_kernel_decide_how_much_is_left(values, sides):
    network = build(**{**SMALL, **values})
    assert [layer.output.shape[1] for layer in of_kind(network, "Conv2D")] == sides
    assert {layer.kernel_size for layer in of_kind(network, "Conv2D")} == {
        (values.get("kernel", 3),) * 2
    }


@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_the_weight_penalty_is_on_every_convolution(model):
    small = {"width": 8} if model == "resnet" else SMALL
    network = build((8, 8, 1), 3, model, l2=0.01, **small)
    penalties = [layer.kernel_regularizer for layer in of_kind(network, "Conv2D")]
    assert [float(penalty.l2) for penalty in penalties] == pytest.approx([0.01] * len(penalties))
    assert len(network.losses) > len(penalties)
    assert build((8, 8, 1), 3, model, **small).losses == []


SIZES = [
    ((28, 28, 1), {"filters": "4-4-4", **RIM}, True),  # 26, 13, 11, 5, 3, 1
    ((27, 28, 1), {"filters": "4-4-4", **RIM}, True),  # 25, 12, 10, 5, 3, 1
    ((21, 28, 1), {"filters": "4-4-4", **RIM}, False),  # 19, 9, 7, 3, 1, 0
    ((21, 28, 1), {"filters": "4-4-4", **RIM, "pool_last": False}, True),
    ((28, 21, 1), {"filters": "4-4-4", **RIM}, False),
    ((8, 8, 1), {"filters": "4-4", **RIM}, False),  # 6, 3, 1, 0
    ((8, 8, 1), {"filters": "4-4", **RIM, "pool_last": False}, True),
    ((8, 8, 1), {"filters": "4-4", **RIM, "pool_last": False, "kernel": 5}, False),
    ((8, 8, 1), {"filters": "4-4", **RIM, "kernel": 1}, True),
    ((8, 8, 1), {"filters": "4-4-4", "padding": "same"}, True),  # 8, 4, 2, 1
    ((8, 8, 1), {"filters": "4-4-4-4", "padding": "same"}, False),
    ((8, 8, 1), {"filters": "4-4-4-4", "padding": "same", "pool_last": False}, True),
    ((8, 64, 3), {"filters": "4-4-4-4", "padding": "same"}, False),
    ((8, 8, 1), {"filters": "4", **RIM, "convolutions": 3}, True),  # 6, 4, 2, 1
    ((8, 8, 1), {"filters": "4-4", **RIM, "convolutions": 3}, False),
    ((6, 6, 1), {"filters": "4", "padding": "valid", "kernel": 7}, False),
    ((7, 7, 1), {"filters": "4", "padding": "valid", "kernel": 7, "pool_last": False}, True),
]


def test_an_image_fits_or_is_refused_before_anything_is_built():
    for shape, values, fits in SIZES:
        chosen = resolve("simple_cnn", {**SMALL, **values})
        if fits:
            cnn.check_size(chosen, shape)
            continue
        with pytest.raises(ModelError) as caught:
            cnn.check_size(chosen, shape)
        assert f"Images of {shape[1]}×{shape[0]} pixels are used up in block" in str(caught.value)


@pytest.mark.parametrize(("shape", "values", "fits"), SIZES)
def test_keras_agrees_about_what_fits(shape, values, fits):
    try:
        network = build(shape, **{**SMALL, **values})
    except ValueError:
        assert not fits
    else:
        sides = [side for layer in network.layers for side in layer.output.shape[1:]]
        assert (min(sides) > 0) is fits


def test_the_block_that_uses_an_image_up_is_named():
    values = {"filters": "4-4-4-4", "padding": "valid"}
    with pytest.raises(ModelError, match=r"used up in block 3 of 4: `kernel`=3.*`padding`=valid"):
        cnn.check_size(resolve("simple_cnn", {**SMALL, **values}), (16, 16, 1))


def test_padding_is_not_advised_to_those_who_have_it():
    with pytest.raises(ModelError) as caught:
        values = {**SMALL, "filters": "4-4-4-4", "padding": "same"}
        cnn.check_size(resolve("simple_cnn", values), (8, 8, 1))
    assert "`padding`=valid" not in str(caught.value)
    assert "`filters`" in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "sides"),
    [
        ((8, 8, 1), [8, 4, 2]),  # too small to be halved at the beginning
        ((15, 40, 1), [15, 8, 4]),
        ((28, 28, 1), [14, 7, 4]),
        ((32, 32, 3), [16, 8, 4]),
        ((64, 64, 3), [32, 16, 8]),
    ],
)
def test_every_later_stage_of_a_residual_network_halves_the_image(shape, sides):
    network = build(shape, 10, "resnet", width=8)
    sums = of_kind(network, "Add")
    assert [layer.output.shape[1] for layer in sums] == sides
    assert [layer.output.shape[-1] for layer in sums] == [16, 32, 64]


@pytest.mark.parametrize(("stages", "blocks"), [(1, 1), (1, 3), (2, 1), (3, 2), (4, 1)])
def test_a_residual_network_adds_once_in_every_block(stages, blocks):
    network = build((32, 32, 3), 10, "resnet", width=8, stages=stages, blocks=blocks)
    assert len(of_kind(network, "Add")) == stages * blocks
    # one at the beginning, two in every block, one where the shape changes: once in every stage
    assert len(of_kind(network, "Conv2D")) == 1 + 2 * stages * blocks + stages
    assert len(of_kind(network, "BatchNormalization")) == len(of_kind(network, "Conv2D"))
    for convolution in of_kind(network, "Conv2D"):
        assert convolution.padding == "same"
        assert not convolution.use_bias


def test_a_residual_network_has_the_parameters_counted_by_hand():
    network = build((8, 8, 1), 10, "resnet", width=8, stages=2, blocks=1)
    beginning = 9 * 8 + 4 * 8  # weights, and four numbers per filter of batch normalisation
    first = 9 * 8 * 16 + 9 * 16 * 16 + 8 * 16 + 3 * 4 * 16
    second = 9 * 16 * 32 + 9 * 32 * 32 + 16 * 32 + 3 * 4 * 32
    assert network.count_params() == beginning + first + second + 32 * 10 + 10


@pytest.mark.parametrize(("dropout", "rates"), [(0.0, []), (0.25, [0.25])])
def test_a_residual_network_may_drop_features(dropout, rates):
    network = build((8, 8, 1), 10, "resnet", width=8, dropout=dropout)
    assert [layer.rate for layer in of_kind(network, "Dropout")] == rates


@pytest.mark.parametrize(
    ("model", "shape", "values"),
    [
        ("simple_cnn", (28, 28, 1), CNN_PRESETS["two_blocks"].values),
        ("simple_cnn", (28, 28, 1), CNN_PRESETS[STUDIOS_OWN].values),
        ("simple_cnn", (32, 48, 3), {"kernel": 5}),
        ("resnet", (32, 32, 3), {"blocks": 2}),
        ("resnet", (8, 8, 1), {"width": 8}),
    ],
)
def test_multiplications_are_those_of_the_layers(model, shape, values):
    network = build(shape, 10, model, **values)
    total = 0
    for layer in of_kind(network, "Conv2D"):
        total += np.prod(layer.output.shape[1:3]) * np.prod(layer.kernel.shape)
    for layer in of_kind(network, "Dense")[:-1]:
        total += np.prod(layer.kernel.shape)
    estimated = MODELS[model].multiplications(resolve(model, values), shape)
    assert estimated == pytest.approx(total, rel=0.01)
