"""Memory that is no longer needed goes back to the system."""

import ctypes
import mmap
from contextlib import suppress

import numpy as np


def return_freed() -> None:
    """Hand back what was freed: glibc keeps tens of megabytes for each thread otherwise."""
    with suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def let_go_of(array: np.ndarray) -> None:
    """Let the pages of a memory-mapped array no longer count as memory of this process.

    What was read or written stays in the system's cache as long as there is room, and is mapped
    again when it is needed. Other arrays are left as they are.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        with suppress(OSError, ValueError):  # advice: nothing depends on it
            mapped.madvise(mmap.MADV_DONTNEED)
