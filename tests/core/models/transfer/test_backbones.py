from urllib.parse import urlsplit

import pytest

from core.models import MODELS
from core.models.transfer import BACKBONES, EMBEDDED

FETCHED = [name for name, backbone in BACKBONES.items() if backbone.file]
PACKAGED = [name for name, backbone in BACKBONES.items() if backbone.package]


def test_one_comes_with_the_studio_and_the_others_are_fetched():
    assert set(BACKBONES) == {EMBEDDED, *FETCHED, *PACKAGED}
    assert BACKBONES[EMBEDDED].download_bytes == 0
    assert (len(FETCHED), len(PACKAGED)) == (4, 2)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_model_of_that_name_builds_on_it(name):
    assert BACKBONES[name].name == name
    assert MODELS[name].backbone == name
    assert BACKBONES[name].title in MODELS[name].title


@pytest.mark.parametrize("name", FETCHED)
def test_a_file_that_is_fetched_can_be_recognised(name):
    file = BACKBONES[name].file
    assert urlsplit(file.url).scheme == "https"
    assert file.url.endswith(f"/{file.name}")
    assert file.name.endswith("top.h5")
    assert BACKBONES[name].download_bytes == file.size > 10**6
    assert len(file.digest) == {"md5": 32, "sha256": 64}[file.algorithm] or not file.digest


@pytest.mark.parametrize("name", FETCHED)
def test_keras_knows_the_network_and_the_file(name):
    """File and MD5 are those that `keras.applications` fetches itself."""
    import inspect

    import keras

    make = getattr(keras.applications, BACKBONES[name].application)
    source = inspect.getsource(inspect.getmodule(make))
    file = BACKBONES[name].file
    assert not file.md5 or file.md5 in source
    assert file.url.rpartition("/")[0] in source.replace('"\n    "', "")
