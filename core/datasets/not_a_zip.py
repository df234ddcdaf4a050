"""What a file is that should be a zip and cannot be opened, in a sentence with what to do."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.images import SUFFIXES

_PACK = "Unpack it, and pack the folder as a zip."
_ARCHIVES = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x1f\x8b": "a gzip archive (.gz or .tar.gz)",
    b"\xfd7zXZ\x00": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive (.zst)",
    b"\x04\x22\x4d\x18": "an LZ4 archive",
    b"LZIP": "an lzip archive",
    b"\x1f\x9d": "a compress archive (.Z)",
    b"MSCF": "a Windows cabinet (.cab)",
    b"ITSF": "a Windows help file",
}
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_OTHERS = {
    b"%PDF": "a PDF document. Save its images as JPEG or PNG, one folder per class",
    b"\x89HDF": "an HDF5 file. Save every image as a PNG or JPEG file, one folder per class",
    b"\x93NUMPY": "a NumPy array. Save every image as a PNG or JPEG file, one folder per class",
    b"PAR1": "a Parquet file. Save every image as a PNG or JPEG file, one folder per class",
    b"SQLite format 3": "a database. Save every image as a PNG or JPEG file, one folder per class",
    b"MZ": "a Windows program. If it unpacks itself, run it, and pack the folder as a zip",
    b"\xd0\xcf\x11\xe0": "an Office document. Save its images as JPEG or PNG",
    b"\x7fELF": "a program",
}
_LFS = b"version https://git-lfs.github.com"
_ENTRY, _CONTENTS, _END, _SPANNED = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
_TAR_AT, _TAR = 257, b"ustar"
_HEAD = 4096
_MOST_COMMENT = 66_000


def what_it_is(path: Path) -> str:
    """Two sentences: what a file is that is no zip that can be opened, and what to do."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            tail = _tail(path, file)
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror}."
    return _sentences(path.name, head, tail)


def what_was_sent(name: str, content: bytes) -> str:
    """The same of a file that is in memory."""
    return _sentences(name, content[:_HEAD], content[-_MOST_COMMENT:])


def _sentences(name: str, head: bytes, tail: bytes) -> str:
    return f"{name} is not a zip file that can be opened: it is {_kind(head, tail)}."


def _tail(path: Path, file: io.BufferedReader) -> bytes:
    file.seek(max(0, path.stat().st_size - _MOST_COMMENT))
    return file.read()


def _kind(head: bytes, tail: bytes) -> str:
    if not head:
        return "empty (0 bytes). Download or save it again"
    if head.startswith(_SPANNED) or spans_disks(tail):
        return "one of several parts. Join the parts first, or pack the folder as one zip"
    if head.startswith((_ENTRY, _CONTENTS, _END)):
        return "cut off or damaged. Download or pack it again"
    for start, kind in _ARCHIVES.items():
        if head.startswith(start):
            return f"{kind}. {_PACK.rstrip('.')}"
    if head[_TAR_AT:].startswith(_TAR):
        return f"a tar archive. {_PACK.rstrip('.')}"
    for start, kind in _OTHERS.items():
        if head.startswith(start):
            return kind
    if head.startswith(_IMAGES) or head[:4] == b"RIFF" or head[4:8] == b"ftyp":
        return "a single image or video. Put the images of each class in a folder, and pack these"
    if head.startswith(_LFS):
        return (
            "a pointer of Git LFS, not the file itself. Fetch the file with `git lfs pull`, or "
            "download it from the website"
        )
    return _text_kind(head)


def _text_kind(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<svg")) or b"<html" in start:
        return (
            "a web page, perhaps one that says why the download failed. Open the link in a browser "
            "and download the file itself"
        )
    if start[:1] in (b"{", b"["):
        return "a JSON text, perhaps one that says why the download failed. Download it again"
    if not set(head) & (set(range(9)) | {11, *range(14, 27), *range(28, 32)}):
        return "a text. Images come as a folder or a zip file"
    if not any(head):
        return "full of zeros, so the download failed. Download it again"
    return "something else, or damaged. Images come as a folder or a zip file"


def spans_disks(tail: bytes) -> bool:
    """Whether the end of a zip says that it goes on in other files.

    Args:
        tail: the last bytes of the file.
    """
    at = tail.rfind(_END)
    if at < 0 or at + 12 > len(tail):
        return False
    disk, first = (int.from_bytes(tail[at + i : at + i + 2], "little") for i in (4, 6))
    return (disk, first) not in ((0, 0), (0xFFFF, 0xFFFF), (0xFFFF, 0), (0, 0xFFFF))


def nothing_in_it(infos: Sequence[zipfile.ZipInfo], names: Sequence[str]) -> str:
    """A sentence if a zip can be opened but is no folder of images; else empty."""
    if not infos:
        return "The zip file is empty: it holds no files. Pack the folder of your images again."
    files = [name for name in names if not name.endswith(("/", "\\"))]
    if not files:
        return (
            "The zip file holds only folders and no files. Pack the folder of your images again, "
            "with the images in it."
        )
    suffixes = {PurePosixPath(name).suffix.lower() for name in files}
    if suffixes == {".npy"}:
        return (
            f"It is a NumPy file of arrays ({', '.join(sorted(files)[:3])}), not a folder of "
            "images. Save every image as a PNG or JPEG file, in a folder per class."
        )
    if "[Content_Types].xml" in files:
        return (
            "It is an Office document, not a folder of images. Save its images as JPEG or PNG, in "
            "a folder per class."
        )
    model = next((name for name in sorted(files) if _is_model(name)), "")
    if model and len(files) <= _FILES_OF_A_MODEL and not suffixes & set(SUFFIXES):
        return (
            f"It holds a trained model ({model}), not images. Upload the images it was trained "
            "on, in a folder per class."
        )
    return ""


_FILES_OF_A_MODEL = 20


def _is_model(name: str) -> bool:
    path = PurePosixPath(name)
    suffixes = (".h5", ".keras", ".tflite", ".onnx", ".pb", ".pt", ".pth", ".safetensors", ".skops")
    known = ("model.json", "weights.bin", "model.weights.bin", "data.pkl")
    return path.suffix.lower() in suffixes or path.name in known
