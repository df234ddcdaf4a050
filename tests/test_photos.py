"""The bundled run that names photos: its file, its stored answers, and its figures."""

import json
from pathlib import Path

import numpy as np
import pytest

from core import datasets, runs, serving, settings
from core.evaluation import evaluate
from core.images import decode
from core.samples import photos
from core.serving import load_predictor
from core.training import bundled

PREDICTIONS = Path(__file__).with_name("photos.json")  # of the samples, by the file that ships
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def run():
    return runs.load(bundled.CIFAR_RUN)


@pytest.fixture(scope="module")
def predictor(run):
    return load_predictor(run)


def test_its_files_are_those_of_the_card(run):
    for name, digest in run.card.files.items():
        runs.checked(run.folder / name, digest)
    assert (run.folder / serving.MODEL_FILES["network"]).stat().st_size <= 8 * MEGABYTE


def test_it_says_what_it_was_trained_on(run):
    assert run.card.dataset == "cifar10-jpeg"
    assert run.card.metrics["test_size"] == 10_000
    assert {**run.card.hyperparameters, **bundled.CIFAR_SETTINGS} == run.card.hyperparameters


def test_its_stored_predictions_reach_the_goal_in_every_class(run):
    found = run.evaluation("test")
    assert found.accuracy == run.card.metrics["accuracy"] >= 0.90
    matrix = found.confusion_matrix
    right = np.diag(matrix)
    assert (right / matrix.sum(axis=1)).min() >= 0.8  # recall
    assert (right / matrix.sum(axis=0)).min() >= 0.8  # precision


def test_it_still_classifies_the_samples_as_it_did(predictor):
    kept = json.loads(PREDICTIONS.read_text(encoding="utf-8"))
    for sample in photos():
        prediction = predictor.predict(decode(sample.read())).predictions[0]
        assert prediction.probabilities == pytest.approx(kept[sample.title], abs=0.005)


@pytest.mark.slow
def test_it_measures_what_its_card_says(run, predictor):
    """Where CIFAR-10 is at hand."""
    if not (settings.current().data_dir / f"{bundled.CIFAR}.zip").exists():
        pytest.skip(f"{bundled.CIFAR}.zip is not in the data folder")
    bundled.config_of(bundled.CIFAR_RUN)  # imports it, if need be
    images, labels = datasets.load_test(bundled.CIFAR)
    found = evaluate(labels, predictor.probabilities(np.asarray(images)))
    assert found.accuracy == pytest.approx(run.card.metrics["accuracy"], abs=0.0005)
