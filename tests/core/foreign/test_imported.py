"""Models from elsewhere become runs that predict, are evaluated and compared."""

import json
import os
import signal
import threading
import zipfile
from dataclasses import replace

import numpy as np
import psutil
import pytest

from core import comparison, datasets, ensemble, export, robustness, runs
from core.errors import ExportError, ForeignError, RunError
from core.export import PACKAGE
from core.foreign import Order, check_evaluation, evaluate_on, fitting, import_model
from core.runs import RunCard
from core.serving import load_predictor
from tests.core.foreign import model_files as made
from tests.core.foreign.model_files import CNN, DIGITS

RGB = ("cat", "dog", "owl")
ON_DIGITS = {"pixels": "0..1"}


def softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def images(shape: tuple[int, ...], count: int = 5) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)


@pytest.fixture
def imported(own_runs_folder, tmp_path) -> runs.Run:
    """A linear classifier of 8×8 digits that gives logits."""
    path = made.linear_onnx(tmp_path / "lines.onnx")
    return import_model(Order(path, "Lines", DIGITS, ON_DIGITS))


@pytest.mark.parametrize("ends", ["", "Softmax"])
@pytest.mark.few(1)
def test_logits_and_probabilities_are_told_apart(own_runs_folder, tmp_path, ends):
    path = made.linear_onnx(tmp_path / "lines.onnx", ends=ends)
    run = import_model(Order(path, "Lines", DIGITS, {"pixels": "-1..1"}))
    card = run.card
    assert card.foreign.output == ("probabilities" if ends else "logits")
    assert (card.input_shape, card.foreign.layout) == ((8, 8, 1), "nchw")
    assert card.metrics == {} and card.accuracy is None and card.history == ()
    assert RunCard.from_json(card.to_json()) == card
    batch = images((8, 8, 1))
    rows = (batch.astype(np.float32) / 127.5 - 1).reshape(5, -1) @ made.weights(64, 10)
    assert load_predictor(run).probabilities(batch) == pytest.approx(softmax(rows), abs=1e-5)


def test_channels_first_and_blue_first(own_runs_folder, tmp_path):
    path = made.linear_onnx(tmp_path / "rgb.onnx", (3, 6, 4), 3)
    said = {"pixels": "imagenet", "order": "bgr", "fit": "stretch"}
    run = import_model(Order(path, "Pets", RGB, said))
    assert run.card.input_shape == (6, 4, 3)
    batch = images((6, 4, 3))
    scaled = batch[..., ::-1] / 255 - np.array([0.485, 0.456, 0.406])
    scaled = scaled / np.array([0.229, 0.224, 0.225])
    rows = scaled.transpose(0, 3, 1, 2).reshape(5, -1) @ made.weights(72, 3)
    predictor = load_predictor(run)
    assert predictor.probabilities(batch) == pytest.approx(softmax(rows), abs=1e-4)
    prepared = predictor.prepare(images((50, 90, 3), 1)[0])
    assert "stretched" in prepared.item_steps[0][-1].sentence


@pytest.mark.parametrize("suffix", [".tflite", pytest.param(".keras", marks=pytest.mark.slow)])
def test_a_network_predicts_as_the_run_that_it_comes_from(own_runs_folder, tmp_path, suffix):
    path = tmp_path / f"theirs{suffix}"
    path.write_bytes((CNN / f"model{suffix}").read_bytes())
    run = import_model(Order(path, "Theirs", DIGITS, {"preprocessing": "mnist_digit"}))
    assert set(run.card.files) == {f"model{suffix}", "model.tflite"}
    batch = datasets.load_test("mnist")[0][:60]
    expected = load_predictor(runs.load("mnist-cnn")).probabilities(batch)
    assert load_predictor(run).probabilities(batch) == pytest.approx(expected, abs=1e-4)
    assert not list(run.folder.glob("scratch*"))


@pytest.mark.slow
@pytest.mark.parametrize("activation", [None, "softmax"])
def test_h5_and_networks_of_any_size(own_runs_folder, tmp_path, activation):
    import keras

    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation=activation),
        ]
    )
    network.save(tmp_path / "any.h5")
    order = Order(tmp_path / "any.h5", "Any", RGB, {"size": "12x10x3"})
    with pytest.raises(ForeignError, match="Give the height"):
        import_model(replace(order, said={}))
    run = import_model(order)
    batch = images((12, 10, 3))
    rows = np.asarray(network(batch.astype(np.float32)))
    expected = rows if activation else softmax(rows)
    assert load_predictor(run).probabilities(batch) == pytest.approx(expected, abs=1e-4)


# The process that predicts


def test_a_crash_ends_one_prediction_and_many_threads_may_ask(imported, monkeypatch):
    monkeypatch.setenv("STUDIO_API_TOKEN", "secret")
    predictor = load_predictor(imported)
    batch = images((8, 8, 1), 40)
    expected = predictor.probabilities(batch)
    child = psutil.Process(predictor.predict_batch.process)
    assert "STUDIO_API_TOKEN" not in child.environ()
    assert child.rlimit(psutil.RLIMIT_AS)[0] < 3 * 2**30
    os.kill(child.pid, signal.SIGSTOP)
    results: list = [None] * 6

    def ask(place: int) -> None:
        try:
            results[place] = predictor.probabilities(batch[place : place + 9])
        except ForeignError as error:
            results[place] = str(error)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    os.kill(child.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    failed = [result for result in results if isinstance(result, str)]
    assert len(failed) <= 1 and all("ended unexpectedly" in sentence for sentence in failed)
    for place, result in enumerate(results):
        if not isinstance(result, str):
            assert result == pytest.approx(expected[place : place + 9], abs=1e-6)
    assert predictor.probabilities(batch) == pytest.approx(expected, abs=1e-6)
    second = psutil.Process(predictor.predict_batch.process)
    predictor.predict_batch.close()
    second.wait(10)
    assert predictor.predict_batch.process is None


# Evaluated and compared


def test_an_imported_model_is_evaluated_and_compared(imported, tmp_path):
    with pytest.raises(RunError, match="has not been evaluated yet"):
        imported.evaluation("test")
    assert "digits" in fitting(imported.card) and "mnist" in fitting(imported.card)
    run = evaluate_on(imported.id, "digits")
    forest = runs.load("digits-random-forest")
    assert runs.load(run.id).card == run.card
    assert run.card.test_set == forest.card.test_set
    found = [comparison.compared(one) for one in (run, forest)]
    assert comparison.leaders(found).first.id == forest.id
    assert found[0].metrics["seconds"] is None
    pets = replace(run, card=replace(run.card, class_names=(*RGB, *DIGITS[3:])))
    with pytest.raises(ForeignError, match="are not those of 'lines'"):
        check_evaluation(pets, "digits")
    with pytest.raises(ForeignError, match="was trained here"):
        evaluate_on(forest.id, "digits")
    with pytest.raises(RunError, match="was imported.*ensemble"):
        ensemble.check([run, forest])
    with pytest.raises(ExportError, match="it was imported"):
        export.export(run.id, PACKAGE, tmp_path / "out.zip")


@pytest.mark.slow
def test_images_of_another_size_are_brought_to_that_of_the_model(imported):
    evaluate_on(imported.id, "digits")
    on_mnist = evaluate_on(imported.id, "mnist")  # 28×28, and it takes 8×8
    assert on_mnist.card.metrics["test_size"] == 10_000
    assert len(on_mnist.evaluation("test").labels) == 10_000
    found = robustness.measure([on_mnist], "noise", 50)
    assert found.shown == {imported.id: 50}


def test_classes_in_another_order_are_brought_to_that_of_the_dataset(own_runs_folder, tmp_path):
    path = made.linear_onnx(tmp_path / "lines.onnx")
    turned = import_model(Order(path, "Turned", DIGITS[::-1], ON_DIGITS))
    batch = images((8, 8, 1))
    before = load_predictor(turned).probabilities(batch)
    turned = evaluate_on(turned.id, "digits")
    assert turned.card.class_names == DIGITS
    assert load_predictor(turned).probabilities(batch) == pytest.approx(before[:, ::-1])
    assert turned.card.foreign.outputs == tuple(range(9, -1, -1))


# Packages of another studio


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """What a package of a bundled run holds of it; the slow tests import one that was exported."""
    path = tmp_path_factory.mktemp("package") / "theirs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in runs.load("digits-random-forest").folder.iterdir():
            archive.write(file, f"digits-random-forest/{file.name}")
        archive.writestr("digits-random-forest/predict.py", "raise SystemExit(1)")
    return path


def test_a_package_becomes_the_run_that_it_was(own_runs_folder, package):
    run = import_model(Order(package, "Theirs"))
    original = runs.load("digits-random-forest")
    assert run.card.metrics == original.card.metrics and run.card.owner == "you"
    assert (run.card.foreign.format, run.card.foreign.file) == (PACKAGE, "theirs.zip")
    predictor, batch = load_predictor(run), images((8, 8, 1))
    assert predictor.predict_batch.process is None  # until it is asked
    expected = load_predictor(original).probabilities(batch)
    assert predictor.probabilities(batch) == pytest.approx(expected, abs=1e-6)
    assert predictor.predict_batch.process != os.getpid()


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("trees.npz", lambda content: content[:-1], "trees.npz.*SHA-256 differs"),
        ("card.json", lambda content: content[:100], "cannot be read"),
        ("evaluation.npz", lambda content: None, "lacks evaluation.npz"),
        (
            "card.json",
            lambda content: json.dumps(json.loads(content) | {"preprocessing": "x"}).encode(),
            "needs the preprocessing 'x'",
        ),
        (
            "card.json",
            lambda content: json.dumps(json.loads(content) | {"input_shape": [9, 9, 1]}).encode(),
            "damaged|did not predict",
        ),
    ],
)
def test_a_package_that_was_changed_is_refused(
    own_runs_folder, package, tmp_path, name, change, sentence
):
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == f"digits-random-forest/{name}":
                content = change(content)
            if content is not None:
                new.writestr(info.filename, content)
    with pytest.raises(ForeignError, match=sentence):
        import_model(Order(path, "Changed"))
    assert not list(own_runs_folder.glob("**/*"))
