import shutil
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC

from core import cost, runs
from core.errors import Cancelled, DatasetError, RunError
from core.models import MODELS, resolve
from core.models.classical import features
from core.models.transfer import BACKBONES, EMBEDDED, write_embedded
from core.progress import Progress, Reporter
from core.serving import FEATURES_FILE, load_predictor, open_model
from core.settings import PROJECT_DIR
from core.training import TrainConfig, train
from core.training.batches import chosen_rows
from core.training.classical import export_classical, fit_classical, flat, with_probabilities
from core.training.learning import LEARNERS
from core.training.train import convert
from tests.core.training.conftest import with_rows
from tests.overriding import use

CLASSICAL = [spec.name for spec in MODELS.values() if spec.family == "classical"]
FEATURES = ["pixels", "pca", "hog", "hog_pca"]
SMALL = {
    "logistic_regression": {"max_iter": 25},
    "linear_svm": {"pca_components": 20},
    "rbf_svm": {"pca_components": 20},
    "knn": {"pca_components": 20},
    "random_forest": {"n_estimators": 15},
    "gradient_boosting": {"rounds": 6, "pca_components": 20},
    "mlp": {"epochs": 4, "hidden_units": "64-32", "batch_size": 32, "learning_rate": 0.01},
}
FULL = {  # where the training curve ends
    "random_forest": 15,
    "gradient_boosting": 6,
    "mlp": 4,
    "linear_svm": 400,
    "rbf_svm": 400,
    "knn": 400,
}
SVMS = ["linear_svm", "rbf_svm"]


def settings(model: str, chosen: str | None = None, **values):
    """Small ones, with the usual features of the model or others."""
    small = {"max_images": 400, **SMALL[model]}
    if chosen is not None:
        small["features"] = chosen
        if not chosen.endswith("pca"):
            small.pop("pca_components", None)
    return resolve(model, {**small, **values})


def fit(dataset, model: str, report: Reporter | None = None, **values):
    return fit_classical(dataset, model, settings(model, **values), 3, report or Reporter())


@pytest.fixture(scope="module")
def fitted(digits):
    """`fitted(model, features)`: the pipeline, its training curve and what was reported."""
    known = {}

    def get(model: str, chosen: str):
        if (model, chosen) not in known:
            reports: list[Progress] = []
            pipeline, history = fit(digits, model, Reporter(reports.append), chosen=chosen)
            known[model, chosen] = pipeline, history, reports
        return known[model, chosen]

    return get


def each_model(models=CLASSICAL):
    return pytest.mark.parametrize("model", models)


each_features = pytest.mark.parametrize("chosen", FEATURES)


def plain_fit(dataset, model: str, chosen: str, **values):
    """What scikit-learn alone makes of the same images."""
    hyperparameters = settings(model, chosen, **values)
    rows = chosen_rows(dataset.y_train, hyperparameters["max_images"], 3)
    estimator = MODELS[model].build(hyperparameters, 3)
    pipeline = make_pipeline(*features(hyperparameters, dataset.input_shape, 3), estimator)
    return pipeline.fit(flat(dataset.x_train[rows]), dataset.y_train[rows])


def test_every_classical_model_learns_in_its_way():
    assert {MODELS[name].learns_by for name in CLASSICAL} == set(LEARNERS)
    assert set(CLASSICAL) == set(SMALL)


@each_features
@each_model()
@pytest.mark.few(4)
def test_something_is_learned_beyond_guessing(fitted, digits, model, chosen):
    pipeline, history, _ = fitted(model, chosen)
    accuracy = (pipeline.predict(flat(digits.x_test)) == digits.y_test).mean()
    assert accuracy > 0.7
    assert history[-1]["val_accuracy"] == pytest.approx(accuracy, abs=0.12)


@each_features
@each_model()
@pytest.mark.few(2)
def test_a_stored_model_predicts_as_the_fitted_one(fitted, digits, tmp_path, model, chosen):
    pipeline = fitted(model, chosen)[0]
    export_classical(pipeline, tmp_path)
    prediction = open_model(tmp_path / "model.skops", "classical")
    probabilities = prediction(digits.x_test)
    assert probabilities.shape == (360, 10)
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities - pipeline.predict_proba(flat(digits.x_test))).max() < 1e-5
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


@each_features
@each_model()
def test_a_converted_model_predicts_as_the_fitted_one(fitted, digits, tmp_path, model, chosen):
    pipeline = fitted(model, chosen)[0]
    served = convert(pipeline, tmp_path, model, digits)
    assert "refused" not in served
    assert served["largest_difference"] < 1e-5
    received = open_model(tmp_path / served["file"], "classical")(digits.x_test)
    expected = pipeline.predict_proba(flat(digits.x_test))
    assert np.abs(received - expected).max() < 1e-5
    assert (received.argmax(axis=1) == expected.argmax(axis=1)).all()


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
# Not hog_pca: `fit_transform` of a randomised PCA gives other numbers than its `transform`.
@pytest.mark.parametrize("chosen", ["pixels", "pca", "hog"])
@each_model([model for model in CLASSICAL if model != "mlp"])
@pytest.mark.few(1)
def test_watching_does_not_change_what_is_learned(fitted, digits, model, chosen):
    pipeline, plain = fitted(model, chosen)[0], plain_fit(digits, model, chosen)
    pixels = flat(digits.x_test)
    assert (pipeline.predict(pixels) == plain.predict(pixels)).all()
    if model not in SVMS:
        assert pipeline.predict_proba(pixels) == pytest.approx(
            plain.predict_proba(pixels), abs=1e-5
        )


@each_features
@each_model()
@pytest.mark.few(2)
def test_the_training_curve_goes_up_to_the_full_size(fitted, model, chosen):
    pipeline, history, _ = fitted(model, chosen)
    axis = MODELS[model].learns_by
    steps = [point[axis] for point in history]
    losses = set() if model.endswith("_svm") else {"loss", "val_loss"}
    assert all(set(point) == {axis, "accuracy", "val_accuracy", *losses} for point in history)
    assert steps == sorted(set(steps))
    assert steps[0] >= 1
    if model == "logistic_regression":
        assert steps[-1] == pipeline[-1].n_iter_[0] <= 25
    else:
        assert steps[-1] == FULL[model]
    for point in history:
        assert 0 <= point["accuracy"] <= 1
        assert 0 <= point["val_accuracy"] <= 1


@each_features
@each_model()
@pytest.mark.few(3)
def test_the_last_point_is_that_of_the_fitted_model(fitted, digits, model, chosen):
    pipeline, history, _ = fitted(model, chosen)
    rows = chosen_rows(digits.y_train, 400, 3)
    right = pipeline.predict(flat(digits.x_train[rows])) == digits.y_train[rows]
    assert history[-1]["accuracy"] == pytest.approx(right.mean())
    if "loss" in history[-1]:
        probabilities = pipeline.predict_proba(flat(digits.x_train[rows])).clip(1e-7, 1)
        of_truth = probabilities[np.arange(len(rows)), digits.y_train[rows]]
        assert history[-1]["loss"] == pytest.approx(-np.log(of_truth).mean(), rel=1e-5)
    right = pipeline.predict(flat(digits.x_val)) == digits.y_val
    assert history[-1]["val_accuracy"] == pytest.approx(right.mean())


@each_model()
def test_the_training_curve_is_reported_as_it_grows(fitted, model):
    _, history, reports = fitted(model, "pca")
    assert list(dict.fromkeys(report.stage for report in reports)) == ["preparing", "fitting"]
    lengths = [len(report.history) for report in reports]
    assert lengths == sorted(lengths)
    assert set(lengths) == set(range(len(history) + 1))
    assert reports[-1].history == history
    assert reports[-1].metrics == history[-1]
    parts = [report.fraction for report in reports if report.stage == "fitting"]
    assert parts == sorted(parts)
    assert 0 < parts[-1] <= 1
    assert all(report.note for report in reports)


@each_model()
def test_a_training_that_is_to_finish_keeps_what_it_has(digits, fitted, tmp_path, model):
    reports: list[Progress] = []
    report = Reporter(reports.append, should_finish=lambda: len(reports[-1].history) >= 2)
    pipeline, history = fit(digits, model, report, chosen="pca")
    full = fitted(model, "pca")[1]
    assert 2 <= len(history) < len(full)
    assert history == full[: len(history)] or model == "logistic_regression"
    export_classical(pipeline, tmp_path)
    probabilities = open_model(tmp_path / "model.skops", "classical")(digits.x_test)
    assert probabilities.shape == (360, 10)
    learned = (probabilities.argmax(axis=1) == digits.y_test).mean()
    assert learned == pytest.approx(history[-1]["val_accuracy"], abs=0.15)


@each_model()
def test_a_training_may_be_asked_to_finish_at_once(digits, model):
    pipeline, history = fit(digits, model, Reporter(should_finish=lambda: True), chosen="pixels")
    assert len(history) == 1
    assert pipeline.predict_proba(flat(digits.x_test)).shape == (360, 10)


@pytest.mark.parametrize("stage", ["preparing", "fitting"])
@each_model()
def test_a_training_that_is_to_stop_leaves_nothing(digits, model, stage):
    reports: list[Progress] = []
    with pytest.raises(Cancelled, match="no more"):
        fit(digits, model, Reporter(reports.append, lambda: reports[-1].stage == stage, "no more"))
    assert [report.stage for report in reports].count(stage) == 1


@each_model()
def test_a_training_can_be_stopped_in_the_middle(digits, model):
    reports: list[Progress] = []
    with pytest.raises(Cancelled):
        fit(digits, model, Reporter(reports.append, lambda: len(reports[-1].history) == 2))
    assert len(reports[-1].history) == 2


@each_model()
def test_two_classes_are_enough(two_digits, model):
    pipeline, history = fit(two_digits, model, max_images=200)
    probabilities = pipeline.predict_proba(flat(two_digits.x_test))
    assert probabilities.shape == (len(two_digits.y_test), 2)
    assert (probabilities.argmax(axis=1) == two_digits.y_test).mean() > 0.9
    assert history[-1]["val_accuracy"] > 0.9


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@each_model(["logistic_regression", "linear_svm", "rbf_svm", "random_forest", "gradient_boosting"])
@pytest.mark.few(2)
def test_classes_may_be_balanced(digits, model):
    uneven = with_rows(digits, lambda labels: (labels > 4) | (np.cumsum(labels < 5) <= 200))
    values = {"class_weights": True, "chosen": "pixels"}
    pipeline, _ = fit(uneven, model, **values)
    plain = plain_fit(uneven, model, **values)
    pixels = flat(digits.x_test)
    assert plain[-1].class_weight == "balanced"
    assert (pipeline.predict(pixels) == plain.predict(pixels)).mean() > 0.99


@each_model(SVMS)
@pytest.mark.few(1)
def test_an_svm_predicts_as_it_would_without_probabilities(fitted, digits, model):
    for chosen in FEATURES:
        pipeline = fitted(model, chosen)[0]
        svm = pipeline[-1].calibrated_classifiers_[0].estimator.estimator
        assert isinstance(svm, LinearSVC | SVC)
        learned = pipeline[:-1].transform(flat(digits.x_test))
        expected = svm.predict(learned)
        assert (pipeline.predict(flat(digits.x_test)) == expected).all()
        probabilities = pipeline.predict_proba(flat(digits.x_test))
        assert (probabilities.argmax(axis=1) == expected).all()


@each_model(SVMS)
def test_an_svm_does_so_too_where_classes_are_hard_to_tell_apart(digits, model):
    rng = np.random.default_rng(0)
    x = 0.15 * flat(digits.x_train) + rng.normal(0, 60, (len(digits.y_train), 64))
    svm = MODELS[model].build(resolve(model, {}), 0).fit(x[:900], digits.y_train[:900])
    calibrated = with_probabilities(svm, x[900:], digits.y_train[900:])
    assert (calibrated.predict(x) == svm.predict(x)).all()


def test_probabilities_of_an_svm_say_how_often_it_is_right(digits):
    pipeline, _ = fit(digits, "rbf_svm", max_images=0)
    probabilities = pipeline.predict_proba(flat(digits.x_test))
    right = (probabilities.argmax(axis=1) == digits.y_test).mean()
    assert probabilities.max(axis=1).mean() == pytest.approx(right, abs=0.1)


@each_model()
def test_the_seed_and_the_images_decide_everything(digits, fitted, model):
    pixels = flat(digits.x_test)
    first, again = fitted(model, "pca")[0], fit(digits, model, chosen="pca")[0]
    assert (first.predict_proba(pixels) == again.predict_proba(pixels)).all()


@each_model()
def test_only_so_many_images_are_used(digits, model):
    reports: list[Progress] = []
    pipeline, _ = fit(digits, model, Reporter(reports.append), chosen="pixels", max_images=150)
    assert reports[0].note == "150 images"
    if model == "knn":
        assert pipeline[-1].n_samples_fit_ == 150


@pytest.mark.parametrize(
    ("model", "values"),
    [
        *(
            (model, {"chosen": "pca", "pca_components": 60, "max_images": 40})
            for model in CLASSICAL
        ),
        ("knn", {"n_neighbors": 100, "max_images": 0}),
        ("knn", {"n_neighbors": 100, "max_images": 60, "chosen": "pixels"}),
        ("mlp", {"batch_size": 4096}),
    ],
)
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
def test_few_images_are_enough_for_whatever_is_set(digits, model, values):
    pipeline, history = fit(digits, model, **values)
    assert pipeline.predict_proba(flat(digits.x_test)).shape == (360, 10)
    assert history


@each_model()
@pytest.mark.few(1)
def test_a_rare_class_is_learned_however_few_images_are_used(digits, model):
    rare = with_rows(
        digits, lambda labels: (labels != 3) | (np.cumsum(labels == 3) <= 2), ("train",)
    )
    pipeline, _ = fit(rare, model, chosen="pixels", max_images=60)
    assert pipeline.classes_.tolist() == list(range(10))
    assert pipeline.predict_proba(flat(digits.x_test)).shape == (360, 10)


@each_model()
@pytest.mark.few(2)
def test_a_class_may_have_a_single_training_image(digits, model):
    single = with_rows(
        digits, lambda labels: (labels != 3) | (np.cumsum(labels == 3) <= 1), ("train",)
    )
    pipeline, _ = fit(single, model, chosen="pixels", max_images=0)
    assert pipeline.predict_proba(flat(digits.x_test)).shape == (360, 10)


@each_model([model for model in CLASSICAL if model not in SVMS])
def test_a_class_may_be_missing_from_validation(digits, model):
    missing = with_rows(digits, lambda labels: labels != 3, ("val",))
    pipeline, history = fit(missing, model, chosen="pixels")
    assert pipeline.predict_proba(flat(digits.x_test)).shape == (360, 10)
    assert 0 <= history[-1]["val_accuracy"] <= 1


@each_model(SVMS)
def test_an_svm_needs_every_class_in_validation(digits, model):
    missing = with_rows(digits, lambda labels: labels != 3, ("val",))
    with pytest.raises(DatasetError, match="needs validation images of every class"):
        fit(missing, model, chosen="pixels")


@each_model(SVMS)
def test_one_validation_image_of_a_class_is_enough_for_an_svm(digits, model):
    few = with_rows(digits, lambda labels: (labels != 3) | (np.cumsum(labels == 3) <= 1), ("val",))
    pipeline, _ = fit(few, model, chosen="pixels")
    assert pipeline.predict_proba(flat(digits.x_test)).shape == (360, 10)


def test_rows_are_flat_and_keep_their_order(digits):
    rows = flat(digits.x_test)
    assert (rows.shape, rows.dtype) == ((360, 64), np.float32)
    assert (rows.reshape(digits.x_test.shape) == digits.x_test).all()


def test_a_model_with_probabilities_of_its_own_keeps_them(fitted):
    assert isinstance(fitted("logistic_regression", "pixels")[0][-1], LogisticRegression)


# What a pretrained network finds

DEEP = {"features": EMBEDDED, "feature_size": 32, "max_images": 300}


@pytest.fixture(scope="module")
def deep_run(tmp_path_factory) -> runs.Run:
    """Logistic regression on the features of the real backbone. Read it only."""
    folder = tmp_path_factory.mktemp("deep")
    with pytest.MonkeyPatch.context() as monkeypatch:
        none = folder / "none"
        use(monkeypatch, runs_dir=folder, bundled_runs_dir=none)
        return train(TrainConfig("digits", "logistic_regression", DEEP, name="deep"))


@pytest.fixture
def own_deep_run(deep_run, runs_folder) -> runs.Run:
    """A copy that may be damaged."""
    shutil.copytree(deep_run.folder, runs_folder / "deep")
    return runs.load("deep")


@pytest.mark.slow
def test_the_network_that_is_looked_through_is_kept_in_the_run(deep_run):
    names = {"evaluation.npz", "model.skops", "model.onnx", "samples.npz", FEATURES_FILE}
    assert set(deep_run.card.files) == names
    assert {path.name for path in deep_run.folder.iterdir()} == {"card.json", *names}
    assert deep_run.card.family == "classical"
    assert deep_run.card.hyperparameters["feature_size"] == 32
    assert deep_run.card.metrics["train_size"] == 300
    assert deep_run.card.metrics["accuracy"] > 0.6


def test_a_run_that_looks_through_a_network_predicts_as_it_was_measured(deep_run, digits):
    predictor = load_predictor(deep_run)
    kept = deep_run.evaluation("test")
    received = predictor.probabilities(digits.x_test)
    assert received.shape == (360, 10)
    assert np.abs(received - kept.probabilities).max() < 1e-5
    single = np.concatenate([predictor.probabilities(image[None]) for image in digits.x_test[:5]])
    assert np.abs(single - received[:5]).max() < 1e-4
    page = 255 - digits.x_test[0, ..., 0].repeat(20, axis=0).repeat(20, axis=1)
    assert predictor.predict(page).label in deep_run.card.class_names


@each_model()
@pytest.mark.few(1)
def test_every_classical_model_learns_from_what_a_network_finds(digits, model, tmp_path):
    values = {name: value for name, value in SMALL[model].items() if name != "pca_components"}
    hyperparameters = resolve(model, {**values, **DEEP})
    pipeline, history = fit_classical(digits, model, hyperparameters, 3, Reporter())
    assert pipeline.n_features_in_ == BACKBONES[EMBEDDED].features
    assert len(pipeline.steps) == 2  # scaled, then learned
    write_embedded(tmp_path / FEATURES_FILE, 32, digits.input_shape, half=True)
    assert "refused" not in convert(pipeline, tmp_path, model, digits)
    assert history[-1]["val_accuracy"] > 0.3


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_network_that_is_not_the_one_it_learned_with_is_refused(own_deep_run, damage):
    path = own_deep_run.folder / FEATURES_FILE
    if damage == "changed":
        path.write_bytes(path.read_bytes() + b"\0")
    else:
        path.unlink()
    with pytest.raises(RunError, match=f"{FEATURES_FILE}.*missing or was changed after training"):
        load_predictor(own_deep_run)


def test_a_changed_model_behind_the_network_is_refused(own_deep_run):
    with (own_deep_run.folder / "model.skops").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(RunError, match="missing or was changed after training"):
        load_predictor(own_deep_run)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much memory it took")
@pytest.mark.slow
def test_both_files_count_in_what_a_prediction_costs(real_cost, deep_run):
    found = cost.measure([(deep_run.file("model.skops"), "classical")], deep_run.card.input_shape)
    sizes = [deep_run.file(name).stat().st_size for name in ("model.skops", FEATURES_FILE)]
    assert found["file_bytes"] == sum(sizes)
    assert found["latency_seconds"] > 0


WITHOUT_TENSORFLOW = """
import sys
from pathlib import Path
import numpy as np
from core.serving import open_model
answer = open_model(Path(sys.argv[1]), "classical")
assert answer(np.zeros((3, 8, 8, 1), np.uint8)).shape == (3, 10)
sys.stdout.write(" ".join({module.partition(".")[0] for module in sys.modules}))
"""


@pytest.mark.slow
def test_looking_through_the_network_needs_no_tensorflow(deep_run):
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(deep_run.file("model.skops"))],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert {"tensorflow", "keras"}.isdisjoint(result.stdout.split())


def test_a_model_of_pixels_keeps_no_network(small_run):
    assert FEATURES_FILE not in small_run.card.files
