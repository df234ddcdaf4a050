"""Files from the network: whole, with the right SHA-256, or not at all."""

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from core import stored
from core.errors import DatasetError, StoredError, StudioError, disk_sentence
from core.progress import Progress, Reporter

TIMEOUT = 20.0  # seconds without a byte until a connection counts as dead
ATTEMPTS = 4
_CHUNK = 1 << 16
_MEGABYTE = 10**6


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched.

    Attributes:
        name: what it is called in the data folder.
        url: where it is.
        sha256: of its contents, hex; empty if nobody has published it.
        size: bytes, as far as they are known beforehand.
        md5: of its contents, hex, where only that is published. With neither, the size must be
            right.
    """

    name: str
    url: str
    sha256: str
    size: int
    md5: str = ""

    @property
    def algorithm(self) -> str:
        """By which it is recognised."""
        return "md5" if self.md5 and not self.sha256 else "sha256"

    @property
    def digest(self) -> str:
        """What it must be; empty if it is not known."""
        return self.sha256 or self.md5

    def unlike(self, digest: str, size: int) -> str:
        """Why contents of that digest and size are not the file; empty if they are."""
        name = {"md5": "MD5", "sha256": "SHA-256"}[self.algorithm]
        if self.digest:
            wrong = digest != self.digest
            return f"its {name} should be {self.digest}. Received: {digest}" if wrong else ""
        wrong = size != self.size
        return f"it should have {self.size:,} bytes. Received: {size:,}" if wrong else ""


def fetch(
    file: RemoteFile,
    folder: Path,
    report: Reporter = Reporter(),  # noqa: B008 - frozen
    timeout: float = TIMEOUT,
) -> Path:
    """The file in `folder`, downloaded if it is not there yet.

    A connection that drops or stalls is taken up again where it ended, a few times. Whatever goes
    wrong, no part of the file is left.

    Args:
        file: what to fetch.
        folder: where it goes, and where a file fetched by hand is found.
        report: told how far it is; may end the download.
        timeout: seconds without a byte until the connection is taken up again.

    Raises:
        DatasetError: if it cannot be had, or is another file than expected; the sentence says
            where to put it if it is fetched by hand.
        Cancelled: if it was asked to stop.
    """
    target = folder / file.name
    if target.exists():
        return check(file, target, report)
    with alone(target, file.name, DatasetError):
        _download(file, folder / f".{file.name}.part", target, report, timeout)
    return check(file, target, report)


@contextmanager
def alone(target: Path, name: str, failure: type[StudioError]) -> Iterator[None]:
    """Only one process at a time downloads a file; its folder is made.

    Args:
        target: the file.
        name: what a sentence calls the download.
        failure: raised if another one is at it, or the disk refuses.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock"), timeout=1) as lock:
            try:
                yield
            finally:
                Path(lock.lock_file).unlink(missing_ok=True)
    except Timeout as error:
        raise failure(
            f"{name} is already being downloaded. Wait until that has finished."
        ) from error
    except OSError as error:
        raise failure(disk_sentence(error, target.parent)) from error


def check(file: RemoteFile, path: Path, report: Reporter = Reporter()) -> Path:  # noqa: B008
    """The path, if the file there is the expected one.

    Raises:
        DatasetError: if it is another.
    """
    report(Progress("checking the file"))
    try:
        with stored.check_regular(path).open("rb") as content:
            received = hashlib.file_digest(content, file.algorithm).hexdigest()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
    except StoredError as error:
        raise DatasetError(f"{path} cannot be read: {error}.") from error
    if wrong := file.unlike(received, path.stat().st_size):
        raise DatasetError(
            f"{path} is damaged or a different file: {wrong}. Delete it to download it again, or "
            f"put the correct file there, from {file.url}."
        )
    return path


def _download(file: RemoteFile, part: Path, target: Path, report: Reporter, timeout: float) -> None:
    part.unlink(missing_ok=True)  # left by a process that was killed
    free = shutil.disk_usage(part.parent).free
    if free < file.size:
        raise DatasetError(
            f"{file.name} needs {file.size / _MEGABYTE:,.0f} MB, but only "
            f"{free / _MEGABYTE:,.0f} MB are free in {part.parent}. Free some space, or set "
            "STUDIO_DATA_DIR to another folder."
        )
    try:
        digest = _receive(file, part, report, timeout)
        if wrong := file.unlike(digest, part.stat().st_size):
            raise DatasetError(
                f"What came from {file.url} is not the expected {file.name}: {wrong}. It was "
                f"discarded. Try again; if it happens again, {_by_hand(file, target)}"
            )
        part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _receive(file: RemoteFile, part: Path, report: Reporter, timeout: float) -> str:
    """Write the file to `part`, over several connections if need be; return its digest."""
    import requests

    digest, done = hashlib.new(file.algorithm, usedforsecurity=False), 0
    with part.open("wb") as content:
        for attempt in range(1, ATTEMPTS + 1):
            report(_progress(file, done))
            try:
                for chunk, start in _stream(file, done, timeout):
                    if start == 0 and done:  # the server cannot resume
                        content.seek(0)
                        content.truncate()
                        digest, done = hashlib.new(file.algorithm, usedforsecurity=False), 0
                    _write(content, chunk, part)
                    digest.update(chunk)
                    done += len(chunk)
                    report(_progress(file, done))
                return digest.hexdigest()
            except requests.RequestException as error:
                if attempt == ATTEMPTS or _is_final(error):
                    raise DatasetError(_what_went_wrong(error, file, part, timeout)) from error
                _wait(attempt, report, _progress(file, done))
    raise AssertionError("unreachable: the last attempt returns or raises")


def _write(content, chunk: bytes, part: Path) -> None:
    """Errors of the disk must not count as errors of the network."""
    try:
        content.write(chunk)
        content.flush()
    except OSError as error:
        raise DatasetError(disk_sentence(error, part.parent)) from error


def _stream(file: RemoteFile, done: int, timeout: float):
    """Chunks from byte `done` on, each with the byte its response began at."""
    import requests

    headers = {"Accept-Encoding": "identity", "User-Agent": "classification-studio"}
    if done:
        headers["Range"] = f"bytes={done}-"
    with requests.get(file.url, stream=True, timeout=timeout, headers=headers) as response:
        if response.status_code == 416:  # all of it is there already
            return
        response.raise_for_status()
        start = done if response.status_code == 206 else 0
        expected = int(response.headers.get("Content-Length", 0))
        received = 0
        for chunk in response.iter_content(_CHUNK):
            received += len(chunk)
            yield chunk, start
            start = start or -1  # only the first chunk may begin the file
        if received < expected:
            raise requests.ConnectionError(f"{received} of {expected} bytes came")


def _is_final(error: Exception) -> bool:
    """Whether retrying cannot help: the server refuses to send the file."""
    response = getattr(error, "response", None)
    return response is not None and 400 <= response.status_code < 500


def _wait(attempt: int, report: Reporter, progress: Progress) -> None:
    until = time.monotonic() + 0.25 * 2**attempt
    while time.monotonic() < until:
        report(progress)  # so that it can be cancelled meanwhile
        time.sleep(0.05)


def _progress(file: RemoteFile, done: int) -> Progress:
    size = max(file.size, done, 1)
    note = f"{file.name}: {done / _MEGABYTE:,.1f} of {size / _MEGABYTE:,.1f} MB"
    return Progress("downloading", fraction=done / size, note=note)


def _what_went_wrong(error: Exception, file: RemoteFile, part: Path, timeout: float) -> str:
    import requests

    host = urlsplit(file.url).netloc
    response = getattr(error, "response", None)
    if response is not None:
        reason = f"{host} responded with {response.status_code} {response.reason}"
    elif isinstance(error, requests.ConnectTimeout):
        reason = f"{host} did not respond within {timeout:g} seconds"
    elif isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        reason = f"{host} sent nothing for {timeout:g} seconds"
    elif isinstance(error, requests.ConnectionError) and part.stat().st_size == 0:
        reason = f"{host} cannot be reached; perhaps this machine is not connected to the network"
    else:
        reason = f"the connection to {host} broke off"
    by_hand = _by_hand(file, part.with_name(file.name))
    return f"{file.name} could not be downloaded: {reason}. Try again later, or {by_hand}"


def _by_hand(file: RemoteFile, target: Path) -> str:
    return f"download {file.url} yourself and save it as {target}."
