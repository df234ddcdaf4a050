"""Folders and zip files of images, looked through before anything is unpacked."""

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.datasets import zip_names
from core.datasets.not_a_zip import nothing_in_it, spans_disks, what_it_is
from core.errors import DatasetError, ImageError, OutOfMemory, is_out_of_memory
from core.images import MAX_BYTES

MAX_FILES = 100_000
MAX_UNPACKED = 4 * 2**30
_MAX_DIRECTORY = 64 * 2**20  # bytes that the list of contents of a zip may take
_METHODS = {  # of packing, as APPNOTE.TXT of PKWARE numbers them
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    93: "Zstandard",
    95: "XZ",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
    99: "AES",
}
_END_OF_ZIP = b"PK\x05\x06"
_END_OF_ZIP64 = b"PK\x06\x06"


@dataclass(frozen=True)
class Entry:
    """A file that could be an image.

    Attributes:
        path: where it is in the folder or zip, with `/` between the parts.
        size: bytes, unpacked.
        read: gives its bytes; raises `ImageError` if it cannot be read.
        guessed: the code page that names of its zip were read in, a key of
            `core.datasets.zip_names.CODE_PAGES`, if the zip does not say it; else empty.
    """

    path: str
    size: int
    read: Callable[[], bytes]
    guessed: str = ""


@contextmanager
def open_zip(path: Path, most: int) -> Iterator[list[Entry]]:
    """The files of a zip that holds anything, in order, checked as those of images are.

    Args:
        path: the zip.
        most: bytes of a file that are read; of a longer one so many and one more.

    Raises:
        DatasetError: as `open_source`.
    """
    with _open_zip(path) as archive:
        yield _zip_entries(archive, most)


@contextmanager
def open_source(path: Path) -> Iterator[list[Entry]]:
    """The files of a folder or a zip, in order; they can be read inside the `with` block.

    Raises:
        DatasetError: if it is neither, or holds what is refused: links, devices, paths that lead
            out of it, passwords, more than 100,000 files or 4 GB.
    """
    if path.is_dir():
        yield _folder_entries(path)
    elif path.is_file():
        with _open_zip(path) as archive:
            entries = _zip_entries(archive, MAX_BYTES)
            if sentence := nothing_in_it(archive.infolist(), [entry.path for entry in entries]):
                raise DatasetError(sentence)
            yield entries
    elif path.exists() or path.is_symlink():
        raise DatasetError(f"Images come as a folder or a zip file. {path} is neither.")
    else:
        raise DatasetError(f"There is no folder or zip file {path}.")


def _folder_entries(root: Path) -> list[Entry]:
    entries: list[Entry] = []
    total = 0
    for path, status in _walk(root):
        total += status.st_size
        _check_limits(len(entries) + 1, total)
        relative = _as_text(path.relative_to(root))
        entries.append(Entry(relative, status.st_size, _file_reader(path)))
    return sorted(entries, key=lambda entry: entry.path)


def _walk(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            for item in os.scandir(folder):
                path, status = Path(item.path), item.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(path)
                else:
                    _check_kind(_as_text(path.relative_to(root)), status.st_mode)
                    yield path, status
        except OSError as error:
            raise DatasetError(
                f"The folder {_as_text(folder)[:200]} cannot be read: {error.strerror}."
            ) from error


def _as_text(path: Path) -> str:
    """A path as a text, also where a name of a file is none."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _file_reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ImageError(f"The file cannot be read: {error.strerror}.") from error

    return read


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        tail = _tail(path)
        if _directory_bytes(tail) > _MAX_DIRECTORY:
            raise DatasetError(_too_many_files())
        if spans_disks(tail):
            raise DatasetError(what_it_is(path))
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DatasetError(what_it_is(path)) from error


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 66_000))
        return file.read()


def _directory_bytes(tail: bytes) -> int:
    """How long the list of contents claims to be, so that a huge one is never read."""
    size = 0
    if (at := tail.rfind(_END_OF_ZIP)) >= 0:
        size = int.from_bytes(tail[at + 12 : at + 16], "little")
    if size == 0xFFFFFFFF and (at := tail.rfind(_END_OF_ZIP64)) >= 0:
        size = int.from_bytes(tail[at + 40 : at + 48], "little")
    return size


def _zip_entries(archive: zipfile.ZipFile, most: int) -> list[Entry]:
    infos = archive.infolist()
    _check_limits(len(infos), sum(info.file_size for info in infos))
    latest: dict[str, Entry] = {}  # of two entries with one name the later counts, as in unzip
    names, guessed = zip_names.decoded(infos)
    for info, name in zip(infos, names, strict=True):
        path = _path_in_zip(name)
        mode = info.external_attr >> 16
        if not info.is_dir() and stat.S_IFMT(mode):
            _check_kind(path, mode)
        if info.flag_bits & 0x1:
            raise DatasetError(
                f"The zip file is protected by a password ({path}). Pack it again without one."
            )
        if not name.endswith(("/", "\\")):
            latest[path] = Entry(path, info.file_size, _zip_reader(archive, info, most), guessed)
    return sorted(latest.values(), key=lambda entry: entry.path)


def _path_in_zip(name: str) -> str:
    name = name.replace("\\", "/")
    parts = name.split("/")
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
        raise DatasetError(
            f"The zip file holds a path that leads out of it: {name!r}. It is refused; pack the "
            "folder itself."
        )
    return "/".join(part for part in parts if part not in ("", "."))


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(info) as file:
                return file.read(most + 1)
        except NotImplementedError as error:
            raise ImageError(_packed(info)) from error
        except Exception as error:  # a damaged entry can fail anywhere inside a decompressor
            if is_out_of_memory(error):
                raise OutOfMemory("while the zip file was read") from error
            raise ImageError("It is damaged inside the zip file.") from error

    return read


def _packed(info: zipfile.ZipInfo) -> str:
    method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
    return (
        f"It uses a compression method that cannot be read ({method}). Pack the folder again as a "
        "plain zip file (Deflate)."
    )


def _check_kind(path: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise DatasetError(
            f"{path} is a link. Links are refused; put the files themselves in its place."
        )
    if not stat.S_ISREG(mode):
        raise DatasetError(f"{path} is a device or a pipe, not a file. It is refused.")


def _check_limits(files: int, size: int) -> None:
    if files > MAX_FILES:
        raise DatasetError(_too_many_files())
    if size > MAX_UNPACKED:
        raise DatasetError(
            f"It holds more than {MAX_UNPACKED / 2**30:g} GB unpacked, the most that is allowed. "
            "Bring fewer or smaller files."
        )


def _too_many_files() -> str:
    return f"It holds more than {MAX_FILES:,} files, the most that is allowed. Bring fewer."
