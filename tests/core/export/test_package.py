import json
import re
import zipfile

import numpy as np
import pytest

from core import runs
from core.ensemble import Ensemble, save
from core.evaluation import evaluate
from core.export import export, model_card, programs
from core.export.copying import imaging_files
from core.serving import load_predictor
from tests.core.export.conftest import run_in
from tests.core.made_up import made_up_run

FOREST = "digits-random-forest"
NETWORK = "mnist-cnn"
SERVED = ["svm", "boosting", "knn", "hog", "edges", "deep", NETWORK, "mnist-logistic-regression"]


def test_a_package_proves_itself_where_the_studio_is_unknown(unpacked, exported):
    folder, proof = unpacked(FOREST), exported(FOREST, "package").proof
    assert "No module named 'core'" in run_in(folder, "-c", "import core").stderr
    done = run_in(folder, "proof.py")
    assert done.returncode == 0, done.stderr
    told, stored = json.loads(done.stdout), json.loads((folder / "proof.json").read_text())
    assert told["reproduces_proof"] and stored == proof.as_dict()
    assert told["images"] == stored["images"] == 200
    assert told["agreement"] == stored["agreement"] == 1
    assert told["accuracy"] == stored["accuracy"] == stored["studio_accuracy"]
    assert stored["prepared_agreement"] == 1 and stored["prepared_largest_difference"] < 1e-6
    assert stored["accuracy_low"] < stored["accuracy"] < stored["accuracy_high"]
    rows = json.loads((folder / "proof" / "expected.json").read_text())
    labels = np.array([row["label"] for row in rows])
    found = evaluate(labels, np.array([row["probabilities"] for row in rows]))
    assert found.accuracy == stored["accuracy"]


def test_a_package_that_was_changed_does_not_prove_itself(unpacked):
    folder = unpacked(FOREST)
    labels = json.loads((folder / "proof" / "expected.json").read_text())
    for row in labels:
        row["probabilities"] = row["probabilities"][::-1]
    (folder / "proof" / "expected.json").write_text(json.dumps(labels))
    done = run_in(folder, "proof.py")
    assert done.returncode == 1 and not json.loads(done.stdout)["reproduces_proof"]


def test_the_programs_of_a_package_predict_as_the_studio_does(unpacked):
    folder, run = unpacked(FOREST), runs.load(FOREST)
    (folder / "no image.png").write_text("no")
    done = run_in(folder, "predict.py", "--json", "proof/003.png", "no image.png", "gone.png")
    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "no image.png",
        "gone.png",
    ]
    (prediction,) = json.loads(done.stdout)["predictions"]
    predictor = load_predictor(run)
    (expected,) = predictor.predict(run.samples().test[3]).predictions
    assert prediction["label"] == expected.label
    assert list(prediction["probabilities"]) == list(run.card.class_names)
    received = list(prediction["probabilities"].values())
    np.testing.assert_allclose(received, expected.probabilities, atol=1e-6)
    example = run_in(folder, "example.py", "proof")
    assert example.returncode == 0, example.stderr
    assert len(example.stdout.splitlines()) == 20
    assert len((folder / "example.py").read_text().splitlines()) <= 20


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.slow
def test_every_way_to_serve_is_packed(exported, name):
    proof = exported(name, "package").proof
    assert proof.agreement == proof.prepared_agreement == 1
    assert proof.largest_difference < 1e-5


def test_a_package_holds_the_run_and_only_what_it_needs(exported, unpacked):
    folder, run = unpacked(FOREST), runs.load(FOREST)
    for name, digest in run.card.files.items():
        assert runs.sha256(folder / name) == digest
    needed = (folder / "requirements.txt").read_text().split()
    assert [line.split("==")[0] for line in needed] == ["numpy", "pillow", "opencv-python-headless"]
    with zipfile.ZipFile(exported(FOREST, "package").path) as archive:
        names = archive.namelist()
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{FOREST}/") and ".." not in name for name in names)


def test_the_model_card_says_what_it_is(unpacked):
    folder, card = unpacked(FOREST), runs.load(FOREST).card
    text = (folder / "README.md").read_text()
    low, high = runs.load(FOREST).evaluation().accuracy_interval
    assert f"{card.metrics['accuracy']:.2%}".replace("%", " %") in text
    assert f"{low * 100:.2f} % to {high * 100:.2f} %" in text
    assert f"On {card.metrics['test_size']} test images" in text
    assert "8×8 pixels, grey" in text and "Same predicted class | 100.0 %" in text
    for title in ("Trained on", "Metrics", "Limits", "Classes", "Input", "How to use it", "Proof"):
        assert f"\n## {title}\n" in text
    assert all(line in text for line in (folder / "requirements.txt").read_text().split())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("![x](http://a.b/c.png)", r"\!\[x\](http://a.b/c.png)"),
        ("a | b", r"a \| b"),
        ("two\nlines", "two⏎lines"),
        ("<script>", r"\<script\>"),
    ],
)
def test_names_of_others_have_no_effect_in_the_model_card(name, written):
    assert model_card.plain(name) == written


@pytest.mark.parametrize("vote", ["soft", "hard"])
@pytest.mark.slow
def test_an_ensemble_is_packed_with_its_members(folders, tmp_path, vote):
    members = tuple(runs.load(name) for name in (NETWORK, "mnist-logistic-regression"))
    run = save(f"Both {vote}", Ensemble(members, (0.75, 0.25), vote))
    found = export(run.id, "package", tmp_path / "both.zip")
    assert found.proof.agreement == 1 and found.proof.largest_difference < 1e-6
    with zipfile.ZipFile(found.path) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    assert {"members/mnist-cnn/model.tflite", "card.json", "README.md"} <= set(names)


def test_the_copied_code_knows_no_studio():
    files = dict(imaging_files())
    assert {"imaging/preprocessing/digit_shapes.npz", "imaging/images/__init__.py"} <= set(files)
    for name, content in files.items():
        if name.endswith(".py"):
            text = content.decode()
            assert "from core" not in text and "import core" not in text, name
            compile(text, name, "exec")


def test_no_name_is_defined_twice_in_the_printed_model():
    """Of an ensemble of all kinds: then the functions of every kind are printed together."""
    functions = tuple(dict.fromkeys(programs._SERVED.values()))
    opened = programs.Opening("None", functions, {}, ())
    text = programs.model_program(made_up_run("all"), opened)
    names = re.findall(r"^(?:def|class) (\w+)|^(\w+(?:, \w+)*) = ", text, re.MULTILINE)
    assert len(set(names)) == len(names)
    compile(text, "model.py", "exec")
