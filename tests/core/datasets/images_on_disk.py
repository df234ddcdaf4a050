"""Folders and zips of tiny images, sound and spoilt, for the tests of importing."""

import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from core.images import encode_png

Tree = dict[str, bytes]
Build = Callable[[Path], Path]

# Where a field lies in the header before a file and in the list of contents of a zip.
_FIELDS = {
    "flags": (6, 8, "<H"),
    "method": (8, 10, "<H"),
    "crc": (14, 16, "<I"),
    "size": (22, 24, "<I"),
}
_seeds = itertools.count()


def noise(seed: int, height: int = 8, width: int = 8, channels: int = 3) -> np.ndarray:
    """An image that no other seed gives; `channels` 1 is of shape `(H, W)`."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def png(seed: int | None = None, height: int = 8, width: int = 8, channels: int = 3) -> bytes:
    """The file of such an image; without a seed one that was never given before."""
    seed = 10**6 + next(_seeds) if seed is None else seed
    return encode_png(noise(seed, height, width, channels))


def encoded(suffix: str, image: np.ndarray) -> bytes:
    """An image as OpenCV writes it: BGR or BGRA, 8 or 16 bits."""
    return cv2.imencode(suffix, image)[1].tobytes()


def pets(cats: int = 10, dogs: int = 10, prefix: str = "", **shape: int) -> Tree:
    """Images of two classes; the same ones each time for the same prefix."""
    seeds = itertools.count(zlib.crc32(prefix.encode()))
    return {
        f"{prefix}{name}/{number}.png": png(next(seeds), **shape)
        for name, count in (("cats", cats), ("dogs", dogs))
        for number in range(count)
    }


def some(folder: str, count: int, suffix: str = ".png") -> Tree:
    """Images in one folder, none like any other."""
    return {f"{folder}/{number}{suffix}": png() for number in range(count)}


def claims_to_be(width: int, height: int) -> bytes:
    """A PNG file of a few bytes that claims to be of that size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


def write_folder(tree: Mapping[str, bytes], folder: Path) -> Path:
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_zip(tree: Mapping[str, bytes], path: Path, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in tree.items():
            archive.writestr(_named(name, method), content)
    return path


def _named(name: str, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    info.external_attr = 0o100644 << 16
    return info


def as_folder(tree: Mapping[str, bytes], *finish: Callable[[Path], object]) -> Build:
    """Writes a folder, then does to it what `finish` says."""

    def build(folder: Path) -> Path:
        path = write_folder(tree, folder / "images")
        for step in finish:
            step(path)
        return path

    return build


def as_zip(tree: Mapping[str, bytes], *finish: Callable[[Path], object], **details) -> Build:
    """Writes a zip, then does to it what `finish` says."""

    def build(folder: Path) -> Path:
        path = write_zip(tree, folder / "images.zip", **details)
        for step in finish:
            step(path)
        return path

    return build


def member(name: str, content: bytes = b"", mode: int = 0o100644, method: int = 0) -> Callable:
    """A step that adds an entry of any name and kind to a zip."""

    def add(path: Path) -> None:
        info = _named(name, method)
        info.external_attr = mode << 16
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(info, content)

    return add


def patch(field: str, value: int, only: str | None = None) -> Callable:
    """A step that overwrites a field in both headers of every entry, or of one."""

    def change(path: Path) -> None:
        before, listed, form = _FIELDS[field]
        content = bytearray(path.read_bytes())
        for info, at in _listed(path):
            if only in (None, info.filename):
                struct.pack_into(form, content, info.header_offset + before, value)
                struct.pack_into(form, content, at + listed, value)
        path.write_bytes(content)

    return change


def spoil(name: str, offset: int, value: bytes, header: bool = False) -> Callable:
    """A step that overwrites bytes of the packed content of an entry, or of its header."""

    def change(path: Path) -> None:
        content = bytearray(path.read_bytes())
        (info,) = (info for info, _ in _listed(path) if info.filename == name)
        start = info.header_offset + offset
        if not header:
            start += 30 + sum(struct.unpack_from("<HH", content, info.header_offset + 26))
        content[start : start + len(value)] = value
        path.write_bytes(content)

    return change


def _listed(path: Path) -> list[tuple[zipfile.ZipInfo, int]]:
    """Every entry and where it stands in the list of contents."""
    content = path.read_bytes()
    found = []
    with zipfile.ZipFile(path) as archive:
        at = archive.start_dir
        for info in archive.infolist():
            found.append((info, at))
            at += 46 + sum(struct.unpack_from("<HHH", content, at + 28))
    return found


def record(name: str, size: int = 0, packed: int = 0, offset: int = 0, extra: bytes = b"") -> bytes:
    """A line of the list of contents of a zip."""
    text = name.encode()
    head = struct.pack("<4s4B4H", b"PK\x01\x02", 20, 3, 20, 0, 0x800, 0, 0, 0x21)
    sizes = struct.pack("<3I", 0, packed, size)
    rest = struct.pack("<5H2I", len(text), len(extra), 0, 0, 0, 0o100644 << 16, offset)
    return head + sizes + rest + text + extra


def listed_too(records: bytes, claimed: int | None = None) -> Callable:
    """A step that adds lines to the list of contents, which may claim another length."""

    def change(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            start = archive.start_dir
        content = path.read_bytes()
        lines = content[start : content.rindex(b"PK\x05\x06")] + records
        length = len(lines) if claimed is None else claimed
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, length, start, 0)
        path.write_bytes(content[:start] + lines + end)

    return change


def zip64_claiming(length: int) -> Build:
    """A zip of 98 bytes whose list of contents claims to be that long."""

    def build(folder: Path) -> Path:
        end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, length, 0)
        locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        path = folder / "images.zip"
        path.write_bytes(end64 + locator + end)
        return path

    return build


def zip_in_zip(depth: int) -> bytes:
    """A zip that holds nothing but a zip that holds nothing but …"""
    content = bytes(1000)
    for level in range(depth):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{level}.zip", content)
        content = packed.getvalue()
    return content
