"""Jobs as clients read them, and as a stream of events."""

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio

from core import jobs
from core.api import threads
from core.api.problems import Refused
from core.errors import JobError
from core.jobs import Job

_EVERY = 0.25  # seconds between two looks at a job
_ALIVE_EVERY = 15.0  # seconds after which a line says that the connection is alive
_MOST_STREAMS = 100  # open at a time
_streams = 0


def describe(job: Job, prefix: str) -> dict[str, Any]:
    """A job as JSON.

    Args:
        prefix: what URLs of the API begin with: `/api`.
    """
    url = f"{prefix}/jobs/{job.id}"
    run = job.result.get("run")
    return {
        "id": job.id,
        "kind": job.kind,
        "settings": dict(job.settings),
        "state": job.state,
        "stage": job.stage,
        "fraction": min(1.0, job.fraction),
        "epoch": job.epoch,
        "epochs": job.epochs,
        "metrics": dict(job.metrics),
        "history": [dict(point) for point in job.history],
        "note": job.note,
        "result": dict(job.result),
        "error": job.error,
        "times": dict(job.times),
        "url": url,
        "events": f"{url}/events",
        "run": f"{prefix}/runs/{run}" if run else None,
    }


async def ended(job_id: str, seconds: float) -> Job:
    """The job once it has ended, or as it is after so many seconds.

    Raises:
        JobError: if it was deleted meanwhile.
    """
    with anyio.move_on_after(seconds):
        while True:
            job = await threads.reading(_look, job_id)
            if job.ended:
                return job
            await anyio.sleep(_EVERY)
    return await threads.reading(_look, job_id)


def check_room() -> None:
    """Raise `Refused` if too many clients follow jobs already."""
    if _streams >= _MOST_STREAMS:
        raise Refused(429, "Too many clients follow jobs at a time.", {"Retry-After": "30"})


async def events(job_id: str, prefix: str) -> AsyncIterator[str]:
    """Server-sent events: `progress` whenever something changes, and `end` at the end."""
    global _streams
    _streams += 1
    try:
        before, quiet = None, 0.0
        while True:
            try:
                job = await threads.reading(_look, job_id)
            except JobError as error:  # deleted
                yield _event("end", {"id": job_id, "state": "deleted", "error": str(error)})
                return
            if job != before:
                before, quiet = job, 0.0
                yield _event("end" if job.ended else "progress", describe(job, prefix))
            elif quiet >= _ALIVE_EVERY:
                quiet = 0.0
                yield ": alive\n\n"
            if job.ended:
                return
            await anyio.sleep(_EVERY)
            quiet += _EVERY
    finally:
        _streams -= 1


def _event(name: str, content: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(content)}\n\n"


def _look(job_id: str) -> Job:
    """The job, its dispatcher started again if that has died."""
    job = jobs.load(job_id)
    if job.state == "queued":
        jobs.ensure_dispatcher()
    return job
