"""What was deleted can be brought back for a while."""

import time

import pytest

from core import drafts


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
