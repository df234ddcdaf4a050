"""Folders of their own for real jobs, and nothing left running after a test."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from core import jobs, stored
from core.jobs import Job, queue
from core.jobs import job as job_module
from core.settings import PROJECT_DIR, Settings
from tests.core.datasets.images_on_disk import pets, write_folder, write_zip
from tests.overriding import use

PATIENCE = 120.0  # seconds until a test gives up


@contextmanager
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of empty folders for all that jobs use; whatever still runs at the end is ended."""
    changed = use(
        monkeypatch,
        data_dir=tmp_path / "data",
        runs_dir=tmp_path / "runs",
        work_dir=tmp_path / "work",
    )
    changed.data_dir.mkdir()
    try:
        yield changed
        for job in jobs.list_jobs():
            (job.folder / "cancel").touch()
        until(lambda: not dispatcher_runs())
    finally:
        # All processes are looked at, which takes a moment: only where a job was submitted.
        for process in processes_in(tmp_path) if job_module.root().exists() else []:
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Real jobs may be submitted; they work in empty folders."""
    with own_folders(tmp_path, monkeypatch) as changed:
        yield changed


@pytest.fixture
def idle(studio: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Jobs are queued, but no process is started for them."""
    monkeypatch.setattr(queue, "ensure_dispatcher", lambda: None)
    return studio


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder that is imported in no time."""
    return write_folder(pets(12, 10), tmp_path / "small")


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip of thousands of files. Read it only."""
    return write_large(tmp_path_factory.mktemp("large") / "large.zip")


def write_large(path: Path) -> Path:
    """A zip that takes longer to import than any test waits for."""
    plain = cv2.imencode(".png", np.full((700, 700, 3), 90, np.uint8))[1].tobytes()
    copies = {f"a/cats/copy{number}.png": plain for number in range(6000)}
    return write_zip(pets(10, 10, prefix="a/") | copies, path)


def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def ended(job: Job) -> Job:
    """The job once it has ended."""
    until(lambda: jobs.load(job.id).ended)
    return jobs.load(job.id)


def reading(job: Job) -> Job:
    """The job once it is in the middle of reading images."""

    def in_the_middle() -> bool:
        now = jobs.load(job.id)
        assert not now.ended, now.error
        return now.state == "running" and now.fraction > 0

    until(in_the_middle)
    return jobs.load(job.id)


def submit_import(path: Path, name: str, **more: str) -> Job:
    return jobs.submit("import", {"path": str(path), "name": name, **more})


def dispatcher_runs() -> bool:
    return stored.is_locked(job_module.root() / queue.DISPATCHER_LOCK)


def processes_in(folder: Path) -> list[psutil.Process]:
    """Dispatchers that work below a folder, and processes started for its jobs."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(str(folder) in fraction for fraction in process.cmdline()) or (
                "core.jobs.dispatcher" in process.cmdline()
                and process.environ().get("STUDIO_WORK_DIR", "").startswith(str(folder))
            ):
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]


def child_of(job: Job) -> psutil.Process:
    """The process that does the work of a job."""
    (process,) = (p for p in processes_in(job.folder))
    return process


def dispatchers(changed: Settings) -> list[psutil.Process]:
    return [
        process
        for process in processes_in(changed.work_dir)
        if "core.jobs.dispatcher" in process.cmdline()
    ]


def kill_dispatcher(changed: Settings) -> None:
    """`kill -9` on the only dispatcher."""
    (first,) = dispatchers(changed)
    first.kill()
    first.wait(10)
    until(lambda: not dispatcher_runs())


def run_dispatcher(changed: Settings) -> subprocess.CompletedProcess:
    """One more dispatcher, until it leaves."""
    folders = {
        "STUDIO_DATA_DIR": str(changed.data_dir),
        "STUDIO_RUNS_DIR": str(changed.runs_dir),
        "STUDIO_WORK_DIR": str(changed.work_dir),
    }
    return subprocess.run(
        [sys.executable, "-m", "core.jobs.dispatcher"],
        cwd=PROJECT_DIR,
        env={**os.environ, **folders},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
