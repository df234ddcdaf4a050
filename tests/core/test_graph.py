"""A served network looked into: its weights, and arrays in between."""

import numpy as np
import pytest

from core import runs
from core.errors import RunError
from core.serving import Graph, load_predictor


@pytest.mark.parametrize("run_id", ["mnist-cnn", "cifar10-efficientnet-lite0"])
def test_a_watched_network_predicts_what_the_served_one_does(run_id):
    run = runs.load(run_id)
    graph, images = Graph(run.file("model.tflite").read_bytes()), run.samples().test[:20]
    maps = [one for one in graph.operations if one.kind == "CONV_2D"][-1].outputs[0]
    probabilities, seen = graph.watching([maps])(images)
    served = load_predictor(run).probabilities(images)
    assert np.abs(probabilities - served).max() < 1e-5
    assert seen.shape == (20, *graph.shape(maps)[1:])
    assert graph.made_by[maps].kind == "CONV_2D"
    assert graph.constant(maps) is None


def test_the_weights_in_the_file_compute_the_scores():
    run = runs.load("cifar10-efficientnet-lite0")
    graph, images = Graph(run.file("model.tflite").read_bytes()), run.samples().test[:5]
    dense = [one for one in graph.operations if one.kind == "FULLY_CONNECTED"][-1]
    _, features, scores = graph.watching([dense.inputs[0], dense.outputs[0]])(images)
    weights, bias = graph.constant(dense.inputs[1]), graph.constant(dense.inputs[2])
    assert np.allclose(features @ weights.T + bias, scores, atol=1e-4)


def test_what_is_no_network_is_refused_in_one_sentence():
    with pytest.raises(RunError, match="cannot be looked into"):
        Graph(b"no network at all")
