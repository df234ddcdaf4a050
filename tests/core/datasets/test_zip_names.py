"""Names in zips: those marked as UTF-8, those that are it all the same, and old code pages."""

import struct
import unicodedata
import zipfile
import zlib

import pytest

from core.datasets import inspect
from core.datasets.choices import Choices
from core.datasets.zip_names import guess
from tests.core.datasets.images_on_disk import png

WORDS = {
    "cp866": ("кошки", "собаки", "груши"),
    "cp1251": ("машины", "деревья", "Самолёты"),
    "gbk": ("小狗", "猫咪", "向日葵", "可回收垃圾"),
    "gb18030": ("苹果", "香蕉", "缺陷"),
    "big5": ("貓咪", "蘋果", "汽車"),
    "cp932": ("ソバ", "表", "ひまわり"),  # the second byte of ソ and 表 is a backslash
    "euc-kr": ("고양이", "강아지", "해바라기"),
    "cp437": ("Äpfel", "Bären", "Füße"),
    "cp850": ("chêne", "éléphant", "forêt"),
    "cp1252": ("león", "pájaros", "camión"),
    "cp737": ("γάτες", "σκύλοι"),
    "cp874": ("กล้วย", "ดอกไม้", "ปลา"),
}


def write(path, names: list[str], encoding: str, field: str = "") -> None:
    """A zip whose names are in that encoding, without the mark for UTF-8.

    `field`: the name once more in the field 0x7075, `right` or with a `wrong` checksum.
    """
    body, directory = b"", b""
    for name in names:
        raw, content, extra = name.encode(encoding), png(), b""
        if field:
            checksum = zlib.crc32(raw) ^ (field == "wrong")
            inside = b"\1" + struct.pack("<I", checksum) + name.encode()
            extra = struct.pack("<HH", 0x7075, len(inside)) + inside
        sizes = (zlib.crc32(content), len(content), len(content), len(raw), len(extra))
        head = struct.pack("<HHHHIIIHH", 0, 0, 0, 0x21, *sizes)
        start = struct.pack("<HHHII", 0, 0, 0, 0, len(body))
        body += b"PK\3\4" + struct.pack("<H", 20) + head + raw + extra + content
        directory += b"PK\1\2" + struct.pack("<HH", 20, 20) + head + start + raw + extra
    count, size = len(names), len(directory)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, size, len(body), 0)
    path.write_bytes(body + directory + b"PK\5\6" + end)


def of(*names: str) -> list[str]:
    return [f"{name}/{number}.png" for name in names for number in range(10)]


@pytest.mark.parametrize("encoding", WORDS)
def test_old_code_pages_are_guessed_and_said_to_be_so(tmp_path, encoding):
    write(tmp_path / "a.zip", of(*WORDS[encoding]), encoding)
    layout = inspect(tmp_path / "a.zip")
    assert layout.class_names == tuple(sorted(WORDS[encoding]))
    assert layout.names_guessed
    assert "which is a guess" in layout.notes[-1]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_utf8_is_known_without_its_mark(tmp_path, form):
    names = [unicodedata.normalize(form, name) for name in ("Äpfel", "고양이", "й")]
    write(tmp_path / "a.zip", of(*names), "utf-8")
    layout = inspect(tmp_path / "a.zip")
    assert layout.class_names == ("Äpfel", "й", "고양이")
    assert not layout.names_guessed


def test_the_field_of_info_zip_is_used_if_its_checksum_fits(tmp_path):
    names = ("жук", "ёж")
    write(tmp_path / "right.zip", of(*names), "cp866", "right")
    assert inspect(tmp_path / "right.zip").class_names == names
    assert not inspect(tmp_path / "right.zip").names_guessed
    write(tmp_path / "wrong.zip", of(*names), "cp866", "wrong")
    assert inspect(tmp_path / "wrong.zip").names_guessed == "cp866"


def test_backslashes_between_folders_are_told_from_those_in_letters(tmp_path):
    write(tmp_path / "a.zip", [name.replace("/", "\\") for name in of("кошки", "собаки")], "cp866")
    assert inspect(tmp_path / "a.zip").class_names == ("кошки", "собаки")


def test_every_byte_is_some_name():
    assert guess([bytes(range(1, 256)), b"\xff\xfe/\x81.png"])


def test_names_that_were_guessed_wrong_are_renamed(tmp_path, monkeypatch):
    write(tmp_path / "a.zip", of("кошки", "собаки"), "cp866")
    seen = inspect(tmp_path / "a.zip").class_names
    layout = inspect(tmp_path / "a.zip", Choices(rename=dict(zip(seen, ("b", "a"), strict=True))))
    assert layout.counts == {"a": 10, "b": 10}


def test_marked_names_stay_as_they_are(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in of("Σ", "猫"):
            archive.writestr(name, png())
    assert inspect(tmp_path / "a.zip").class_names == ("Σ", "猫")
