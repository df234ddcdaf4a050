"""Room on disk for what visitors of a public demo make: older things give way to newer ones."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core import datasets, drafts, runs, shares, visitors
from core.errors import StudioError
from core.jobs.job import Job
from core.shares import Item

EXPORTS = 20  # of visitors together


def make(everybodys: Sequence[Job]) -> None:
    """Let older datasets and runs of visitors go until the rest has room.

    Args:
        everybodys: all jobs there are; what one that has not ended needs stays.
    """
    needed = {
        name
        for job in everybodys
        if not job.ended
        for value in job.settings.values()
        for name in (value if isinstance(value, list | tuple) else [value])
        if isinstance(name, str)
    }
    stored = [
        _item(card.name, card.owner, datasets.folder_of(card.name), card.created)
        for card in datasets.list_everybodys()
        if visitors.is_visitor(card.owner) and card.name not in needed
    ]
    trained = {
        run.id: run
        for run in runs.list_everybodys()
        if visitors.is_visitor(run.card.owner) and run.id not in needed
    }
    _forget_exports(everybodys)
    for item in shares.to_let_go(stored, shares.DATASETS):
        with suppress(StudioError):
            datasets.remove(item.key)
    items = [
        _item(run.id, run.card.owner, run.folder, run.card.created) for run in trained.values()
    ]
    for item in shares.to_let_go(items, shares.RUNS):
        with suppress(StudioError):  # an ensemble needs it
            runs.remove(trained[item.key])


def _forget_exports(everybodys: Sequence[Job]) -> None:
    """Only the latest exports of visitors are kept: each holds a copy of a model."""
    theirs = [
        job
        for job in everybodys  # latest first
        if job.kind == "export" and job.ended and visitors.is_visitor(job.owner)
    ]
    for job in theirs[EXPORTS:]:
        shutil.rmtree(job.folder, ignore_errors=True)


def _item(name: str, owner: str, folder: Path, created: str) -> Item:
    try:
        since = datetime.fromisoformat(created).timestamp()
    except ValueError:
        since = 0.0
    return Item(name, shares.whereabouts(owner), drafts.size_of(folder), since)
