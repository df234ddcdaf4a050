import errno
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest

from core.datasets import download
from core.datasets.download import ATTEMPTS, RemoteFile, fetch
from core.errors import Cancelled, DatasetError
from core.progress import Reporter
from core.settings import PROJECT_DIR
from tests.core.datasets.conftest import send, whole

# Several times what is read at once, so that a connection can end between.
CONTENT = np.random.default_rng(0).bytes(4 * 65536)
HALF = len(CONTENT) // 2
NAME = "images.tar.gz"
REAL_WAIT = download._wait


def wrong(handler, server):
    send(handler, 200, CONTENT[::-1])


def log_in_first(handler, server):
    send(handler, 200, b"<html>Please log in to this network</html>")


def drop(handler, server):
    send(handler, 200, CONTENT[:HALF], Content_Length=len(CONTENT))


def drop_without_a_word(handler, server):
    handler.close_connection = True


def end_early(handler, server):
    """Without a length, the end of the connection is the end of the file."""
    send(handler, 200, CONTENT[:HALF], Content_Length=None)


def stall(handler, server):
    drop(handler, server)
    server.released.wait(30)


def stall_at_once(handler, server):
    server.released.wait(30)


def not_found(handler, server):
    send(handler, 404, b"not here")


def broken(handler, server):
    send(handler, 500, b"oh")


def resume(handler, server):
    """The part that is asked for, as a server does that knows Range."""
    start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    if start >= len(CONTENT):
        send(handler, 416, b"")
        return
    span = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
    send(handler, 206, CONTENT[start:], Content_Range=span)


def resume_elsewhere(handler, server):
    send(handler, 206, CONTENT[1000:], Content_Range=f"bytes 1000-{len(CONTENT) - 1}/*")


def give_too_little(handler, server):
    """All of the file, announced as more than that."""
    send(handler, 200, CONTENT, Content_Length=len(CONTENT) + 10)


def first(once, then):
    return lambda handler, server: (once if len(server.ranges) == 1 else then)(handler, server)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download, "_wait", lambda *arguments: None)


@pytest.fixture
def file(server) -> RemoteFile:
    server.content = CONTENT
    digest = hashlib.sha256(CONTENT).hexdigest()
    return RemoteFile(NAME, f"{server.url}/{NAME}", digest, len(CONTENT))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def assert_fetched(file, folder):
    assert fetch(file, folder) == folder / NAME
    assert (folder / NAME).read_bytes() == CONTENT
    assert os.listdir(folder) == [NAME]


def test_a_file_is_fetched_whole(server, file, folder):
    seen = []
    path = fetch(file, folder, Reporter(seen.append))
    assert path.read_bytes() == CONTENT
    assert os.listdir(folder) == [NAME]
    assert server.ranges == [None]
    parts = [progress.fraction for progress in seen if progress.stage == "downloading"]
    assert parts == sorted(parts)
    assert parts[0] == 0 and parts[-1] == 1
    assert "0.3 of 0.3 MB" in seen[-2].note
    assert seen[-1].stage == "checking the file"


def test_a_folder_is_made_for_it(file, folder):
    assert_fetched(file, folder / "deep" / "down")


@pytest.mark.parametrize(
    ("response", "reason", "requests"),
    [
        (wrong, "not the expected images.tar.gz.*Received: [0-9a-f]{64}.*discarded", 1),
        (log_in_first, "not the expected images.tar.gz.*discarded", 1),
        (end_early, "not the expected images.tar.gz.*discarded", 1),
        (first(drop, resume_elsewhere), "not the expected images.tar.gz.*discarded", 2),
        (drop, "the connection to 127.0.0.1:[0-9]+ broke off", ATTEMPTS),
        (drop_without_a_word, "127.0.0.1:[0-9]+ cannot be reached", ATTEMPTS),
        (stall, "127.0.0.1:[0-9]+ sent nothing for 0.3 seconds", ATTEMPTS),
        (stall_at_once, "127.0.0.1:[0-9]+ sent nothing for 0.3 seconds", ATTEMPTS),
        (not_found, "127.0.0.1:[0-9]+ responded with 404 Not Found", 1),
        (first(drop, not_found), "127.0.0.1:[0-9]+ responded with 404 Not Found", 2),
        (broken, "127.0.0.1:[0-9]+ responded with 500 Internal Server Error", ATTEMPTS),
    ],
)
def test_a_failure_says_what_to_do_and_leaves_nothing(
    server, file, folder, response, reason, requests
):
    server.response = response
    with pytest.raises(DatasetError, match=reason) as raised:
        fetch(file, folder, timeout=0.3)
    assert f"download {file.url} yourself and save it as {folder / NAME}." in str(raised.value)
    assert "ry again" in str(raised.value)
    assert len(server.ranges) == requests
    assert os.listdir(folder) == []
    server.response = whole
    assert_fetched(file, folder)


def test_a_closed_port_is_named(file, folder):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    refused = replace(file, url=f"http://127.0.0.1:{port}/{NAME}")
    with pytest.raises(
        DatasetError, match=f"127.0.0.1:{port} cannot be reached.*network"
    ) as raised:
        fetch(refused, folder)
    assert f"yourself and save it as {folder / NAME}." in str(raised.value)
    assert os.listdir(folder) == []
    assert_fetched(file, folder)


def test_without_a_network_the_file_can_be_put_there_by_hand(file, folder, monkeypatch):
    def no_names(*arguments, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    offline = replace(file, url=f"http://nowhere.invalid/{NAME}")
    with monkeypatch.context() as without:
        without.setattr(socket, "getaddrinfo", no_names)
        with pytest.raises(DatasetError, match="nowhere.invalid cannot be reached") as raised:
            fetch(offline, folder)
        assert f"download {offline.url} yourself and save it as {folder / NAME}" in str(
            raised.value
        )
        assert os.listdir(folder) == []
        (folder / NAME).write_bytes(CONTENT)
        assert_fetched(offline, folder)


@pytest.mark.parametrize("once", [drop, stall])
def test_a_connection_that_ends_is_taken_up_where_it_ended(server, file, folder, once):
    server.response = first(once, resume)
    assert fetch(file, folder, timeout=0.3).read_bytes() == CONTENT
    assert len(server.ranges) == 2
    assert 0 < int(server.ranges[1].removeprefix("bytes=").removesuffix("-")) <= HALF
    assert os.listdir(folder) == [NAME]


def test_a_server_that_cannot_continue_begins_again(server, file, folder):
    server.response = first(drop, whole)
    assert_fetched(file, folder)
    assert server.ranges[1] is not None


def test_a_connection_that_ends_after_the_last_byte_loses_nothing(server, file, folder):
    server.response = first(give_too_little, resume)
    assert_fetched(file, folder)
    assert server.ranges == [None, f"bytes={len(CONTENT)}-"]


def test_too_little_room_is_found_before_the_download(server, file, folder, monkeypatch):
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 1_000_000))
        large = replace(file, size=170_000_000)
        with pytest.raises(DatasetError, match="needs 170 MB, but only 1 MB are free") as raised:
            fetch(large, folder)
    assert str(folder) in str(raised.value)
    assert "Free some space" in str(raised.value) and "STUDIO_DATA_DIR" in str(raised.value)
    assert server.ranges == []
    assert os.listdir(folder) == []
    assert_fetched(file, folder)


WITH_LITTLE_ROOM = """
import resource, signal, sys
from pathlib import Path
from core.datasets.download import RemoteFile, fetch
from core.errors import DatasetError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
url, digest, size, folder = sys.argv[1:]
try:
    fetch(RemoteFile("images.tar.gz", url, digest, int(size)), Path(folder))
except DatasetError as error:
    sys.exit(f"DatasetError: {error}")
"""


def test_a_disk_that_fills_up_on_the_way_is_named(server, file, folder):
    arguments = [file.url, file.sha256, str(file.size), str(folder)]
    ended = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_ROOM, *arguments],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )
    sentence = f"DatasetError: The disk is full: nothing more can be written to {folder}."
    assert ended.stderr.startswith(sentence), ended.stderr
    assert "Free some space and try again." in ended.stderr
    assert len(server.ranges) == 1, "a full disk is no reason to download again"
    assert os.listdir(folder) == []
    assert_fetched(file, folder)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_made_is_named(file, folder, monkeypatch, code):
    def refuse(*arguments, **options):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as refused:
        refused.setattr(type(folder), "mkdir", refuse)
        with pytest.raises(DatasetError, match=f"Nothing can be written to .*{os.strerror(code)}"):
            fetch(file, folder)
    assert_fetched(file, folder)


def test_a_file_in_place_of_the_folder_is_named(file, folder):
    folder.write_text("not a folder")
    with pytest.raises(DatasetError, match=f"Nothing can be written to {folder}"):
        fetch(file, folder)
    assert folder.read_text() == "not a folder"


@pytest.mark.parametrize("reports", [1, 2, 3])
def test_cancelling_leaves_nothing(server, file, folder, reports):
    server.response = stall
    seen = []
    report = Reporter(seen.append, lambda: len(seen) == reports, "Stopped as asked.")
    with pytest.raises(Cancelled, match="Stopped as asked."):
        fetch(file, folder, report, timeout=10)
    assert len(seen) == reports
    assert os.listdir(folder) == []
    server.response = whole
    assert_fetched(file, folder)


def test_the_wait_before_the_next_attempt_can_be_cancelled(server, file, folder, monkeypatch):
    monkeypatch.setattr(download, "_wait", REAL_WAIT)
    server.response = broken
    seen = []
    report = Reporter(seen.append, lambda: len(seen) == 3)
    with pytest.raises(Cancelled):
        fetch(file, folder, report)
    assert len(server.ranges) == 1
    assert os.listdir(folder) == []


def test_a_file_put_there_by_hand_is_used_without_a_network(server, file, folder):
    folder.mkdir()
    (folder / NAME).write_bytes(CONTENT)
    assert_fetched(file, folder)
    assert server.ranges == []


def test_a_file_put_there_by_hand_needs_no_right_to_write(server, file, folder, monkeypatch):
    folder.mkdir()
    (folder / NAME).write_bytes(CONTENT)

    def refuse(path, flags, *arguments, **options):
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real_open(path, flags, *arguments, **options)

    real_open = os.open
    # Only a stand-in serves everyone: a folder's rights do not bind the administrator.
    monkeypatch.setattr(os, "open", refuse)
    assert_fetched(file, folder)


@pytest.mark.parametrize("content", [b"", b"another", CONTENT[:-1]])
def test_a_wrong_file_put_there_by_hand_is_refused(server, file, folder, content):
    folder.mkdir()
    (folder / NAME).write_bytes(content)
    received = hashlib.sha256(content).hexdigest()
    with pytest.raises(DatasetError, match=f"damaged or a different file.*{received}") as raised:
        fetch(file, folder)
    for part in (str(folder / NAME), file.sha256, file.url, "Delete it"):
        assert part in str(raised.value)
    assert (folder / NAME).read_bytes() == content, "it is its owner's to delete"
    assert server.ranges == []
    (folder / NAME).unlink()
    assert_fetched(file, folder)


SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("known", "algorithm", "digest"),
    [
        ({"sha256": SHA256}, "sha256", SHA256),
        ({"sha256": "", "md5": MD5}, "md5", MD5),
        ({"sha256": SHA256, "md5": MD5}, "sha256", SHA256),
        ({"sha256": ""}, "sha256", ""),
    ],
    ids=["SHA-256", "MD5", "both", "neither"],
)
def test_a_file_is_recognised_by_the_best_digest_that_is_published(
    file, folder, known, algorithm, digest
):
    known = replace(file, **{"md5": "", **known})
    assert (known.algorithm, known.digest) == (algorithm, digest)
    assert known.unlike(digest or "whatever", len(CONTENT)) == ""
    assert_fetched(known, folder)


@pytest.mark.parametrize(
    ("known", "digest", "size", "sentence"),
    [
        ({"sha256": "a"}, "b", 10, "its SHA-256 should be a. Received: b"),
        ({"sha256": "", "md5": "a"}, "b", 10, "its MD5 should be a. Received: b"),
        ({"sha256": "a"}, "a", 11, ""),  # the digest says more than the size
        ({"sha256": ""}, "b", 10, ""),
        ({"sha256": ""}, "b", 11_000, "it should have 10 bytes. Received: 11,000"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(known, digest, size, sentence):
    file = RemoteFile(**{"name": "x", "url": "y", "size": 10, **known})
    assert file.unlike(digest, size) == sentence


@pytest.mark.parametrize("once", [drop, stall])
@pytest.mark.parametrize("known", [{"md5": MD5}, {}], ids=["MD5", "size alone"])
def test_without_a_sha256_a_connection_that_ends_is_taken_up_as_well(
    server, file, folder, once, known
):
    server.response = first(once, resume)
    known = replace(file, sha256="", **known)
    assert fetch(known, folder, timeout=0.3).read_bytes() == CONTENT
    assert len(server.ranges) == 2
    assert os.listdir(folder) == [NAME]


@pytest.mark.parametrize("response", [log_in_first, end_early])
def test_with_nothing_but_its_size_a_shorter_file_is_refused(server, file, folder, response):
    server.response = response
    with pytest.raises(DatasetError, match="it should have 262,144 bytes. Received: ") as raised:
        fetch(replace(file, sha256=""), folder)
    assert f"yourself and save it as {folder / NAME}." in str(raised.value)
    assert os.listdir(folder) == []


def test_a_folder_in_place_of_the_file_is_refused(file, folder):
    (folder / NAME).mkdir(parents=True)
    with pytest.raises(DatasetError, match=f"{NAME} is a folder, not a file"):
        fetch(file, folder)


@pytest.mark.parametrize("left", [b"", b"left by another process", CONTENT + b"and more"])
def test_what_a_killed_process_left_does_no_harm(server, file, folder, left):
    folder.mkdir()
    (folder / f".{NAME}.part").write_bytes(left)
    (folder / f".{NAME}.lock").touch()
    assert_fetched(file, folder)
    assert server.ranges == [None]


def test_two_at_once_are_told_of_each_other(server, file, folder):
    def response(handler, server):
        server.released.wait(30)
        whole(handler, server)

    server.response = response
    fetched = []
    other = threading.Thread(target=lambda: fetched.append(fetch(file, folder)))
    other.start()
    assert server.asked.wait(30)
    with pytest.raises(DatasetError, match=f"{NAME} is already being downloaded. Wait"):
        fetch(file, folder)
    server.released.set()
    other.join()
    assert fetched == [folder / NAME]
    assert_fetched(file, folder)
    assert server.ranges == [None]
