"""What visitors of a public demo may ask for, so that there is room and time for all of them.

Nothing here concerns the owner of the machine, or a studio that is not public.
"""

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core import datasets, drafts, foreign, memory, runs, settings, shares, stored, visitors
from core.datasets import uploads
from core.errors import JobError, ModelError, StoredError, StudioError
from core.export import FORMATS, PACKAGE
from core.jobs import room, turns
from core.jobs.job import Job, now, root, seconds_since
from core.models import MODELS
from core.models.classical import looks_deep
from core.training import TrainConfig, estimate
from core.training.peaks import megabytes

MOST_SECONDS = turns.ALONE
KEPT_HOURS = 24
A_DAY = 30
PAGES = 500 * 10**6  # bytes that the pages take, with every bundled model opened
# Bytes; with less, networks cannot learn beside the pages, or backbone features be computed.
SMALL_MACHINE = PAGES + megabytes("network", "fine_tuning") * 10**6
FOR_FEATURES = PAGES + megabytes("features") * 10**6
FEW_IMAGES = 10_000  # that classical models learn from on a small machine
_USUAL_SECONDS = 20.0
_KINDS = ("import", "evaluate", "export", "evaluate-on", "robustness", "train")
_FORGET_EVERY = 600.0  # seconds
_forgot = -_FORGET_EVERY
OVERTIME = (
    f"It took longer than the {MOST_SECONDS / 60:.0f} minutes that this demo allows for a job, or "
    "than the minute it allows while others wait. Fewer images or a simpler model help; on your "
    "own machine there is no limit."
)


def apply() -> bool:
    """Whether the current visitor is one of a public demo."""
    return settings.current().public and visitors.is_visitor(visitors.current())


def models() -> list[str]:
    """Names of the models that the current visitor may train."""
    if not apply():
        return list(MODELS)
    small = memory.there_is() < SMALL_MACHINE
    return [
        spec.name
        for spec in MODELS.values()
        if spec.quick and not (small and spec.family == "network")
    ]


def check(kind: str, job_settings: Mapping[str, Any], everybodys: Sequence[Job]) -> float:
    """Raise `StudioError` if a visitor may not ask for that now.

    Args:
        kind: of the job.
        job_settings: what exactly to do.
        everybodys: all jobs there are.

    Returns:
        Seconds that it may take, as far as that is known; 0 where nobody is limited.
    """
    if not apply():
        return 0.0
    if kind == "import-model":
        foreign.check_allowed()
    if kind not in _KINDS:
        raise JobError(
            "Downloads are off in this public demo. Run the studio on your own machine to use "
            "them: see README."
        )
    if "path" in job_settings:
        raise JobError("In this public demo images come from your browser: upload them.")
    mine = [job for job in everybodys if job.owner == visitors.current()]
    if any(not job.ended for job in mine):
        raise JobError(
            "One job at a time: yours is still running. Wait until it has finished, or cancel it."
        )
    turns.check_place(everybodys, shares.whereabouts(visitors.current()))
    if sum(not _is_old(begun) for begun in _tally(visitors.current())) >= A_DAY:
        raise JobError(f"This demo allows {A_DAY} jobs a day for each visitor.")
    seconds = None
    if kind == "train":
        seconds = check_training(TrainConfig.from_mapping(job_settings))
    if kind == "export":
        _check_export(job_settings)
    room.make(everybodys)
    return _USUAL_SECONDS if seconds is None else seconds


def _check_export(job_settings: Mapping[str, Any]) -> None:
    """Raise `JobError` if the machine is too small for what writes the format."""
    entry = FORMATS.get(job_settings["format"])
    if entry is not None and entry.tensorflow and memory.there_is() < SMALL_MACHINE:
        raise JobError(
            f"This demo runs on a small machine, which has no memory to write {entry.title}. "
            f"Take {FORMATS[PACKAGE].title}, or export on your own machine."
        )


def count(owner: str) -> None:
    """Note that a piece of work begins; deleting it afterwards gives no other one."""
    if apply():
        path = _tally_of(owner)
        path.parent.mkdir(parents=True, exist_ok=True)
        stored.append(path, f"{now()}\n")


def _tally(owner: str) -> list[str]:
    """When the work of a visitor began that is still known of."""
    try:
        return stored.read_text(_tally_of(owner)).split()
    except StoredError:
        return []


def _tally_of(owner: str) -> Path:
    return root() / ".visitors" / owner


def check_training(config: TrainConfig) -> float | None:
    """Raise `ModelError` if a visitor may not train that: only what is quick.

    Returns:
        Seconds that it may take; None if that is not known, or nobody is limited.
    """
    if not apply():
        return None
    if config.model not in models():
        raise ModelError(
            f"{MODELS[config.model].title} takes more time or memory than this demo allows. Choose "
            f"one of: {', '.join(MODELS[name].title for name in models())}."
        )
    spec = datasets.find(config.dataset)
    if config.family == "classical" and memory.there_is() < SMALL_MACHINE:
        few = min(config.hyperparameters["max_images"] or spec.train_size, spec.train_size)
        features = config.hyperparameters["features"]
        if (
            looks_deep(config.hyperparameters) and memory.there_is() < FOR_FEATURES
        ) or few > FEW_IMAGES:
            raise ModelError(
                f"This demo runs on a small machine: at most {FEW_IMAGES:,} training images, and "
                f"no features of a backbone. Received: {few:,} images, {features}."
            )
    found = estimate(config, spec, runs.list_runs())
    ends_early = config.family == "network"  # and keeps its best epoch
    if found is not None and found.seconds > MOST_SECONDS and not ends_early:
        raise ModelError(
            f"It would take about {found.seconds / 60:.0f} minutes; this demo has "
            f"{MOST_SECONDS / 60:.0f} for each training. Take fewer images or a simpler model."
        )
    return found.seconds if found is not None else None


def forget_old(everybodys: Sequence[Job]) -> None:
    """Remove what visitors made longer than a day ago: runs, images and jobs."""
    if settings.current().public:
        uploads.forget_old()
        _forget(everybodys)


def forget_now_and_then(everybodys: Sequence[Job]) -> None:
    """The same, but not more often than every ten minutes."""
    global _forgot
    if settings.current().public and time.monotonic() - _forgot > _FORGET_EVERY:
        _forgot = time.monotonic()
        forget_old(everybodys)


def _forget(everybodys: Sequence[Job]) -> None:
    for run in sorted(runs.list_everybodys(), key=lambda run: not run.card.members):
        if visitors.is_visitor(run.card.owner) and _is_old(run.card.created):
            with suppress(StudioError):  # a younger ensemble needs it
                runs.remove(run)
    for card in datasets.list_everybodys():
        if visitors.is_visitor(card.owner) and _is_old(card.created):
            with suppress(StudioError):
                datasets.remove(card.name)
    for job in everybodys:
        ended = job.ended and visitors.is_visitor(job.owner)
        if ended and _is_old(job.times.get("queued", "")):
            shutil.rmtree(job.folder, ignore_errors=True)
    for path in drafts.inside(root() / ".visitors"):
        if all(map(_is_old, _tally(path.name))):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _is_old(time: str) -> bool:
    return seconds_since(time) > KEPT_HOURS * 3600
