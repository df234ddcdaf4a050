import subprocess
import sys
import threading

import pytest

from core import datasets, jobs
from core.datasets import cifar, store, uploads
from core.jobs import dispatcher
from core.jobs import job as job_module
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.jobs.conftest import (
    child_of,
    dispatcher_runs,
    dispatchers,
    ended,
    kill_dispatcher,
    reading,
    run_dispatcher,
    submit_import,
    until,
)

# A child whose work neither ends nor asks whether it should.
_DEAF = """
import sys, time
from dataclasses import replace
from core.jobs import child
child.KINDS["import"] = replace(child.KINDS["import"], run=lambda *_: time.sleep(600))
child.main(sys.argv[1])
"""


def drafts() -> list[str]:
    """What is being written, or was left by somebody who was killed."""
    return [path.name for path in store.drafts().iterdir()]


def test_an_import_is_queued_runs_and_is_done(studio, small):
    job = submit_import(small, "pets", title="My pets")
    assert job.state in ("queued", "running")
    job = ended(job)
    assert (job.state, job.fraction, job.error) == ("done", 1.0, "")
    assert job.result == {
        "dataset": "pets",
        "images": 22,
        "classes": 2,
        "skipped": 0,
        "ignored": 0,
    }
    assert list(job.times) == ["queued", "running", "done"]
    assert list(job.times.values()) == sorted(job.times.values())
    log = [line.split(" ", 1)[1] for line in job.log_tail().splitlines()]
    assert (log[0], log[-1]) == ("import begins", "done")
    assert "reading images" in log
    assert datasets.find("pets").title == "My pets"
    until(lambda: not dispatcher_runs())
    until(lambda: not dispatchers(studio))


def test_an_upload_is_imported(studio):
    upload = uploads.add(pets().items())
    job = ended(jobs.submit("import", {"upload": upload.id, "name": "pets"}))
    assert (job.state, job.result["images"]) == ("done", 20)
    assert not upload.path.exists()


def test_jobs_run_one_at_a_time_first_in_first_out(studio, tmp_path):
    names = ["c", "a", "b"]
    queued = [
        submit_import(write_folder(pets(prefix=f"{name}/"), tmp_path / name), name)
        for name in names
    ]
    order = []

    def all_ended() -> bool:
        found = jobs.list_jobs()
        running = [job.id for job in found if job.state == "running"]
        assert len(running) <= 1
        order.extend(job_id for job_id in running if job_id not in order)
        return all(job.ended for job in found)

    until(all_ended)
    found = [jobs.load(job.id) for job in queued]
    assert [job.state for job in found] == ["done"] * 3
    assert order == sorted(order)
    for before, after in zip(found, found[1:], strict=False):
        assert before.times["done"] <= after.times["running"]
    changed = [(job.folder / "log.txt").stat().st_mtime_ns for job in found]
    assert changed == sorted(changed)
    assert datasets.store.names() == sorted(names)


def test_a_refused_import_fails_with_its_sentence_and_the_next_one_runs(studio, small, tmp_path):
    few = submit_import(write_folder(pets(3, 10), tmp_path / "few"), "few")
    after = submit_import(small, "pets")
    few = ended(few)
    assert few.state == "failed"
    sentence = "Every class needs at least 10 images. Too few are in cats: 3, 7 more are needed."
    assert few.error == f"{sentence} Add images."
    assert few.error in few.log_tail()
    assert "Traceback" not in few.log_tail(1000)
    assert ended(after).state == "done"


def test_a_queued_job_that_is_cancelled_never_begins(studio, large, small):
    running = reading(submit_import(large, "large"))
    waiting, after = submit_import(small, "pets"), submit_import(small, "others")
    assert jobs.cancel(waiting.id).state == "cancelled"
    jobs.cancel(running.id)
    assert ended(after).state == "done"
    waiting = jobs.load(waiting.id)
    assert (waiting.state, waiting.log_tail()) == ("cancelled", "")
    assert "running" not in waiting.times
    assert store.names() == ["others"]


def test_a_running_job_that_is_cancelled_leaves_nothing_and_can_be_done_again(studio, large, small):
    job = reading(submit_import(large, "pets"))
    assert drafts()
    assert jobs.cancel(job.id).id == job.id
    job = ended(job)
    assert job.state == "cancelled"
    assert job.error in ("Cancelled; nothing was saved.", job_module.STOPPED)  # by itself, or ended
    assert 0 < job.fraction < 1
    until(lambda: list(jobs.load(job.id).times) == ["queued", "running", "cancelled"])
    until(lambda: (drafts(), store.names()) == ([], []))
    assert ended(submit_import(small, "pets")).state == "done"


def test_a_job_whose_process_is_killed_fails_and_the_next_one_runs(studio, large, small):
    job = reading(submit_import(large, "pets"))
    after = submit_import(small, "others")
    child_of(job).kill()
    job = ended(job)
    assert job.state == "failed"
    assert job.error.startswith("Its process ended unexpectedly")
    assert job.log_tail().splitlines()[-1].endswith("reading images")
    assert ended(after).state == "done"
    assert "failed" in jobs.load(job.id).times  # written down, not only concluded
    assert (drafts(), store.names()) == ([], ["others"])
    assert ended(submit_import(small, "pets")).state == "done"


def test_a_job_whose_process_is_told_to_end_leaves_nothing(studio, large):
    job = reading(submit_import(large, "pets"))
    child_of(job).terminate()
    assert ended(job).state == "failed"
    until(lambda: not dispatcher_runs())
    assert (drafts(), store.names()) == ([], [])


def test_a_job_outlives_its_dispatcher_and_another_one_sees_to_the_rest(studio, large, small):
    job = reading(submit_import(large, "large"))
    waiting = submit_import(small, "pets")
    child = child_of(job)
    kill_dispatcher(studio)
    fraction = jobs.load(job.id).fraction
    until(lambda: jobs.load(job.id).fraction > fraction)
    assert jobs.load(job.id).state == "running"
    jobs.ensure_dispatcher()
    until(dispatcher_runs)
    assert child_of(job) == child
    assert jobs.load(waiting.id).state == "queued"
    jobs.cancel(job.id)
    assert ended(job).state == "cancelled"
    assert ended(waiting).state == "done"


def test_after_everything_was_killed_the_rest_of_the_queue_runs(studio, large, small):
    job = reading(submit_import(large, "large"))
    waiting = submit_import(small, "pets")
    for process in (*dispatchers(studio), child_of(job)):
        process.kill()
        process.wait(10)
    until(lambda: jobs.load(job.id).state == "failed")
    jobs.ensure_dispatcher()
    assert ended(waiting).state == "done"
    until(lambda: not dispatcher_runs())
    assert (drafts(), store.names()) == ([], ["pets"])


def test_a_job_that_is_deleted_as_soon_as_it_ends_does_not_stop_the_others(studio, large, small):
    first = reading(submit_import(large, "large"))
    second = submit_import(small, "pets")
    jobs.cancel(first.id)
    ended(first)
    jobs.delete(first.id)
    until(lambda: jobs.load(second.id).ended, 5)
    assert jobs.load(second.id).state == "done"
    assert jobs.list_jobs() == [jobs.load(second.id)]


def test_a_damaged_job_does_not_stop_the_others(idle, small):
    first, second = submit_import(small, "pets"), submit_import(small, "others")
    (first.folder / "status.json").write_text('{"state": "queued"}')
    run_dispatcher(idle)
    assert jobs.load(second.id).state == "done"


@pytest.mark.slow
def test_a_second_dispatcher_leaves(studio, large):
    job = reading(submit_import(large, "large"))
    (first,) = dispatchers(studio)
    child = child_of(job)
    second = run_dispatcher(studio)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert dispatchers(studio) == [first]
    assert child_of(job) == child
    assert jobs.load(job.id).state == "running"


def test_a_dispatcher_without_work_leaves(studio):
    done = run_dispatcher(studio)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not job_module.root().exists()


def test_a_download_that_cannot_be_used_fails_with_its_sentence(studio):
    path = studio.data_dir / cifar.FILE.name
    path.write_bytes(b"another file")
    job = ended(jobs.submit("download", {"dataset": "cifar10"}))
    assert (job.state, job.result) == ("failed", {})
    assert job.error.startswith(f"{path} is damaged or a different file")
    assert job.error in job.log_tail()
    assert "Traceback" not in job.log_tail(1000)
    assert path.read_bytes() == b"another file"


def test_a_job_that_never_asks_is_ended_when_patience_is_over(idle, small, monkeypatch):
    monkeypatch.setattr(dispatcher, "PATIENCE", 0.2)
    monkeypatch.setattr(dispatcher, "_CHILD", _DEAF)
    job = submit_import(small, "pets")
    thread = threading.Thread(target=dispatcher.main, daemon=True)
    thread.start()
    until(lambda: jobs.load(job.id).state == "running")
    jobs.cancel(job.id)
    job = ended(job)
    assert (job.state, job.error) == ("cancelled", job_module.STOPPED)
    thread.join(10)
    assert not thread.is_alive()


def test_so_is_one_that_an_earlier_dispatcher_started(idle, small, monkeypatch):
    monkeypatch.setattr(dispatcher, "PATIENCE", 0.2)
    job = submit_import(small, "pets")
    with subprocess.Popen(
        [sys.executable, "-c", _DEAF, str(job.folder)], start_new_session=True
    ) as child:
        try:
            until(lambda: jobs.load(job.id).state == "running")
            thread = threading.Thread(target=dispatcher.main, daemon=True)
            thread.start()
            jobs.cancel(job.id)
            until(lambda: child.poll() is not None, 3)
        finally:
            child.kill()
    thread.join(10)
    assert jobs.load(job.id).error == job_module.STOPPED


def test_a_job_is_not_called_failed_that_a_child_of_an_earlier_dispatcher_does(
    idle, small, monkeypatch
):
    """A dispatcher may be killed after it started a child and before that says that it runs."""
    job = submit_import(small, "pets")
    watching = threading.Event()
    watch = dispatcher._watch

    def begin_meanwhile(seen, lives):
        job_module.write_status(job.folder, state="running")
        watching.set()
        watch(seen, lives)

    monkeypatch.setattr(dispatcher, "_watch", begin_meanwhile)
    thread = threading.Thread(target=dispatcher.main, daemon=True)
    with job_module.lock_of(job.folder):
        thread.start()
        assert watching.wait(20)
        thread.join(1)  # it must not leave as long as the first child is at work
        state = jobs.load(job.id).state
        job_module.write_status(job.folder, state="done")
    thread.join(20)
    assert (state, jobs.load(job.id).state) == ("running", "done")


def test_a_job_is_not_lost_that_comes_when_the_dispatcher_is_about_to_leave(studio, small):
    for name in ("one", "two", "three"):
        assert ended(submit_import(small, name)).state == "done"
