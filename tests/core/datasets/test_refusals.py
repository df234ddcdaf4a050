"""Sentences that refuse an import: what was wrong, how often, an example, and the cure."""

import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest

from core.datasets import Choices, import_images, inspect
from core.datasets.refusals import why
from core.errors import DatasetError
from tests.core.datasets.images_on_disk import Tree, patch, pets, png, some, write_zip
from tests.overriding import use


@pytest.fixture(autouse=True)
def stored(tmp_path, monkeypatch):
    use(monkeypatch, work_dir=tmp_path / "work")


def named(suffix: str, content: bytes = b"", count: int = 12) -> Tree:
    return {f"{c}/{n}{suffix}": content for c in ("cats", "dogs") for n in range(count)}


SAME = {f"{c}/{n}.png": png(500 + n) for c in ("cats", "dogs") for n in range(12)}
REFUSED = {
    "HEIC": (named(".HEIC"), "24 files are HEIC photos, such as cats/0.HEIC: export them as JPEG"),
    "raw": (named(".nef"), "24 files are raw photos, such as cats/0.nef: export"),
    "videos": (named(".mov"), "24 files are videos, .*save single frames"),
    "arrays": (named(".npy") | {"a.txt": b""}, "24 files are files of arrays.*1 more file"),
    "no suffix": (named(""), "24 files have no ending such as .jpg, such as cats/0"),
    "empty": (named(".png"), r"24 files are empty \(0 bytes\), such as cats/0.png"),
    "damaged": (
        named(".png", png()[:-40]),
        "24 files could not be used, such as cats/0.png: .*cut",
    ),
    "copies": (
        SAME,
        "dogs: 0, 10 more.*12 images are the same as ones in cats, such as dogs/0.png",
    ),
    "a zip": ({"pets.zip": b"PK"}, r"1 file is a zip file \(pets.zip\): unpack it"),
    "nine": (pets(dogs=9), "Too few are in dogs: 9, one more is needed"),
    "HEIC in one": (
        pets(dogs=0) | {f"dogs/{n}.heic": b"" for n in range(11)},
        "only one class, 'cats'.*11 files are HEIC photos",
    ),
}


@pytest.mark.parametrize(("tree", "sentence"), REFUSED.values(), ids=REFUSED)
def test_the_commonest_reason_is_told_with_its_number_and_an_example(tmp_path, tree, sentence):
    with pytest.raises(DatasetError, match=sentence):
        import_images(write_zip(tree, tmp_path / "a.zip"), "mine")


@pytest.mark.parametrize(("method", "name"), [(9, "Deflate64"), (98, "PPMd"), (42, "method 42")])
def test_a_way_of_packing_is_named(tmp_path, method, name):
    path = write_zip(pets(), tmp_path / "a.zip")
    patch("method", method)(path)
    with pytest.raises(DatasetError, match=f"20 files .*{name}.*as a plain zip"):
        import_images(path, "mine")


def test_reasons_that_differ_in_numbers_alone_are_one():
    skipped = [(f"{n}.png", f"It is {n} pixels wide.") for n in range(5)] + [("a", "Other.")] * 4
    assert why(skipped) == (
        "5 files could not be used, such as 0.png: It is 0 pixels wide. 4 more files could not be "
        "used for other reasons."
    )


def test_a_class_left_too_small_by_copies_can_be_left_out(tmp_path):
    path = write_zip(SAME | some("birds", 10) | some("ants", 10), tmp_path / "a.zip")
    with pytest.raises(DatasetError, match="leave the small classes out"):
        import_images(path, "mine")
    card = import_images(path, "mine", choices=Choices(leave_out_small=True))
    assert card.class_names == ("ants", "birds", "cats")


def test_too_few_classes_to_leave_one_out_are_refused(tmp_path):
    path = write_zip(pets(dogs=9), tmp_path / "a.zip")
    with pytest.raises(DatasetError, match="dogs: 9, one more is needed. Add images.$"):
        import_images(path, "mine", choices=Choices(leave_out_small=True))


# --- What is no zip ----------------------------------------------------------------------------


def tar(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        info = tarfile.TarInfo("cats/0.png")
        archive.addfile(info, io.BytesIO())
    return buffer.getvalue()


def array() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x_train=np.zeros(3), y_train=np.zeros(3))
    return buffer.getvalue()


def packed(tree: Tree) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in tree.items():
            archive.writestr(name, content)
    return buffer.getvalue()


ZIP = packed(pets())
END = ZIP.rindex(b"PK\5\6")
NOT_A_ZIP = {
    "nothing": (b"", r"empty \(0 bytes\)"),
    "cut off": (ZIP[: len(ZIP) // 2], "cut off or damaged. Download"),
    "part of several": (ZIP[: END + 4] + b"\2\0\2\0" + ZIP[END + 8 :], "one of several parts"),
    "rar": (b"Rar!\x1a\x07\x01\x00", "RAR archive. Unpack it, and pack"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "7z archive. Unpack"),
    "gz": (gzip.compress(b"x"), "gzip archive"),
    "tar.gz": (tar("w:gz"), "gzip archive"),
    "tar": (tar("w"), "tar archive"),
    "xz": (lzma.compress(b"x"), "xz archive"),
    "zst": (b"\x28\xb5\x2f\xfd", "Zstandard archive"),
    "pdf": (b"%PDF-1.7", "PDF document"),
    "web page": (b"\n<!DOCTYPE html><html>quota exceeded", "web page.*download the file itself"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS.*git lfs pull"),
    "json": (b'{"error": 404}', "JSON text"),
    "image": (png(), "a single image"),
    "noise": (b"\x01\x02\x03" * 10, "something else, or damaged"),
    "no files": (packed({}), "holds no files"),
    "only folders": (packed({"cats/": b"", "dogs/": b""}), "only folders and no files"),
    "arrays": (array(), "NumPy file of arrays.*x_train.npy"),
    "model": (packed({"keras_model.h5": b"\x89HDF", "labels.txt": b"0 cats"}), "trained model"),
    "document": (packed({"[Content_Types].xml": b"", "word/a.png": png()}), "Office document"),
}


@pytest.mark.parametrize(("content", "sentence"), NOT_A_ZIP.values(), ids=NOT_A_ZIP)
def test_what_is_no_zip_is_named_with_what_to_do(tmp_path, content, sentence):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DatasetError, match=f"(?s){sentence}"):
        inspect(tmp_path / "a.zip")
