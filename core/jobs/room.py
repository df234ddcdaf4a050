"""Room on disk for what visitors of a public demo make: older things give way to newer ones."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core import datasets, drafts, runs, shares, visitors
from core.errors import StudioError
from core.jobs.job import Job
from core.shares import Item


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
    with visitors.acting_as(visitors.OWNER):
        stored = [
            _item(spec.name, spec.owner, datasets.folder_of(spec.name), datasets.created(spec.name))
            for spec in datasets.list_datasets()
            if visitors.is_visitor(spec.owner) and spec.name not in needed
        ]
        trained = [
            _item(run.id, run.card.owner, run.folder, run.card.created)
            for run in runs.list_runs()
            if visitors.is_visitor(run.card.owner) and run.id not in needed
        ]
        for items, room, delete in (
            (stored, shares.DATASETS, datasets.delete),
            (trained, shares.RUNS, runs.delete),
        ):
            for item in shares.to_let_go(items, room):
                with suppress(StudioError):  # an ensemble needs it
                    delete(item.key)


def _item(name: str, owner: str, folder: Path, created: str) -> Item:
    try:
        since = datetime.fromisoformat(created).timestamp()
    except ValueError:
        since = 0.0
    return Item(name, shares.whereabouts(owner), drafts.size_of(folder), since)
