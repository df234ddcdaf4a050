from pathlib import Path

import pytest

from core import datasets
from core.datasets import uploads
from core.errors import DatasetError
from core.jobs import KINDS
from core.progress import Reporter
from tests.core.datasets.pictures_on_disk import some

KEPT = Path("kept")  # imports keep nothing


@pytest.mark.parametrize(
    ("kind", "settings", "title"),
    [
        ("download", {"dataset": "cifar10"}, "Download cifar10"),
        ("import", {"name": "pets", "path": "/pets"}, "Import pets"),
    ],
)
def test_a_kind_says_what_it_does(kind, settings, title):
    assert KINDS[kind].name == kind
    assert KINDS[kind].title.format(**settings) == title


def test_an_import_tells_what_it_made(studio, small):
    (small / "cats" / "notes.txt").write_text("no picture")
    (small / ".DS_Store").write_text("of a system")
    settings = {"path": str(small), "name": "pets", "title": "My pets"}
    assert KINDS["import"].run(settings, Reporter(), KEPT) == {
        "dataset": "pets",
        "pictures": 22,
        "classes": 2,
        "skipped": 1,
        "ignored": 1,
    }
    assert datasets.find("pets").title == "My pets"


def test_an_upload_is_forgotten_once_it_is_imported(studio):
    upload = uploads.add((some("cats", 10) | some("dogs", 10)).items())
    settings = {"upload": upload.id, "name": "pets"}
    KINDS["import"].check(settings)
    assert KINDS["import"].run(settings, Reporter(), KEPT)["pictures"] == 20
    with pytest.raises(DatasetError, match="no longer there"):
        uploads.load(upload.id)


def test_an_upload_that_is_refused_stays_so_that_more_can_be_added(studio):
    upload = uploads.add(some("cats", 10).items())
    settings = {"upload": upload.id, "name": "pets"}
    with pytest.raises(DatasetError, match="only one class"):
        KINDS["import"].run(settings, Reporter(), KEPT)
    uploads.add(some("dogs", 10).items(), upload.id)
    assert KINDS["import"].run(settings, Reporter(), KEPT)["classes"] == 2


def test_a_name_that_was_taken_meanwhile_is_refused_before_anything_is_read(studio, small):
    datasets.import_folder(small, "pets")
    seen = []
    with pytest.raises(DatasetError, match="already a dataset named 'pets'"):
        KINDS["import"].run({"path": str(small), "name": "pets"}, Reporter(seen.append), KEPT)
    assert seen == []
