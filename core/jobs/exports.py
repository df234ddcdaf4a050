"""What jobs have exported."""

from datetime import datetime
from pathlib import Path

from core import export
from core.export import Proof
from core.jobs.job import Job
from core.jobs.queue import list_jobs
from core.runs import Run


def latest_export(run: Run, format: str) -> Job | None:
    """The latest export of a run in a format, ended or not; not one of an earlier run so named."""
    for job in list_jobs():
        if job.kind == "export" and not job.damaged:
            settings = job.settings
            if (settings["run"], settings["format"]) == (run.id, format):
                made, queued = run.card.created, job.times["queued"]
                older = datetime.fromisoformat(made) > datetime.fromisoformat(queued)
                return None if older else job
    return None


def exported_file(job: Job) -> Path:
    """Where an export that is done has put its file."""
    return job.kept / str(job.result.get("file", ""))


def proof_of(job: Job) -> Proof:
    """What an export that is done was compared by; raises `StudioError` if that is gone."""
    return export.read_proof(job.kept / export.PROOF)
