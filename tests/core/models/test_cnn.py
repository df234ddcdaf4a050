import numpy as np
import pytest

from core.models import MODELS, resolve

SMALL = resolve("simple_cnn", {"filters": 4, "dense_units": 8})


@pytest.fixture(scope="module", autouse=True)
def quiet_tensorflow():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        yield


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
def test_any_input_shape_gives_probabilities(input_shape, classes):
    network = MODELS["simple_cnn"].build(SMALL, input_shape, classes)
    assert network.input_shape == (None, *input_shape)
    assert network.output_shape == (None, classes)
    pictures = np.random.default_rng(0).integers(0, 256, (3, *input_shape), np.uint8)
    probabilities = np.asarray(network(pictures))
    assert probabilities.shape == (3, classes)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_pixels_are_scaled_by_the_network_itself():
    network = MODELS["simple_cnn"].build(SMALL, (28, 28, 1), 10)
    scaling = [layer for layer in network.layers if type(layer).__name__ == "Rescaling"]
    assert len(scaling) == 1
    assert scaling[0].scale == pytest.approx(1 / 255)
    assert network.layers[1] is scaling[0]


def test_hyperparameters_reach_the_layers():
    chosen = resolve("simple_cnn", {"filters": 6, "dense_units": 11, "dropout": 0.25})
    network = MODELS["simple_cnn"].build(chosen, (28, 28, 1), 10)
    of_kind = {kind: [] for kind in ("Conv2D", "Dense", "Dropout")}
    for layer in network.layers:
        of_kind.get(type(layer).__name__, []).append(layer)
    assert [layer.filters for layer in of_kind["Conv2D"]] == [6, 6, 12, 12, 24, 24]
    assert [layer.units for layer in of_kind["Dense"]] == [11, 10]
    assert {layer.rate for layer in of_kind["Dropout"]} == {0.25}


def test_the_network_comes_uncompiled():
    assert not MODELS["simple_cnn"].build(SMALL, (8, 8, 1), 10).compiled
