import gzip
import hashlib
import struct
from dataclasses import replace

import numpy as np
import pytest

from core import datasets
from core.datasets import fashion
from core.datasets.dataset import stratified_split
from core.datasets.registry import SPLIT_SEED
from core.errors import Cancelled, DatasetError
from core.progress import Reporter

NAMES = tuple(fashion.FILES)
REAL_DEBIAN = fashion.DEBIAN_FOLDER  # the fixtures put another in its place


def idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + struct.pack(f">B{array.ndim}I", array.ndim, *array.shape) + array.tobytes()


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    made = {}
    for part, size in (("train", 200), ("t10k", 20)):
        made[f"{part}-images-idx3-ubyte.gz"] = rng.integers(0, 256, (size, 28, 28), np.uint8)
        made[f"{part}-labels-idx1-ubyte.gz"] = rng.permutation(np.arange(size) % 10).astype("u1")
    return made


ARRAYS = arrays()


@pytest.fixture
def debian(folders, monkeypatch, tmp_path):
    """Where Debian's package would put the files; the folder is not there yet."""
    folder = tmp_path / "share" / "fashion-mnist"
    monkeypatch.setattr(fashion, "DEBIAN_FOLDER", folder)
    return folder


@pytest.fixture
def expect(debian, monkeypatch):
    """Make these the unpacked contents that are expected, and return them packed."""

    def announce(changed: dict[str, bytes] | None = None, url: str = "") -> dict[str, bytes]:
        contents = {name: idx(array) for name, array in ARRAYS.items()} | (changed or {})
        packed = {name: gzip.compress(content) for name, content in contents.items()}
        files = {
            name: replace(
                fashion.FILES[name],
                url=f"{url}/{name}",
                sha256=hashlib.sha256(packed[name]).hexdigest(),
                size=len(packed[name]),
            )
            for name in NAMES
        }
        unpacked = {name: hashlib.sha256(contents[name]).hexdigest() for name in NAMES}
        monkeypatch.setattr(fashion, "FILES", files)
        monkeypatch.setattr(fashion, "UNPACKED_SHA256", unpacked)
        return packed

    return announce


@pytest.fixture
def own(folders):
    return folders.data_dir / "fashion-mnist"


def put(folder, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def assert_loads():
    dataset = datasets.load("fashion_mnist")
    images, labels = (ARRAYS[f"train-{kind}-ubyte.gz"] for kind in ("images-idx3", "labels-idx1"))
    train, val = stratified_split(labels, 0.1, SPLIT_SEED)
    assert np.array_equal(dataset.x_train, images[train, ..., None])
    assert np.array_equal(dataset.y_train, labels[train])
    assert np.array_equal(dataset.x_val, images[val, ..., None])
    assert np.array_equal(dataset.y_val, labels[val])
    assert np.array_equal(dataset.x_test, ARRAYS["t10k-images-idx3-ubyte.gz"][..., None])
    assert np.array_equal(dataset.y_test, ARRAYS["t10k-labels-idx1-ubyte.gz"])
    assert dataset.y_test.dtype == np.int64
    assert dataset.class_names[9] == "Ankle boot"


def test_files_put_there_by_hand_are_loaded(expect, own):
    put(own, expect())
    assert_loads()


def test_the_files_of_debian_are_loaded(expect, debian):
    put(debian, expect())
    assert_loads()


def test_debian_may_pack_the_same_contents_another_way(expect, debian):
    packed = expect()
    put(debian, {name: gzip.compress(gzip.decompress(packed[name]), 1) for name in NAMES})
    assert_loads()


def test_your_own_files_come_before_those_of_debian(expect, own, debian):
    packed = expect()
    put(debian, dict.fromkeys(NAMES, b"other"))
    put(own, packed)
    assert_loads()


@pytest.mark.parametrize(
    ("in_own", "in_debian", "expected"),
    [
        (None, None, False),
        ((), None, False),
        (NAMES, None, True),
        (NAMES[:3], None, False),
        (NAMES[1:], None, False),
        (None, NAMES, True),
        ((), NAMES, True),
        (None, NAMES[1:], False),
        (None, (), False),
        (NAMES, NAMES, True),
        (NAMES, (), True),
    ],
)
def test_it_is_here_if_one_folder_holds_all_files(expect, own, debian, in_own, in_debian, expected):
    packed = expect()
    for folder, names in ((own, in_own), (debian, in_debian)):
        if names is not None:
            put(folder, {name: packed[name] for name in names})
    assert fashion.is_here() is expected
    assert datasets.find("fashion_mnist").is_here() is expected


def test_half_a_download_does_not_hide_what_debian_installed(expect, own, debian):
    packed = expect()
    put(debian, packed)
    put(own, {NAMES[0]: packed[NAMES[0]]})
    assert fashion.is_here()
    assert_loads()


def test_a_folder_in_place_of_a_file_is_not_the_file(expect, own):
    put(own, expect())
    (own / NAMES[2]).unlink()
    (own / NAMES[2]).mkdir()
    assert not fashion.is_here()


def test_what_is_not_here_says_how_to_get_it(expect):
    expect()
    with pytest.raises(DatasetError, match=r"\(31 MB\).*datasets download fashion_mnist"):
        datasets.load("fashion_mnist")


def test_missing_files_are_downloaded(expect, server, own):
    server.content = packed = expect(url=server.url)
    put(own, {NAMES[1]: packed[NAMES[1]]})
    datasets.prepare("fashion_mnist")
    assert sorted(path.name for path in own.iterdir()) == sorted(NAMES)
    assert len(server.ranges) == 3
    assert_loads()
    datasets.prepare("fashion_mnist")
    assert len(server.ranges) == 3


def test_nothing_is_downloaded_if_debian_has_it(expect, server, own, debian):
    put(debian, expect(url=server.url))
    datasets.prepare("fashion_mnist")
    assert server.ranges == []
    assert not own.exists()


def test_a_cancelled_download_goes_on_with_the_next_file(expect, server, own):
    server.content = expect(url=server.url)
    seen = []
    stop = Reporter(seen.append, lambda: NAMES[2] in seen[-1].note)
    with pytest.raises(Cancelled):
        datasets.prepare("fashion_mnist", stop)
    assert sorted(path.name for path in own.iterdir()) == sorted(NAMES[:2])
    assert not fashion.is_here()
    datasets.prepare("fashion_mnist")
    assert len(server.ranges) == 4
    assert_loads()


def test_downloads_do_not_mix_with_those_of_mnist(folders):
    assert fashion.download_folder() == folders.data_dir / "fashion-mnist"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "content",
    [b"", b"another", gzip.compress(idx(np.zeros(3, np.uint8)))],
    ids=["empty", "another", "three numbers"],
)
def test_a_file_other_than_expected_is_refused(expect, own, name, content):
    put(own, expect() | {name: content})
    with pytest.raises(DatasetError, match="damaged or a different file.*SHA-256") as raised:
        datasets.load("fashion_mnist")
    assert str(own / name) in str(raised.value)


@pytest.mark.parametrize("name", NAMES)
def test_other_contents_in_the_folder_of_debian_are_refused(expect, debian, name):
    put(debian, expect() | {name: gzip.compress(idx(np.zeros(3, np.uint8)))})
    with pytest.raises(DatasetError, match="not Fashion-MNIST as published.*SHA-256") as raised:
        datasets.load("fashion_mnist")
    assert str(debian / name) in str(raised.value)
    assert "Install the package dataset-fashion-mnist again" in str(raised.value)


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 0xFF
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:5],
        lambda packed: packed[:-4],
        lambda packed: flipped(packed, -5),
        lambda packed: flipped(packed, 0),
        lambda packed: flipped(packed, 10),
        lambda packed: b"no gzip",
    ],
    ids=["half", "head", "no length", "checksum", "mark", "block", "text"],
)
def test_a_damaged_gzip_is_refused(expect, debian, damage):
    name = NAMES[2]
    packed = expect()
    put(debian, packed | {name: damage(packed[name])})
    with pytest.raises(DatasetError, match=f"{name} is damaged and cannot be unpacked"):
        datasets.load("fashion_mnist")


@pytest.mark.parametrize("name", NAMES)
def test_contents_in_another_format_are_refused(expect, own, name):
    put(own, expect({name: b"P5 28 28 255"}))
    with pytest.raises(DatasetError, match="not in the IDX format; it is damaged"):
        datasets.load("fashion_mnist")


def test_images_and_labels_must_be_equally_many(expect, own):
    put(own, expect({NAMES[3]: idx(np.zeros(19, np.uint8))}))
    with pytest.raises(DatasetError, match="20 images and 19 labels"):
        datasets.load("fashion_mnist")


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4), (0,), (1, 1, 1, 1)])
def test_an_idx_file_is_read_as_it_was_written(shape):
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found = fashion.read_idx(idx(array))
    assert found.shape == shape
    assert np.array_equal(found, array)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x08\0",
        b"\0\0\x08\x03",
        b"\0\0\x08\x01\0\0\0\x05abcd",
        b"\0\0\x08\x01\0\0\0\x03abcd",
        b"\0\0\x0d\x01\0\0\0\x01abcd",
        b"\x01\0\x08\x01\0\0\0\x04abcd",
        b"\0\0\x08\x03\0\0",
        b"\0\0\x08\x41" + 65 * b"\0\0\0\x01" + b"a",
    ],
)
def test_what_is_no_idx_is_refused(content):
    with pytest.raises(DatasetError, match="not in the IDX format"):
        fashion.read_idx(content)


@pytest.mark.skipif(not REAL_DEBIAN.is_dir(), reason="the files of Debian are not installed")
def test_the_real_files_of_debian_are_loaded(folders):
    assert fashion.is_here()
    dataset = datasets.load("fashion_mnist")
    assert len(dataset.y_train) + len(dataset.y_val) == 60_000
    assert dataset.x_test.shape == (10_000, 28, 28, 1)
    assert np.bincount(dataset.y_test).tolist() == [1_000] * 10
    held_out = np.bincount(dataset.y_val)
    assert held_out.tolist() == [600] * 10
    assert (dataset.y_train.sum() + dataset.y_val.sum()) == 6_000 * 45
