"""The kinds of long work there are."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import datasets, export, foreign, labelled, robustness, runs, stored
from core.datasets import uploads
from core.errors import DatasetError, ForeignError, ModelError
from core.models import MODELS, transfer
from core.progress import Reporter
from core.serving import load_predictor
from core.training import TrainConfig, checkpoints, train


@dataclass(frozen=True)
class JobKind:
    """One kind of long work.

    Attributes:
        name: what it is asked for by.
        title: what it is called on a page, `{...}` filled from the settings.
        check: raises a `StudioError` if the settings cannot work; called before it is queued.
        run: `(settings, report, kept) -> result`; the result is shown when it is done. What it
            writes to the folder `kept` is there when it is tried again.
        can_finish: whether it can be asked to end early and keep what there is.
        can_resume: whether what lies in `kept` spares it beginning anew.
    """

    name: str
    title: str
    check: Callable[[Mapping[str, Any]], None]
    run: Callable[[Mapping[str, Any], Reporter, Path], dict[str, Any]]
    can_finish: bool = False
    can_resume: Callable[[Path], bool] = lambda kept: False


def _check_download(settings: Mapping[str, Any]) -> None:
    spec = datasets.find(settings["dataset"])
    if spec.is_here():
        raise DatasetError(f"{spec.title} is on this machine already.")


def _download(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    datasets.prepare(settings["dataset"], report)
    spec = datasets.find(settings["dataset"])
    return {"dataset": spec.name, "images": spec.train_size + spec.test_size}


def _check_weights(settings: Mapping[str, Any]) -> None:
    if transfer.is_here(settings["backbone"]):
        title = transfer.BACKBONES[settings["backbone"]].title
        raise ModelError(f"The weights of {title} are on this machine already.")


def _fetch_weights(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    path = transfer.fetch_weights(settings["backbone"], report)
    return {"backbone": settings["backbone"], "bytes": path.stat().st_size}


def _check_import(settings: Mapping[str, Any]) -> None:
    datasets.check_free(settings["name"])
    _choices(settings)
    _check_source(settings)


def _check_source(settings: Mapping[str, Any]) -> None:
    if not _source(settings).exists():
        raise DatasetError(f"There is no folder or zip file {_source(settings)}.")


def _source(settings: Mapping[str, Any]) -> Path:
    """What to read: an upload, or a path on this machine."""
    if not {"upload", "path"} & settings.keys():
        raise DatasetError(
            "This run was trained before runs stored sample images, which an export is proven "
            "with. Upload some of your images, or give their folder."
        )
    if "upload" in settings:
        uploads.use(settings["upload"])
        return uploads.load(settings["upload"]).path
    return Path(settings["path"])


def _choices(settings: Mapping[str, Any]) -> datasets.Choices:
    return datasets.Choices.from_mapping(settings.get("choices", {}))


def _import(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    datasets.check_free(settings["name"])
    path = _source(settings)
    card = datasets.import_images(
        path,
        settings["name"],
        title=settings.get("title", ""),
        choices=_choices(settings),
        report=report,
    )
    if "upload" in settings:
        uploads.discard(settings["upload"])
    return {
        "dataset": card.name,
        "images": card.images,
        "classes": len(card.class_names),
        "skipped": card.skipped,
        "ignored": card.ignored,
    }


def _check_training(settings: Mapping[str, Any]) -> None:
    config = TrainConfig.from_mapping(settings)
    datasets.check_here(datasets.find(config.dataset))
    if backbone := MODELS[config.model].backbone:
        transfer.check_here(backbone)
    if config.name is not None:
        runs.free_id(config.name)


def _train(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    run = train(TrainConfig.from_mapping(settings), report, kept)
    shutil.rmtree(kept, ignore_errors=True)
    return {"run": run.id, "accuracy": run.card.metrics["accuracy"]}


def _check_evaluation(settings: Mapping[str, Any]) -> None:
    runs.load(settings["run"])
    _check_source(settings)


def _evaluate(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    predictor = load_predictor(runs.load(settings["run"]))
    found = labelled.measure(predictor, _source(settings), report)
    labelled.save(found, kept)
    return {
        "run": settings["run"],
        "images": len(found.paths),
        "accuracy": found.evaluation.accuracy,
        "refused": len(found.refused),
    }


def _check_robustness(settings: Mapping[str, Any]) -> None:
    chosen = [runs.load(name) for name in settings["runs"]]
    robustness.check(chosen, settings["corruption"], settings["images"])


def _robustness(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    chosen = [runs.load(name) for name in settings["runs"]]
    found = robustness.measure(
        chosen, settings["corruption"], settings["images"], settings.get("seed", 0), report
    )
    robustness.save(found, kept)
    return {"corruption": found.corruption, "runs": len(chosen), "images": found.images}


def _check_export(settings: Mapping[str, Any]) -> None:
    run = runs.load(settings["run"])
    export.find(settings["format"], run)
    if not export.has_samples(run):
        _check_source(settings)


def _export(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    suffix = export.FORMATS[settings["format"]].suffix
    kept.mkdir(parents=True, exist_ok=True)
    images = _source(settings) if {"upload", "path"} & settings.keys() else None
    path = kept / f"{settings['run']}{suffix}"
    exported = export.export(settings["run"], settings["format"], path, images, report)
    stored.write_json(kept / export.PROOF, exported.proof.as_dict())
    return {
        "run": settings["run"],
        "format": exported.format,
        "file": exported.path.name,
        "bytes": exported.bytes,
    }


def _order(settings: Mapping[str, Any]) -> foreign.Order:
    if not {"upload", "path"} & settings.keys():
        raise ForeignError("A file is needed to import a model. Received: none.")
    return foreign.Order(
        _source(settings),
        settings["name"],
        tuple(settings.get("classes", ())),
        settings.get("input", {}),
    )


def _check_import_model(settings: Mapping[str, Any]) -> None:
    foreign.check_allowed()
    foreign.check(_order(settings))


def _import_model(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    run = foreign.import_model(_order(settings), report)
    if "upload" in settings:
        uploads.discard(settings["upload"])
    shape = "x".join(map(str, run.card.input_shape))
    return {"run": run.id, "classes": len(run.card.class_names), "input": shape}


def _check_evaluate_on(settings: Mapping[str, Any]) -> None:
    foreign.check_evaluation(runs.load(settings["run"]), settings["dataset"])


def _evaluate_on(settings: Mapping[str, Any], report: Reporter, kept: Path) -> dict[str, Any]:
    run = foreign.evaluate_on(settings["run"], settings["dataset"], report)
    metrics = run.card.metrics
    return {"run": run.id, "images": metrics["test_size"], "accuracy": metrics["accuracy"]}


KINDS: dict[str, JobKind] = {
    kind.name: kind
    for kind in (
        JobKind("download", "Download {dataset}", _check_download, _download),
        JobKind("weights", "Download {backbone}", _check_weights, _fetch_weights),
        JobKind("import", "Import {name}", _check_import, _import),
        JobKind("evaluate", "Evaluate your images with {run}", _check_evaluation, _evaluate),
        JobKind("export", "Export {run} as {format}", _check_export, _export),
        JobKind("import-model", "Import the model {name}", _check_import_model, _import_model),
        JobKind("evaluate-on", "Evaluate {run} on {dataset}", _check_evaluate_on, _evaluate_on),
        JobKind("robustness", "How much {corruption} models stand", _check_robustness, _robustness),
        JobKind(
            "train",
            "Train {model} on {dataset}",
            _check_training,
            _train,
            can_finish=True,
            can_resume=checkpoints.are_in,
        ),
    )
}
