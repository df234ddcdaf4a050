"""Results in a file, which appears when all is there; until then beside it what there is so far.

What was predicted is appended to `<file>.part`, a line of JSON for each image in the order of their
places. Whoever comes again with the same run and the same paths goes on behind its last whole line.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

import filelock

from core.batch.folders import Image
from core.errors import StudioError, disk_sentence, unknown
from core.files import check_target
from core.runs import Run
from core.serving import model_sha256
from core.spreadsheet import write_csv

_ROWS = 4096  # of a Parquet file that are written together
Writer = Callable[[IO[bytes], tuple[str, ...], Iterator[dict]], None]


class Results:
    """A file of predictions in the making; use it in a `with` block.

    Attributes:
        done, refused: how many images are predicted or refused so far, those of earlier times too.
    """

    def __init__(self, path: Path, run: Run, paths: Iterable[Path]) -> None:
        """Raises: StudioError: if that kind of file is not known, or nothing can be written."""
        if path.suffix.lower() not in FORMATS:
            raise StudioError(unknown("kind of file", path.suffix, FORMATS))
        self._path, self._part = path, path.with_name(f"{path.name}.part")
        self._classes = tuple(run.card.class_names)
        self._head = {
            "run": run.id,
            "model": model_sha256(run),
            "members": list(run.card.members),
            "paths": [str(path.absolute()) for path in paths],
        }
        self.done = self.refused = 0
        self._lock = filelock.FileLock(f"{self._part}.lock", timeout=0)

    def __enter__(self) -> "Results":
        try:
            check_target(self._path)
            check_target(self._part)
            self._lock.acquire()
            self._end = self._take_up()
            self._file = self._part.open("ab")
        except filelock.Timeout as error:
            raise StudioError(
                f"{self._path} is being written by another process. Wait for it, or choose another "
                "file."
            ) from error
        except OSError as error:
            self._release()
            raise StudioError(disk_sentence(error, self._path.parent)) from error
        except StudioError:
            self._release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._release()

    def _release(self) -> None:
        self._lock.release()
        with suppress(OSError):
            os.unlink(self._lock.lock_file)

    def _take_up(self) -> int:
        """Cut off what follows the last whole line; where that ends. Begin if there is nothing."""
        if not self._part.exists() or self._part.stat().st_size == 0:
            self._part.write_bytes(_line(self._head))
        with self._part.open("rb+") as file:
            if _parsed(file.readline()) != self._head:
                raise StudioError(
                    f"{self._part} holds the beginning of other predictions: of another run, other "
                    "images, or none at all. Remove it, or choose another file."
                )
            end = file.tell()
            for line in file:
                if not line.endswith(b"\n") or "place" not in (kept := _parsed(line)):
                    break
                end += len(line)
                self._count(kept)
            file.truncate(end)
        return end

    def missing(self, images: Iterable[Image]) -> Iterator[Image]:
        """Those of the images that were not predicted at an earlier time."""
        with self._part.open("rb") as file:
            file.readline()
            kept = (_place(*_parsed(line)["place"]) for line in _until(file, self._end))
            last = next(kept, None)
            for image in images:
                place = _place(*image.place)
                while last is not None and last < place:  # one that is gone meanwhile
                    last = next(kept, None)
                if last != place:
                    yield image

    def add(self, image: Image, line: dict) -> None:
        """Keep what was predicted for an image."""
        self._file.write(_line({"place": image.place, "path": str(image.path), **line}))
        self._file.flush()
        self._count(line)

    def _count(self, line: dict) -> None:
        self.done += 1
        self.refused += "error" in line

    def finish(self) -> None:
        """Write the file, whole, and remove what was beside it.

        Raises:
            StudioError: if there is no room for it.
        """
        self._file.close()
        whole = self._path.with_name(f"{self._path.name}.whole")
        try:
            with whole.open("wb") as target, self._part.open("rb") as source:
                source.readline()
                FORMATS[self._path.suffix.lower()](target, self._classes, map(_shown, source))
            whole.replace(self._path)
            self._part.unlink()
        except OSError as error:
            raise StudioError(disk_sentence(error, self._path.parent)) from error
        finally:
            whole.unlink(missing_ok=True)


def _until(file: IO[bytes], end: int) -> Iterator[bytes]:
    while file.tell() < end:
        yield file.readline()


def _place(number: int, below: Iterable[str]) -> tuple[int, list[str]]:
    return number, list(below)


def _line(value: dict) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _parsed(line: bytes) -> dict:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _shown(line: bytes) -> dict:
    value = json.loads(line)
    del value["place"]
    return value


def _columns(classes: tuple[str, ...]) -> list[str]:
    return ["path", "label", "confidence", "error", *(f"p({name})" for name in classes)]


def _row(line: dict, classes: tuple[str, ...]) -> list:
    """A row of a table; of several digits in one image there is no probability of each class."""
    alone = {} if "digits" in line else line.get("probabilities", {})
    path = line["path"].encode("utf-8", "backslashreplace").decode()  # names may be no UTF-8
    return [
        path,
        *(line.get(name) for name in ("label", "confidence", "error")),
        *(alone.get(name) for name in classes),
    ]


def _write_jsonl(target: IO[bytes], classes: tuple[str, ...], lines: Iterator[dict]) -> None:
    target.writelines(map(_line, lines))


def _write_csv(target: IO[bytes], classes: tuple[str, ...], lines: Iterator[dict]) -> None:
    write_csv(target, _columns(classes), (_row(line, classes) for line in lines))


def _write_parquet(target: IO[bytes], classes: tuple[str, ...], lines: Iterator[dict]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    texts = ("path", "label", "error")
    columns = _columns(classes)
    schema = pa.schema([(name, pa.string() if name in texts else pa.float64()) for name in columns])
    with parquet.ParquetWriter(target, schema) as writer:
        while rows := [_row(line, classes) for line in islice(lines, _ROWS)]:
            named = [dict(zip(columns, row, strict=True)) for row in rows]
            writer.write_table(pa.Table.from_pylist(named, schema))


FORMATS: dict[str, Writer] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".jsonl": _write_jsonl,
}
