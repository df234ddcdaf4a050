"""Images chosen class by class: each class has a name, any text, and the files chosen for it.

They are kept as an upload. In its zip each class has a plain folder, `class 1`, `class 2`, …; the
names are kept beside it, so that a name may hold what no folder can, or that of a split.
"""

import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le, MaxLen

from core import stored
from core.datasets import uploads
from core.datasets.choices import MAX_NAME, clean_name, same_class
from core.datasets.uploads import Upload
from core.errors import DatasetError, ImageError, StoredError, disk_sentence
from core.images import decode
from core.stored import Text

TITLE = "My images"
MOST_SETS = 100
_FILE = "classes.json"
_PIXELS = 10_000  # of an image that is only tried out: JPEGs are then decoded reduced
_MOST_REFUSED = 200  # files of a class whose reasons are kept


@dataclass(frozen=True)
class ImageSet:
    """One class, as far as it was put together.

    Attributes:
        number: what it is known by, whatever it is called.
        name: of the class; empty until somebody gives one.
        refused: files that cannot be read, with the reason; the latest first.
        files: where its images lie in the upload's zip.
    """

    number: Annotated[int, Ge(1), Le(10**6)]
    name: Annotated[str, MaxLen(MAX_NAME)] = ""
    refused: tuple[tuple[Text, Text], ...] = ()
    files: tuple[Text, ...] = ()

    @property
    def folder(self) -> str:
        return f"class {self.number}"


EMPTY = (ImageSet(1), ImageSet(2))


def load(upload: Upload | None) -> tuple[ImageSet, ...]:
    """The classes of an upload; none if it was not put together class by class."""
    if upload is None or not (upload.path.parent / _FILE).is_file():
        return ()
    try:
        found = stored.read_as(upload.path.parent / _FILE, tuple[ImageSet, ...])
        with zipfile.ZipFile(upload.path) as archive:
            names = archive.namelist()
    except (StoredError, OSError, zipfile.BadZipFile):
        return ()
    return tuple(
        replace(one, files=tuple(name for name in names if name.startswith(f"{one.folder}/")))
        for one in found
    )


def save(upload: Upload, sets: Sequence[ImageSet]) -> None:
    """Keep names and remarks; images are kept by `add_images`.

    Raises:
        DatasetError: if nothing can be written.
    """
    plain = [{"number": one.number, "name": one.name, "refused": one.refused} for one in sets]
    try:
        stored.write_json(upload.path.parent / _FILE, plain)
    except OSError as error:
        raise DatasetError(disk_sentence(error, upload.path.parent)) from error


def begin() -> Upload:
    """A new upload with two classes without names."""
    upload = uploads.begin(TITLE)
    save(upload, EMPTY)
    return upload


def add_images(upload: Upload, number: int, files: Iterable[tuple[str, bytes]]) -> None:
    """Keep the files of a class that can be read, and note why others cannot.

    Args:
        upload: from `begin`.
        number: of the class.
        files: name and content of each.

    Raises:
        DatasetError: if they are too many bytes, or the disk has no room; then nothing is kept.
    """
    sets = load(upload)
    target = next(one for one in sets if one.number == number)
    first = max((_number_of(name) for name in target.files), default=0) + 1
    readable, refused = [], []
    for name, content in files:
        name = Path(name.replace("\\", "/")).name
        try:
            decode(content, _PIXELS)
        except ImageError as error:
            refused.append((name[:MAX_NAME], str(error)))
        else:
            entry = f"{target.folder}/{first + len(readable)} {name[-MAX_NAME:]}"
            readable.append((entry, content))
    if readable:
        uploads.add(readable, upload.id)
    told = tuple(dict.fromkeys((*refused, *target.refused)))[:_MOST_REFUSED]
    save(upload, [replace(one, refused=told) if one.number == number else one for one in sets])


def _number_of(entry: str) -> int:
    digits = entry.partition("/")[2].partition(" ")[0]
    return int(digits) if digits.isdecimal() else 0


def remove(upload: Upload, number: int) -> None:
    """Take a class away with its images; two rows always stay.

    Raises:
        DatasetError: if nothing can be written; then it is still there.
    """
    sets = load(upload)
    gone = {name for one in sets if one.number == number for name in one.files}
    if gone:
        _rewrite(upload.path, gone)
    left = [one for one in sets if one.number != number]
    while len(left) < len(EMPTY):
        left.append(ImageSet(max(one.number for one in sets) + 1 + len(left)))
    save(upload, left)


def _rewrite(path: Path, gone: set[str]) -> None:
    """The same zip without some of its entries: whole, or as it was."""
    aside = path.with_name(f"{path.name}.new")
    try:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(aside, "w") as new:
            for entry in old.infolist():
                if entry.filename not in gone:
                    new.writestr(entry, old.read(entry))
        os.replace(aside, path)
    except OSError as error:
        raise DatasetError(disk_sentence(error, path.parent)) from error
    finally:
        aside.unlink(missing_ok=True)


def rename(upload: Upload, number: int, name: str) -> None:
    """Give a class a name; its images stay."""
    name = clean_name(name)[:MAX_NAME]
    save(upload, [replace(s, name=name) if s.number == number else s for s in load(upload)])


def more(upload: Upload) -> None:
    """One more class, still empty."""
    sets = load(upload)
    if len(sets) < MOST_SETS:
        save(upload, [*sets, ImageSet(max((one.number for one in sets), default=0) + 1)])


def names(upload: Upload | None) -> dict[str, str]:
    """Folder in the zip to the name of its class, of classes that have both images and a name."""
    return {one.folder: one.name for one in load(upload) if one.files and one.name}


def twice(sets: Sequence[ImageSet]) -> set[int]:
    """Numbers of classes whose name another one has too, but for capitals and spaces."""
    counts = Counter(same_class(one.name) for one in sets if one.name)
    return {one.number for one in sets if one.name and counts[same_class(one.name)] > 1}


def problem(sets: Sequence[ImageSet]) -> str:
    """Why they cannot be imported yet; empty if they can."""
    if unnamed := sum(bool(one.files and not one.name) for one in sets):
        return f"Give a name to {'the class' if unnamed == 1 else 'each class'} that has images."
    if twice(sets):
        return "Two classes have the same name. Give one of them another name, or remove it."
    if (ready := sum(bool(one.files and one.name) for one in sets)) < len(EMPTY):
        return f"At least two classes need a name and images. So far: {ready}."
    return ""


def sample(upload: Upload, files: Sequence[str]) -> list[bytes]:
    """The content of some files of an upload; those that are gone are left out."""
    try:
        with zipfile.ZipFile(upload.path) as archive:
            return [archive.read(name) for name in files if name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return []
