"""Memory that is no longer needed goes back to the system."""

import ctypes
import mmap
from contextlib import suppress

import numpy as np

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # as in glibc's malloc.h
_POOLS, _LARGE = 2, 2 * 2**20  # bytes: larger blocks are mapped, and unmapped when freed


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


def keep_little() -> None:
    """Have glibc give large blocks back as soon as they are freed, and share its pools.

    Called before TensorFlow starts its threads: each keeps a pool of its own otherwise, and blocks
    of batches stay in them. That was 100 to 130 MB of a fine-tuning.
    """
    with suppress(AttributeError, OSError):  # only glibc has it
        libc = ctypes.CDLL(None)
        libc.mallopt(_ARENA_MAX, _POOLS)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)
