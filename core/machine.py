"""What this machine is and how fast it computes.

How long a training takes is told from earlier ones. Bundled ones were trained
elsewhere, so each run knows how fast its machine was, by the same short measurement.
"""

import os
import platform
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Gt

from core import settings, stored
from core.errors import StoredError
from core.stored import Text

REFERENCE = 130.0  # gigaflops of the machine that trained the bundled runs
_SIDE = 640  # of the matrices that are multiplied
_SECONDS = 0.15
_AGAIN = 60.0  # seconds


@dataclass(frozen=True)
class _Speed:
    machine: Text
    gigaflops: Annotated[float, Gt(0)]


def described() -> str:
    """This machine in a few words: processor, cores, memory, system."""
    cores = os.cpu_count() or 1
    parts = [_processor(), f"{cores} core" + "s" * (cores != 1)]
    with suppress(ValueError, OSError, AttributeError):  # not every system tells
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        parts.append(f"{total / 2**30:.0f} GB")
    return ", ".join([*parts, f"{platform.system()}, Python {platform.python_version()}"])


def gigaflops() -> float:
    """Billions of floating-point operations a second in products of matrices, 32 bits each.

    Measured at first use and kept in the work folder; where something else keeps the machine busy
    it is measured again after a minute.
    """
    return _gigaflops(described(), int(time.monotonic() // _AGAIN))


@lru_cache(maxsize=1)
def _gigaflops(here: str, minute: int) -> float:
    path = settings.current().work_dir / "speed.json"
    with suppress(StoredError):
        known = stored.read_as(path, _Speed)
        if known.machine == here:
            return known.gigaflops
    found = _measure()
    if not _is_busy():
        with suppress(OSError, StoredError):
            path.parent.mkdir(parents=True, exist_ok=True)
            stored.write_json(path, {"machine": here, "gigaflops": found})
    return found


def _measure() -> float:
    """By the time of the processors, which other work beside it changes less than the clock's."""
    matrix = np.random.default_rng(0).random((_SIDE, _SIDE), np.float32)
    matrix @ matrix  # starts BLAS's threads
    begun, until, done = time.process_time(), time.perf_counter() + _SECONDS, 0
    while time.perf_counter() < until:
        matrix @ matrix
        done += 1
    spent = max(time.process_time() - begun, 1e-9)
    return 2 * _SIDE**3 * done / spent * (os.cpu_count() or 1) / 1e9


def _is_busy() -> bool:
    with suppress(OSError, AttributeError):  # not every system tells
        return os.getloadavg()[0] > (os.cpu_count() or 1)
    return False


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
