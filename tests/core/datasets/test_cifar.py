import functools
import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from core import datasets
from core.datasets import cifar, store
from core.datasets.dataset import stratified_split
from core.datasets.registry import SPLIT_SEED
from core.errors import Cancelled, DatasetError
from core.progress import Reporter

BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
PER_BATCH = 40  # 20 of each class in training, enough to hold some out
BUILTIN = r"(builtins|__builtin__)\."  # today's name and Python 2's
NOT_ARRAYS = [np.zeros((PER_BATCH, 3072)), np.zeros((PER_BATCH, 3072), np.int8)]


def batch_of(number: int, size: int) -> dict:
    rng = np.random.default_rng(number)
    labels = rng.permutation(np.arange(size) % 10).tolist()
    return {
        "batch_label": f"training batch {number} of 5",
        "labels": labels,
        "data": rng.integers(0, 256, (size, 3072), np.uint8),
        "filenames": [f"image_s_{number:02}{row:04}.png" for row in range(size)],
    }


CONTENTS = {name: batch_of(number, PER_BATCH) for number, name in enumerate(BATCHES, 1)}
CONTENTS["test_batch"] = batch_of(6, 20)


class Python2:
    """Pickles as Python 2's cPickle did with protocol 2: texts are bytes, and all is numbered."""

    def __init__(self) -> None:
        self.remembered = 0

    def put(self) -> bytes:
        number, self.remembered = self.remembered, self.remembered + 1
        return b"q" + bytes([number]) if number < 256 else b"r" + struct.pack("<I", number)

    def text(self, value: bytes) -> bytes:
        if len(value) < 256:
            return b"U" + bytes([len(value)]) + value + self.put()
        return b"T" + struct.pack("<I", len(value)) + value + self.put()

    def number(self, value: int) -> bytes:
        if 0 <= value < 256:
            return b"K" + bytes([value])
        if 0 <= value < 65536:
            return b"M" + struct.pack("<H", value)
        return b"J" + struct.pack("<i", value)

    def dtype(self) -> bytes:
        made = b"cnumpy\ndtype\n" + self.put() + self.text(b"u1") + b"K\x00K\x01\x87"
        made += self.put() + b"R" + self.put()
        state = b"(K\x03" + self.text(b"|") + b"NNN" + 2 * self.number(-1) + b"K\x00t"
        return made + state + self.put() + b"b"

    def array(self, value: np.ndarray) -> bytes:
        made = b"cnumpy.core.multiarray\n_reconstruct\n" + self.put()
        made += b"cnumpy\nndarray\n" + self.put() + b"K\x00\x85" + self.put() + self.text(b"b")
        made += b"\x87" + self.put() + b"R" + self.put()
        shape = self.number(value.shape[0]) + self.number(value.shape[1]) + b"\x86" + self.put()
        state = b"(K\x01" + shape + self.dtype() + b"\x89" + self.text(value.tobytes()) + b"t"
        return made + state + self.put() + b"b"

    def list(self, values: list) -> bytes:
        return b"]" + self.put() + b"(" + b"".join(map(self.any, values)) + b"e"

    def any(self, value: object) -> bytes:
        if isinstance(value, np.ndarray):
            return self.array(value)
        if isinstance(value, list):
            return self.list(value)
        return self.number(value) if isinstance(value, int) else self.text(value.encode())

    def dumps(self, batch: dict) -> bytes:
        items = b"".join(self.text(key.encode()) + self.any(batch[key]) for key in batch)
        return b"\x80\x02}" + self.put() + b"(" + items + b"u."


def as_python_2(batch: dict) -> bytes:
    return Python2().dumps(batch)


def as_today(batch: dict, protocol: int) -> bytes:
    named = {key.encode(): value for key, value in batch.items()}
    named[b"filenames"] = [name.encode() for name in batch["filenames"]]
    return pickle.dumps(named, protocol)


def archive_of(members: dict[str, bytes]) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz", compresslevel=1) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            if name.endswith("/"):
                member = tarfile.TarInfo(f"cifar-10-batches-py/{name}".rstrip("/"))
                member.type = tarfile.DIRTYPE
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return kept.getvalue()


def members(dumps=as_python_2, **changed: bytes | None) -> dict[str, bytes]:
    """Every file of the archive in the order of the real one; None takes one out."""
    meta = {"num_cases_per_batch": PER_BATCH, "num_vis": 3072, "label_names": ["airplane"]}
    files = {"data_batch_4": b"", "readme.html": b"<html>", "test_batch": b""}
    files |= {f"data_batch_{number}": b"" for number in (3, 2, 5, 1)}
    files |= {name: dumps(batch) for name, batch in CONTENTS.items()}
    files = {"/": b"", **files, "batches.meta": Python2().dumps(meta)} | changed
    return {name: content for name, content in files.items() if content is not None}


@pytest.fixture
def bring(folders, monkeypatch):
    """Put an archive where it is found, as the one that is expected."""

    def put(content: bytes) -> None:
        (folders.data_dir / cifar.FILE.name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        monkeypatch.setattr(cifar, "FILE", replace(cifar.FILE, sha256=digest, size=len(content)))

    return put


@pytest.fixture
def refused(bring, stored_files):
    """Check that an archive gives a sentence and nothing is stored."""

    def check(content: bytes, sentence: str) -> None:
        bring(content)
        with pytest.raises(DatasetError, match=sentence):
            datasets.prepare("cifar10")
        assert stored_files() == []
        assert not store.exists("cifar10")

    return check


def images_of(batch: dict) -> np.ndarray:
    """Red, green and blue of a row come one after the other."""
    red, green, blue = (batch["data"][:, start : start + 1024] for start in (0, 1024, 2048))
    return np.stack([red, green, blue], axis=-1).reshape(-1, 32, 32, 3)


@pytest.mark.parametrize(
    "dumps",
    [as_python_2, *(functools.partial(as_today, protocol=number) for number in (2, 3, 4, 5))],
    ids=["python 2", "protocol 2", "protocol 3", "protocol 4", "protocol 5"],
)
def test_every_pixel_and_label_arrives(bring, dumps):
    bring(archive_of(members(dumps)))
    datasets.prepare("cifar10")
    dataset = datasets.load("cifar10")
    images = np.concatenate([images_of(CONTENTS[name]) for name in BATCHES])
    labels = np.concatenate([CONTENTS[name]["labels"] for name in BATCHES])
    train, val = stratified_split(labels, 0.1, SPLIT_SEED)
    expected = {"train": (images[train], labels[train]), "val": (images[val], labels[val])}
    expected["test"] = images_of(CONTENTS["test_batch"]), CONTENTS["test_batch"]["labels"]
    for part, (pixels, classes) in expected.items():
        found, found_classes = dataset.split(part)
        assert np.array_equal(found, pixels)
        assert np.array_equal(found_classes, classes)
    assert dataset.input_shape == (32, 32, 3)
    assert dataset.class_names == cifar.CLASS_NAMES


def test_the_official_test_set_is_kept_whatever_is_held_out(bring):
    bring(archive_of(members()))
    datasets.prepare("cifar10")
    images, labels = datasets.load_test("cifar10")
    assert np.array_equal(images, images_of(CONTENTS["test_batch"]))
    assert labels.tolist() == CONTENTS["test_batch"]["labels"]
    for fraction, seed in ((0.2, 1), (0.5, 2)):
        dataset = datasets.load("cifar10", fraction, seed)
        assert np.array_equal(dataset.x_test, images)
        assert len(dataset.y_val) == 200 * fraction


def test_the_store_says_what_it_is(bring):
    bring(archive_of(members()))
    assert cifar.archive_is_here()
    datasets.prepare("cifar10")
    kept = store.open_store("cifar10")
    assert kept.card.splits == {"train": 200, "val": 0, "test": 20, "unsplit": 0}
    assert (kept.card.owner, kept.card.source) == ("studio", "cifar-10-python.tar.gz")
    assert (kept.card.skipped, kept.card.channels) == (0, 3)
    first = CONTENTS["test_batch"]
    name = cifar.CLASS_NAMES[first["labels"][0]]
    assert kept.files()[0] == f"test/{name}/{first['filenames'][0]}"


def test_a_prepared_dataset_is_not_prepared_again(bring, folders):
    bring(archive_of(members()))
    datasets.prepare("cifar10")
    (folders.data_dir / cifar.FILE.name).unlink()
    datasets.prepare("cifar10")
    assert len(datasets.load("cifar10").y_test) == 20


def test_what_was_not_downloaded_says_how(folders):
    assert not cifar.archive_is_here()
    with pytest.raises(DatasetError, match="not on this machine.*datasets download cifar10"):
        datasets.load("cifar10")


def test_an_archive_other_than_expected_is_refused(folders, stored_files):
    (folders.data_dir / cifar.FILE.name).write_bytes(archive_of(members()))
    with pytest.raises(DatasetError, match="damaged or a different file.*6d958be074577803"):
        datasets.prepare("cifar10")
    assert stored_files() == []


class Call:
    """Pickled, it asks for a function to be called when it is read."""

    def __init__(self, function, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def by_text(module: str, name: str, command: str) -> bytes:
    return f"c{module}\n{name}\n(S'{command}'\ntR.".encode()


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize(
    ("harm", "asked"),
    [
        (lambda path: Call(os.system, f"touch {path}"), r"(posix|nt)\.system"),
        (lambda path: Call(eval, f"open({str(path)!r}, 'w')"), BUILTIN + "eval"),
        (lambda path: Call(exec, f"open({str(path)!r}, 'w')"), BUILTIN + "exec"),
        (lambda path: Call(open, str(path), "w"), r"_?io\.open"),
        (lambda path: Call(functools.partial(os.mkdir, str(path))), r"functools\.partial"),
        (lambda path: Call(np.load, str(path)), r"numpy\.load"),
        (lambda path: Call(getattr, Call(np.dtype, "u1"), "__class__"), BUILTIN + "getattr"),
    ],
    ids=["system", "eval", "exec", "open", "partial", "numpy.load", "getattr"],
)
@pytest.mark.parametrize("place", ["data", "whole"])
def test_code_in_a_pickle_is_refused_and_not_run(refused, tmp_path, harm, asked, place, protocol):
    path = tmp_path / "it-ran"
    batch = CONTENTS["data_batch_3"]
    content = batch | {"data": harm(path)} if place == "data" else harm(path)
    evil = pickle.dumps(content, protocol)
    sentence = f"cifar-10-python.tar.gz asks to run {asked}. It is refused."
    refused(archive_of(members(data_batch_3=evil)), sentence)
    assert not path.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "call"),
        ("numpy", "core.multiarray.os.system"),
        ("numpy.core.multiarray", "scalar"),
        ("core.datasets.cifar", "prepare"),
        ("nowhere", "nothing"),
    ],
)
def test_a_name_that_is_not_of_arrays_is_refused(refused, tmp_path, module, name):
    evil = by_text(module, name, f"touch {tmp_path / 'it-ran'}")
    refused(archive_of(members(test_batch=evil)), f"asks to run {module}.{name}. It is refused")
    assert not (tmp_path / "it-ran").exists()


def changed(**values: object) -> bytes:
    batch = CONTENTS["data_batch_5"] | values
    return as_today({key: value for key, value in batch.items() if value is not None}, 2)


@pytest.mark.parametrize(
    ("batch", "sentence"),
    [
        (changed(labels=[10] * PER_BATCH), "labels are not 0 to 9"),
        (changed(labels=[-1] * PER_BATCH), "labels are not 0 to 9"),
        (changed(labels=[1] * (PER_BATCH - 1)), "not equally many"),
        (changed(labels=["cat"] * PER_BATCH), "is damaged"),
        (changed(labels=[[1, 2]] * PER_BATCH), "is damaged"),
        (changed(labels=[float("nan")] * PER_BATCH), "is damaged"),
        (changed(labels=None), "is damaged: 'labels'"),
        (changed(filenames=["one.png"]), "not equally many"),
        (changed(data=np.zeros((PER_BATCH, 3071), np.uint8)), "is damaged"),
        (changed(data=np.zeros((PER_BATCH - 1, 3072), np.uint8)), "not equally many"),
        *((changed(data=array), "not an array of bytes in rows") for array in NOT_ARRAYS),
        (changed(data=np.asfortranarray(CONTENTS["data_batch_5"]["data"])), "array of bytes in"),
        (changed(data=[1, 2, 3]), "is damaged"),
        (changed(data=None), "is damaged: 'data'"),
        (as_python_2(CONTENTS["data_batch_5"])[:-1000], "is damaged"),
        (pickle.dumps([1, 2]), "is damaged"),
        (pickle.dumps(np.zeros(3, np.uint8)), "is damaged"),
        (b"", "is damaged"),
        (b"no pickle", "is damaged"),
    ],
)
def test_a_damaged_batch_is_refused(refused, batch, sentence):
    refused(archive_of(members(data_batch_5=batch)), sentence)


@pytest.mark.parametrize("name", [*BATCHES, "test_batch"])
def test_a_missing_batch_is_named(refused, name):
    refused(archive_of(members(**{name: None})), f"lacks cifar-10-batches-py/{name}; it is damaged")


def test_a_folder_in_place_of_a_batch_is_named(refused):
    folder = {"test_batch/": b"", "test_batch": None}
    refused(archive_of(members(**folder)), "cifar-10-batches-py/test_batch is not a file")


@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.9])
def test_an_archive_that_was_cut_off_is_refused(refused, part):
    content = archive_of(members())
    refused(
        content[: int(len(content) * part)], "is damaged and cannot be unpacked.*download it again"
    )


def test_a_wrong_checksum_inside_is_refused(refused):
    whole = gzip.decompress(archive_of(members(data_batch_5=None)))
    # Its end is no empty block, so that reading has to arrive at the checksum.
    cut = bytearray(gzip.compress(whole.rstrip(b"\0"), 1))
    cut[-8] ^= 1
    refused(bytes(cut), "damaged")


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"no archive")],
    ids=["empty", "no archive", "packed"],
)
def test_what_is_no_archive_is_refused(refused, content):
    refused(content, "is damaged and cannot be unpacked")


@pytest.mark.parametrize("reports", [1, 2, 5])
def test_cancelling_stores_nothing(bring, stored_files, reports):
    bring(archive_of(members()))
    seen = []
    with pytest.raises(Cancelled):
        datasets.prepare("cifar10", Reporter(seen.append, lambda: len(seen) == reports))
    assert stored_files() == []
    assert cifar.archive_is_here()
    datasets.prepare("cifar10")
    assert store.exists("cifar10")
