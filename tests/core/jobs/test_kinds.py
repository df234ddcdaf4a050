import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import datasets, export, labelled, robustness, runs
from core.datasets import uploads
from core.datasets.download import RemoteFile
from core.errors import Cancelled, DatasetError, ExportError, ModelError, RunError
from core.images import encode_png
from core.jobs import KINDS
from core.models.transfer import BACKBONES, EMBEDDED, weights
from core.progress import Reporter
from core.serving import load_predictor
from tests.core.datasets.conftest import server
from tests.core.datasets.images_on_disk import Tree, some, write_folder, write_zip

__all__ = ["server"]
KEPT = Path("kept")  # imports keep nothing


@pytest.mark.parametrize(
    ("kind", "settings", "title"),
    [
        ("download", {"dataset": "cifar10"}, "Download cifar10"),
        ("weights", {"backbone": "vgg16"}, "Download vgg16"),
        ("import", {"name": "pets", "path": "/pets"}, "Import pets"),
        ("evaluate", {"run": "mine", "path": "/pets"}, "Evaluate your images with mine"),
        ("export", {"run": "mine", "format": "onnx"}, "Export mine as onnx"),
        (
            "robustness",
            {"runs": ["mine"], "corruption": "noise", "images": 500},
            "How much noise models stand",
        ),
    ],
)
def test_a_kind_says_what_it_does(kind, settings, title):
    assert KINDS[kind].name == kind
    assert KINDS[kind].title.format(**settings) == title


def test_an_import_tells_what_it_made(studio, small):
    (small / "cats" / "notes.txt").write_text("no image")
    (small / ".DS_Store").write_text("of a system")
    settings = {"path": str(small), "name": "pets", "title": "My pets"}
    assert KINDS["import"].run(settings, Reporter(), KEPT) == {
        "dataset": "pets",
        "images": 22,
        "classes": 2,
        "skipped": 1,
        "ignored": 1,
    }
    assert datasets.find("pets").title == "My pets"


def test_an_upload_is_forgotten_once_it_is_imported(studio):
    upload = uploads.add((some("cats", 10) | some("dogs", 10)).items())
    settings = {"upload": upload.id, "name": "pets"}
    KINDS["import"].check(settings)
    assert KINDS["import"].run(settings, Reporter(), KEPT)["images"] == 20
    with pytest.raises(DatasetError, match="no longer there"):
        uploads.load(upload.id)


def test_an_upload_that_is_refused_stays_so_that_more_can_be_added(studio):
    upload = uploads.add(some("cats", 10).items())
    settings = {"upload": upload.id, "name": "pets"}
    with pytest.raises(DatasetError, match="only one class"):
        KINDS["import"].run(settings, Reporter(), KEPT)
    uploads.add(some("dogs", 10).items(), upload.id)
    assert KINDS["import"].run(settings, Reporter(), KEPT)["classes"] == 2


def test_a_name_that_was_taken_meanwhile_is_refused_before_anything_is_read(studio, small):
    datasets.import_folder(small, "pets")
    seen = []
    with pytest.raises(DatasetError, match="already a dataset named 'pets'"):
        KINDS["import"].run({"path": str(small), "name": "pets"}, Reporter(seen.append), KEPT)
    assert seen == []


# What a pretrained network has learned


@pytest.fixture
def offered(studio, server, monkeypatch) -> Path:
    """A server has something as the weights of MobileNetV2; where they belong."""
    server.content = bytes(5000)
    file = RemoteFile("some.h5", f"{server.url}/some.h5", "", 5000)
    monkeypatch.setitem(BACKBONES, "mobilenet_v2", replace(BACKBONES["mobilenet_v2"], file=file))
    return studio.data_dir / weights.FOLDER / "some.h5"


def test_weights_are_fetched_once(offered):
    settings = {"backbone": "mobilenet_v2"}
    KINDS["weights"].check(settings)
    seen = []
    found = KINDS["weights"].run(settings, Reporter(seen.append), KEPT)
    assert found == {"backbone": "mobilenet_v2", "bytes": 5000}
    assert offered.read_bytes() == bytes(5000)
    assert seen[0].stage == "downloading"
    with pytest.raises(ModelError, match="The weights of MobileNetV2 are on this machine already."):
        KINDS["weights"].check(settings)
    assert not KEPT.exists()


def test_weights_that_are_another_file_are_told_with_their_place(offered, server):
    server.content = b"<html>Please log in to this network</html>"
    with pytest.raises(ModelError, match="it should have 5,000 bytes. Received: 42") as raised:
        KINDS["weights"].run({"backbone": "mobilenet_v2"}, Reporter(), KEPT)
    assert f"yourself and save it as {offered}." in str(raised.value)
    assert not offered.exists()


def test_weights_that_are_stopped_keep_nothing(offered):
    with pytest.raises(Cancelled):
        KINDS["weights"].run({"backbone": "mobilenet_v2"}, Reporter(should_stop=lambda: True), KEPT)
    assert not offered.exists()


@pytest.mark.parametrize(
    ("backbone", "sentence"),
    [
        (EMBEDDED, "EfficientNet-Lite0 are on this machine already"),
        (
            "resnet51",
            "There is no backbone named 'resnet51'. Did you mean `resnet50`. Known: .*resnet50",
        ),
    ],
)
def test_weights_that_need_not_or_cannot_be_fetched_are_refused_at_once(studio, backbone, sentence):
    with pytest.raises(ModelError, match=sentence):
        KINDS["weights"].check({"backbone": backbone})


def test_a_training_without_its_weights_is_refused_at_once(studio):
    settings = {"dataset": "digits", "model": "vgg16"}
    with pytest.raises(ModelError, match="VGG16 .*python -m core models download vgg16"):
        KINDS["train"].check(settings)
    KINDS["train"].check({**settings, "model": EMBEDDED})


# Somebody's own labelled images


@pytest.fixture
def digits(drawn_digit) -> Tree:
    """Three digits of which two are in the folder of their class, and one that is unreadable."""
    drawn = {"1/a.png": drawn_digit(1), "2/b.png": drawn_digit(2), "3/c.png": drawn_digit(7)}
    return {name: encode_png(image) for name, image in drawn.items()} | {"4/d.png": b"no image"}


@pytest.mark.parametrize("way", ["folder", "zip", "upload"])
def test_an_evaluation_tells_how_well_it_went_and_keeps_the_predictions(
    studio, tmp_path, digits, way
):
    settings = {"run": "mnist-cnn"}
    if way == "upload":
        settings["upload"] = uploads.add(digits.items()).id
    else:
        write = {"folder": write_folder, "zip": write_zip}[way]
        settings["path"] = str(write(digits, tmp_path / "digits"))
    kept = tmp_path / "job" / "kept"
    KINDS["evaluate"].check(settings)
    assert KINDS["evaluate"].run(settings, Reporter(), kept) == {
        "run": "mnist-cnn",
        "images": 3,
        "accuracy": pytest.approx(2 / 3),
        "refused": 1,
    }
    found = labelled.load(kept)
    assert found.paths == ("1/a.png", "2/b.png", "3/c.png")
    assert found.evaluation.labels.tolist() == [1, 2, 3]
    assert found.evaluation.predictions.tolist() == [1, 2, 7]
    assert [path for path, _ in found.refused] == ["4/d.png"]


def test_an_evaluation_leaves_the_upload_for_the_next_run(studio, tmp_path, digits):
    upload = uploads.add(digits.items())
    for name in ("mnist-cnn", "mnist-logistic-regression"):
        settings = {"run": name, "upload": upload.id}
        KINDS["evaluate"].check(settings)
        assert KINDS["evaluate"].run(settings, Reporter(), tmp_path / name)["images"] == 3
    assert uploads.load(upload.id) == upload


def test_a_run_of_ones_own_is_evaluated_like_any_other(studio, tmp_path, digits, small_run):
    studio.runs_dir.mkdir()
    (studio.runs_dir / small_run.id).symlink_to(small_run.folder)
    settings = {"run": small_run.id, "upload": uploads.add(digits.items()).id}
    KINDS["evaluate"].run(settings, Reporter(), tmp_path / "kept")
    found = labelled.load(tmp_path / "kept")
    images = labelled.read(uploads.load(settings["upload"]).path, found.paths)
    predictor = load_predictor(small_run)
    alone = [predictor.predict(image).predictions[0].probabilities for image in images]
    assert np.array_equal(found.evaluation.probabilities, alone)


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"run": "unheard-of", "path": "."}, RunError, "There is no run named 'unheard-of'"),
        ({"run": "../x", "path": "."}, RunError, "There is no run named"),
        ({"run": "mnist-cnn", "path": "/gone"}, DatasetError, "no folder or zip file /gone"),
        ({"run": "mnist-cnn", "upload": "0" * 16}, DatasetError, "no longer there"),
    ],
    ids=["unknown run", "no name of a run", "gone folder", "gone upload"],
)
def test_an_evaluation_that_cannot_work_is_refused_at_once(studio, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        KINDS["evaluate"].check(settings)
    with pytest.raises(error, match=sentence):
        KINDS["evaluate"].run(settings, Reporter(), KEPT)
    assert not KEPT.exists()


def test_an_evaluation_of_other_classes_names_those_of_the_run(studio, small, tmp_path):
    settings = {"run": "mnist-cnn", "path": str(small)}
    KINDS["evaluate"].check(settings)
    with pytest.raises(DatasetError, match="It must hold folders named 0, 1, 2, 3"):
        KINDS["evaluate"].run(settings, Reporter(), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_an_evaluation_that_is_stopped_keeps_nothing(studio, tmp_path, digits):
    settings = {"run": "mnist-cnn", "upload": uploads.add(digits.items()).id}
    with pytest.raises(Cancelled):
        KINDS["evaluate"].run(settings, Reporter(should_stop=lambda: True), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_an_evaluation_with_a_damaged_model_is_told(studio, tmp_path, digits, small_run):
    folder = studio.runs_dir / small_run.id
    folder.mkdir(parents=True)
    (folder / runs.CARD).write_text(small_run.card.to_json())
    (folder / "model.skops").write_bytes(b"changed")
    settings = {"run": small_run.id, "upload": uploads.add(digits.items()).id}
    KINDS["evaluate"].check(settings)
    with pytest.raises(RunError, match="missing or was changed after training"):
        KINDS["evaluate"].run(settings, Reporter(), tmp_path / "kept")


# How much models stand

ROBUSTNESS = {"runs": ["mnist-logistic-regression"], "corruption": "contrast", "images": 60}


@pytest.mark.parametrize("seed", [{}, {"seed": 7}], ids=["usual seed", "own seed"])
def test_robustness_is_measured_and_kept(studio, tmp_path, small_run, seed):
    studio.runs_dir.mkdir()
    (studio.runs_dir / small_run.id).symlink_to(small_run.folder)
    settings = ROBUSTNESS | {"runs": [*ROBUSTNESS["runs"], small_run.id]} | seed
    kept = tmp_path / "job" / "kept"
    KINDS["robustness"].check(settings)
    assert KINDS["robustness"].run(settings, Reporter(), kept) == {
        "corruption": "contrast",
        "runs": 2,
        "images": 60,
    }
    chosen = [runs.load(name) for name in settings["runs"]]
    expected = robustness.measure(chosen, "contrast", 60, **({"seed": 0} | seed))
    assert robustness.load(kept) == expected
    assert list(expected.accuracies) == settings["runs"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"runs": []}, "Choose 1 to 6 trained models. Received: 0."),
        ({"runs": ["mnist-cnn"] * 7}, "Choose 1 to 6 trained models. Received: 7."),
        ({"runs": ["mnist-cnn", "unheard-of"]}, "There is no run named 'unheard-of'"),
        ({"runs": ["../x"]}, "There is no run named"),
        ({"corruption": "fog"}, "There is no corruption named 'fog'"),
        ({"images": 49}, "Choose 50 to 2,000 images. Received: 49."),
        ({"images": 2001}, "Choose 50 to 2,000 images. Received: 2001."),
    ],
    ids=["no run", "7 runs", "unknown run", "no name", "unknown change", "too few", "too many"],
)
def test_robustness_that_cannot_be_measured_is_refused_at_once(studio, changed, sentence):
    settings = ROBUSTNESS | changed
    seen = []
    with pytest.raises(RunError, match=sentence):
        KINDS["robustness"].check(settings)
    with pytest.raises(RunError, match=sentence):
        KINDS["robustness"].run(settings, Reporter(seen.append), KEPT)
    assert seen == []
    assert not KEPT.exists()


def test_robustness_of_a_run_whose_dataset_is_gone_is_told(studio, small_run, tmp_path):
    folder = studio.runs_dir / small_run.id
    shutil.copytree(small_run.folder, folder)
    card = json.loads((folder / runs.CARD).read_text()) | {"dataset": "was-deleted"}
    (folder / runs.CARD).write_text(json.dumps(card))
    settings = ROBUSTNESS | {"runs": [small_run.id]}
    KINDS["robustness"].check(settings)
    with pytest.raises(DatasetError, match="There is no dataset named 'was-deleted'"):
        KINDS["robustness"].run(settings, Reporter(), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_robustness_that_is_stopped_keeps_nothing(studio, tmp_path):
    with pytest.raises(Cancelled):
        KINDS["robustness"].run(ROBUSTNESS, Reporter(should_stop=lambda: True), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.slow
def test_an_export_leaves_its_file_and_its_proof(studio, tmp_path):
    settings = {"run": "digits-random-forest", "format": "skops"}
    KINDS["export"].check(settings)
    told = KINDS["export"].run(settings, Reporter(), tmp_path / "kept")
    path = tmp_path / "kept" / told["file"]
    assert told == {**settings, "file": path.name, "bytes": path.stat().st_size}
    assert export.read_proof(tmp_path / "kept" / export.PROOF).agreement == 1


@pytest.mark.parametrize(
    ("settings", "error"),
    [({"run": "none", "format": "onnx"}, RunError), ({"format": "h5"}, ExportError)],
)
def test_an_export_that_cannot_work_is_not_queued(studio, settings, error):
    with pytest.raises(error):
        KINDS["export"].check({"run": "digits-random-forest", **settings})
