import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from core.errors import ModelError
from core.models import MODELS, resolve
from core.models.classical import features

CLASSICAL = [spec.name for spec in MODELS.values() if spec.family == "classical"]
SHAPE = (8, 8, 1)


def steps(model: str = "logistic_regression", shape=SHAPE, seed: int = 0, **values) -> list:
    return features(resolve(model, values), shape, seed)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """120 flattened images of 8×8 pixels whose brightest value is even."""
    return 2 * np.random.default_rng(0).integers(0, 128, (120, 64)).astype(np.float32)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("pixels", ["Normalizer"]),
        ("pca", ["Normalizer", "PCA"]),
        ("hog", ["Normalizer", "HogFeatures"]),
        ("hog_pca", ["Normalizer", "HogFeatures", "PCA"]),
    ],
)
@pytest.mark.parametrize("model", CLASSICAL)
def test_features_are_steps_before_the_model(model, chosen, expected):
    assert [type(step).__name__ for step in steps(model, features=chosen)] == expected


def test_settings_reach_the_features():
    pca = steps(features="pca", pca_components=20, seed=3)[-1]
    assert (pca.n_components, pca.random_state) == (20, 3)
    hog = steps(shape=(20, 30, 3), features="hog", hog_cells=5, hog_orientations=6)[-1]
    assert (hog.height, hog.width, hog.channels, hog.cells, hog.orientations) == (20, 30, 3, 5, 6)


@pytest.mark.parametrize(
    ("shape", "asked", "expected", "solver"),
    [
        ((8, 8, 1), 50, 50, "full"),
        ((8, 8, 1), 500, 64, "full"),
        ((8, 8, 3), 500, 192, "randomized"),
        ((28, 28, 1), 500, 500, "randomized"),
    ],
)
def test_there_are_no_more_patterns_than_pixels(shape, asked, expected, solver):
    pca = steps(shape=shape, features="pca", pca_components=asked)[-1]
    assert (pca.n_components, pca.svd_solver) == (expected, solver)


@pytest.mark.parametrize("shape", [(1, 2, 3), (5, 1, 1)])
def test_hog_of_images_without_two_pixels_is_refused(shape):
    with pytest.raises(ModelError, match=f"Received: {shape[1]}×{shape[0]}"):
        steps(shape=shape, features="hog")


@pytest.mark.parametrize("chosen", ["pixels", "pca", "hog"])
def test_features_do_not_mind_how_bright_an_image_is(images, chosen):
    """The scaling travels with the model: half the light gives the same features."""
    pipeline = make_pipeline(*steps(features=chosen)).fit(images)
    assert pipeline.transform(images / 2) == pytest.approx(pipeline.transform(images), abs=1e-5)


def test_a_black_image_has_features(images):
    for chosen in ("pixels", "pca", "hog"):
        pipeline = make_pipeline(*steps(features=chosen)).fit(images)
        assert np.isfinite(pipeline.transform(np.zeros((1, 64), np.float32))).all()


@pytest.mark.parametrize("model", CLASSICAL)
def test_an_estimator_comes_bare_and_unfitted(model):
    estimator = MODELS[model].build(resolve(model, {}), 0)
    assert is_classifier(estimator)
    assert not hasattr(estimator, "steps")
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        ("logistic_regression", {"C": 2, "max_iter": 30}, {"C": 2.0, "max_iter": 30}),
        ("logistic_regression", {"class_weights": True}, {"class_weight": "balanced"}),
        ("logistic_regression", {}, {"class_weight": None, "random_state": 7}),
        ("linear_svm", {"C": 0.1, "max_iter": 50}, {"C": 0.1, "max_iter": 50, "dual": False}),
        ("linear_svm", {"class_weights": True}, {"class_weight": "balanced"}),
        ("rbf_svm", {"C": 3}, {"C": 3.0, "gamma": "scale", "kernel": "rbf"}),
        ("rbf_svm", {"gamma": 0.02, "class_weights": True}, {"gamma": 0.02}),
        ("rbf_svm", {"class_weights": True}, {"class_weight": "balanced"}),
        ("knn", {}, {"n_neighbors": 3, "weights": "distance"}),
        ("knn", {"n_neighbors": 5, "weights": "uniform"}, {"n_neighbors": 5, "weights": "uniform"}),
        ("random_forest", {}, {"n_estimators": 100, "max_features": "sqrt", "random_state": 7}),
        ("random_forest", {"max_features": 0.3}, {"max_features": 0.3}),
        ("random_forest", {"max_leaf_nodes": 9}, {"max_leaf_nodes": 9}),
        ("random_forest", {"class_weights": True}, {"class_weight": "balanced"}),
        ("gradient_boosting", {"rounds": 9, "l2": 1}, {"max_iter": 9, "l2_regularization": 1.0}),
        ("gradient_boosting", {"learning_rate": 0.3}, {"learning_rate": 0.3}),
        ("gradient_boosting", {"max_leaf_nodes": 7}, {"max_leaf_nodes": 7}),
        ("gradient_boosting", {}, {"early_stopping": False, "random_state": 7}),
        ("mlp", {"hidden_units": "64-32"}, {"hidden_layer_sizes": [64, 32]}),
        ("mlp", {"epochs": 4, "batch_size": 16}, {"max_iter": 4, "batch_size": 16}),
        ("mlp", {"l2": 0.5, "learning_rate": 0.01}, {"alpha": 0.5, "learning_rate_init": 0.01}),
    ],
)
def test_settings_reach_the_estimator(model, values, expected):
    received = MODELS[model].build(resolve(model, values), 7).get_params()
    assert {**received, **expected} == received
