import json
from dataclasses import FrozenInstanceError, replace

import pytest

from core import datasets, runs
from core.errors import DatasetError, ModelError, RunError, StudioError
from core.models import MODELS, resolve
from core.models.presets import CNN_PRESETS, STUDIOS_OWN, TRANSFER_PRESETS
from core.models.shared_params import DEFAULT_INPUT
from core.models.transfer import BACKBONES
from core.training import TrainConfig, bundled
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.overriding import use


def test_defaults_are_filled_in():
    config = TrainConfig("digits", "random_forest", {"n_estimators": "7"})
    assert config.hyperparameters == resolve("random_forest", {"n_estimators": 7})
    assert (config.name, config.seed, config.validation_fraction) == (None, 0, 0.1)


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("digits", "small_moves"),
        ("mnist", "drawn_digits"),
        ("fashion_mnist", "clothing"),
        ("cifar10", "photos"),
    ],
)
@pytest.mark.parametrize("model", ["simple_cnn", "resnet"])
def test_the_usual_changes_are_those_that_suit_the_dataset(model, dataset, expected):
    for values in ({}, {"augmentation": "usual"}):
        hyperparameters = TrainConfig(dataset, model, values).hyperparameters
        assert hyperparameters["augmentation"] == expected
    chosen = TrainConfig(dataset, model, {"augmentation": "none"}).hyperparameters
    assert chosen["augmentation"] == "none"


def test_a_classical_model_knows_no_changes():
    assert "augmentation" not in TrainConfig("digits", "knn").hyperparameters


@pytest.mark.parametrize("model", MODELS)
def test_a_configuration_survives_a_file(model):
    config = TrainConfig("digits", model, name="mine", seed=3, validation_fraction=0.2)
    mapping = json.loads(json.dumps(config.to_mapping()))
    assert TrainConfig.from_mapping(mapping) == config


def test_a_card_gives_its_configuration_back(small_run):
    config = TrainConfig.of(small_run.card)
    assert config == TrainConfig("digits", "logistic_regression", {"max_iter": 30})
    assert config.name is None


@pytest.mark.parametrize(("stored", "expected"), [(0.25, 0.25), (0.0, 0.1)])
def test_a_card_gives_seed_and_validation_fraction_back(small_run, stored, expected):
    """0 in cards of runs whose dataset has a validation split of its own: then the default."""
    config = TrainConfig.of(replace(small_run.card, seed=5, validation_fraction=stored))
    assert (config.seed, config.validation_fraction) == (5, expected)


@pytest.mark.parametrize("preset", CNN_PRESETS)
@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist", "cifar10"])
def test_every_preset_fits_the_datasets_that_come_with_the_studio(preset, dataset):
    config = TrainConfig(dataset, "simple_cnn", CNN_PRESETS[preset].values)
    assert {**config.hyperparameters, **CNN_PRESETS[preset].values} == config.hyperparameters


def test_images_too_small_for_the_network_are_refused_before_training():
    with pytest.raises(ModelError, match="Images of 8×8 pixels are used up in block 2 of 2"):
        TrainConfig("digits", "simple_cnn", CNN_PRESETS["two_blocks"].values)


@pytest.mark.parametrize(
    ("values", "error", "expected"),
    [
        ({"dataset": "imagenet"}, DatasetError, "no dataset named 'imagenet'.*digits"),
        ({"dataset": ""}, DatasetError, "no dataset named ''"),
        ({"dataset": None}, DatasetError, "no dataset named 'None'"),
        ({"dataset": ["digits"]}, DatasetError, "no dataset named"),
        ({"model": "perceptron"}, ModelError, "no model named 'perceptron'.*simple_cnn"),
        ({"model": None}, ModelError, "no model named 'None'"),
        ({"model": {"random_forest": 1}}, ModelError, "no model named"),
        ({"hyperparameters": {"C": 1}}, ModelError, "no hyperparameter of random_forest named 'C'"),
        ({"hyperparameters": {"n_estimators": -1}}, ModelError, "`n_estimators` must be"),
        (
            {"hyperparameters": {"pca_components": 20}},
            ModelError,
            "`pca_components` only has an effect with features=pca",
        ),
        ({"hyperparameters": {3: 1}}, ModelError, "no hyperparameter of random_forest named '3'"),
        ({"hyperparameters": ["n_estimators"]}, ModelError, "must map names.*Received: list"),
        ({"hyperparameters": None}, ModelError, "must map names.*Received: NoneType"),
        ({"seed": -1}, ModelError, "`seed` must be a whole number.*Received: -1"),
        ({"seed": 2**32}, ModelError, "from 0 to 4294967295. Received: 4294967296"),
        ({"seed": 1.5}, ModelError, "`seed`.*Received: 1.5"),
        ({"seed": "1"}, ModelError, "`seed`.*Received: '1'"),
        ({"seed": True}, ModelError, "`seed`.*Received: True"),
        ({"seed": None}, ModelError, "`seed`.*Received: None"),
        ({"name": "  "}, RunError, "1 to 100 characters. Received: '  '"),
        ({"name": "x" * 101}, RunError, "1 to 100 characters"),
        ({"name": 2026}, StudioError, "2026"),
        ({"validation_fraction": "a tenth"}, StudioError, "a tenth"),
        ({"validation_fraction": 0.9}, StudioError, "0.01 to 0.5.*0.9"),
        ({"colour": "blue"}, ModelError, "no entry of a configuration named 'colour'.*seed"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_is_not_allowed_is_refused_before_training(runs_folder, values, error, expected):
    from core.training import train

    good = {"dataset": "digits", "model": "random_forest", "hyperparameters": {"n_estimators": 1}}
    with pytest.raises(error, match=expected):
        train(TrainConfig.from_mapping({**good, **values}))
    assert not runs_folder.exists() or not list(runs_folder.iterdir())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"dataset": "digits"}, "must name a `model`"),
        ({"model": "random_forest"}, "must name a `dataset`"),
        ({}, "must name a `dataset`"),
        (["dataset", "model"], "maps names to values: dataset, model"),
        (None, "maps names to values"),
        ("digits", "maps names to values"),
    ],
)
def test_a_configuration_names_dataset_and_model(values, expected):
    with pytest.raises(ModelError, match=expected):
        TrainConfig.from_mapping(values)


# Networks that have learned already

CACHED = {"fine_tune_epochs": 0}  # features are computed once, and nothing else is learned


@pytest.mark.parametrize("model", BACKBONES)
@pytest.mark.parametrize("preset", TRANSFER_PRESETS)
@pytest.mark.parametrize("dataset", ["digits", "fashion_mnist", "cifar10"])
def test_every_preset_of_a_pretrained_network_can_be_trained(model, preset, dataset):
    values = TRANSFER_PRESETS[preset].values
    config = TrainConfig(dataset, model, values)
    assert {**config.hyperparameters, **values} == config.hyperparameters
    assert TrainConfig.from_mapping(config.to_mapping()) == config


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "photos"),
        ({"augmentation": "usual"}, "photos"),
        ({"augmentation": "none"}, "none"),
        ({"augmentation": "small_moves"}, "small_moves"),
        ({"augmentation": "custom", "flip": 0.5}, "custom"),
        (CACHED, "none"),
        ({**CACHED, "augmentation": "usual"}, "none"),
        ({**CACHED, "augmentation": "none"}, "none"),
        ({**CACHED, "mixup": 0.0, "cutmix": "0"}, "none"),
        ({**CACHED, "cache_features": False}, "photos"),
        ({**CACHED, "cache_features": False, "augmentation": "small_moves"}, "small_moves"),
    ],
    ids=str,
)
def test_images_are_changed_at_random_where_they_are_looked_at_again(values, expected):
    hyperparameters = TrainConfig("cifar10", "efficientnet_lite0", values).hyperparameters
    assert hyperparameters["augmentation"] == expected


@pytest.mark.parametrize(
    ("values", "received"),
    [
        ({"augmentation": "photos"}, "augmentation=photos"),
        ({"augmentation": "custom", "flip": 0.5}, "augmentation=custom"),
        ({"mixup": 0.2}, "mixup=0.2"),
        ({"cutmix": 1}, "cutmix=1.0"),
    ],
)
def test_changes_that_would_never_be_made_are_refused(values, received):
    with pytest.raises(ModelError) as raised:
        TrainConfig("cifar10", "efficientnet_lite0", {**CACHED, **values})
    name = received.partition("=")[0]
    assert f"`{name}` needs fine_tune_epochs above 0 or cache_features=False" in str(raised.value)
    assert f"Received: {received} with fine_tune_epochs=0." in str(raised.value)
    TrainConfig("cifar10", "efficientnet_lite0", {**values, "fine_tune_epochs": 1})
    TrainConfig("cifar10", "efficientnet_lite0", {**CACHED, **values, "cache_features": False})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"input_size": 31}, "`input_size` must be a whole number from 32 to 260"),
        ({"input_size": 261}, "`input_size` must be a whole number from 32 to 260"),
        ({"fine_tune_layers": 0}, "`fine_tune_layers` must be a whole number from 1 to 1000"),
        ({"fine_tune_rate": 0}, "`fine_tune_rate` must be a number from 1e-07 to 0.1"),
        ({"cache_features": "perhaps"}, "`cache_features` must be true or false"),
        ({"filters": "32"}, "no hyperparameter of efficientnet_lite0 named 'filters'"),
    ],
)
def test_values_that_a_pretrained_network_cannot_have_are_refused(values, expected):
    with pytest.raises(ModelError, match=expected):
        TrainConfig("digits", "efficientnet_lite0", values)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("efficientnet_lite0", {"input_size": 96}),
        ("knn", {"features": "efficientnet_lite0", "feature_size": 96}),
    ],
)
def test_images_that_come_along_are_loaded_as_they_are(model, values):
    for dataset in ("digits", "mnist", "cifar10"):
        assert TrainConfig(dataset, model, values).side is None


@pytest.mark.parametrize(
    ("model", "values", "side"),
    [
        ("efficientnet_lite0", {"input_size": 96}, 96),
        ("vgg16", {}, DEFAULT_INPUT),
        ("knn", {"features": "efficientnet_lite0", "feature_size": 96}, 96),
        ("knn", {"features": "efficientnet_lite0"}, DEFAULT_INPUT),
        ("knn", {}, None),
        ("simple_cnn", {}, None),
    ],
)
def test_photos_are_loaded_at_the_size_the_network_takes(
    tmp_path, monkeypatch, model, values, side
):
    use(monkeypatch, work_dir=tmp_path / "work")
    folder = write_folder(pets(height=80, width=100), tmp_path / "pets")
    datasets.import_folder(folder, "large")
    assert TrainConfig("large", model, values).side == side


def test_a_configuration_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TrainConfig("digits", "random_forest").seed = 3


def test_every_bundled_run_can_be_trained_again():
    assert set(bundled.NAMES) == set(runs.BUNDLED)


def test_the_bundled_network_is_the_studios_own():
    hyperparameters = bundled.CONFIGS["mnist-cnn"].hyperparameters
    assert {**hyperparameters, **CNN_PRESETS[STUDIOS_OWN].values} == hyperparameters
    assert hyperparameters["augmentation"] == "drawn_digits"


@pytest.mark.parametrize("name", bundled.CONFIGS)  # those whose images are bundled
def test_a_bundled_run_was_trained_with_its_configuration(name):
    card, config = runs.load(name).card, bundled.CONFIGS[name]
    assert card.owner == "studio"
    assert (card.dataset, card.model, card.seed) == (config.dataset, config.model, config.seed)
    assert card.hyperparameters == config.hyperparameters
    assert card.validation_fraction == config.validation_fraction


@pytest.mark.parametrize("names", [["unheard-of"], ["mnist-cnn", "unheard-of"]])
def test_only_known_bundled_runs_are_trained_again(names, capsys):
    assert bundled.main(names) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: There is no bundled run named 'unheard-of'. Known: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_bundled_runs_are_not_trained_into_another_folder(runs_folder, capsys):
    assert bundled.main(["digits-random-forest"]) == 2
    assert "STUDIO_RUNS_DIR" in capsys.readouterr().err
    assert not runs_folder.exists()
