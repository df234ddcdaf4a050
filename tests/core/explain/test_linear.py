"""The weights of linear models, found by asking them."""

import numpy as np

from core import runs
from core.datasets import sample_images
from core.explain import linear_of
from core.serving import load_predictor


def test_the_weights_of_logistic_regression_give_what_it_predicts():
    predictor = load_predictor(runs.load("mnist-logistic-regression"))
    linear, images = linear_of(predictor), np.stack(sample_images("mnist"))
    logits = linear.logits(images // 2 + 20)
    predicted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.abs(predicted - predictor.probabilities(images // 2 + 20)).max() < 1e-5
    summed = linear.products(images[3]).sum(axis=(0, 1, 2)) + linear.bias
    assert np.allclose(summed, linear.logits(images)[3])
    assert np.abs(linear.weights.mean(axis=-1)).max() < 1e-9


def test_models_that_are_not_linear_have_none():
    for run_id in ("mnist-cnn", "mnist-random-forest", "mnist-svm"):
        assert linear_of(load_predictor(runs.load(run_id))) is None
