"""What jobs have exported."""

from datetime import datetime
from pathlib import Path

from core import export
from core.export import Proof
from core.jobs.job import Job
from core.jobs.queue import latest
from core.runs import Run


def latest_export(run: Run, format: str) -> Job | None:
    """The latest export of a run in a format, ended or not; not one of an earlier run so named."""
    job = latest("export", run=run.id, format=format)
    if job is None:
        return None
    made, queued = run.card.created, job.times["queued"]
    return None if datetime.fromisoformat(made) > datetime.fromisoformat(queued) else job


def exported_file(job: Job) -> Path:
    """Where an export that is done has put its file."""
    return job.kept / str(job.result.get("file", ""))


def proof_of(job: Job) -> Proof:
    """What an export that is done was compared by; raises `StudioError` if that is gone."""
    return export.read_proof(job.kept / export.PROOF)
