import numpy as np
import pytest

from core.augmentation import Policy
from core.errors import ModelError
from core.models import AUGMENTATIONS, MODELS, Param, resolve

ALL_PARAMS = [
    pytest.param(param, id=f"{spec.name}-{param.name}")
    for spec in MODELS.values()
    for param in spec.params
]
WHOLE = Param("epochs", 5, "How often.", 1, 20)
REAL = Param("dropout", 0.4, "How much.", 0.0, 0.9)
CHOICE = Param("augmentation", "none", "Which.", choices=("none", "some"))


def test_the_first_models_are_there():
    assert {"logistic_regression", "random_forest", "simple_cnn"} <= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_an_entry_is_complete(name):
    spec = MODELS[name]
    assert spec.name == name
    assert spec.family in ("classical", "network")
    assert spec.title
    assert spec.summary.endswith(".")
    names = [param.name for param in spec.params]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("param", ALL_PARAMS)
def test_a_default_is_allowed_and_explained(param):
    assert param.parse(param.default) == param.default
    assert param.help.endswith(".")
    assert bool(param.choices) != (param.low is not None and param.high is not None)


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (WHOLE, 7, 7),
        (WHOLE, "7", 7),
        (WHOLE, " 7 ", 7),
        (WHOLE, 7.0, 7),
        (WHOLE, "7.0", 7),
        (WHOLE, 1, 1),
        (WHOLE, 20, 20),
        (WHOLE, np.int64(3), 3),
        (REAL, 0, 0.0),
        (REAL, "0.9", 0.9),
        (REAL, "1e-1", 0.1),
        (CHOICE, "some", "some"),
    ],
)
def test_a_value_becomes_the_type_of_its_parameter(param, value, expected):
    parsed = param.parse(value)
    assert parsed == expected
    assert type(parsed) is type(param.default)


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (WHOLE, 0, "`epochs` must be a whole number from 1 to 20. Received: 0."),
        (WHOLE, 21, "from 1 to 20. Received: 21."),
        (WHOLE, 2.5, "a whole number"),
        (WHOLE, "2.5", "Received: '2.5'."),
        (WHOLE, "many", "Received: 'many'."),
        (WHOLE, "", "Received: ''."),
        (WHOLE, None, "Received: None."),
        (WHOLE, [3], "a whole number"),
        (WHOLE, float("nan"), "Received: nan."),
        (WHOLE, float("inf"), "Received: inf."),
        (WHOLE, "1e400", "a whole number"),
        (WHOLE, 10**400, "a whole number"),
        (REAL, 0.91, "`dropout` must be a number from 0 to 0.9. Received: 0.91."),
        (REAL, -1e-9, "from 0 to 0.9"),
        (REAL, "nan", "Received: 'nan'."),
        (REAL, "-inf", "from 0 to 0.9"),
        (CHOICE, "all", "`augmentation` must be one of none, some. Received: 'all'."),
        (CHOICE, "", "one of none, some"),
        (CHOICE, None, "one of none, some"),
        (CHOICE, 3, "one of none, some"),
    ],
)
def test_other_values_are_refused_in_one_sentence(param, value, expected):
    with pytest.raises(ModelError) as caught:
        param.parse(value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", MODELS)
def test_without_values_everything_has_its_default(name):
    assert resolve(name, {}) == {param.name: param.default for param in MODELS[name].params}


def test_values_given_replace_defaults():
    assert resolve("logistic_regression", {"C": "2"}) == {"C": 2.0, "max_iter": 100}


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        ("resnett", {}, "no model named 'resnett'. Known: .*simple_cnn"),
        ("", {}, "no model named ''"),
        ("random_forest", {"trees": 3}, "no hyperparameter of random_forest named 'trees'"),
        ("random_forest", {"epochs": 3}, "Known: max_features, max_leaf_nodes, n_estimators"),
        ("random_forest", {"n_estimators": 0}, "`n_estimators` must be a whole number"),
        ("simple_cnn", {"augmentation": "wild"}, "`augmentation` must be one of"),
    ],
)
def test_unknown_names_and_values_are_refused(model, values, expected):
    with pytest.raises(ModelError, match=expected):
        resolve(model, values)


def test_augmentations_are_policies():
    assert AUGMENTATIONS["none"] == Policy()
    assert all(isinstance(policy, Policy) for policy in AUGMENTATIONS.values())


@pytest.mark.parametrize(
    "name", [spec.name for spec in MODELS.values() if spec.family == "classical"]
)
def test_classical_models_do_not_mind_how_bright_a_picture_is(name):
    """The scaling travels with the model: half the light gives the same answer."""
    rng = np.random.default_rng(0)
    pictures = 2 * rng.integers(0, 128, (60, 64)).astype(np.uint8)
    labels = np.arange(60) % 3
    small = {"n_estimators": 5} if name == "random_forest" else {}
    model = MODELS[name].build(resolve(name, small), 0).fit(pictures, labels)
    probabilities = model.predict_proba(pictures)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert model.predict_proba(pictures // 2) == pytest.approx(probabilities)
