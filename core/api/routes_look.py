"""What there is: `/health`, `/runs`, `/datasets`, `/models`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from core import datasets, runs
from core.api import threads
from core.api.predicting import DEFAULT_RUN
from core.api.schemas import DatasetCard, Health, ModelCard, RunCard, RunDetails
from core.datasets import DatasetSpec
from core.jobs import limits
from core.models import MODELS
from core.models.spec import ModelSpec
from core.param import Param

router = APIRouter()


@router.get("/health", tags=["server"], summary="Whether the server runs", response_model=Health)
async def get_health() -> JSONResponse:
    return JSONResponse({"status": "ok", "default_run": DEFAULT_RUN})


@router.get("/runs", tags=["runs"], summary="Every run", response_model=list[RunCard])
async def get_runs() -> JSONResponse:
    """The runs that the caller may see, bundled ones first."""
    found = await threads.reading(runs.list_runs)
    return JSONResponse([_summary(run) for run in found])


@router.get("/runs/{run_id}", tags=["runs"], summary="One run", response_model=RunDetails)
async def get_run(run_id: str) -> JSONResponse:
    """What was trained, on what, how, and how well it does."""
    run = await threads.reading(runs.load, run_id)
    return JSONResponse(_details(run))


@router.get(
    "/datasets", tags=["training"], summary="Every dataset", response_model=list[DatasetCard]
)
async def get_datasets() -> JSONResponse:
    """The datasets that the caller may train on; some have to be downloaded first."""
    found = await threads.reading(lambda: [_dataset(spec) for spec in datasets.list_datasets()])
    return JSONResponse(found)


@router.get(
    "/models", tags=["training"], summary="Every kind of model", response_model=list[ModelCard]
)
async def get_models() -> JSONResponse:
    """The models that the caller may train, with their hyperparameters."""
    names = await threads.reading(limits.models)
    return JSONResponse([_model(MODELS[name]) for name in names])


def _summary(run: runs.Run) -> dict[str, Any]:
    card = run.card
    return {
        "id": run.id,
        "title": run.title,
        "owner": card.owner,
        "dataset": card.dataset,
        "model": card.model,
        "family": card.family,
        "accuracy": card.accuracy,
        "classes": list(card.class_names),
        "input_shape": list(card.input_shape),
        "created": card.created,
    }


def _details(run: runs.Run) -> dict[str, Any]:
    card = run.card
    return {
        **_summary(run),
        "preprocessing": card.preprocessing,
        "hyperparameters": dict(card.hyperparameters),
        "metrics": dict(card.metrics),
        "published": asdict(card.published) if card.published else None,
        "history": [dict(point) for point in card.history],
        "cost": _finite(card.cost),
        "members": [dict(member) for member in card.members],
        "seconds": card.seconds,
        "seed": card.seed,
    }


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _dataset(spec: DatasetSpec) -> dict[str, Any]:
    found = spec.described()
    classes = found.pop("class_names")
    return {**found, "classes": classes}


def _model(spec: ModelSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "summary": spec.summary,
        "family": spec.family,
        "is_quick": spec.quick,
        "hyperparameters": [_param(param) for param in spec.params],
        "presets": {name: preset.title for name, preset in spec.presets.items()},
    }


def _param(param: Param) -> dict[str, Any]:
    found = asdict(param)
    kept = ("name", "title", "default", "help", "low", "high")
    return {**{name: found[name] for name in kept}, "choices": list(param.choices)}
