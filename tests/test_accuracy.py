"""How well the bundled network reads what people show it: the goals of `benchmarks/accuracy.py`."""

import cv2
import pytest

from benchmarks import accuracy
from core import datasets, runs
from core.datasets import DATASETS
from core.serving import load_predictor
from tests.digits.conditions import CONDITIONS
from tests.digits.photos import PHOTOS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def predictor():
    return load_predictor(runs.load(accuracy.RUN))


@pytest.fixture(scope="module")
def digits():
    images, labels = DATASETS["mnist"].read_test()
    return images[..., 0], labels


def test_image_files_lose_little_and_stay_single_digits(predictor, digits):
    direct, as_files, split = accuracy.measure_images(predictor, *digits)
    assert direct >= 0.9965
    assert direct - as_files <= 0.002
    assert split <= 0.005


@pytest.mark.parametrize("style", accuracy.ROW_STYLES)
def test_rows_of_digits_are_read(predictor, digits, style):
    assert accuracy.measure_rows(predictor, *digits, accuracy.ROW_STYLES[style]) >= 0.95


@pytest.mark.parametrize("method", [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_digits_from_elsewhere_are_read(predictor, method):
    studio, plain = accuracy.measure_elsewhere(predictor, method)
    assert studio >= 0.96
    assert studio > plain


@pytest.mark.parametrize("condition", CONDITIONS)
def test_digits_shown_otherwise_are_read(predictor, digits, condition):
    assert accuracy.measure_condition(predictor, CONDITIONS[condition], *digits)[0] >= 0.9


def test_validation_digits_in_generated_photos_are_read(predictor):
    dataset = datasets.load("mnist")
    found = {
        name: accuracy.measure_photos(predictor, condition, dataset.x_val[..., 0], dataset.y_val)
        for name, condition in PHOTOS.items()
    }
    parts = {name: right / count for name, (right, _, count) in found.items()}
    assert min(parts.values()) >= 0.9, parts
    assert sum(right for right, _, _ in found.values()) >= 0.975 * sum(
        n for *_, n in found.values()
    )
