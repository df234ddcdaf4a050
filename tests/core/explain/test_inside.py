"""Every number that is shown of a network can be computed from what is sent with it."""

import numpy as np
import pytest

from core import runs
from core.datasets import sample_images
from core.errors import RunError
from core.explain import inside, network_of, unpacked, why_not_inside
from core.explain.inside import MOST_BYTES, MOST_MAPS, describe_inside
from core.explain.layers import Network, rows_of
from core.explain.packing import Packer
from core.serving import Graph, load_predictor
from tests.core.explain.built import many_operations
from tests.core.explain.recomputing import full, recomputed
from tests.core.made_up import made_up_run

OFF = 1e-4


def described(network: Network, image: np.ndarray, opened: int | None = None) -> dict:
    packer = Packer()
    content = packer.pack(describe_inside(network, image, packer, opened))
    assert len(content) < 2 * MOST_BYTES
    return unpacked(content)


def built_network() -> Network:
    graph = Graph(many_operations())
    rows = rows_of(graph)
    return Network(rows, graph.watching([row.tensor for row in rows[1:]]))


def check(rows: list[dict], index: int) -> None:
    """The row is what its arithmetic gives, wherever its numbers were sent."""
    expected, found = full(rows[index]), recomputed(rows, index)
    assert found is not None
    sent = ~np.isnan(expected) & ~np.isnan(found)
    assert sent.any()
    if rows[index]["kind"] != "dense":  # of a dense layer all outputs are sent, but few weights
        assert (sent == ~np.isnan(expected)).all()
    scale = np.maximum(1, np.abs(expected[sent]))
    if rows[index]["kind"] == "resize":  # LiteRT's positions between pixels of 0-255 are float32
        scale = np.abs(expected[sent]).max()
    assert (np.abs(found - expected)[sent] / scale).max() < OFF, rows[index]["title"]


def test_every_number_of_a_small_network_adds_up():
    run = runs.load("mnist-cnn")
    image = sample_images("mnist")[7]
    sent = described(network_of(run), image)
    assert sent["whole"]
    kinds = [row["kind"] for row in sent["rows"]]
    assert kinds[0] == "input" and {"convolution", "max_pooling", "dense", "softmax"} <= set(kinds)
    for index in range(1, len(kinds)):
        check(sent["rows"], index)
    served = load_predictor(run).probabilities(image[None])[0]
    assert np.array_equal(full(sent["rows"][-1])[0, 0], served)
    assert sent["rows"][1]["title"] == "Convolution 3×3, 32 filters + ReLU"


def test_every_operation_adds_up():
    rng = np.random.default_rng(1)
    sent = described(built_network(), rng.integers(0, 256, (9, 7, 3), dtype=np.uint8))
    kinds = [row["kind"] for row in sent["rows"]]
    assert kinds.count("other") == 1  # what is not known is shown without arithmetic
    assert {"pad", "concatenation", "average_pooling", "subtract", "activation"} <= set(kinds)
    for index, kind in enumerate(kinds):
        if kind not in ("input", "other"):
            check(sent["rows"], index)


def test_rows_of_a_large_network_add_up_when_they_are_opened():
    network = network_of(runs.load("cifar10-efficientnet-lite0"))
    image = np.random.default_rng(2).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    kinds = {}
    for index, row in enumerate(network.rows):
        kinds.setdefault((row.kind, row.groups > 1, row.stride, row.activation), index)
    for index in [*kinds.values()][1:]:
        sent = described(network, image, index)
        assert not sent["whole"] and sent["opened"] == index
        assert len(sent["rows"][index]["shown"]) <= MOST_MAPS
        check(sent["rows"], index)


def test_of_very_large_maps_the_numbers_of_a_square_are_sent(monkeypatch):
    monkeypatch.setattr(inside, "_MOST_EXACT", 60_000)
    network = network_of(runs.load("cifar10-efficientnet-lite0"))
    image = np.random.default_rng(3).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    index = next(place for place, row in enumerate(network.rows) if row.stride == (2, 2))
    rows = described(network, image, index)["rows"]
    height, width, _ = rows[index]["values"]["numbers"].shape
    assert height < rows[index]["shape"][0] and width < rows[index]["shape"][1]
    check(rows, index)


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ({"members": ({"id": "a"},), "family": "ensemble"}, "ensemble"),
        ({}, "no neural network"),
    ],
)
def test_what_has_no_layers_is_told(card, sentence):
    run = made_up_run("other", **card)
    assert sentence in why_not_inside(run)
    with pytest.raises(RunError, match=sentence):
        network_of(run)
