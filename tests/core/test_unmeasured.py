"""The bundled run that others have trained: every place that reads metrics copes without any."""

import json
import re

import numpy as np
import pytest

from core import labelled, runs
from core.cli.main import main
from core.ensemble import Ensemble
from core.errors import DatasetError, ModelError, RunError
from core.export import model_card, programs, web_page
from core.export.proof import compared, through_studio
from core.foreign import packages
from core.images import fit_image, to_rgb
from core.preprocessing import prepare
from core.samples import SAMPLES
from core.serving import load_predictor
from core.training.script import script_of

NAME = runs.PRETRAINED[0]


@pytest.fixture(scope="module")
def run():
    return runs.load(NAME)


@pytest.fixture
def photos(tmp_path):
    """Five photos whose classes are told in each of the ways that there are."""
    for sample, place in (
        ("cat", "n02123159_mine.png"),
        ("rocket", "missile/a.jpg"),
        ("coffee", "n07920052/b.png"),
        ("motorcycle", "moped/c.png"),
        ("temple", "holidays/d.jpg"),
    ):
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(SAMPLES[sample].read())
    return tmp_path


def test_photos_are_labelled_by_folders_of_names_and_ids_and_by_file_names(run, photos):
    found = labelled.measure(load_predictor(run), photos)
    told = {
        path: run.card.class_names[label]
        for path, label in zip(found.paths, found.evaluation.labels, strict=True)
    }
    assert told == {
        "n02123159_mine.png": "tiger cat",
        "missile/a.jpg": "missile",
        "n07920052/b.png": "espresso",
        "moped/c.png": "moped",
    }
    assert (found.evaluation.accuracy, found.elsewhere) == (1.0, 1)


def test_without_such_names_a_few_of_the_classes_are_told(run, tmp_path):
    (tmp_path / "x.jpg").write_bytes(SAMPLES["cat"].read())
    with pytest.raises(DatasetError) as raised:
        labelled.measure(load_predictor(run), tmp_path)
    assert "tench, goldfish" in str(raised.value)
    assert "and 980 more; or files named like n01440764_1.jpg." in str(raised.value)


def test_the_command_evaluates_it_on_your_images_alone(capsys, photos):
    assert main(["evaluate", "--run", NAME, "--images", str(photos), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["accuracy"], found["top_5"], found["card_accuracy"]) == (1.0, 1.0, None)
    assert main(["evaluate", "--run", NAME]) == 2
    told = capsys.readouterr().err
    assert "was not measured here" in told and "75.1 %" in told and "--images FOLDER" in told


def test_photos_are_seen_as_networks_of_imagenet_see_them():
    image = np.arange(80 * 160 * 3, dtype=np.uint32).astype(np.uint8).reshape(80, 160, 3)
    prepared = prepare("photo_centre", image, (32, 32, 3))
    assert (prepared.batch[0] == fit_image(to_rgb(image)[5:75, 45:115], (32, 32))).all()
    whole = prepare("photo_centre", image, (32, 32, 3), "whole")
    assert (whole.batch == prepare("photo", image, (32, 32, 3), "whole").batch).all()


def test_it_can_be_no_member_and_is_not_trained_again(run):
    with pytest.raises(RunError, match="cannot be a member of an ensemble.*75.1 %"):
        Ensemble((run, runs.load("mnist-cnn")), (0.5, 0.5), "soft")
    with pytest.raises(ModelError, match="was trained by others on ImageNet"):
        script_of(run.card)


@pytest.fixture(scope="module")
def proof(run):
    """A proof of the run against itself, which its cards hold."""
    stored = run.samples()
    few = runs.Samples(
        stored.calibration[:1],
        stored.calibration_labels[:1],
        stored.test[:2],
        stored.test_labels[:2],
    )
    predicted = through_studio(load_predictor(run), few, prepare=True)
    about = {"run": run.id, "format": "package", "file": "x.zip", "bytes": 1}
    return compared(about, few, predicted, predicted)


def test_what_it_is_exported_with_says_where_its_figure_is_from(run, proof):
    assert proof.accuracy is None  # nobody has labelled its samples
    assert web_page.refusal(run) == ""
    for text in (web_page._card(run), model_card.model_card(run, programs.of_run(run), proof)):
        text = re.sub(r"\\(.)", r"\1", text)
        assert "75.1 %" in text and "Published by others" in text
        assert "test images that it was not trained on" not in text


def test_a_package_of_it_is_readable(run):
    assert packages.check_readable(run.card, run.folder) is None
