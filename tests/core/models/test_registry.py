import pytest

from core.augmentation import CUSTOM, FILLS, POLICIES, USUAL
from core.errors import ModelError
from core.models import MODELS, resolve
from core.models.presets import CNN_PRESETS, STUDIOS_OWN
from core.models.transfer import BACKBONES, EMBEDDED

GROUPS = {"model", "features", "training", "fine_tuning", "augmentation"}
ALL_PARAMS = [
    pytest.param(spec, param, id=f"{spec.name}-{param.name}")
    for spec in MODELS.values()
    for param in spec.params
]
PRESETS = [(spec.name, preset) for spec in MODELS.values() for preset in spec.presets]
CLASSICAL = [spec.name for spec in MODELS.values() if spec.family == "classical"]
NETWORKS = [spec.name for spec in MODELS.values() if spec.family == "network"]


def test_every_model_is_there():
    assert set(CLASSICAL) == {
        "logistic_regression",
        "linear_svm",
        "rbf_svm",
        "knn",
        "random_forest",
        "gradient_boosting",
        "mlp",
    }
    assert set(NETWORKS) == {"simple_cnn", "resnet", *BACKBONES}


@pytest.mark.every_case
@pytest.mark.parametrize("name", MODELS)
def test_an_entry_is_complete(name):
    spec = MODELS[name]
    assert spec.name == name
    assert spec.family in ("classical", "network")
    assert spec.learns_by in ("epoch", "iteration", "trees", "rounds", "images")
    assert spec.title
    assert spec.summary.endswith(".")
    for described in ("name", "title"):
        texts = [getattr(param, described) for param in spec.params]
        assert len(set(texts)) == len(texts)


@pytest.mark.every_case
@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_explained(name):
    for param in MODELS[name].params:
        assert param.title[0].isupper() and not param.title.endswith("."), param
        assert param.help.endswith("."), param
        assert param.group in GROUPS, param
        assert "\n" not in param.title + param.help, param


@pytest.mark.every_case
@pytest.mark.parametrize("name", MODELS)
def test_defaults_are_allowed(name):
    for param in MODELS[name].params:
        assert param.parse(param.default) == param.default
        limited = param.low is not None and param.high is not None
        kinds = [isinstance(param.default, bool), bool(param.choices), limited]
        assert kinds.count(True) == 1, param
        if limited:
            assert param.low < param.high, param


@pytest.mark.parametrize(("spec", "param"), [one for one in ALL_PARAMS if one.values[1].only_if])
def test_a_condition_names_another_parameter_and_values_it_may_have(spec, param):
    other, allowed = param.only_if
    others = {other.name: other for other in spec.params if other is not param}
    assert allowed
    for value in allowed:
        assert others[other].parse(value) == value


@pytest.mark.parametrize(("spec", "param"), [one for one in ALL_PARAMS if one.values[1].choices])
def test_every_choice_is_explained_or_speaks_for_itself(spec, param):
    for choice in param.choices:
        if param.name != "augmentation":
            assert f"{choice}: " in param.help


@pytest.mark.parametrize("name", MODELS)
def test_without_values_everything_that_counts_has_its_default(name):
    defaults = {param.name: param.default for param in MODELS[name].params}
    counting = {
        param.name: param.default for param in MODELS[name].params if param.counts(defaults)
    }
    assert resolve(name, {}) == counting
    assert resolve(name, defaults) == counting


@pytest.mark.parametrize("name", MODELS)
def test_what_was_resolved_stays_the_same(name):
    once = resolve(name, {})
    assert resolve(name, once) == once


@pytest.mark.parametrize(
    ("model", "values", "expected", "dropped"),
    [
        ("logistic_regression", {"C": "2"}, {"C": 2.0, "features": "pixels"}, ["pca_components"]),
        (
            "logistic_regression",
            {"features": "pca"},
            {"pca_components": 50},
            ["hog_cells", "hog_orientations"],
        ),
        (
            "logistic_regression",
            {"features": "pca", "pca_components": 9},
            {"pca_components": 9},
            [],
        ),
        ("logistic_regression", {"pca_components": 50}, {}, ["pca_components"]),
        (
            "knn",
            {"features": "hog", "hog_cells": "5"},
            {"hog_cells": 5, "hog_orientations": 9},
            ["pca_components"],
        ),
        ("simple_cnn", {}, {"keep_best": True}, ["weight_decay", "plateau_patience", "rotation"]),
        ("simple_cnn", {"weight_averaging": 0.9}, {"weight_averaging": 0.9}, ["keep_best"]),
        ("simple_cnn", {"optimizer": "adamw"}, {"weight_decay": 0.01}, []),
        ("resnet", {}, {"weight_decay": 0.05}, []),
        ("simple_cnn", {"schedule": "plateau"}, {"plateau_patience": 3}, []),
        (
            "simple_cnn",
            {"augmentation": "custom", "flip": "0.5"},
            {"flip": 0.5, "rotation": 0.0, "fill": "black", "random_operations": 0},
            [],
        ),
    ],
)
def test_values_given_replace_defaults_and_what_does_not_count_is_left_out(
    model, values, expected, dropped
):
    resolved = resolve(model, values)
    assert {**resolved, **expected} == resolved
    assert set(resolved).isdisjoint(dropped)


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        (
            "logistic_regression",
            {"pca_components": 20},
            "`pca_components` only has an effect with features=pca or hog_pca. "
            "Received: pca_components=20 with features=pixels.",
        ),
        ("knn", {"hog_cells": 5}, "`hog_cells` only has an effect with features=hog"),
        (
            "simple_cnn",
            {"weight_decay": 0.1},
            "`weight_decay` only has an effect with optimizer=adamw",
        ),
        ("simple_cnn", {"plateau_patience": 5}, "only has an effect with schedule=plateau"),
        (
            "simple_cnn",
            {"keep_best": False, "weight_averaging": 0.9},
            "`keep_best` only has an effect with weight_averaging=0.0",
        ),
        ("resnet", {"rotation": 5}, "`rotation` only has an effect with augmentation=custom"),
        ("resnet", {"flip": 0.5, "augmentation": "none"}, "Received: flip=0.5 with augmentation"),
    ],
)
def test_a_value_for_what_does_not_count_is_refused(model, values, expected):
    with pytest.raises(ModelError) as caught:
        resolve(model, values)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        ("resnett", {}, "no model named 'resnett'. Did you mean `resnet`. Known: .*simple_cnn"),
        ("", {}, "no model named ''"),
        (None, {}, "no model named 'None'"),
        ("random_forest", {"trees": 3}, "no hyperparameter of random_forest named 'trees'"),
        ("random_forest", {"epochs": 3}, "Known: class_weights, .*max_leaf_nodes, .*n_estimators"),
        ("random_forest", {"n_estimators": 0}, "`n_estimators` must be a whole number"),
        ("simple_cnn", {"augmentation": "wild"}, "`augmentation` must be one of"),
        ("simple_cnn", {"filters": "32,64"}, "`filters` must be one to 6 whole numbers"),
        ("mlp", {"hidden_units": "0"}, "`hidden_units` must be one to 6 whole numbers"),
        ("simple_cnn", {"batch_norm": "perhaps"}, "`batch_norm` must be true or false"),
    ],
)
def test_unknown_names_and_values_are_refused(model, values, expected):
    with pytest.raises(ModelError, match=expected):
        resolve(model, values)


def test_there_are_presets_of_the_convolutional_network():
    assert MODELS["simple_cnn"].presets is CNN_PRESETS
    assert STUDIOS_OWN in CNN_PRESETS
    quick, thorough = CNN_PRESETS["quick"], CNN_PRESETS[STUDIOS_OWN]
    assert [quick.values_for(images)["epochs"] for images in (54_000, 5_000, 100)] == [3, 34, 100]
    assert thorough.values_for(100) == thorough.values  # its epochs are its own


@pytest.mark.parametrize(("model", "preset"), PRESETS)
def test_a_preset_counts_as_a_whole(model, preset):
    values = MODELS[model].presets[preset].values
    resolved = resolve(model, values)
    assert {**resolved, **values} == resolved


@pytest.mark.parametrize("name", CLASSICAL)
def test_every_classical_model_may_look_at_pixels_pca_hog_or_what_a_network_finds(name):
    for features in ("pixels", "pca", "hog", "hog_pca", EMBEDDED):
        resolved = resolve(name, {"features": features})
        assert resolved["features"] == features
        assert ("feature_size" in resolved) is (features == EMBEDDED)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_may_vary_its_images(name):
    params = {param.name: param for param in MODELS[name].params}
    assert params["augmentation"].choices == (USUAL, *POLICIES, CUSTOM)
    assert params["fill"].choices == tuple(FILLS)
