import pytest
import skops.io

from core import runs
from core.models import MODELS, resolve
from core.serving import TRUSTED_TYPES
from core.training import TrainConfig, train
from core.training.parameters import count_parameters

FEW = {"max_images": 300}
PCA = {"features": "pca", "pca_components": 20}

# By name: the model, what is set on it, and how many numbers it learns from images of 8×8 pixels
# and ten classes.
KNOWN = {
    "logistic regression": ("logistic_regression", {"max_iter": 10}, 64 * 10 + 10),
    "logistic regression on PCA": (
        "logistic_regression",
        {"max_iter": 10, **PCA},
        21 * 64 + 20 * 10 + 10,
    ),
    "linear SVM": ("linear_svm", {"features": "pixels", **FEW}, 64 * 10 + 10 + 1),
    "linear SVM on PCA": ("linear_svm", {**PCA, **FEW}, 21 * 64 + 20 * 10 + 10 + 1),
    "neighbours": ("knn", {"features": "pixels", **FEW}, 300 * 64),
    "neighbours on PCA": ("knn", {**PCA, **FEW}, 21 * 64 + 300 * 20),
    "forest": ("random_forest", {"n_estimators": 3, "max_leaf_nodes": 8}, 3 * (8 + 7)),
    "stumps": ("random_forest", {"n_estimators": 5, "max_leaf_nodes": 2}, 5 * (2 + 1)),
    "boosting": (
        "gradient_boosting",
        {"rounds": 2, "max_leaf_nodes": 4, "features": "pixels"},
        2 * 10 * (4 + 3),
    ),
    "perceptron": (
        "mlp",
        {"epochs": 1, "hidden_units": "32-16"},
        64 * 32 + 32 + 32 * 16 + 16 + 16 * 10 + 10,
    ),
}
PLAIN_CNN = {
    "filters": "4",
    "convolutions": 1,
    "padding": "same",
    "pool_last": True,
    "batch_norm": False,
    "dense_units": 8,
}


def trained(model: str, values: dict) -> runs.Run:
    return train(TrainConfig("digits", model, values))


def steps_of(run: runs.Run) -> list:
    return skops.io.load(run.file("model.skops"), trusted=list(TRUSTED_TYPES)).steps


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.few(3)
def test_what_a_model_has_learned_is_counted(runs_folder, name):
    model, values, expected = KNOWN[name]
    run = trained(model, values)
    assert count_parameters(run.folder, run.card.family) == expected
    assert run.card.cost["parameters"] == expected


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        ("simple_cnn", PLAIN_CNN, (3 * 3 + 1) * 4 + (4 * 4 * 4 + 1) * 8 + (8 + 1) * 10),
        ("simple_cnn", {"filters": "4-8", "dense_units": 8, "batch_norm": True}, None),
        ("resnet", {"width": 8, "stages": 2}, None),
    ],
    ids=["plain", "with batch normalisation", "residual"],
)
@pytest.mark.few(1)
def test_a_network_is_counted_as_keras_counts_it(tmp_path, model, values, expected):
    import keras

    network = MODELS[model].build(resolve(model, values), (8, 8, 1), 10)
    network.save(tmp_path / "model.keras")
    counted = count_parameters(tmp_path, "network")
    assert counted == network.count_params()
    assert counted == sum(int(keras.ops.size(weight)) for weight in network.weights)
    assert expected in (None, counted)


def test_support_vectors_are_counted_with_their_weights(runs_folder):
    run = trained("rbf_svm", {**PCA, **FEW})
    *_, (_, calibrated) = steps_of(run)
    vectors = int(calibrated.calibrated_classifiers_[0].estimator.estimator.n_support_.sum())
    assert 10 < vectors <= 300
    # values and weights against nine other classes, then a border between any two classes
    expected = 21 * 64 + vectors * (20 + 9) + 45 + 1
    assert count_parameters(run.folder, "classical") == expected


def test_features_that_learn_nothing_count_nothing(runs_folder):
    run = trained("logistic_regression", {"features": "hog", "hog_cells": 4, "max_iter": 10})
    steps = dict(steps_of(run))
    inputs = steps["logisticregression"].coef_.shape[1]
    assert list(steps) == ["normalizer", "hogfeatures", "logisticregression"]
    assert count_parameters(run.folder, "classical") == inputs * 10 + 10


@pytest.mark.parametrize("name", runs.BUNDLED)
@pytest.mark.few(1)
def test_cards_of_bundled_runs_tell_their_count(name):
    run = runs.load(name)
    assert count_parameters(run.folder, run.card.family) == run.card.cost["parameters"]
