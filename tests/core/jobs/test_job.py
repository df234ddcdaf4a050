import json

import pytest

from core import jobs
from core.errors import JobError
from core.jobs import job as job_module
from core.jobs.job import ENDED, STATES, is_alive, is_id, lock_of, new_id, read, write_status
from tests.core.jobs.conftest import submit_import


@pytest.fixture
def queued(idle, small):
    return submit_import(small, "pets")


def test_ids_sort_in_the_order_in_which_they_were_given():
    ids = [new_id() for _ in range(200)]
    assert [name[:22] for name in ids] == sorted(name[:22] for name in ids)
    assert len(set(ids)) == len(ids)
    assert all(map(is_id, ids))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "20260101-000000-000000-abcd/",
        "20260101-000000-000000-abcd\n",
        "../20260101-000000-000000-abcd",
        ".20260101-000000-000000-abcd",
        "20260101-000000-000000-ABCD",
        "20260101-000000-000000",
        None,
        7,
    ],
)
def test_nothing_else_is_an_id(text, idle):
    assert not is_id(text)
    for ask in (jobs.load, jobs.cancel, jobs.delete):
        with pytest.raises(JobError, match="There is no job named"):
            ask(text)


def test_a_queued_job_is_read_as_it_was_submitted(queued, small):
    assert read(queued.folder) == queued
    assert (queued.kind, queued.state, queued.owner) == ("import", "queued", "you")
    assert queued.settings == {"path": str(small), "name": "pets"}
    assert (queued.fraction, queued.result, queued.error, queued.log_tail()) == (0.0, {}, "", "")
    assert list(queued.times) == ["queued"]
    assert not queued.ended and not queued.stopping


@pytest.mark.parametrize("state", STATES)
def test_a_job_has_ended_in_three_of_the_states(queued, state):
    with lock_of(queued.folder):
        write_status(queued.folder, state=state)
        job = read(queued.folder)
    assert (job.state, job.ended) == (state, state in ENDED)
    assert set(job.times) == {"queued", state}


def test_a_change_keeps_the_rest_of_the_status(queued):
    write_status(queued.folder, stage="reading images", note="1 of 2")
    write_status(queued.folder, fraction=0.5)
    job = read(queued.folder)
    assert (job.stage, job.note, job.fraction) == ("reading images", "1 of 2", 0.5)
    assert job.times == queued.times
    assert sorted(path.name for path in job.folder.iterdir()) == ["config.json", "status.json"]


@pytest.mark.parametrize("asked", [False, True])
def test_a_running_job_whose_process_is_gone_is_over(queued, asked):
    write_status(queued.folder, state="running")
    if asked:
        (queued.folder / "cancel").touch()
    with lock_of(queued.folder):
        assert is_alive(queued.folder)
        assert (read(queued.folder).state, read(queued.folder).stopping) == ("running", asked)
    assert not is_alive(queued.folder)
    job = read(queued.folder)
    assert (job.state, job.stopping) == ("cancelled" if asked else "failed", False)
    assert job.error.startswith("It was stopped" if asked else "Its process ended unexpectedly")


def test_a_queued_job_that_was_asked_to_stop_is_cancelled(queued):
    (queued.folder / "cancel").touch()
    job = read(queued.folder)
    assert (job.state, job.ended, job.stopping) == ("cancelled", True, False)


@pytest.mark.parametrize("file", ["config.json", "status.json"])
@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b"null", b"7", b"{}", b"\xff\xfe", b'{"surplus": 1}']
)
def test_a_damaged_job_is_listed_as_failed_and_can_be_deleted(queued, small, file, content):
    other = submit_import(small, "others")
    path = queued.folder / file
    path.unlink() if content is None else path.write_bytes(content)
    listed = {job.id: job for job in jobs.list_jobs()}
    assert (listed[queued.id].state, listed[queued.id].damaged) == ("failed", True)
    assert listed[other.id] == other
    with pytest.raises(JobError, match=f"The job '{queued.id}' cannot be read") as raised:
        jobs.load(queued.id)
    assert str(raised.value) == listed[queued.id].error
    jobs.delete(queued.id)
    assert jobs.list_jobs() == [other]
    assert not queued.folder.exists()


def test_the_log_has_a_line_for_each_event_and_its_tail_can_be_had(queued):
    for number in range(30):
        job_module.write_log(queued.folder, f"event {number} – ü")
    tail = queued.log_tail(3).splitlines()
    assert [line.split(" ", 1)[1] for line in tail] == [f"event {n} – ü" for n in (27, 28, 29)]
    assert len(queued.log_tail().splitlines()) == 20
    (queued.folder / "log.txt").write_bytes(b"\xff spoilt\n")
    assert "spoilt" in queued.log_tail()


def test_a_reader_sees_a_whole_status_while_it_is_replaced(queued, monkeypatch):
    seen = []
    replace = job_module.os.replace

    def look_first(*paths):
        seen.append(json.loads((queued.folder / "status.json").read_text())["state"])
        replace(*paths)

    monkeypatch.setattr(job_module.os, "replace", look_first)
    write_status(queued.folder, state="done")
    assert (seen, read(queued.folder).state) == (["queued"], "done")
