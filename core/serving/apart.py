"""Models from elsewhere, each in a process of its own for as long as it predicts.

The process has little memory and time. It is started when the first prediction is asked for, ends
with its parent, and is started again after it has crashed or was ended.
"""

import subprocess
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core import runs
from core.errors import ForeignError
from core.serving import confined
from core.serving.confined import Gone

SECONDS_TO_OPEN, SECONDS_TO_PREDICT = 60.0, 60.0
_MEMORY, _FOR_A_BYTE = 2 * 2**30, 4  # of addresses: what the runtime maps, and of the file
_IMAGES, _BYTES = 32, 32 * 2**20  # that are sent at once
_MOST_FAILURES, _REST = 3, 30.0  # in a row, and the pause after them, in seconds
_THREADS, _SPARE = 2, 10.0  # that compute at once, so much computing time; and some to begin
_OFF = 0.02  # how far the sum of probabilities may be from 1
_CHILD = "core.serving.apart_child"


class Apart:
    """A function from uint8 batches `(N, H, W, C)` to float32 probabilities `(N, K)`.

    Any number of threads may call it; their batches are predicted one after another.

    Args:
        path: the file that serves.
        family: of the model, as on the card of its run.
        about: what is known of its input and output; what is None is found out.
        classes: how many.
        check: whether the file is looked through first; not needed again for one that was.
    """

    def __init__(
        self,
        path: Path,
        family: str,
        about: Mapping[str, Any],
        classes: int,
        check: bool = False,
    ) -> None:
        self._request = {
            "path": str(path),
            "family": family,
            "about": dict(about),
            "classes": classes,
            "check": check,
            "seconds": _THREADS * SECONDS_TO_PREDICT + _SPARE,
        }
        self._path, self._classes = path, classes
        self._lock, self._process, self._end = threading.Lock(), None, None
        self._finalizer = None
        self._failures, self._rest_until = 0, 0.0

    def open(self) -> dict[str, Any]:
        """Start the process unless it runs; what was found out about the file.

        Raises:
            ForeignError: if the file is refused, or the process ends or takes too long.
        """
        with self._lock:
            return self._open()

    def try_out(self, shape: tuple[int, int, int]) -> None:
        """Predict a black image of that height, width and channels.

        Raises:
            ForeignError: if it gets no probability for each class.
        """
        self(np.zeros((1, *shape), np.uint8))

    def close(self) -> None:
        """End the process; it is started again when it is needed."""
        with self._lock:
            self._stop()

    @property
    def process(self) -> int | None:
        """The number of the process; None while there is none."""
        return self._process.pid if self._process else None

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Predict.

        Raises:
            ForeignError: if the process ends or takes too long, or what it gives are no
                probabilities. The next call starts another.
        """
        size = max(1, min(_IMAGES, _BYTES // max(1, batch[0].nbytes)))
        with self._lock:
            self._open()
            return np.concatenate(
                [self._predict(batch[at : at + size]) for at in range(0, len(batch), size)]
            )

    def _open(self) -> dict[str, Any]:
        if self._process is not None and self._process.poll() is None:
            return self._about
        self._stop()
        if time.monotonic() < self._rest_until:
            raise ForeignError(
                f"The process of the imported model failed {self._failures} times, one after "
                f"another. It can be tried again in {_REST:.0f} seconds."
            )
        memory = _MEMORY + _FOR_A_BYTE * self._path.stat().st_size
        self._process, self._end = confined.start(_CHILD, str(memory))
        self._finalizer = weakref.finalize(self, _finish, self._process, self._end)
        until = time.monotonic() + SECONDS_TO_OPEN

        def exchange() -> dict[str, Any]:
            confined.send(self._end, self._request, until)
            return confined.receive_json(self._end, until)

        found = self._with_sentence(exchange, SECONDS_TO_OPEN)
        if "error" in found:
            self._stop()
            raise ForeignError(str(found["error"]))
        self._about = dict(found.get("about") or {})
        return self._about

    def _predict(self, batch: np.ndarray) -> np.ndarray:
        until = time.monotonic() + SECONDS_TO_PREDICT
        expected = (len(batch), self._classes)

        def exchange() -> np.ndarray | str:
            confined.send(self._end, {"shape": list(batch.shape)}, until)
            confined.send(self._end, np.ascontiguousarray(batch).tobytes(), until)
            told = confined.receive_json(self._end, until)
            if "error" in told:
                return str(told["error"])
            most = 4 * expected[0] * expected[1]
            content = confined.receive(self._end, most, until)
            return np.frombuffer(content, np.float32).reshape(told["shape"])

        rows = self._with_sentence(exchange, SECONDS_TO_PREDICT)
        if isinstance(rows, str):
            raise ForeignError(f"The imported model did not predict. {rows}")
        fits = rows.shape == expected and np.isfinite(rows).all() and (rows >= 0).all()
        if not fits or (abs(rows.sum(axis=1) - 1) > _OFF).any():
            self._stop()
            raise ForeignError("The imported model gives no probabilities for its classes.")
        self._failures = 0
        return rows.copy()

    def _with_sentence(self, exchange, seconds: float) -> Any:
        """What an exchange with the process gives; a sentence if it is gone or too slow."""
        try:
            return exchange()
        except TimeoutError as error:
            self._stop()
            self._note_failure()
            raise ForeignError(
                f"The imported model took longer than {seconds:.0f} seconds and was ended."
            ) from error
        except (Gone, ValueError, TypeError, KeyError) as error:
            code = self._stop()
            self._note_failure()
            raise ForeignError(_ended(code)) from error
        except BaseException:  # interrupted in the middle: what is left of it must not be read
            self._stop()
            raise

    def _note_failure(self) -> None:
        """After several failures in a row there is a pause, or a page with a hundred images would
        wait for each of them."""
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self._rest_until = time.monotonic() + _REST

    def _stop(self) -> int | None:
        """End the process; its exit code if it had ended by itself."""
        if self._finalizer is None:
            return None
        process, self._process = self._process, None
        code = process.poll()
        if code is None and self._end is not None:
            code = _waited(process)
        self._finalizer()
        self._finalizer, self._end = None, None
        return code


def _waited(process: subprocess.Popen) -> int | None:
    """The exit code of a process that is perhaps about to end; None if it is not."""
    try:
        return process.wait(0.2)
    except subprocess.TimeoutExpired:
        return None


def _finish(process: subprocess.Popen, end) -> None:
    end.close()
    process.kill()
    process.wait()


def _ended(code: int | None) -> str:
    by = f" (signal {-code})" if code is not None and code < 0 else ""
    return (
        f"The process of the imported model ended unexpectedly{by}: the model is damaged, or needs "
        "more memory or time than it may take. The studio is not affected."
    )


def open_apart(run: runs.Run, path: Path) -> Apart:
    """The model of an imported run; one for all who predict with it.

    Args:
        run: with `foreign` on its card.
        path: its file that serves, which was checked.
    """
    card = run.card
    text = (str(path), card.files[path.name], tuple(card.input_shape))
    return _open_once(text, card.family, len(card.class_names), card.foreign)


@lru_cache(maxsize=8)
def _open_once(
    known: tuple[str, str, tuple[int, int, int]], family: str, classes: int, about: runs.Foreign
) -> Apart:
    """Args: known: path and SHA-256 of the file, and the shape of an image."""
    return Apart(Path(known[0]), family, asdict(about) | {"input_shape": known[2]}, classes)
