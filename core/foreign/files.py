"""The file that somebody brings: what it is, and a copy of it in a draft."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.datasets.hidden import belongs_to_a_system
from core.datasets.sources import Entry, open_zip
from core.errors import DatasetError, ForeignError, ImageError
from core.files import open_regular
from core.names import shown_path
from core.runs import CARD
from core.serving.foreign import MOST_BYTES

SUFFIXES = {  # of files, and the format that each is
    ".keras": "keras",
    ".h5": "h5",
    ".hdf5": "h5",
    ".tflite": "tflite",
    ".onnx": "onnx",
}
PACKAGE = "package"
TITLES = {  # of formats
    "keras": "Keras",
    "h5": "Keras, HDF5",
    "tflite": "TensorFlow Lite",
    "onnx": "ONNX",
    PACKAGE: "a package of this studio",
}
_PIECE = 2**20
_MOST_FILES = 2000  # in a package


@dataclass(frozen=True)
class Found:
    """What somebody brought.

    Attributes:
        name: of the file, as it is shown.
        format: one of `SUFFIXES`' values, or `package`.
    """

    name: str
    format: str


def look(path: Path) -> Found:
    """What a file is, by its name and, of a zip, by what lies in it.

    Raises:
        ForeignError: if it is missing, or nothing that can be imported.
    """
    if (suffix := path.suffix.lower()) in SUFFIXES:
        with _opened(path):
            return Found(shown_path(path.name), SUFFIXES[suffix])
    with inside(path) as entries:
        if card_of(entries) is not None:
            return Found(shown_path(path.name), PACKAGE)
        model = _only_model(entries, path)
        return Found(shown_path(model.path), SUFFIXES[Path(model.path).suffix.lower()])


def copy(path: Path, target: Path) -> str:
    """Copy a model's file, also out of a zip; returns its SHA-256.

    Raises:
        ForeignError: if it cannot be read or is too large.
        OSError: if it cannot be written.
    """
    if path.suffix.lower() in SUFFIXES:
        return _copied(path, target)
    with inside(path) as entries:
        content = read(_only_model(entries, path))
        target.write_bytes(content)
        return hashlib.sha256(content).hexdigest()


def _copied(path: Path, target: Path) -> str:
    digest, size = hashlib.sha256(), 0
    with _opened(path) as file, target.open("wb") as copied:
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > MOST_BYTES:
                raise ForeignError(_too_large(path.name))
            digest.update(piece)
            copied.write(piece)
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of a file that somebody brought; raises `ForeignError` if it cannot be read."""
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator:
    try:
        file = open_regular(path)
    except OSError as error:
        raise ForeignError(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        yield file


@contextmanager
def inside(path: Path) -> Iterator[list[Entry]]:
    """The files in a zip, checked as zips of images are: no links, no ways out, no bombs.

    Raises:
        ForeignError: if it is no zip, or something in it is refused.
    """
    with _opened(path) as file:
        if not zipfile.is_zipfile(file):
            raise ForeignError(
                f"{shown_path(path.name)} is no model that can be imported: a package (zip) of "
                f"this studio, or a file that ends in {', '.join(SUFFIXES)}."
            )
    try:
        with open_zip(path, MOST_BYTES) as entries:
            if len(entries) > _MOST_FILES:
                raise ForeignError(
                    f"A package holds at most {_MOST_FILES:,} files. Received: {len(entries):,}."
                )
            yield [entry for entry in entries if not belongs_to_a_system(entry.path)]
    except DatasetError as error:
        raise ForeignError(f"{shown_path(path.name)} is refused. {error}") from error


def card_of(entries: list[Entry]) -> Entry | None:
    """The card of a run in a package: in the one folder that it holds, or beside its files."""
    cards = [e for e in entries if e.path.rpartition("/")[2] == CARD and e.path.count("/") <= 1]
    return cards[0] if len(cards) == 1 else None


def read(entry: Entry) -> bytes:
    """All of a file in a zip.

    Raises:
        ForeignError: if it is damaged or too large.
    """
    if entry.size > MOST_BYTES:
        raise ForeignError(_too_large(entry.path))
    try:
        content = entry.read()
    except ImageError as error:
        raise ForeignError(f"{shown_path(entry.path)} cannot be read: {error}") from error
    if len(content) > MOST_BYTES:
        raise ForeignError(_too_large(entry.path))
    return content


def _only_model(entries: list[Entry], path: Path) -> Entry:
    models = [entry for entry in entries if Path(entry.path).suffix.lower() in SUFFIXES]
    if len(models) == 1:
        return models[0]
    listed = ", ".join(shown_path(entry.path) for entry in models[:5]) or "none"
    raise ForeignError(
        f"{shown_path(path.name)} is no package of this studio (it has no {CARD}), and must hold "
        f"one file that ends in {', '.join(SUFFIXES)}. Received: {listed}."
    )


def _too_large(name: str) -> str:
    return f"{shown_path(name)} is larger than {MOST_BYTES / 2**30:g} GB, the most that is allowed."
