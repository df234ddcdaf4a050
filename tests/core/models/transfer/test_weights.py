import errno
import hashlib
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from core.datasets import download
from core.datasets.download import ATTEMPTS, RemoteFile
from core.errors import Cancelled, ModelError
from core.models.transfer import (
    BACKBONES,
    EMBEDDED,
    check_here,
    fetch_weights,
    is_here,
    load_backbone,
    weights,
)
from core.progress import Reporter
from tests.core.datasets.conftest import send
from tests.overriding import use

# Several times what is read at once, so that a connection can end between.
CONTENT = np.random.default_rng(0).bytes(3 * 65536)
OTHER = CONTENT[::-1]
HALF = len(CONTENT) // 2
NAME = "mobilenet_v2"
FILE = "some_notop.h5"
DIGESTS = {
    "md5": {"md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()},
    "sha256": {"sha256": hashlib.sha256(CONTENT).hexdigest()},
    "size alone": {},
}
FETCHED = [name for name, backbone in BACKBONES.items() if backbone.file]
ASKED_FOR = [name for name in BACKBONES if name != EMBEDDED]


def drop(handler, server):
    send(handler, 200, CONTENT[:HALF], Content_Length=len(CONTENT))


def drop_then_resume(handler, server):
    """The first time half of it, then what is asked for, as a server does that knows Range."""
    if len(server.ranges) == 1:
        drop(handler, server)
        return
    start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    span = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
    send(handler, 206, CONTENT[start:], Content_Range=span)


def answering(status: int):
    return lambda handler, server: send(handler, status, b"no")


def by_hand(url: str, folder: Path) -> str:
    return f"download {url} yourself and save it as {folder / FILE}."


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download, "_wait", lambda *arguments: None)


@pytest.fixture
def offered(server, folder, with_file):
    """`offered("md5")`: the server has weights that are recognised by it; their address."""
    server.content = CONTENT

    def offer(known_by: str, **changed) -> str:
        values = {"sha256": "", "size": len(CONTENT), **DIGESTS[known_by], **changed}
        file = RemoteFile(FILE, f"{server.url}/{FILE}", **values)
        with_file(NAME, file)
        return file.url

    return offer


# Fetching


@pytest.mark.parametrize("known_by", DIGESTS)
def test_weights_are_fetched_once(server, folder, offered, known_by):
    offered(known_by)
    assert not is_here(NAME)
    seen = []
    assert fetch_weights(NAME, Reporter(seen.append)) == folder / FILE
    assert (folder / FILE).read_bytes() == CONTENT
    assert is_here(NAME)
    assert {progress.stage for progress in seen} == {"downloading", "checking the file"}
    assert fetch_weights(NAME) == folder / FILE
    assert len(server.ranges) == 1


@pytest.mark.parametrize("known_by", DIGESTS)
def test_a_connection_that_drops_is_taken_up_again(server, folder, offered, known_by):
    offered(known_by)
    server.response = drop_then_resume
    assert fetch_weights(NAME).read_bytes() == CONTENT
    assert len(server.ranges) == 2
    assert server.ranges[1].startswith("bytes=")


@pytest.mark.parametrize(
    ("known_by", "content", "sentence"),
    [
        ("md5", OTHER, "its MD5 should be {md5}. Received: {found_md5}"),
        ("md5", CONTENT[:-1], "its MD5 should be {md5}. Received: {found_md5}"),
        ("sha256", OTHER, "its SHA-256 should be {sha256}. Received: {found_sha256}"),
        ("size alone", CONTENT[:-1], "it should have 196,608 bytes. Received: 196,607"),
    ],
    ids=["MD5", "cut off", "SHA-256", "size"],
)
def test_another_file_is_thrown_away(server, folder, offered, known_by, content, sentence):
    url = offered(known_by)
    server.content = content
    with pytest.raises(ModelError) as raised:
        fetch_weights(NAME)
    known = {name: value for digest in DIGESTS.values() for name, value in digest.items()}
    found = {
        "found_md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "found_sha256": hashlib.sha256(content).hexdigest(),
    }
    assert sentence.format(**known, **found) in str(raised.value)
    assert "discarded" in str(raised.value)
    assert by_hand(url, folder) in str(raised.value)
    assert os.listdir(folder) == []
    assert not is_here(NAME)


@pytest.mark.parametrize(
    ("response", "reason", "requests"),
    [
        (drop, "the connection to 127.0.0.1:[0-9]+ broke off", ATTEMPTS),
        (answering(404), "responded with 404 Not Found", 1),
        (answering(403), "responded with 403 Forbidden", 1),
        (answering(500), "responded with 500 Internal Server Error", ATTEMPTS),
    ],
    ids=["drops every time", "404", "403", "500"],
)
def test_weights_that_cannot_be_had_can_be_put_there_by_hand(
    server, folder, offered, response, reason, requests
):
    url = offered("md5")
    server.response = response
    with pytest.raises(ModelError, match=reason) as raised:
        fetch_weights(NAME)
    assert by_hand(url, folder) in str(raised.value)
    assert len(server.ranges) == requests
    assert os.listdir(folder) == []
    (folder / FILE).write_bytes(CONTENT)
    assert fetch_weights(NAME) == folder / FILE
    assert len(server.ranges) == requests


def test_a_closed_port_is_named(folder, with_file):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    url = f"http://127.0.0.1:{port}/{FILE}"
    with_file(NAME, RemoteFile(FILE, url, "", len(CONTENT)))
    with pytest.raises(ModelError, match=f"127.0.0.1:{port} cannot be reached") as raised:
        fetch_weights(NAME)
    assert by_hand(url, folder) in str(raised.value)


def test_without_a_network_it_says_where_the_file_belongs(folder, monkeypatch):
    def no_names(*arguments, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    for name in FETCHED:
        file = BACKBONES[name].file
        with pytest.raises(ModelError, match="perhaps this machine is not connected") as raised:
            fetch_weights(name)
        expected = f"download {file.url} yourself and save it as {folder / file.name}."
        assert expected in str(raised.value)


@pytest.mark.parametrize("known_by", DIGESTS)
def test_a_wrong_file_put_there_by_hand_is_refused(server, folder, offered, known_by):
    url = offered(known_by)
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError, match="is damaged or a different file") as raised:
        fetch_weights(NAME)
    assert f"{folder / FILE} is damaged" in str(raised.value)
    assert f"put the correct file there, from {url}." in str(raised.value)
    assert server.ranges == []
    (folder / FILE).unlink()
    assert fetch_weights(NAME).read_bytes() == CONTENT


def test_cancelling_leaves_nothing(server, folder, offered):
    offered("size alone")
    seen = []
    with pytest.raises(Cancelled, match="Stopped as asked."):
        fetch_weights(NAME, Reporter(seen.append, lambda: len(seen) == 2, "Stopped as asked."))
    assert os.listdir(folder) == []


def test_what_comes_with_the_studio_is_never_asked_for(folder):
    assert is_here(EMBEDDED)
    check_here(EMBEDDED)
    assert fetch_weights(EMBEDDED).is_file()
    assert not folder.exists()


@pytest.mark.parametrize("name", ASKED_FOR)
def test_weights_that_are_not_here_are_named_with_the_command_that_fetches_them(folder, name):
    with pytest.raises(ModelError) as raised:
        check_here(name)
    backbone = BACKBONES[name]
    assert f"({backbone.download_bytes / 1e6:,.0f} MB)" in str(raised.value)
    assert backbone.title in str(raised.value)
    assert str(raised.value).endswith(f"python -m core models download {name}")
    with pytest.raises(ModelError, match="is not on this machine yet"):
        load_backbone(name, 32)


@pytest.mark.parametrize("ask", [is_here, check_here, fetch_weights])
def test_an_unknown_backbone_is_refused(ask):
    with pytest.raises(
        ModelError, match="no backbone named 'resnet51'. Did you mean `resnet50`. Known: .*resnet50"
    ):
        ask("resnet51")


# The digest that is noted where none is published


def note_of(folder: Path) -> Path:
    return folder / f"{FILE}.sha256"


def test_the_digest_of_what_was_fetched_is_noted_where_none_is_published(folder, offered):
    offered("size alone")
    fetch_weights(NAME)
    assert note_of(folder).read_text().strip() == DIGESTS["sha256"]["sha256"]


@pytest.mark.parametrize("known_by", ["md5", "sha256"])
def test_nothing_is_noted_of_what_can_be_recognised_anyway(folder, offered, known_by):
    offered(known_by)
    fetch_weights(NAME)
    assert os.listdir(folder) == [FILE]


def test_weights_that_were_exchanged_meanwhile_are_refused(server, folder, offered):
    offered("size alone")
    fetch_weights(NAME)
    (folder / FILE).write_bytes(OTHER)
    with pytest.raises(ModelError, match="another file than when it was first used") as raised:
        fetch_weights(NAME)
    assert DIGESTS["sha256"]["sha256"] in str(raised.value)
    assert hashlib.sha256(OTHER).hexdigest() in str(raised.value)
    with pytest.raises(ModelError, match="another file than when it was first used"):
        load_backbone(NAME, 32)
    (folder / FILE).unlink()
    assert fetch_weights(NAME).read_bytes() == CONTENT  # as the sentence says


def test_weights_that_were_replaced_on_purpose_are_taken_once_the_note_is_gone(folder, offered):
    offered("size alone")
    fetch_weights(NAME)
    (folder / FILE).write_bytes(OTHER)
    with pytest.raises(ModelError, match=f"or delete {FILE}.sha256 if it was replaced"):
        fetch_weights(NAME)
    note_of(folder).unlink()
    assert fetch_weights(NAME) == folder / FILE
    assert note_of(folder).read_text().strip() == hashlib.sha256(OTHER).hexdigest()


def test_a_folder_that_may_only_be_read_needs_no_note(folder, offered, monkeypatch):
    offered("size alone")
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(CONTENT)

    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "write_text", refuse)
    assert fetch_weights(NAME) == folder / FILE
    assert os.listdir(folder) == [FILE]


# Loading


def randomised(name: str, size: int = 32):
    """The network of `keras.applications` with weights as after a training."""
    import keras

    make = getattr(keras.applications, BACKBONES[name].application)
    network = make(include_top=False, weights=None, input_shape=(size, size, 3))
    rng = np.random.default_rng(0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, value.shape) for value in layer.get_weights()])
        if isinstance(layer, keras.layers.Normalization):
            layer.set_weights([rng.uniform(0.2, 0.5, 3), rng.uniform(0.2, 0.3, 3), np.array(1)])
    return network


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """`written(name)`: weights of such a network in the layout of the files that are fetched."""
    kept: dict[str, Path] = {}

    def write(name: str) -> Path:
        if name not in kept:
            kept[name] = tmp_path_factory.mktemp("weights") / f"{name}.h5"
            with h5py.File(kept[name], "w") as file:
                legacy_h5_format.save_weights_to_hdf5_group(file, randomised(name))
        return kept[name]

    return write


@pytest.fixture
def put_there(folder, with_file):
    """`put_there(name, path)`: that file is what is expected as the weights, and is there."""

    def put(name: str, path: Path) -> Path:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        file = replace(BACKBONES[name].file, sha256=sha256, md5="", size=path.stat().st_size)
        with_file(name, file)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / file.name)
        return folder / file.name

    return put


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v2",
        "efficientnet_b0",
        pytest.param("resnet50", marks=pytest.mark.slow),
        "vgg16",
    ],
)
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined or non-square")
@pytest.mark.slow
def test_a_backbone_predicts_as_in_keras_applications(written, put_there, monkeypatch, name):
    import keras

    path = put_there(name, written(name))
    backbone = load_backbone(name, 64)
    assert backbone.name == name
    assert backbone.output_shape == (None, 2, 2, BACKBONES[name].features)
    assert backbone.trainable_variables == []

    monkeypatch.setattr(file_utils, "get_file", lambda *arguments, **options: str(path))
    make = getattr(keras.applications, BACKBONES[name].application)
    expected = make(include_top=False, weights="imagenet", input_shape=(64, 64, 3))
    images = np.random.default_rng(1).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    predictions = [np.asarray(network(images, training=False)) for network in (backbone, expected)]
    assert np.abs(predictions[0] - predictions[1]).max() < 1e-5 * np.abs(predictions[1]).max()
    assert predictions[1].std() > 0


@pytest.mark.parametrize(
    ("name", "other"), [("mobilenet_v2", "efficientnet_b0"), ("efficientnet_b0", "vgg16")]
)
@pytest.mark.slow
def test_weights_of_another_network_are_refused(written, put_there, name, other):
    path = put_there(name, written(other))
    with pytest.raises(ModelError) as raised:
        load_backbone(name, 32)
    expected = f"The weights in {path} cannot be used for {BACKBONES[name].title}: "
    assert str(raised.value).startswith(expected)


@pytest.mark.parametrize("content", [b"", b"<html>", "half of it"])
@pytest.mark.few(1)
def test_weights_that_are_no_weights_are_refused(written, put_there, tmp_path, content):
    if content == "half of it":
        content = written(NAME).read_bytes()[:1_000_000]
    (tmp_path / "odd.h5").write_bytes(content)
    put_there(NAME, tmp_path / "odd.h5")
    with pytest.raises(ModelError, match="cannot be used for MobileNetV2"):
        load_backbone(NAME, 32)


@pytest.mark.parametrize("kind", ["gone", "empty", "cut off", "of another network"])
@pytest.mark.few(1)
def test_weights_that_came_with_the_studio_may_be_damaged(tmp_path, monkeypatch, kind):
    real = weights.path_of(BACKBONES[EMBEDDED])
    use(monkeypatch, embedded_data_dir=tmp_path)
    path = tmp_path / real.name
    if kind == "of another network":
        np.savez(path, **{"stem/0": np.zeros((3, 3, 3, 32), np.float32)})
    elif kind != "gone":
        path.write_bytes(real.read_bytes()[:5000] if kind == "cut off" else b"")
    with pytest.raises(ModelError) as raised:
        load_backbone(EMBEDDED, 32)
    if kind != "gone":
        assert f"The weights in {path} cannot be used for EfficientNet-Lite0" in str(raised.value)
