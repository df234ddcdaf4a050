"""Misclassified images in reports keep the names of their files."""

import base64
import json

import numpy as np
import pytest

from core import datasets
from core.images import decode
from core.report import as_html, as_json, surest_misclassified
from tests.core.datasets.images_on_disk import pets, write_zip
from tests.core.made_up import made_up, several
from tests.overriding import use


@pytest.fixture
def one(tmp_path, monkeypatch):
    """A run that takes every test image of an import for a dog, surer of each than of the last."""
    use(monkeypatch, work_dir=tmp_path / "work")
    datasets.import_zip(write_zip(pets(20, 20), tmp_path / "pets.zip"), "mine")
    _, labels = datasets.load_test("mine")
    dogs = np.linspace(0.6, 0.9, len(labels))
    return made_up(
        "run",
        labels,
        np.stack([1 - dogs, dogs], 1),
        dataset="mine",
        class_names=("cats", "dogs"),
        test_fingerprint="",
    )


def test_mistakes_name_their_files_surest_first(one):
    found = surest_misclassified(one, 2)
    files = datasets.test_files("mine")
    assert [row["file"] for row in found] == [files[row["image"]] for row in found]
    assert all(row["file"].startswith("cats/") for row in found)
    assert found[0]["confidence"] > found[1]["confidence"]
    assert found[0]["file"] in as_html([one], "Mine")
    (run,) = json.loads(as_json([one]))["runs"]
    assert run["misclassified"][:2] == found


@pytest.mark.slow
def test_the_report_shows_the_images_whatever_their_size(one):
    page = as_html([one], "Mine").partition("Misclassified")[2]
    misclassified = surest_misclassified(one, 10)
    shown = [content for content in page.split('"') if content.startswith("data:image/png;base64,")]
    images, _ = datasets.load_test("mine")
    assert len(shown) == len(misclassified)
    for row, url in zip(misclassified, shown, strict=True):
        image = decode(base64.b64decode(url.partition(",")[2]))
        assert (image == np.squeeze(images[row["image"]])).all()
    datasets.delete("mine")
    assert "data:image/png;base64," not in as_html([one], "Mine").partition("Misclassified")[2]


def test_without_the_images_the_place_in_the_test_set_is_told(one):
    datasets.delete("mine")
    assert [row["file"] for row in surest_misclassified(one, 2)] == [None, None]
    assert datasets.test_files("mnist") == ()
    assert surest_misclassified(several(1)[0], 1)[0]["file"] is None
