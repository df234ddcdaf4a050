import os
import zipfile
from dataclasses import dataclass, field

import numpy as np
import pytest

from core import stored
from core.errors import StoredError
from core.stored import Count, Name, Number
from tests.core.tampering import ODD, REPLACEMENTS, replace_by

READERS = {
    "bytes": stored.read_bytes,
    "text": stored.read_text,
    "json": stored.read_json,
    "typed": lambda path: stored.read_as(path, Thing),
    "arrays": lambda path: stored.read_arrays(path, {"x": ("f", 1)}, 2**20),
}


@dataclass(frozen=True)
class Thing:
    name: Name
    count: Count
    sizes: tuple[Number, ...] = ()
    more: dict[Name, Number] = field(default_factory=dict)


GOOD = '{"name": "x", "count": 1, "sizes": [1, 0.5], "more": {"a": 2}, "later": null}'


@pytest.mark.parametrize("name", [name for name in REPLACEMENTS if name not in ("empty", "junk")])
def test_what_is_no_file_never_blocks(tmp_path, name):
    replace_by(tmp_path / "file", name)
    for reader in READERS.values():
        with pytest.raises(StoredError, match="file"):
            reader(tmp_path / "file")


def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("secret")
    path.chmod(0)
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setuid(65534)  # root may read everything
            stored.read_text(path)
        except StoredError as error:
            os._exit("Permission denied" not in str(error))
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_value_of_the_right_types_is_taken(tmp_path):
    (tmp_path / "thing").write_text(GOOD)
    assert stored.read_as(tmp_path / "thing", Thing) == Thing("x", 1, (1, 0.5), {"a": 2})


@pytest.mark.parametrize("entry", ["name", "count", "sizes", "more"])
def test_odd_values_are_refused(tmp_path, entry):
    for odd in ODD:
        allowed = {"name": {"text"}, "sizes": {"list", "empty list"}}
        (tmp_path / "thing").write_text(f'{{"name": "x", "count": 1, "{entry}": {ODD[odd]}}}')
        if odd in allowed.get(entry, ()):
            stored.read_as(tmp_path / "thing", Thing)
            continue
        with pytest.raises(StoredError) as raised:
            stored.read_as(tmp_path / "thing", Thing)
        assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({}, "must hold x"),
        ({"x": [1.0], "y": [1.0]}, "must hold x"),
        ({"x": [1]}, "another kind"),
        ({"x": [[1.0]]}, "another kind"),
        ({"x": np.array([object()])}, "another kind"),
        ({"x": np.zeros(300_000)}, "may have"),
    ],
)
def test_arrays_must_be_those_that_are_expected(tmp_path, arrays, reason):
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    with pytest.raises(StoredError, match=reason):
        stored.read_arrays(tmp_path / "a.npz", {"x": ("f", 1)}, 2**20)


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_read_in_either_order(tmp_path, order):
    table = np.asarray(np.arange(6.0).reshape(2, 3), order=order)
    np.savez(tmp_path / "a.npz", x=table)
    found = stored.read_arrays(tmp_path / "a.npz", {"x": ("f", 2)}, 2**20)
    assert np.array_equal(found["x"], table)


def test_no_memory_is_taken_for_a_shape_that_is_a_lie(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(8))
    content = (tmp_path / "x.npy").read_bytes().replace(b"(8,)", b"(8000000000000,)")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content)
    with pytest.raises(StoredError):
        stored.read_arrays(tmp_path / "a.npz", {"x": ("f", 1)}, 2**20)


def test_what_is_written_is_read_back(tmp_path):
    value = {"loss": float("nan"), "rows": [1.0, float("inf")], "name": "a\udcff", "n": 3}
    stored.write_json(tmp_path / "a.json", value)
    assert stored.read_json(tmp_path / "a.json") == {"rows": [1.0, None], "name": "a?", "n": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_only_what_dead_processes_were_writing_is_swept(tmp_path):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    for name in (f".a.json.{child}", f".a.json.{os.getpid()}", ".gitignore", "a.json"):
        (tmp_path / name).touch()
    stored.sweep_written(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted([f".a.json.{os.getpid()}", ".gitignore", "a.json"])


@pytest.mark.parametrize("name", ["pipe", "folder", "loop of links", "missing"])
def test_what_is_no_lock_is_held_by_nobody(tmp_path, name):
    replace_by(tmp_path / "lock", name)
    assert not stored.is_locked(tmp_path / "lock")
