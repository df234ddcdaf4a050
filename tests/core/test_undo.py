"""What was deleted can be brought back for a while."""

import time

import pytest

from core import datasets, drafts, runs
from core.errors import StudioError
from core.visitors import NOBODY, OWNER, acting_as
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.public import A, B, give_run, public_demo


@pytest.fixture
def thing(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "card.json").write_text("{}")
    return folder


def test_a_name_is_free_at_once_and_undo_brings_everything_back(thing):
    aside = drafts.set_aside(thing)
    assert not thing.exists()
    assert drafts.list_aside(thing.parent) == [
        drafts.Aside("mine", aside.folder, pytest.approx(aside.until, abs=0.001))
    ]
    assert drafts.bring_back(aside) == thing
    assert (thing / "card.json").read_text() == "{}"
    assert drafts.list_aside(thing.parent) == []


def test_an_undo_never_replaces_what_has_the_name_by_now(thing):
    aside = drafts.set_aside(thing)
    thing.mkdir()  # empty, which a rename would replace
    with pytest.raises(FileExistsError):
        drafts.bring_back(aside)
    assert thing.is_dir() and (aside.folder / "card.json").is_file()


def test_what_is_too_old_is_swept_and_what_is_not_stays(thing, monkeypatch):
    aside = drafts.set_aside(thing)
    drafts.sweep_removed(thing.parent)
    assert aside.folder.is_dir()
    later = time.time() + drafts.UNDO_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    drafts.sweep_removed(thing.parent)
    assert list(thing.parent.iterdir()) == []


@pytest.fixture
def demo(tmp_path, monkeypatch):
    with public_demo(tmp_path, monkeypatch) as changed:
        yield changed


@pytest.fixture
def deleted(demo, small_run, tmp_path):
    """A run and a dataset, both `mine`, that visitor A deletes."""
    give_run(small_run, A, "mine")
    with acting_as(A):
        datasets.import_images(write_folder(pets(), tmp_path / "pets"), "mine")
        runs.set_aside("mine")
        datasets.set_aside("mine")


def names_aside(kind) -> list[str]:
    return [aside.name for aside in kind.list_aside()]


@pytest.mark.parametrize("kind", [runs, datasets])
@pytest.mark.parametrize("me", [A, OWNER])
def test_whose_it_was_and_the_owner_may_bring_it_back(deleted, kind, me):
    for other in (B, NOBODY):
        with acting_as(other):
            assert names_aside(kind) == []
            with pytest.raises(StudioError, match="'mine' cannot be restored"):
                kind.restore("mine")
    with acting_as(me):
        assert names_aside(kind) == ["mine"]
        kind.restore("mine")
        assert names_aside(kind) == []
    with acting_as(A):
        assert (runs.load if kind is runs else datasets.find)("mine")


@pytest.mark.parametrize("kind", [runs, datasets])
def test_what_is_damaged_is_brought_back_by_the_owner_alone(deleted, kind):
    """Nobody knows whose it was."""
    (aside,) = kind.list_aside()
    for card in aside.folder.glob("*.json"):
        card.write_text("{")
    with acting_as(A):
        assert names_aside(kind) == []
    kind.restore("mine")
    assert len(kind.list_damaged()) == 1
