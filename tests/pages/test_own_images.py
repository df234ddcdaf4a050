"""Bringing images: what cannot be taken says why in words, and nothing that is there is lost."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.datasets import sets, uploads
from core.errors import StudioError
from core.jobs import queue
from pages.components.shared import keys
from tests.core.datasets.images_on_disk import png, write_zip
from tests.core.jobs.conftest import own_folders
from tests.pages.opening import fine, visit

PETS = {f"{name}/{number}.png": png(number) for name in ("cats", "dogs") for number in range(10)}
TRAIN = ("train", {"step": "data", "dataset": "+own"}, keys.UPLOAD)
COMPARE = ("compare", {keys.COMPARE_VIEW: "own"}, keys.LABELLED)
each_place = pytest.mark.parametrize(
    ("name", "url", "kept"), [TRAIN, COMPARE], ids=["train", "compare"]
)


@pytest.fixture(autouse=True)
def studio(tmp_path, monkeypatch) -> Iterator[None]:
    with own_folders(tmp_path, monkeypatch):
        for module in (jobs, queue):
            monkeypatch.setattr(module, "ensure_dispatcher", lambda: None)
        yield


def texts(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.error, page.info, page.warning)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


@each_place
@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("cat.png", png(1), "cat.png is not a zip file that can be opened: it is a single image"),
        ("pets.rar", b"Rar!\x1a\x07\x01", "it is a RAR archive"),
        ("pets.zip", b"<html>no</html>", "it is a web page"),
        ("empty.zip", b"", "it is empty"),
    ],
)
@pytest.mark.few(1)
def test_what_is_no_zip_gets_a_sentence(name, url, kept, file, content, reason):
    page = visit(name, **url)
    assert ".zip" in texts(page) and "MB" in texts(page)  # before anything is chosen
    page.file_uploader[0].upload(file, content).run()
    assert not page.exception
    assert reason in texts(page)
    assert kept not in page.query_params


@pytest.mark.parametrize("suffix", ["zip", "ZIP", "kmz"])
@pytest.mark.few(1)
def test_a_zip_is_taken_whatever_its_name_ends_in(suffix, tmp_path):
    content = write_zip(PETS, tmp_path / "pets.zip").read_bytes()
    page = visit(*TRAIN[:1], **TRAIN[1])
    fine(page.file_uploader[0].upload(f"pets.{suffix}", content).run())
    assert "is uploaded" in texts(page)
    assert "Import these images" in labels(page)


def test_a_file_that_is_refused_leaves_the_upload_that_is_there(tmp_path):
    first = uploads.add(PETS.items())
    page = visit(TRAIN[0], **TRAIN[1], **{keys.UPLOAD: first.id})
    page.file_uploader[0].upload("cat.zip", png(1)).run()
    assert "a single image" in texts(page) and "is uploaded" in texts(page)
    assert uploads.load(first.id) == first
    good = write_zip(PETS, tmp_path / "good.zip").read_bytes()
    fine(page.file_uploader[0].upload("good.zip", good).run())
    assert "good" in texts(page)
    with pytest.raises(StudioError):  # a new zip takes its place
        uploads.load(first.id)


@each_place
def test_an_upload_is_forgotten_only_after_asking(name, url, kept):
    upload = uploads.add(PETS.items())
    page = visit(name, **url, **{kept: upload.id})
    assert not {"Start over", "Use other images"} & set(labels(page))  # they unfold the question
    (yes,) = (button for button in page.button if button.label == "Yes, remove it")
    assert uploads.load(upload.id) == upload
    fine(yes.click().run())
    assert "is uploaded" not in texts(page)
    with pytest.raises(StudioError):
        uploads.load(upload.id)


def test_a_class_with_images_is_removed_only_after_asking():
    upload = sets.begin()
    first, second = sets.EMPTY
    sets.add_images(upload, first.number, [("1.png", png(1)), ("2.png", png(2))])
    page = visit(TRAIN[0], **TRAIN[1], **{keys.UPLOAD: upload.id})
    removing = [key for key in keys_of(page) if key.startswith(f"{keys.IMAGE_SET}_remove_")]
    assert removing == [f"{keys.IMAGE_SET}_remove_{second.number}"]  # which is empty
    assert "Remove class 1 and its 2 images?" in texts(page)
    (yes,) = (button for button in page.button if button.label == "Yes, remove it")
    fine(yes.click().run())
    assert not any(row.files for row in sets.load(upload))


def keys_of(page: AppTest) -> list[str]:
    return [button.key for button in page.button if button.key]
