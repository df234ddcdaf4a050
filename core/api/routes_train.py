"""Train, and follow what runs: `/train`, `/jobs`."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ValidationError

from core import jobs, runs
from core.api import following, forms, measured, threads
from core.api.problems import Refused, problem, sentence_of
from core.api.schemas import JobCard, Queued, Trained, TrainJson
from core.errors import JobError, ModelError, RunError, unknown
from core.jobs import Job
from core.models import MODELS
from core.training import TrainConfig

router = APIRouter(tags=["training"])
_LONGEST = 600.0  # seconds that a request waits for a training
_BODY = {
    "required": False,
    "content": {forms.JSON: {"schema": TrainJson.model_json_schema()}},
}
_EVENTS = {
    200: {
        "description": "Events `progress` and, at the end, `end`, each with the job as JSON",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.post(
    "/train",
    summary="Train a model",
    status_code=202,
    response_model=Queued,
    responses={200: {"model": Trained, "description": "It was waited for, and is done"}},
    openapi_extra={"requestBody": _BODY},
)
async def post_train(
    request: Request,
    wait: Annotated[
        bool | None, Query(description="respond when it is done; only for quick models")
    ] = None,
) -> JSONResponse:
    """Queue a training: 202 with the job, whose URL is in `Location`.

    Without a body a random forest is trained on the digits of scikit-learn, and waited for.
    """
    prefix = request.scope.get("root_path", "")
    wanted = _wanted(request.headers, await request.body(), wait)
    job = await threads.reading(_submit, wanted)
    if wanted.wait:
        job = await following.ended(job.id, _LONGEST)
    if not wanted.wait or not job.ended:
        described = following.describe(job, prefix)
        answer = {"success": True, "job": described, "url": described["url"]}
        return JSONResponse(answer, 202, {"Location": described["url"]})
    if job.state != "done":
        return problem(409, f"The training was {job.state}: {job.error or 'somebody stopped it.'}")
    trained = await threads.reading(_trained, job)
    return JSONResponse({"success": True, "job": f"{prefix}/jobs/{job.id}", **trained})


@router.get("/jobs", summary="Every job", response_model=list[JobCard])
async def get_jobs(request: Request) -> JSONResponse:
    """The caller's jobs, latest first."""
    prefix = request.scope.get("root_path", "")
    found = await threads.reading(jobs.list_jobs)
    return JSONResponse([following.describe(job, prefix) for job in found])


@router.get("/jobs/{job_id}", summary="One job", response_model=JobCard)
async def get_job(request: Request, job_id: str) -> JSONResponse:
    """How far it is, with its training curve so far."""
    job = await threads.reading(_known, job_id)
    return JSONResponse(following.describe(job, request.scope.get("root_path", "")))


@router.delete("/jobs/{job_id}", summary="Cancel a job", response_model=JobCard)
async def delete_job(request: Request, job_id: str) -> JSONResponse:
    """Ask it to stop; one that has ended already: 409."""
    await threads.reading(_known, job_id)
    job = await threads.reading(jobs.cancel, job_id)
    return JSONResponse(following.describe(job, request.scope.get("root_path", "")))


@router.get(
    "/jobs/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses=_EVENTS,
)
async def get_events(request: Request, job_id: str) -> StreamingResponse:
    """Server-sent events, until it has ended: `new EventSource(url)` in a browser."""
    following.check_room()
    await threads.reading(_known, job_id)
    return StreamingResponse(
        following.events(job_id, request.scope.get("root_path", "")),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _wanted(headers: Mapping[str, str], body: bytes, wait: bool | None) -> TrainJson:
    """What to train.

    A form of another website can send any body as `text/plain`, and an empty one: both are refused
    here as well, whatever its `Origin`.
    """
    kind = forms.media_type(headers)
    if kind not in ("", forms.JSON) or (body and not kind):
        raise Refused(
            415, f"Send {forms.JSON}, or nothing at all. Received: {kind[:100] or 'no type'}."
        )
    values = forms.read_json(body) if body else {"wait": True}
    for name in values:
        if name not in TrainJson.model_fields:
            raise Refused(422, unknown("field of /train", name[:100], TrainJson.model_fields))
    try:
        wanted = TrainJson.model_validate(values, strict=True)
    except ValidationError as error:
        raise Refused(422, sentence_of(error.errors())) from error
    return wanted if wait is None else wanted.model_copy(update={"wait": wait})


def _submit(wanted: TrainJson) -> Job:
    """Queue a training; raises `StudioError` if it cannot work."""
    values: dict[str, Any] = wanted.model_dump(exclude={"preset", "wait"}, exclude_none=True)
    try:
        config = TrainConfig.from_mapping(values, wanted.preset)
    except RunError as error:  # its name: no run that is missing
        raise Refused(422, str(error)) from error
    if wanted.wait and not MODELS[config.model].quick:
        quick = ", ".join(name for name, spec in MODELS.items() if spec.quick)
        raise ModelError(f"`wait` is for quick models: {quick}. Received: {config.model}.")
    try:
        return jobs.submit("train", config.to_mapping())
    except RunError as error:
        raise Refused(409, str(error)) from error


def _trained(job: Job) -> dict[str, Any]:
    return measured.of_training(runs.load(job.result["run"]))


def _known(job_id: str) -> Job:
    """The job of that id; raises `Refused` if there is none."""
    try:
        return jobs.load(job_id)
    except JobError as error:
        raise Refused(404, str(error)) from error
