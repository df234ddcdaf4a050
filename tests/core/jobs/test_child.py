import signal
from dataclasses import replace

import pytest

from core import jobs
from core.errors import Cancelled, DatasetError, JobError
from core.jobs import KINDS, child
from core.jobs import job as job_module
from core.jobs.job import lock_of
from core.progress import Progress
from tests.core.jobs.conftest import submit_import


@pytest.fixture
def handler():
    """The child may say what ends it; the tests get their own back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def work(idle, small, handler, monkeypatch):
    """`work(run)`: the job after the child did that in place of an import."""

    def do(run):
        monkeypatch.setitem(KINDS, "import", replace(KINDS["import"], run=run))
        job = submit_import(small, "pets")
        assert child.main(str(job.folder)) == 0
        return jobs.load(job.id)

    return do


def raising(error):
    def run(settings, report, kept):
        raise error

    return run


def test_a_result_is_kept(work):
    job = work(lambda settings, report, kept: {"dataset": settings["name"], "images": 3})
    assert (job.state, job.fraction, job.error) == ("done", 1.0, "")
    assert job.result == {"dataset": "pets", "images": 3}
    assert list(job.times) == ["queued", "running", "done"]
    assert [line.split(" ", 1)[1] for line in job.log_tail().splitlines()] == [
        "import begins",
        "done",
    ]


@pytest.mark.parametrize(
    ("error", "state", "sentence"),
    [
        (Cancelled("Stopped."), "cancelled", "Stopped."),
        (DatasetError("No images."), "failed", "No images."),
        (JobError("It could not go on."), "failed", "It could not go on."),
        (MemoryError(), "failed", "Memory ran out."),
        (ValueError("odd"), "failed", "Unexpected error: ValueError: odd."),
        (OSError(5, "broken"), "failed", "Unexpected error: OSError:"),
    ],
)
def test_what_went_wrong_is_a_sentence(work, error, state, sentence):
    job = work(raising(error))
    assert job.state == state
    assert job.error.startswith(sentence)
    assert f"{state} {sentence}" in job.log_tail()
    assert (job.result, set(job.times)) == ({}, {"queued", "running", state})


def test_only_what_is_unexpected_leaves_a_traceback(work, capfd):
    work(raising(DatasetError("No images.")))
    assert capfd.readouterr().err == ""
    work(raising(ValueError("odd")))
    assert "Traceback" in capfd.readouterr().err


def test_each_stage_is_logged_once_and_progress_can_be_seen(work):
    seen = []

    def run(settings, report, kept):
        for stage in ("looking", "reading"):
            for fraction in range(50):
                report(Progress(stage, fraction=fraction / 50, note=f"{fraction} of 50"))
            (job,) = jobs.list_jobs()
            seen.append((job.state, job.stage))
        return {}

    log = work(run).log_tail()
    assert seen == [("running", "looking"), ("running", "reading")]
    assert (log.count("looking"), log.count("reading")) == (1, 1)


def test_work_stops_at_the_next_report_when_asked(work):
    def run(settings, report, kept):
        report(Progress("reading"))
        (job,) = jobs.list_jobs()
        assert jobs.cancel(job.id).stopping
        report(Progress("reading", fraction=0.5))
        raise AssertionError("it went on")

    job = work(run)
    assert (job.state, job.error) == ("cancelled", "Cancelled; nothing was saved.")


@pytest.mark.parametrize("asked", [True, False])
def test_a_job_that_is_over_is_not_begun(idle, small, handler, asked):
    job = submit_import(small, "pets")
    jobs.cancel(job.id) if asked else job_module.write_status(job.folder, state="done")
    assert child.main(str(job.folder)) == 0
    assert "running" not in jobs.load(job.id).times
    assert jobs.load(job.id).log_tail() == ""


def test_two_processes_do_not_do_the_same_work(idle, small, handler, monkeypatch):
    monkeypatch.setattr(job_module, "_LOCK_PATIENCE", 0.1)
    job = submit_import(small, "pets")
    with lock_of(job.folder):
        assert child.main(str(job.folder)) == 1
    assert jobs.load(job.id).state == "queued"


def test_a_kind_that_is_no_longer_known_fails(idle, small, handler, monkeypatch):
    job = submit_import(small, "pets")
    monkeypatch.delitem(KINDS, "import")
    child.main(str(job.folder))
    assert jobs.load(job.id).state == "failed"
