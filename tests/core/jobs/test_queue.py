import errno
import os

import pytest

from core import jobs, visitors
from core.datasets import import_folder
from core.errors import DatasetError, JobError, StudioError
from core.jobs import job as job_module
from core.jobs import queue
from core.jobs.job import lock_of, write_status
from tests.core.jobs.conftest import submit_import


def test_without_jobs_there_is_nothing_to_list(idle):
    assert jobs.list_jobs() == []
    assert not job_module.root().exists()


def test_the_latest_job_is_listed_first(idle, small):
    ids = [submit_import(small, f"pets{number}").id for number in range(5)]
    assert [job.id for job in jobs.list_jobs()] == ids[::-1]


def test_the_owner_is_kept(idle, small):
    with visitors.acting_as("class 7b"):
        job = jobs.submit("import", {"path": str(small), "name": "pets"})
    assert jobs.load(job.id).owner == "class 7b"


def test_an_unknown_kind_is_refused_with_those_there_are(idle):
    with pytest.raises(
        JobError,
        match="no kind of job named 'dance'. Known: download, evaluate, evaluate-on, export",
    ):
        jobs.submit("dance", {})
    assert jobs.list_jobs() == []


def test_an_unknown_id_is_told(idle, small):
    submit_import(small, "pets")
    with pytest.raises(JobError, match="There is no job named"):
        jobs.load("20200101-000000-000000-abcd")


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        ("import", {"path": "{small}", "name": "taken"}, "already a dataset named 'taken'"),
        ("import", {"path": "{small}", "name": "mnist"}, "already a dataset named 'mnist'"),
        ("import", {"path": "{small}", "name": "No Good"}, "Received: 'No Good'"),
        ("import", {"path": "{small}", "name": "../pets"}, "Received: '../pets'"),
        ("import", {"path": "{small}/none", "name": "pets"}, "no folder or zip file"),
        ("import", {"upload": "0" * 16, "name": "pets"}, "Upload it again"),
        ("import", {"upload": "../small", "name": "pets"}, "Upload it again"),
        ("download", {"dataset": "mnist"}, "MNIST is on this machine already"),
        ("download", {"dataset": "taken"}, "taken is on this machine already"),
        ("download", {"dataset": "unheard-of"}, "no dataset named 'unheard-of'"),
    ],
)
def test_what_cannot_work_is_refused_at_once(idle, small, kind, settings, sentence):
    import_folder(small, "taken")
    settings = {key: value.format(small=small) for key, value in settings.items()}
    with pytest.raises(DatasetError, match=sentence):
        jobs.submit(kind, settings)
    assert jobs.list_jobs() == []


def test_a_full_disk_is_told_and_leaves_nothing(idle, small, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(job_module.os, "replace", full)
    with pytest.raises(JobError, match="The disk is full"):
        submit_import(small, "pets")
    assert list(job_module.root().iterdir()) == []


def test_a_work_folder_that_cannot_be_written_to_is_told(idle, small):
    idle.work_dir.write_text("a file where a folder should be")
    with pytest.raises(StudioError, match="Nothing can be written to"):
        submit_import(small, "pets")
    idle.work_dir.unlink()


def test_a_queued_job_is_cancelled_at_once(idle, small):
    job = submit_import(small, "pets")
    assert jobs.cancel(job.id).state == "cancelled"
    assert jobs.wait(job.id).state == "cancelled"


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_an_ended_job_cannot_be_cancelled_but_deleted(idle, small, state):
    job = submit_import(small, "pets")
    write_status(job.folder, state=state)
    with pytest.raises(JobError, match=f"cannot be cancelled: it is already {state}"):
        jobs.cancel(job.id)
    assert not (job.folder / "cancel").exists()
    jobs.delete(job.id)
    assert not job.folder.exists()
    with pytest.raises(JobError, match="There is no job named"):
        jobs.delete(job.id)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_job_that_has_not_ended_cannot_be_deleted(idle, small, state):
    job = submit_import(small, "pets")
    with lock_of(job.folder):
        write_status(job.folder, state=state)
        with pytest.raises(JobError, match=f"is {state}. Cancel it before deleting it"):
            jobs.delete(job.id)
    assert job.folder.exists()


def test_waiting_tells_each_change_once(idle, small):
    job = submit_import(small, "pets")
    seen = []

    def on_change(now):
        seen.append((now.state, now.fraction))
        if now.fraction < 1:
            write_status(job.folder, fraction=now.fraction + 0.5)
        elif not now.ended:
            write_status(job.folder, state="done")

    assert jobs.wait(job.id, on_change).state == "done"
    assert seen == [("queued", 0.0), ("queued", 0.5), ("queued", 1.0), ("done", 1.0)]


def test_no_process_is_started_if_there_is_nothing_to_do(studio, monkeypatch):
    monkeypatch.setattr(queue.subprocess, "Popen", None)
    jobs.ensure_dispatcher()
    assert not job_module.root().exists()
