"""`GET /runs/{id}/export`: a run as a file for other programs."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from core import export, jobs, runs
from core.api import following, threads
from core.api.problems import Refused, problem
from core.api.schemas import Queued
from core.errors import ExportError, RunError
from core.export import FORMATS, PACKAGE
from core.jobs import Job

router = APIRouter(tags=["runs"])
_LONGEST = 600.0  # seconds that a request waits for an export
_FILE = {
    200: {
        "description": "The file. The header `X-Proof` holds the comparison with the studio, as "
        "JSON",
        "content": {"application/octet-stream": {"schema": {"type": "string"}}},
    },
    202: {"model": Queued, "description": "It takes longer: ask again when the job is done"},
}


@router.get(
    "/runs/{run_id}/export",
    summary="A run as a file for other programs",
    response_class=FileResponse,
    responses=_FILE,
)
async def get_export(
    request: Request,
    run_id: str,
    format: Annotated[str, Query(description=f"one of {', '.join(FORMATS)}")] = PACKAGE,
) -> Response:
    """The file, once its predictions were compared with those of the studio.

    It is written when it is asked for the first time, which takes from a second to a minute.
    """
    job = await threads.reading(_begun, run_id, format)
    if not job.ended:
        job = await following.ended(job.id, _LONGEST)
    if not job.ended:
        described = following.describe(job, request.scope.get("root_path", ""))
        answer = {"success": True, "job": described, "url": described["url"]}
        return JSONResponse(answer, 202, {"Location": described["url"]})
    if job.state != "done":
        return problem(409, f"The export was {job.state}: {job.error or 'somebody stopped it.'}")
    path, proof = jobs.exported_file(job), await threads.reading(jobs.proof_of, job)
    headers = {"X-Proof": json.dumps(proof.as_dict())}
    return FileResponse(path, 200, headers, "application/octet-stream", filename=path.name)


def _begun(run_id: str, format: str) -> Job:
    """The job of that export, with its file or still at work; a new one if there is none."""
    run = runs.load(run_id)
    try:
        export.find(format, run)
        known = jobs.latest_export(run, format)
        if known and (not known.ended or jobs.exported_file(known).is_file()):
            return known
        return jobs.submit("export", {"run": run.id, "format": format})
    except (ExportError, RunError) as error:
        raise Refused(422, str(error)) from error
