"""A public demo for tests: its settings, folders that nobody else uses, things of visitors."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core import runs, settings
from core.jobs import queue
from core.runs import Run
from core.settings import Settings
from tests.core.jobs.conftest import own_folders
from tests.overriding import use

A, B = "visitor-" + "a" * 20, "visitor-" + "b" * 20


@contextmanager
def public_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A public studio in empty folders, beside the real bundled models. No process is started for
    jobs, and who asks is the owner, unless somebody acts as another.
    """
    with own_folders(tmp_path, monkeypatch):
        changed = use(monkeypatch, public=True)
        changed.runs_dir.mkdir()
        monkeypatch.setattr(queue, "ensure_dispatcher", lambda: None)
        yield changed


def give_run(run: Run, owner: str, name: str, **card) -> Run:
    """A copy of a run that belongs to somebody, among those that are not bundled."""
    folder = settings.current().runs_dir / name
    shutil.copytree(run.folder, folder)
    mine = replace(run.card, id=name, owner=owner, **card)
    return runs.rewrite_card(Run(mine, folder), mine)
