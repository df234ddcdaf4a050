import os
import re
import time
import warnings
import zipfile

import pytest

from core.datasets import import_images, uploads
from core.errors import DatasetError
from tests.core.datasets.images_on_disk import pets, some, write_zip
from tests.overriding import use


@pytest.fixture(autouse=True)
def folder(folders):
    """The folder that uploads are kept in; it is not there yet."""
    return folders.work_dir / "uploads"


def contents(upload: uploads.Upload) -> dict[str, bytes]:
    with zipfile.ZipFile(upload.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zip_is_kept_as_it_is(tmp_path):
    content = write_zip(pets(), tmp_path / "sent.zip", zipfile.ZIP_DEFLATED).read_bytes()
    upload = uploads.add([("My pets.ZIP", content)])
    assert upload.path.read_bytes() == content
    assert upload.title == "My pets"
    assert uploads.load(upload.id) == upload
    assert import_images(upload.path, "pets").images == 20


def test_the_files_of_a_folder_are_packed():
    tree = pets(prefix="images/")
    upload = uploads.add(tree.items())
    assert contents(upload) == tree
    assert upload.title == "images"
    assert uploads.load(upload.id) == upload
    assert import_images(upload.path, "pets").class_names == ("cats", "dogs")


def test_more_can_be_added_one_class_after_another():
    first, second = some("cats", 10), some("dogs", 10)
    upload = uploads.add(first.items())
    assert uploads.add(second.items(), upload.id) == upload
    assert contents(upload) == first | second
    assert import_images(upload.path, "pets").images == 20


def test_a_folder_can_be_added_to_a_zip(tmp_path):
    first, second = some("cats", 10), some("dogs", 10)
    upload = uploads.add([("cats.zip", write_zip(first, tmp_path / "cats.zip").read_bytes())])
    uploads.add(second.items(), upload.id)
    assert contents(upload) == first | second


def test_the_same_folder_sent_twice_counts_once():
    upload = uploads.add(pets().items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of names that come twice
        uploads.add(pets().items(), upload.id)
    assert import_images(upload.path, "pets").images == 20


def test_a_zip_on_top_of_something_else_is_refused_and_changes_nothing(tmp_path):
    upload = uploads.add(pets().items())
    before = upload.path.read_bytes()
    content = write_zip(pets(), tmp_path / "more.zip").read_bytes()
    with pytest.raises(DatasetError, match="A zip file must come alone"):
        uploads.add([("more.zip", content)], upload.id)
    assert upload.path.read_bytes() == before


def test_nothing_can_be_added_to_what_is_no_zip(folder):
    upload = uploads.add([("images.zip", b"this is no zip file")])
    with pytest.raises(DatasetError, match="is not a zip file, so nothing can be added"):
        uploads.add(pets().items(), upload.id)
    assert upload.path.read_bytes() == b"this is no zip file"


def test_two_uploads_do_not_mix():
    first, second = uploads.add(some("cats", 2).items()), uploads.add(some("dogs", 2).items())
    assert first.id != second.id
    assert set(contents(first)).isdisjoint(contents(second))


def test_a_discarded_upload_is_gone(folder):
    upload = uploads.add(pets().items())
    uploads.discard(upload.id)
    assert list(folder.iterdir()) == []
    with pytest.raises(DatasetError, match="Upload it again"):
        uploads.load(upload.id)
    with pytest.raises(DatasetError, match="Upload it again"):
        uploads.add(pets().items(), upload.id)
    uploads.discard(upload.id)


@pytest.mark.parametrize("bad", ["", "0" * 16, "..", "../data", "A" * 16, "0" * 15 + "\n", None, 7])
def test_an_id_that_was_never_given_finds_nothing(bad, folders):
    (folders.data_dir / "kept.zip").write_bytes(b"")
    with pytest.raises(DatasetError, match="Upload it again"):
        uploads.load(bad)
    if isinstance(bad, str):
        uploads.discard(bad)
    assert (folders.data_dir / "kept.zip").exists()


def test_an_upload_is_forgotten_after_a_day(folder):
    old, recent = uploads.add(pets().items()), uploads.add(pets().items())
    for upload, age in ((old, 25), (recent, 23)):
        then = time.time() - age * 3600
        os.utime(folder / upload.id, (then, then))
    assert uploads.load(old.id) == old
    latest = uploads.add(pets().items())
    assert {path.name for path in folder.iterdir()} == {recent.id, latest.id}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../outside.zip", "outside"),
        ("/etc/passwd.zip", "passwd"),
        ("C:\\images\\pets.zip", "pets"),
        ("..\\..\\pets.zip", "pets"),
        ("....zip", "images"),
        ("a:b*c?.zip", "a_b_c_"),
        ("line\nbreak\0.zip", "line_break_"),
        ("Äpfel und Birnen.zip", "Äpfel und Birnen"),
        ("x" * 300 + ".zip", "x" * 100),
        ("[pets].zip", "_pets_"),
    ],
)
def test_the_name_of_a_zip_stays_in_the_folder(folder, name, title):
    upload = uploads.add([(name, b"content")])
    assert upload.path.parent == folder / upload.id
    assert upload.title == title
    assert uploads.load(upload.id) == upload
    assert [path for path in folder.rglob("*") if path.is_file()] == [upload.path]


def test_a_long_name_in_any_script_can_be_kept(folder):
    upload = uploads.add([("猫" * 120 + ".zip", b"content")])
    assert re.fullmatch("猫+", upload.title)


@pytest.mark.parametrize("name", ["../../outside/1.png", "/outside/1.png", "C:\\outside\\1.png"])
def test_files_whose_names_lead_out_are_harmless_since_the_import_refuses_them(
    folder, tmp_path, name
):
    upload = uploads.add((pets() | {name: b"content"}).items())
    assert [path for path in folder.rglob("*") if path.is_file()] == [upload.path]
    with pytest.raises(DatasetError, match="leads out of it"):
        import_images(upload.path, "pets")
    assert not list(tmp_path.rglob("1.png"))


@pytest.mark.parametrize("files", [pets(), {"pets.zip": b"content"}])
def test_a_folder_that_cannot_be_written_to_is_told(folders, monkeypatch, files):
    blocked = folders.data_dir / "file"
    blocked.write_text("a file where a folder should be")
    use(monkeypatch, work_dir=blocked)
    with pytest.raises(DatasetError, match="Nothing can be written to"):
        uploads.add(files.items())


def test_without_files_there_is_a_sentence_or_nothing():
    upload = uploads.add(pets().items())
    assert uploads.add([], upload.id) == upload
    with pytest.raises(DatasetError):
        uploads.add([])
