"""How well runs do, and what the server has done: `/metrics`."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from core.api import measured, threads
from core.api.figures import CONTENT_TYPE, figures
from core.api.schemas import Metrics

router = APIRouter(tags=["metrics"])
_NEWEST = "the run; by default the newest of your own, or `mnist-cnn` if there is none"


@router.get("/metrics", summary="The metrics of a run", response_model=Metrics)
async def get_metrics(
    run: Annotated[str | None, Query(description=_NEWEST, examples=["mnist-cnn"])] = None,
) -> JSONResponse:
    """Accuracy, confusion matrix (rows are true classes) and a report of each class, measured on
    the test images."""
    return JSONResponse(await threads.reading(measured.metrics, run))


@router.get("/runs/{run_id}/metrics", summary="The metrics of a run", response_model=Metrics)
async def get_run_metrics(run_id: str) -> JSONResponse:
    """The same as `/metrics?run=…`."""
    return JSONResponse(await threads.reading(measured.metrics, run_id))


@router.get(
    "/metrics/prometheus",
    summary="What the server has done, for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_prometheus() -> Response:
    """Requests by route and status, the time they took, images predicted, runs, jobs by state."""
    return Response(await threads.reading(figures.text), media_type=CONTENT_TYPE)
