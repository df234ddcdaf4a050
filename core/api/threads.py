"""Work that would hold up the server is done in a few threads, for the visitor of the request."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import anyio.to_thread
import cv2

# Python runs one thread at a time, models and decoders run beside it; more threads than this make
# each other wait without doing more.
_PREDICTING, _OTHERS = 2, 4


@cache
def _limiter(kind: str) -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(_PREDICTING if kind == "predicting" else _OTHERS)


async def predicting(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run what predicts."""
    return await anyio.to_thread.run_sync(partial(work, *arguments), limiter=_limiter("predicting"))


async def reading(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run what reads or writes files."""
    return await anyio.to_thread.run_sync(partial(work, *arguments), limiter=_limiter("reading"))


def leave_cores_to_others() -> None:
    """Have OpenCV start no threads of its own: several workers keep all cores busy already."""
    cv2.setNumThreads(1)
