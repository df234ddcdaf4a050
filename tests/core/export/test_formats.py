import json
import shutil
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import datasets, export, runs
from core.conversion import networks, opening
from core.errors import Cancelled, DatasetError, ExportError, RunError
from core.export import FORMATS
from core.images import encode_png
from core.progress import Reporter
from core.runs import Run
from tests.core.export.conftest import run_in
from tests.overriding import use

LINES, FOREST, NETWORK = "mnist-logistic-regression", "digits-random-forest", "mnist-cnn"
EXACT = 1e-5
OF_NETWORKS = {  # the largest difference of a probability that a format may have
    "keras": EXACT,
    "h5": EXACT,
    "onnx": EXACT,
    "tflite": EXACT,
    "tflite-fp16": 0.01,
    "tflite-dynamic": 0.05,
    "tflite-int8": 0.1,
}


def fitting(run: Run) -> set[str]:
    return {entry.name for entry in export.fitting(run)}


def test_each_family_has_its_formats():
    assert fitting(runs.load(NETWORK)) == {"package", "html", *OF_NETWORKS}
    assert fitting(runs.load(FOREST)) == {"package", "onnx", "skops"}


def test_what_is_computed_before_the_model_needs_a_package(monkeypatch):
    run = runs.load(FOREST)
    hog = replace(run.card, hyperparameters={**run.card.hyperparameters, "features": "hog"})
    deep = replace(run.card, files={**run.card.files, "features.tflite": "0"})
    for card in (hog, deep):
        assert fitting(Run(card, run.folder)) == {"package"}


def test_without_tf2onnx_it_is_told_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(networks, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match="cannot be exported as onnx: .*pip install tf2onnx"):
        export.export(NETWORK, "onnx", tmp_path / "x.onnx")


@pytest.mark.parametrize(
    ("run", "format", "file", "error", "sentence"),
    [
        ("nobody", "package", "x.zip", RunError, "There is no run named 'nobody'"),
        (FOREST, "zip", "x.zip", ExportError, "There is no format named 'zip'. .*package"),
        (FOREST, "h5", "x.h5", ExportError, "only networks have this.*package, onnx, skops"),
        (NETWORK, "skops", "x.skops", ExportError, "only classical models have this"),
        (FOREST, "skops", "x.pkl", ExportError, "must end in .skops. Received: .*x.pkl"),
        (FOREST, "skops", "none/x.skops", ExportError, "there is no such folder"),
        (FOREST, "skops", "folder.skops", ExportError, "it is a folder, not a file"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(tmp_path, run, format, file, error, sentence):
    (tmp_path / "folder.skops").mkdir()
    with pytest.raises(error, match=sentence):
        export.export(run, format, tmp_path / file)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.skops"]


@pytest.mark.parametrize(
    ("name", "format"),
    [
        (LINES, "onnx"),
        pytest.param(LINES, "skops", marks=pytest.mark.slow),
        pytest.param("svm", "onnx", marks=pytest.mark.slow),
        pytest.param("boosting", "onnx", marks=pytest.mark.slow),
    ],
)
def test_classical_models_predict_the_same_elsewhere(exported, trained, name, format):
    found = exported(name, format)
    assert found.bytes == found.path.stat().st_size == found.proof.bytes
    assert found.proof.agreement == 1 and found.proof.largest_difference < EXACT
    assert found.proof.prepared_agreement is None  # such a file holds no preprocessing


def test_onnx_takes_images_and_gives_probabilities(exported):
    import onnxruntime

    session = onnxruntime.InferenceSession(exported(LINES, "onnx").path.read_bytes())
    (source,), (target,) = session.get_inputs(), session.get_outputs()
    assert (source.name, source.type, source.shape[1:]) == ("images", "tensor(uint8)", [28, 28, 1])
    assert target.type == "tensor(float)"


@pytest.mark.parametrize("name", OF_NETWORKS)
@pytest.mark.slow
def test_networks_predict_the_same_elsewhere(exported, name):
    found = exported(NETWORK, name)
    assert found.proof.agreement >= 0.99
    assert found.proof.largest_difference <= OF_NETWORKS[name]


@pytest.mark.slow
def test_whole_numbers_take_pixels_as_they_are(exported, trained):
    """Also where no image is black or white: the small network saw hundred digits."""
    from ai_edge_litert.interpreter import Interpreter

    found = exported("cnn", "tflite-int8")
    interpreter = Interpreter(str(found.path))
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (source["dtype"], source["quantization"]) == (np.uint8, (1.0, 0))
    assert (target["dtype"], target["quantization"]) == (np.uint8, (1 / 256, 0))
    assert found.proof.agreement > 0.95


@pytest.mark.slow
def test_int8_is_nearly_as_accurate_and_much_smaller(exported):
    small, large = exported(NETWORK, "tflite-int8"), exported(NETWORK, "tflite")
    assert small.bytes <= large.bytes / 3
    images, labels = datasets.load_test("mnist", (28, 28, 1))[:2]
    found = opening.open_tflite(small.path)(np.asarray(images))
    assert (found.argmax(axis=1) == labels).mean() >= 0.995


@pytest.fixture
def old_run(tmp_path, monkeypatch) -> Run:
    """A run as an earlier version of the studio has stored it: without samples."""
    run = runs.load(FOREST)
    use(monkeypatch, runs_dir=tmp_path / "runs", work_dir=tmp_path / "work")
    folder = tmp_path / "runs" / "old"
    shutil.copytree(run.folder, folder)
    (folder / runs.SAMPLES).unlink()
    files = {name: sha for name, sha in run.card.files.items() if name != runs.SAMPLES}
    card = replace(run.card, id="old", owner="you", files=files)
    (folder / runs.CARD).write_text(card.to_json())
    return runs.load("old")


@pytest.fixture
def images(tmp_path) -> Path:
    """Twelve digits in folders of their classes, and a few without one."""
    found = runs.load(FOREST).samples()
    for number, label in enumerate(found.test_labels[:15]):
        folder = tmp_path / "images" / (str(label) if number < 12 else "others")
        folder.mkdir(parents=True, exist_ok=True)
        image = np.kron(found.test[number][..., 0], np.ones((20, 20), np.uint8))
        (folder / f"{number}.png").write_bytes(encode_png(255 - image))
    return tmp_path / "images"


@pytest.mark.slow
def test_a_run_without_samples_asks_for_images(old_run, images, tmp_path):
    assert not export.has_samples(old_run)
    out = tmp_path / "old.skops"
    with pytest.raises(ExportError, match="Give a folder of images: `--images FOLDER`"):
        export.export("old", "skops", out)
    with pytest.raises(DatasetError):
        export.export("old", "skops", out, tmp_path / "nowhere")
    proof = export.export("old", "skops", out, images).proof
    assert (proof.images, proof.labelled, proof.agreement) == (8, 8, 1)  # a third calibrates
    assert proof.accuracy == proof.studio_accuracy
    proof = export.export("old", "skops", out, images / "others").proof
    assert (proof.images, proof.labelled, proof.accuracy) == (2, 0, None)


@pytest.mark.parametrize("stage", ["preparing", "converting", "proving"])
@pytest.mark.few(1)
def test_a_cancelled_export_leaves_nothing(tmp_path, monkeypatch, stage):
    use(monkeypatch, work_dir=tmp_path / "work")
    out, seen = tmp_path / "x.onnx", []
    out.write_bytes(b"before")
    report = Reporter(lambda at: seen.append(at.stage), lambda: seen[-1] == stage)
    with pytest.raises(Cancelled):
        export.export(LINES, "onnx", out, report=report)
    assert out.read_bytes() == b"before"
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]


def test_a_model_that_was_changed_is_not_exported(old_run, images, tmp_path):
    (old_run.folder / "model.skops").write_bytes(b"changed")
    with pytest.raises(RunError, match="model.skops of run 'old' is missing or was changed"):
        export.export("old", "onnx", tmp_path / "x.onnx", images)


@pytest.fixture(scope="module")
def python_with(tmp_path_factory) -> Callable[[Path], str]:
    """`python_with(requirements)`: Python in an environment of its own with only these packages."""
    known: dict[str, str] = {}

    def make(requirements: Path) -> str:
        text = requirements.read_text()
        if text not in known:
            place = tmp_path_factory.mktemp("environment")
            venv.create(place, with_pip=True)
            known[text] = str(place / "bin" / "python")
            install = ("-m", "pip", "install", "-q", "-r", str(requirements))
            done = run_in(place, *install, python=known[text])
            assert done.returncode == 0, done.stderr
        return known[text]

    return make


@pytest.mark.parametrize("name", runs.TRAINED_HERE)
@pytest.mark.slow
def test_every_format_proves_itself_in_an_environment_of_its_own(name, tmp_path, python_with):
    for entry in export.fitting(runs.load(name)):
        if entry.prove:
            continue  # no matter of Python
        folder = kit_of(name, entry.name, tmp_path)
        done = run_in(folder, "proof.py", python=python_with(folder / "requirements.txt"))
        assert done.returncode == 0, (entry.name, done.stdout, done.stderr[-2000:])
        shutil.rmtree(folder)


def kit_of(name: str, format: str, folder: Path) -> Path:
    """A folder with a file of that format, the program that proves it, and its images."""
    from core.export import exporting

    out, kit = folder / f"{name}{FORMATS[format].suffix}", folder / format
    kept = exporting.stored.write_whole

    def keep(path: Path, content: bytes) -> None:
        (drafted,) = (folder / "work" / "exports").glob("*/*/proof.py")
        shutil.copytree(drafted.parent, kit)
        kept(path, content)

    with pytest.MonkeyPatch.context() as patch:
        use(patch, work_dir=folder / "work")
        patch.setattr(exporting.stored, "write_whole", keep)
        proof = export.export(name, format, out).proof
    (kit / "proof.json").write_text(json.dumps(proof.as_dict()))
    return kit
