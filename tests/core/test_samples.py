"""Photos that are included in packages: what they are, and what is said where they are not."""

import subprocess
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec

import pytest

from core import samples
from core.errors import DatasetError
from core.samples import SAMPLES, photo, photos
from core.settings import PROJECT_DIR


@pytest.fixture
def nothing_read_yet():
    """As if no photo had been read, before and after."""
    photo.cache_clear()
    yield
    photo.cache_clear()


@pytest.mark.every_case
@pytest.mark.parametrize("name", SAMPLES)
def test_a_photo_is_here_and_can_be_read(name):
    image = photo(name)
    assert min(image.shape[:2]) > 190
    assert image.std() > 20  # something can be seen on it
    assert (image.ndim == 3) == (SAMPLES[name] in photos())
    with pytest.raises(ValueError, match="read-only"):
        image[0, 0] = 0


def test_each_has_a_title_a_file_and_who_made_it():
    assert len({sample.title for sample in SAMPLES.values()}) == len(SAMPLES)
    assert len({sample.file_name for sample in SAMPLES.values()}) == len(SAMPLES)
    for sample in SAMPLES.values():
        assert "/" not in sample.file_name
        assert sample.credit.rpartition(", ")[2] in ("CC0", "CC BY 2.0", "public domain")


def test_what_a_package_leaves_out_is_not_offered(monkeypatch):
    before = photos()
    monkeypatch.setitem(SAMPLES, "cat", replace(SAMPLES["cat"], path="data/was-left-out.png"))
    assert [sample.name for sample in before if sample not in photos()] == ["cat"]


def test_those_of_known_classes_are_found():
    assert [sample.name for sample in samples.known_to(["Dog", "CAT", "horse"])] == ["cat", "horse"]


def test_an_unknown_one_is_told_with_those_that_are_known():
    with pytest.raises(DatasetError, match=r"There is no photo named 'dgo'\. Known: cat, coffee, "):
        photo("dgo")


@pytest.mark.parametrize(
    "found",
    [
        lambda package: None,
        lambda package: ModuleSpec(package, None, origin=None),
        lambda package: ModuleSpec(package, None, origin="/gone/__init__.py"),
    ],
    ids=["no package", "no file of the package", "no photo in it"],
)
def test_a_package_that_lacks_it_is_named(nothing_read_yet, monkeypatch, found):
    monkeypatch.setattr(samples, "find_spec", found)
    assert photos() == []
    sentence = "The photo 'cat' should be included in skimage, but it is not there."
    with pytest.raises(DatasetError, match=sentence):
        photo("cat")
    monkeypatch.undo()
    assert photo("cat").ndim == 3  # a failure is not remembered


def test_no_package_is_imported_for_them():
    code = """
import sys
from core.samples import photo, photos
assert photos() and photo("cat").size
sys.stdout.write(" ".join({module.partition(".")[0] for module in sys.modules}))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert {"skimage", "sklearn", "scipy"}.isdisjoint(result.stdout.split())
