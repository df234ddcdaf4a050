"""Photos that come with packages: what they are, and what is said where they are not."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from core.datasets import PHOTOS, photo, photos
from core.errors import DatasetError
from core.images import decode, encode_png

SHAPES = {
    "flower": (427, 640, 3),
    "temple": (427, 640, 3),
    "cat": (300, 451, 3),
    "coffee": (400, 600, 3),
    "coins": (303, 384),
    "page": (191, 384),
}
each_photo = pytest.mark.parametrize("name", PHOTOS)


@pytest.fixture
def nothing_read_yet():
    """As if no photo had been read, before and after."""
    photo.cache_clear()
    yield
    photo.cache_clear()


def test_every_photo_is_covered():
    assert set(SHAPES) == set(PHOTOS)


@each_photo
def test_a_photo_is_an_image(name):
    image = photo(name)
    assert image.dtype == np.uint8
    assert image.shape == SHAPES[name]
    assert image.std() > 20  # something can be seen on it


@each_photo
def test_it_is_the_one_that_came_with_the_package(name):
    _, package, file, _ = PHOTOS[name]
    content = (Path(find_spec(package).origin).parent / file).read_bytes()
    assert np.array_equal(photo(name), decode(content))


@each_photo
def test_it_has_a_title_and_says_who_may_use_it(name):
    title, _, _, licence = PHOTOS[name]
    assert title[0].isupper()
    assert licence.startswith(("CC BY 2.0, ", "CC BY, ", "CC0, ", "public domain"))
    assert len({title for title, *_ in PHOTOS.values()}) == len(PHOTOS)


@each_photo
def test_nobody_can_change_it_for_the_others(name):
    image = photo(name)
    with pytest.raises(ValueError, match="read-only"):
        image[0, 0] = 0
    assert photo(name) is image


@pytest.mark.parametrize("name", ["", "dog", "Cat", "../cat"])
def test_an_unknown_one_is_told_with_those_that_are_known(name):
    with pytest.raises(DatasetError) as error:
        photo(name)
    assert f"There is no photo named {name!r}." in str(error.value)
    assert "Known: cat, coffee, coins, flower, page, temple." in str(error.value)


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
    monkeypatch.setattr(photos, "find_spec", found)
    sentence = "The photo 'cat' should come with skimage, but is not there."
    with pytest.raises(DatasetError, match=sentence):
        photo("cat")
    monkeypatch.undo()
    assert photo("cat").shape == SHAPES["cat"]  # a failure is not remembered


def test_the_package_is_not_imported(nothing_read_yet, tmp_path, monkeypatch):
    package = tmp_path / "never_imported"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('it was imported')")
    image = np.arange(24, dtype=np.uint8).reshape(4, 6)
    (package / "one.png").write_bytes(encode_png(image))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(PHOTOS, "one", ("One", "never_imported", "one.png", "CC0, nobody"))
    assert np.array_equal(photo("one"), image)
    assert "never_imported" not in sys.modules
