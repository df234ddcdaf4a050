import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core import datasets, export, runs
from core.ensemble import Ensemble, save
from core.images import encode_png
from core.models.transfer import EMBEDDED
from core.serving import load_predictor
from core.training import TrainConfig, train
from tests.overriding import use

DIGITS = "digits-random-forest"  # bundled, on pixels
HOG, DEEP = "hog", "deep"
TRAINED = {  # here, in seconds: what they look at, and how
    HOG: ("random_forest", {"features": "hog", "n_estimators": 5}),
    DEEP: (
        "logistic_regression",
        {"features": EMBEDDED, "feature_size": 32, "max_images": 100, "max_iter": 10},
    ),
}
MOST_OFF = 2e-6  # probabilities are printed with six decimals


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict[str, runs.Run]:
    """Classical runs on features: HOG, and those of the backbone that comes with the studio."""

    with pytest.MonkeyPatch.context() as patch:
        use(patch, runs_dir=tmp_path_factory.mktemp("runs"))
        return {
            name: train(TrainConfig("digits", model, values, name=name))
            for name, (model, values) in TRAINED.items()
        }


@pytest.fixture
def unpacked(tmp_path):
    """`unpacked(run)`: the folder that its download holds."""

    def unpack(run: runs.Run) -> Path:
        with zipfile.ZipFile(io.BytesIO(export.as_zip(run))) as archive:
            archive.extractall(tmp_path)
        return tmp_path / run.id

    return unpack


def predicted(folder: Path, image: np.ndarray) -> tuple[str, list[float]]:
    """What the program in that folder prints, in a process that does not know the studio."""
    (folder / "shown.png").write_bytes(encode_png(image))
    done = subprocess.run(
        [sys.executable, "predict.py", "shown.png"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    label, *rows = done.stdout.splitlines()
    return label, [float(row.split("  ")[0]) for row in rows]


@pytest.mark.parametrize("name", [DIGITS, HOG, DEEP, "mnist-cnn", "cifar10-efficientnet-lite0"])
@pytest.mark.slow
def test_the_program_in_the_download_predicts_what_the_studio_does(name, unpacked, trained):
    run = trained.get(name) or runs.load(name)
    folder = unpacked(run)
    if run.card.dataset in ("digits", "mnist"):
        image = datasets.load_test(run.card.dataset, tuple(run.card.input_shape))[0][3]
    else:  # CIFAR-10 is a download
        image = np.random.default_rng(0).integers(0, 256, run.card.input_shape, np.uint8)
    expected = load_predictor(run).probabilities(image[None])[0]
    label, probabilities = predicted(folder, image)
    assert label == run.card.class_names[expected.argmax()]
    np.testing.assert_allclose(probabilities, expected, atol=MOST_OFF)


@pytest.mark.parametrize("name", [DIGITS, "cifar10-efficientnet-lite0"])
def test_the_readme_says_what_is_needed(name, unpacked):
    run = runs.load(name)
    folder = unpacked(run)
    text = (folder / "README.txt").read_text(encoding="utf-8")
    card = run.card
    assert f"{card.metrics['accuracy']:.2%} of {card.metrics['test_size']:,} test images" in text
    assert all(name in text for name in card.class_names)
    assert f"{card.input_shape[1]} pixels wide" in text and card.preprocessing in text
    needed = (folder / "requirements.txt").read_text().split()
    assert all("==" in line and line in text for line in needed)
    assert (folder / "labels.txt").read_text().splitlines() == list(card.class_names)
    assert {*card.files, runs.CARD} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("vote", ["soft", "hard"])
def test_an_ensemble_says_that_there_is_no_program_and_where_there_are_some(
    vote, unpacked, tmp_path, monkeypatch
):
    use(monkeypatch, runs_dir=tmp_path / "runs")
    members = tuple(runs.load(name) for name in ("mnist-cnn", "mnist-logistic-regression"))
    folder = unpacked(save("Both", Ensemble(members, (0.75, 0.25), vote)))
    text = (folder / "README.txt").read_text(encoding="utf-8")
    assert not (folder / "predict.py").exists() and "there is no predict.py here" in text
    assert "mnist-cnn.zip, weight 0.75" in text
    assert ("mean of their\nprobabilities" in text) == (vote == "soft")
    assert "pip install" not in text
