"""Whatever becomes of one job, the others are listed and run, and it can be deleted."""

import json

import pytest

from core import datasets, jobs
from core.cli import main
from core.errors import JobError
from core.jobs.job import write_status
from tests.core.jobs.conftest import run_dispatcher, submit_import
from tests.core.tampering import ODD, REPLACEMENTS, replace_by, with_value

FIELDS = {
    "config.json": ("kind", "settings", "owner"),
    "status.json": (
        "state",
        "stage",
        "epoch",
        "epochs",
        "fraction",
        "fraction_before",
        "stage_since",
        "metrics",
        "note",
        "history",
        "result",
        "error",
        "times",
        "tries",
    ),
}
TEXTS = ("stage", "note", "error")
ALLOWED = {
    ("owner", "text"),
    ("fraction", "fraction"),
    ("fraction_before", "fraction"),
    ("stage_since", "empty text"),
    ("history", "empty list"),
    *((name, odd) for name in TEXTS for odd in ("text", "empty text")),
}
EACH = [(file, field) for file, fields in FIELDS.items() for field in fields]


@pytest.fixture
def bad(idle, small):
    """A queued job whose status has every field."""
    job = submit_import(small, "bad")
    write_status(job.folder, stage="reading")
    return job


@pytest.mark.parametrize(("file", "field"), EACH)
def test_an_odd_value_spoils_that_job_alone(bad, small, capsys, file, field):
    good = submit_import(small, "good")
    before = (bad.folder / file).read_text()
    for odd in ODD:
        (bad.folder / file).write_text(before)
        with_value(bad.folder / file, field, ODD[odd])
        listed = {job.id: job for job in jobs.list_jobs()}
        assert listed[good.id] == good, odd
        damaged = (listed[bad.id].state, listed[bad.id].damaged)
        assert damaged == (("queued", False) if (field, odd) in ALLOWED else ("failed", True)), odd
    (bad.folder / file).write_text(before)
    with_value(bad.folder / file, field, ODD["deep"])
    assert main(["jobs", "--json"]) == 0
    told = {entry["id"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert told[bad.id]["state"] == "failed"
    assert f"The job '{bad.id}' cannot be read: " in told[bad.id]["error"]
    jobs.delete(bad.id)
    assert jobs.list_jobs() == [good]


@pytest.mark.parametrize("file", FIELDS)
@pytest.mark.parametrize("replacement", REPLACEMENTS)
def test_something_else_in_the_place_of_a_file(bad, small, file, replacement):
    good = submit_import(small, "good")
    replace_by(bad.folder / file, replacement)
    assert [(job.id, job.damaged) for job in jobs.list_jobs()] == [(good.id, False), (bad.id, True)]
    for ask in (jobs.load, jobs.cancel, jobs.resume, jobs.finish):
        with pytest.raises(JobError, match=f"The job '{bad.id}' cannot be read"):
            ask(bad.id)
    jobs.delete(bad.id)
    assert jobs.list_jobs() == [good]


def spoil(path, spoilt: str) -> None:
    """Tamper in one of the ways that stopped a queue once."""
    if spoilt in REPLACEMENTS:
        replace_by(path, spoilt)
    else:
        with_value(path, *spoilt.split("=", 1))


WAYS = [
    ("status.json", "times=[1]"),
    ("status.json", "tries=null"),
    ("status.json", "pipe"),
    ("status.json", "loop of links"),
    ("config.json", 'kind="dance"'),
    ("config.json", 'settings={"name": [], "path": {}}'),
    ("config.json", "folder"),
    ("log.txt", "pipe"),
    ("log.txt", "folder"),
    ("alive.lock", "folder"),
    ("process", "folder"),
    ("cancel", "loop of links"),
]


def test_the_dispatcher_survives_each_and_runs_the_others(idle, small):
    spoilt = []
    for number, (file, how) in enumerate(WAYS):
        spoilt.append(submit_import(small, f"bad{number}"))
        spoil(spoilt[-1].folder / file, how)
    good = submit_import(small, "good")
    done = run_dispatcher(idle)
    assert (done.returncode, done.stderr) == (0, "")
    assert jobs.load(good.id).state == "done"
    listed = {job.id: job for job in jobs.list_jobs()}
    for job, way in zip(spoilt, WAYS, strict=True):
        assert listed[job.id].ended, way
        assert listed[job.id].error or listed[job.id].state == "done", way
        jobs.delete(job.id)
    assert jobs.list_jobs() == [jobs.load(good.id)]
    assert datasets.find("good").train_size > 0


def test_a_path_that_is_no_text_is_refused_before_it_is_queued(idle, small):
    odd = small.rename(small.with_name("odd\udcff"))
    with pytest.raises(JobError, match="no valid Unicode"):
        submit_import(odd, "pets")
    assert jobs.list_jobs() == []
