"""Whatever becomes of one stored dataset, the others are listed, and it can be deleted."""

import json
import shutil

import numpy as np
import pytest

from core import datasets
from core.cli import main
from core.datasets import store
from core.errors import DatasetError
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.tampering import ODD, REPLACEMENTS, fields_of, replace_by, with_value

ALLOWED = {
    *((field, "text") for field in ("name", "title", "owner", "source", "fingerprint")),
    ("source", "empty text"),
    ("notes", "empty list"),
}
FIELDS = [
    "name",
    "title",
    "owner",
    "source",
    "class_names",
    "channels",
    "images",
    "splits",
    "skipped",
    "ignored",
    "notes",
    "fingerprint",
    "created",
    "format_version",
]


@pytest.fixture
def bad(folders, tmp_path):
    """A stored dataset beside a whole one."""
    datasets.import_folder(write_folder(pets(10, 10), tmp_path / "pets"), "good")
    shutil.copytree(store.root() / "good", store.root() / "bad")
    return store.root() / "bad"


def left_out(capsys) -> str:
    assert main(["datasets", "--json"]) == 0
    captured = capsys.readouterr()
    names = [entry["name"] for entry in json.loads(captured.out)]
    assert "good" in names and "bad" not in names
    (line,) = captured.err.splitlines()
    assert line.startswith("dataset bad is damaged and left out: ")
    return line


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.few(5)
def test_a_card_with_an_odd_value_spoils_that_dataset_alone(bad, capsys, field):
    path = bad / store.CARD
    assert set(FIELDS) == set(fields_of(path))
    card = path.read_text(encoding="utf-8")
    for odd in ODD:
        path.write_text(card, encoding="utf-8")
        with_value(path, field, ODD[odd])
        store._open.cache_clear()
        damaged = [one.name for one in datasets.list_damaged()]
        assert damaged == ([] if (field, odd) in ALLOWED else ["bad"]), odd
    path.write_text(card, encoding="utf-8")
    with_value(path, field, ODD["deep"])
    left_out(capsys)
    with pytest.raises(DatasetError, match="already a dataset named 'bad'"):
        datasets.check_free("bad")
    assert main(["datasets", "delete", "bad"]) == 0
    datasets.check_free("bad")
    assert datasets.list_damaged() == []


@pytest.mark.parametrize("file", [store.CARD, "index.npz", "pixels.bin", ""])
@pytest.mark.parametrize("replacement", REPLACEMENTS)
def test_something_else_in_the_place_of_a_file(bad, capsys, file, replacement):
    if file:
        replace_by(bad / file, replacement)
    else:
        shutil.rmtree(bad)
        replace_by(bad, replacement)
        if replacement == "missing":
            return
    left_out(capsys)
    datasets.delete("bad")
    datasets.check_free("bad")
    assert datasets.find("good").train_size > 0


def index(folder, **changes) -> None:
    with np.load(folder / "index.npz") as found:
        content = {**found, **changes}
    np.savez(folder / "index.npz", **content)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": np.full(20, 2)},
        {"labels": np.full(20, -1)},
        {"labels": np.zeros(20)},
        {"splits": np.full(20, 4)},
        {"splits": np.zeros(20, int)},
        {"heights": np.zeros(20, int)},
        {"heights": np.full(20, -1)},
        {"widths": np.full(20, 2**40)},
        {"widths": np.zeros((20, 1), int)},
        {"more": np.zeros(20)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_index_that_does_not_fit_is_refused(bad, capsys, changes):
    index(bad, **changes)
    left_out(capsys)


@pytest.mark.parametrize("file", ["files.json", "skipped.json"])
@pytest.mark.parametrize("odd", [*ODD, *REPLACEMENTS])
def test_lists_that_cannot_be_read_are_told(bad, file, odd):
    if odd in REPLACEMENTS:
        replace_by(bad / file, odd)
    else:
        (bad / file).write_text(ODD[odd])
    if (file, odd) == ("skipped.json", "empty list"):
        return
    with pytest.raises(DatasetError, match="'bad' cannot be read: they are damaged"):
        getattr(store.open_store("bad"), file.removesuffix(".json"))()
