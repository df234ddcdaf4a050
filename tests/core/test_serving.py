import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

from core import runs
from core.datasets import DATASETS
from core.errors import ImageError, RunError
from core.runs import Run
from core.serving import MODEL_FILES, Prediction, Predictor, load_predictor, open_model
from core.settings import PROJECT_DIR
from core.training.bundled import CONFIGS
from tests.digits.conditions import row_of_digits


@pytest.fixture(params=CONFIGS)  # those whose images are bundled
def bundled(request) -> tuple[Predictor, np.ndarray]:
    """The predictor of a bundled run, and 300 test images as it expects them."""
    predictor = load_predictor(runs.load(request.param))
    return predictor, DATASETS[predictor.run.card.dataset].read_test()[0][:300]


class OwnClassifier(LogisticRegression):
    """Stands for any class a stored model might bring along."""


def double(images: np.ndarray) -> np.ndarray:
    """Stands for any function a stored model might bring along."""
    return 2 * images


def fitted(*steps):
    rng = np.random.default_rng(0)
    return make_pipeline(*steps).fit(rng.integers(0, 255, (30, 64)), np.arange(30) % 10)


def with_model(folder: Path, run: Run, content: bytes) -> Run:
    """A copy of a run that holds another model, not converted, its SHA-256 on the card."""
    target = folder / "other-model"
    shutil.copytree(run.folder, target)
    (target / "model.skops").write_bytes(content)
    card = json.loads((target / runs.CARD).read_text())
    card["served"] = {}
    card["files"]["model.skops"] = runs.sha256(target / "model.skops")
    (target / runs.CARD).write_text(json.dumps(card))
    return runs.load("other-model")


def test_probabilities_add_up_to_one(bundled):
    predictor, images = bundled
    probabilities = predictor.probabilities(images)
    assert probabilities.shape == (300, len(predictor.run.card.class_names))
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_bundled_run_is_mostly_right(bundled):
    predictor, images = bundled
    labels = DATASETS[predictor.run.card.dataset].read_test()[1][:300]
    assert (predictor.probabilities(images).argmax(axis=1) == labels).mean() > 0.88


def test_batch_and_single_predictions_agree(bundled):
    predictor, images = bundled
    batch = predictor.probabilities(images)
    single = np.concatenate([predictor.probabilities(p[None]) for p in images[:30]])
    few = predictor.probabilities(images[:30])
    assert np.abs(batch[:30] - single).max() < 1e-5
    assert np.abs(few - single).max() < 1e-5
    assert np.abs(predictor.probabilities(images) - batch).max() < 1e-6


def test_threads_get_the_same_predictions_as_one(bundled):
    predictor, images = bundled
    parts = [images[start : start + 25] for start in range(0, 300, 25)]
    alone = [predictor.probabilities(part) for part in parts]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(predictor.probabilities, [*parts, images, *parts]))
    expected = [*alone, np.concatenate(alone), *alone]
    for received, wanted in zip(together, expected, strict=True):
        assert np.abs(received - wanted).max() < 1e-5


def test_very_many_images_are_classified_as_few_are(small_run):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4501, *small_run.card.input_shape), np.uint8)
    prediction = open_model(small_run.file("model.skops"), "classical")
    together = prediction(images)
    assert together.shape == (4501, 10)
    assert together.dtype == np.float32
    parts = [prediction(images[start : start + 900]) for start in range(0, 4501, 900)]
    assert np.abs(together - np.concatenate(parts)).max() < 1e-6


def test_predictions_do_not_change_with_the_next_question(bundled):
    predictor, images = bundled
    first = predictor.probabilities(images[:1])
    before = first.copy()
    predictor.probabilities(images[1:2])
    assert (first == before).all()


def test_another_shape_or_type_is_refused(bundled):
    for change in [
        lambda batch: batch[0],
        lambda batch: batch[..., 0],
        lambda batch: batch.astype(np.float32),
        lambda batch: batch.astype(np.int64),
        lambda batch: batch[:, :-1],
        lambda batch: np.repeat(batch, 3, axis=3),
        lambda batch: batch.reshape(len(batch), -1),
    ]:
        predictor, images = bundled
        with pytest.raises(ImageError, match="takes uint8 images of shape.*Received"):
            predictor.probabilities(change(images[:2]))


def test_no_images_get_no_predictions(bundled):
    predictor, images = bundled
    assert predictor.probabilities(images[:0]).shape == (0, 10)


def test_a_drawing_is_read(bundled, drawn_digit):
    predictor, _ = bundled
    prediction = predictor.predict(drawn_digit(1))
    assert prediction.run_id == predictor.run.id
    assert prediction.label in predictor.run.card.class_names
    assert 0 < prediction.confidence <= 1
    assert len(prediction.predictions) == 1
    assert prediction.prepared.batch.shape == (1, *predictor.run.card.input_shape)


def test_every_drawn_digit_is_read_rightly(drawn_digit):
    predictor = load_predictor(runs.load("mnist-cnn"))
    assert [predictor.predict(drawn_digit(label)).label for label in range(10)] == list(
        "0123456789"
    )


def test_a_row_of_digits_is_read_as_a_word(digit_image):
    page = row_of_digits([digit_image(label) for label in (1, 0, 7)], np.random.default_rng(0))
    prediction = load_predictor(runs.load("mnist-random-forest")).predict(page)
    assert prediction.label == "107"
    product = np.prod([prediction.confidence for prediction in prediction.predictions])
    assert prediction.confidence == pytest.approx(product)


def test_an_image_prepared_before_is_not_prepared_again(drawn_digit):
    predictor = load_predictor(runs.load("mnist-random-forest"))
    prepared = predictor.prepare(drawn_digit(4))
    assert predictor.predict(drawn_digit(9), prepared).prepared is prepared


def test_a_blank_image_is_an_error_not_a_label(bundled):
    with pytest.raises(ImageError, match="blank"):
        bundled[0].predict(np.full((50, 50, 3), 255, np.uint8))


def test_a_prediction_names_its_classes():
    prediction = Prediction(("cat", "dog", "owl"), np.float32([0.2, 0.7, 0.1]))
    assert prediction.label == "dog"
    assert prediction.confidence == pytest.approx(0.7)
    assert prediction.as_dict() == {"cat": 0.2, "dog": 0.7, "owl": 0.1}


def test_a_predictor_is_loaded_once(small_run, runs_with_small):
    first = load_predictor(runs.load(small_run.id))
    assert load_predictor(runs.load(small_run.id)).predict_batch is first.predict_batch


@pytest.mark.parametrize(
    "model",
    [
        fitted(FunctionTransformer(double), LogisticRegression()),
        fitted(Normalizer(), OwnClassifier()),
    ],
    ids=["a function of its own", "a class of its own"],
)
def test_types_that_are_not_allowed_are_refused(runs_with_small, small_run, model):
    run = with_model(runs_with_small, small_run, skops.io.dumps(model))
    with pytest.raises(RunError, match="contains types that are not allowed"):
        load_predictor(run)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a model at all",
        b"PK\x03\x04 half an archive",
        skops.io.dumps({"a": "dictionary"}),
        skops.io.dumps([1, 2, 3]),
        skops.io.dumps(StandardScaler()),
    ],
    ids=["empty", "text", "archive", "dict", "list", "no classifier"],
)
def test_what_is_no_model_is_refused(runs_with_small, small_run, content):
    run = with_model(runs_with_small, small_run, content)
    with pytest.raises(RunError, match="cannot be opened"):
        load_predictor(run)


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"\x1c\0\0\0TFL3" + bytes(90)])
def test_what_is_no_network_is_refused(tmp_path, content):
    path = tmp_path / MODEL_FILES["network"]
    path.write_bytes(content)
    with pytest.raises(RunError, match="cannot be opened"):
        open_model(path, "network")


@pytest.mark.parametrize("family", MODEL_FILES)
def test_a_missing_model_is_refused(tmp_path, family):
    with pytest.raises(RunError, match="cannot be opened"):
        open_model(tmp_path / MODEL_FILES[family], family)


def test_a_changed_model_is_noticed(runs_with_small, small_run):
    shutil.move(runs_with_small / small_run.id, runs_with_small / "changed")
    with (runs_with_small / "changed" / "model.skops").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(RunError, match="changed after training"):
        load_predictor(runs.load("changed"))


HEAVY = {"tensorflow", "keras", "sklearn", "scipy", "skimage", "joblib", "skops", "skl2onnx"}
ONLY_OF_VIEWS = {"streamlit", "pandas", "pyarrow", "altair", "matplotlib"}


def test_predicting_needs_nothing_that_trains_and_nothing_that_draws():
    code = """
import sys
import numpy as np
from core import runs
from core.serving import load_predictor
page = np.full((100, 100), 255, np.uint8)
page[20:80, 45:55] = 0
for name in runs.BUNDLED:
    load_predictor(runs.load(name)).predict(page)
sys.stdout.write(" ".join({module.partition(".")[0] for module in sys.modules}))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    imported = set(result.stdout.split())
    assert imported & (HEAVY | ONLY_OF_VIEWS) == set()
    assert {"core", "ai_edge_litert", "onnxruntime"} <= imported
