"""Predict image after image; of many, in several processes, each with the model of its own."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from pathlib import Path

import cv2
import numpy as np

from core import runs, serving, settings
from core.batch.folders import Image
from core.errors import ImageError, NothingFound, OutOfMemory, StudioError
from core.files import open_regular
from core.images import MAX_BYTES, decode
from core.preprocessing import Prepared
from core.serving import Predictor, describe, load_predictor
from core.settings import Settings

FEW = 256  # for fewer images no further process is started
_CHUNK = 64  # images predicted together
_AHEAD = 2  # chunks that wait for each process
_ENDED = (
    "A process that predicts ended unexpectedly, perhaps since memory ran out. What was predicted "
    "before is kept."
)


def predict_all(
    run: runs.Run, images: Iterable[Image], processes: int | None = None
) -> Iterator[tuple[Image, dict]]:
    """Every image with what is predicted for it, in the order given, in constant memory.

    Args:
        run: the run to predict with.
        images: where they are.
        processes: how many share the work; None: as many as there are cores, of few images one.

    Yields:
        The image, and its line: what `describe` gives, or `error` with the reason for refusal and
        perhaps `looked_at`, the steps until then.

    Raises:
        RunError: if the run cannot be loaded.
        StudioError: if one of the processes ends.
    """
    images = iter(images)
    first = list(islice(images, FEW))
    processes = processes or (1 if len(first) < FEW else os.cpu_count() or 1)
    waiting = chain(first, images)
    if processes == 1:
        predictor = load_predictor(run)
        for chunk in _chunks(waiting):
            yield from zip(chunk, predict_paths(predictor, _paths(chunk)), strict=True)
    else:
        yield from _in_processes(run, waiting, processes)


def predict_paths(predictor: Predictor, paths: Sequence[Path]) -> list[dict]:
    """The line of each image; those that can be read are predicted together."""
    lines: list[dict] = []
    prepared: list[tuple[int, Prepared]] = []
    for path in paths:
        try:
            prepared.append((len(lines), predictor.prepare(read_image(path)).without_steps()))
            lines.append({})
        except (ImageError, OutOfMemory) as error:
            lines.append(refusal(error))
    results = predictor.predict_many([one for _, one in prepared])
    for (index, _), result in zip(prepared, results, strict=True):
        lines[index] = describe(result)
    return lines


def refusal(error: StudioError) -> dict:
    """The line of an image that was refused."""
    steps = error.steps if isinstance(error, NothingFound) else ()
    looked_at = [f"{step.name}: {step.sentence}" for step in steps]
    return {"error": str(error), **({"looked_at": looked_at} if steps else {})}


def read_image(path: Path) -> np.ndarray:
    """Decode a file.

    Raises:
        ImageError: if it is missing, unreadable or not an image.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size  # room is made for as much as is asked for
            return decode(file.read(min(size, MAX_BYTES) + 1))
    except OSError as error:
        raise ImageError(f"The file cannot be read: {error.strerror}.") from error


def _chunks(images: Iterator[Image]) -> Iterator[list[Image]]:
    while chunk := list(islice(images, _CHUNK)):
        yield chunk


def _paths(chunk: list[Image]) -> list[Path]:
    return [image.path for image in chunk]


def _in_processes(
    run: runs.Run, images: Iterator[Image], processes: int
) -> Iterator[tuple[Image, dict]]:
    pool = ProcessPoolExecutor(
        processes,
        # A copy of this process could hold locks of threads that it lacks.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(settings.current(), run.id, max(1, (os.cpu_count() or 1) // processes)),
    )
    waiting: deque[tuple[list[Image], Future]] = deque()
    try:
        for chunk in _chunks(images):
            waiting.append((chunk, pool.submit(_predict, _paths(chunk))))
            if len(waiting) >= _AHEAD * processes:
                yield from _next(waiting)
        while waiting:
            yield from _next(waiting)
    except BrokenProcessPool as error:
        raise StudioError(_ENDED) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _next(waiting: deque[tuple[list[Image], Future]]) -> Iterator[tuple[Image, dict]]:
    chunk, future = waiting.popleft()
    yield from zip(chunk, future.result(), strict=True)


_predictor: Predictor | None = None


def _begin(theirs: Settings, run_id: str, threads: int) -> None:
    """What each process does first: it has the settings of its parent, and ends with it."""
    global _predictor
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told too, and ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings.adopt(theirs)
    serving.use_threads(threads)
    cv2.setNumThreads(threads)  # more would wait for each other
    _predictor = load_predictor(runs.load(run_id))


def _end_with_parent() -> None:
    """A pool's processes would wait for ever for a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _predict(paths: Sequence[Path]) -> list[dict]:
    return predict_paths(_predictor, paths)
