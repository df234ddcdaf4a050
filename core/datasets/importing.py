"""Your own images come in: a folder or a zip becomes a stored dataset."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from core import visitors
from core.datasets.card import StoreCard
from core.datasets.choices import AS_FOUND, Choices
from core.datasets.layout import Layout, Place, arrange
from core.datasets.refusals import EMPTY, check_counts, check_splits, too_small
from core.datasets.sources import Entry, open_source
from core.datasets.writing import Writer, draft
from core.datasets.zip_names import CODE_PAGES
from core.errors import DatasetError, ImageError
from core.images import MAX_BYTES, decode_sized
from core.progress import Progress, Reporter

MAX_SHORT_SIDE = 224
_MAX_LONG_SIDE = 2240
_CHUNK = 8  # images read by one thread at a time
_PIXELS = 2_000_000  # an image is reduced to while it is decoded; four times what is kept at most
_FREE_PIXELS = 1_000_000_000  # that a source may hold, however small it is,
_PIXELS_A_BYTE = 1000  # and with each byte; photos have 2 to 20, blank scans 500
_THREADS = 2


@dataclass(frozen=True)
class _Read:
    """An image that was read, or why it could not be."""

    place: Place
    image: np.ndarray | None
    reason: str = ""
    pixels: int = 0  # that its file holds


def inspect(path: Path, choices: Choices = AS_FOUND) -> Layout:
    """What a folder or zip would give, by the names of its files alone.

    Raises:
        LayoutError: if it is refused but could be imported with other choices.
        DatasetError: if it is refused.
    """
    with open_source(path) as entries:
        return _arrange(entries, choices)


def _arrange(entries: Sequence[Entry], choices: Choices) -> Layout:
    layout = arrange((entry.path for entry in entries), choices)
    guessed = next((entry.guessed for entry in entries if entry.guessed), "")
    if not guessed:
        return layout
    note = (
        "The zip does not state the encoding of its names. They were read as "
        f"{CODE_PAGES[guessed]} ({guessed}), which is a guess. Rename classes that look garbled."
    )
    return replace(layout, notes=(*layout.notes, note), names_guessed=guessed)


def import_folder(path: Path, name: str, **details) -> StoreCard:
    """Store the images of a folder; see `import_images`."""
    if not path.is_dir():
        raise DatasetError(f"There is no folder {path}.")
    return import_images(path, name, **details)


def import_zip(path: Path, name: str, **details) -> StoreCard:
    """Store the images of a zip file; see `import_images`."""
    if not path.is_file():
        raise DatasetError(f"There is no zip file {path}.")
    return import_images(path, name, **details)


def import_images(
    path: Path,
    name: str,
    title: str = "",
    owner: str = "",
    choices: Choices = AS_FOUND,
    report: Reporter = Reporter(),  # noqa: B008 - frozen
) -> StoreCard:
    """Store the images of a folder or zip under a name.

    Damaged and duplicate images are left out and listed. Images are reduced so that their
    short side is at most 224 pixels; none is enlarged. Only a few are in memory at a time.

    Args:
        path: the folder or zip; see `core.datasets.layout` for how it is to be arranged.
        name: what the dataset will be asked for by.
        title: its name as people write it; by default the same.
        owner: of the dataset; by default the current visitor.
        choices: what was decided where the names of files and folders leave it open.
        report: told how far it is; may end the import, which leaves nothing behind.

    Raises:
        LayoutError: if they are refused but could be imported with other choices.
        DatasetError: if the images are refused, the name is taken or the disk is full.
        Cancelled: if it was asked to stop.
    """
    owner = owner or visitors.current()
    report(Progress("checking the files"))
    with open_source(path) as entries:
        by_path = {entry.path: entry for entry in entries}
        most = _most_pixels(path, entries)
        while True:
            layout = _arrange(entries, choices)
            with draft(name, layout.class_names, owner) as writer:
                writer.skipped += layout.skipped
                _read_all(layout.places, by_path, writer, report, most)
                small = _too_small(layout, writer)
                if not small or not choices.leave_out_small:
                    _check_what_is_left(layout, writer)
                    report(Progress("storing", fraction=1.0))
                    return writer.finish(
                        name, title or name, owner, path.name, layout.ignored, layout.notes
                    )
            if len(layout.class_names) - len(small) < 2:
                choices = choices.also(leave_out_small=False)  # too few classes: it is refused
            else:
                choices = choices.also(leave_out=(*choices.leave_out, *sorted(small)))


def _most_pixels(path: Path, entries: Sequence[Entry]) -> int:
    """How many pixels a source may hold in all: a small zip can claim days of work."""
    size = path.stat().st_size if path.is_file() else sum(entry.size for entry in entries)
    return _FREE_PIXELS + _PIXELS_A_BYTE * size


def _read_all(
    places: Sequence[Place],
    entries: dict[str, Entry],
    writer: Writer,
    report: Reporter,
    most_pixels: int,
) -> None:
    done = pixels = 0
    with ThreadPoolExecutor(_THREADS) as threads:
        try:
            for chunk in _in_order(threads, places, entries):
                for read in chunk:
                    pixels += read.pixels
                    if read.image is None:
                        writer.skipped.append((read.place.path, read.reason))
                    else:
                        writer.add(read.image, read.place.label, read.place.split, read.place.path)
                if pixels > most_pixels:
                    raise DatasetError(
                        "The images hold far more pixels than files of this size usually do: at "
                        f"most {most_pixels / 1e9:,.1f} billion are allowed. Received: "
                        f"{pixels / 1e9:,.1f} billion in the first {done + len(chunk):,} images. "
                        "Resize the images before you pack them."
                    )
                done += len(chunk)
                note = f"{done:,} of {len(places):,} images"
                report(Progress("reading images", fraction=done / len(places), note=note))
        finally:
            threads.shutdown(cancel_futures=True)


def _in_order(
    threads: ThreadPoolExecutor, places: Sequence[Place], entries: dict[str, Entry]
) -> Iterator[list[_Read]]:
    """Chunks of images, read ahead by no more than a few so that memory stays small."""
    rest = iter(places)
    waiting: deque = deque()
    while True:
        while len(waiting) < 2 * _THREADS and (chunk := list(islice(rest, _CHUNK))):
            waiting.append(threads.submit(_read_chunk, chunk, entries))
        if not waiting:
            return
        yield waiting.popleft().result()


def _read_chunk(places: list[Place], entries: dict[str, Entry]) -> list[_Read]:
    read = []
    for place in places:
        entry = entries[place.path]
        try:
            if entry.size == 0:
                raise ImageError(EMPTY)
            if entry.size > MAX_BYTES:
                raise ImageError(f"The file is larger than {MAX_BYTES // 2**20} MB.")
            found = decode_sized(entry.read(), _PIXELS)
            size = found.width * found.height
            read.append(_Read(place, reduce(found.image), pixels=size))
        except ImageError as error:
            read.append(_Read(place, None, str(error)))
    return read


def reduce(image: np.ndarray) -> np.ndarray:
    """The image with its short side at most 224 pixels, proportions kept; never enlarged."""
    height, width = image.shape[:2]
    factor = min(1, MAX_SHORT_SIDE / min(height, width), _MAX_LONG_SIDE / max(height, width))
    if factor == 1:
        return image
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _too_small(layout: Layout, writer: Writer) -> set[str]:
    """Classes that damaged and duplicate files leave too few images of."""
    splits = {place.split for place in layout.places}
    return too_small(layout.class_names, Counter(writer.split_labels()), splits)


def _check_what_is_left(layout: Layout, writer: Writer) -> None:
    """Damaged and duplicate files may leave too few images."""
    counted = Counter(writer.labels)
    counts = {name: counted[label] for label, name in enumerate(layout.class_names)}
    check_counts(layout.class_names, counts, writer.skipped)
    splits = {place.split for place in layout.places}
    if "train" in splits:
        check_splits(layout.class_names, Counter(writer.split_labels()), "test" in splits)
