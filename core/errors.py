"""Every failure a person can cause, as one tree.

    StudioError
    ├── ImageError      an image cannot be read, or holds nothing to classify
    │   └── NothingFound   no ink stands out in it
    ├── DatasetError    a dataset is unknown, missing or damaged
    ├── ModelError      a model or one of its hyperparameters is unknown or out of range
    ├── RunError        a run is unknown, damaged or already there
    ├── ConversionError a trained model cannot be served without the package that trained it
    ├── ForeignError    a model from elsewhere cannot be imported, or its process did not predict
    ├── ExportError     a run has no file of a format, or its export could not be written or proven
    ├── StoredError     a file on disk cannot be read back; readers say of what it is a part
    ├── JobError        a job is unknown, or could not continue
    │   └── Cancelled   it was asked to stop
    └── OutOfMemory     memory ran out; nothing is said about what was being read

The message of each says what was wrong, what is allowed and what was received. Pages show it, the
command line prints it and exits with 2; nobody who uses the studio should see a traceback.
"""

import difflib
import errno
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

_SIGNS_OF_NO_MEMORY = (
    "insufficient memory",  # OpenCV, libjpeg
    "out of memory",  # Pillow
    "failed to allocate memory",
    "cannot allocate memory",
    "bad_alloc",
    "unable to allocate",
    "oom when allocating",  # TensorFlow
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)
_NO_ROOM = "No space left on device"
_CLOSE = 0.65  # of difflib's ratio: from here on two names are similar
_LONGEST_NAME = 100  # signs of a name that are compared with known ones
_SHORTEST_PIECE = 3  # characters of a name that counts as a piece of a known one
_LITTLE = 2**20  # bytes; a disk with less is what stopped a training


class Interrupted(BaseException):
    """Ctrl-C, or the signal that stops a command.

    It is no `KeyboardInterrupt`: scikit-learn's MLP catches that and returns what it has.
    """


class StudioError(Exception):
    """Root of the tree: catch this to catch every failure a person can cause."""


class ImageError(StudioError):
    """An image cannot be read, is too large, or holds nothing to classify."""


class NothingFound(ImageError):
    """No ink stands out in an image.

    Attributes:
        steps: what was looked at so far, as `core.preprocessing.Step`s.
    """

    def __init__(self, message: str, steps: tuple = ()) -> None:
        super().__init__(message)
        self.steps = steps


class DatasetError(StudioError):
    """A dataset is unknown, missing or damaged."""


class ModelError(StudioError):
    """A model or one of its hyperparameters is unknown or out of range."""


class RunError(StudioError):
    """A run is unknown, damaged or already there."""


class ConversionError(StudioError):
    """A trained model cannot be served without the package that trained it."""


class ForeignError(StudioError):
    """A model from elsewhere cannot be imported, or the process that holds it did not predict."""


class ExportError(StudioError):
    """A run has no file of a format, or its export could not be written or proven."""


class StoredError(StudioError):
    """A stored file is missing, damaged, too large or no file at all."""


class JobError(StudioError):
    """A job is unknown, or could not continue."""


class Cancelled(JobError):
    """Long work was asked to stop, and did."""


class OutOfMemory(StudioError):
    """Memory ran out. Never an `ImageError`: the file that was being read may be sound."""

    def __init__(self, doing: str = "") -> None:
        what = f" {doing}" if doing else ""
        super().__init__(
            f"Memory ran out{what}. Close other programs, or take fewer images or a "
            "smaller model, and try again."
        )


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, says that memory ran out.

    Libraries say so in their own ways: OpenCV and TensorFlow only in the class or the message.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        number = getattr(error, "errno", None)
        if isinstance(error, MemoryError | OutOfMemory) or number == errno.ENOMEM:
            return True
        if type(error).__name__ == "ResourceExhaustedError":
            return True
        told = "" if isinstance(error, StudioError) else str(error).lower()
        if any(sign in told for sign in _SIGNS_OF_NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def unknown(
    kind: str, name: object, known: Iterable[str], titles: Mapping[str, str] | None = None
) -> str:
    """The sentence for a name that a registry does not hold, e.g. of a dataset or a model.

    Args:
        kind: what was asked for.
        name: what it was called.
        known: the names that there are.
        titles: how people write some of them; shown beside the name, and understood as well.
    """
    known, titles = list(known), titles or {}
    listed = ", ".join(
        f"{entry} ({titles[entry]})" if titles.get(entry) else entry for entry in sorted(known)
    )
    hint = did_you_mean(name, known, titles)
    return f"There is no {kind} named {str(name)!r}. {hint}Known: {listed or 'none'}."


def did_you_mean(
    name: object, known: Iterable[str], titles: Mapping[str, str] | None = None
) -> str:
    """`"Did you mean `random_forest`? "` for a name close to a known one; else an empty text.

    Capitals, spaces, hyphens and underscores make no difference.
    """
    spellings = {_plain(title): entry for entry, title in (titles or {}).items()}
    spellings |= {_plain(entry): entry for entry in known}
    asked = _plain(str(name)[:_LONGEST_NAME])
    close = [spelling for spelling in spellings if asked in spelling]
    if asked in close or len(asked) < _SHORTEST_PIECE:
        close = [spelling for spelling in close if spelling == asked]
    close = sorted(close, key=len) or difflib.get_close_matches(asked, spellings, 1, _CLOSE)
    return f"Did you mean `{spellings[close[0]]}`? " if close else ""


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign not in " -_")


def is_disk_full(error: BaseException) -> bool:
    """Whether it says that there is no room; HDF5 and TensorFlow say so only in their messages."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    text = str(error)
    return _NO_ROOM in text or any(f"errno = {number}," in text for number in _FULL)


def is_disk_error(error: BaseException) -> bool:
    """Whether it says that something cannot be written: no room, or not allowed to."""
    refused = isinstance(error, OSError) and error.errno in _REFUSED
    return (refused or is_disk_full(error)) and not isinstance(error, StudioError)


def disk_sentence(error: BaseException, folder: Path, *others: Path) -> str:
    """The sentence for a folder that cannot be written to, e.g. because the disk is full.

    Args:
        error: what was raised.
        folder: what was written to, as far as is known.
        others: what may have been written to as well. If the error names a file in one of them,
            or one of them has no room while `folder` has, the sentence is about that one.
    """
    folder = _where(error, folder, others)
    if is_disk_full(error):
        return (
            f"The disk is full: nothing more can be written to {folder}. Free some space and try "
            "again."
        )
    return f"Nothing can be written to {folder}: {getattr(error, 'strerror', None) or error}."


def _where(error: BaseException, folder: Path, others: tuple[Path, ...]) -> Path:
    known = (folder, *others)
    name = getattr(error, "filename", None)
    if isinstance(name, str | bytes | os.PathLike):
        for candidate in known:
            if Path(os.fsdecode(name)).is_relative_to(candidate):
                return candidate
    elif is_disk_full(error):
        return next((candidate for candidate in known if _free(candidate) < _LITTLE), folder)
    return folder


def _free(folder: Path) -> float:
    """Bytes that are free where a folder is or would be."""
    for existing in (folder, *folder.parents):
        try:
            return shutil.disk_usage(existing).free
        except OSError:
            continue
    return math.inf


def system_sentence(error: OSError) -> str:
    """The sentence for an error of the system that nobody has put into words before."""
    if error.errno in (*_FULL, *_REFUSED) and error.filename:
        return disk_sentence(error, Path(os.fsdecode(error.filename)).parent)
    if is_disk_full(error):
        temporary = Path(tempfile.gettempdir())
        if _free(temporary) < _LITTLE:
            return disk_sentence(error, temporary)
        return "The disk is full: the output cannot be written. Free some space and try again."
    about = f" ({os.fsdecode(error.filename)})" if error.filename else ""
    return f"The system reported: {error.strerror or error}{about}."
