"""Trainings as jobs, in real processes: they run, wait, are stopped, killed and gone on with."""

import os
import resource
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from core import datasets, jobs, runs
from core.errors import Cancelled, DatasetError, JobError, RunError
from core.jobs import KINDS, Job, dispatcher, queue
from core.jobs import job as job_module
from core.progress import Reporter
from core.settings import PROJECT_DIR
from tests.core.jobs.conftest import (
    PATIENCE,
    child_of,
    dispatcher_runs,
    dispatchers,
    ended,
    kill_dispatcher,
    submit_import,
    until,
)

QUICK = ("random_forest", {"n_estimators": 3})
SMALL = {"filters": "8", "dense_units": 8, "augmentation": "none"}
NETWORK = ("simple_cnn", {**SMALL, "batch_size": 32, "epochs": 9})
LONG_EPOCHS = ("simple_cnn", {**SMALL, "batch_size": 1, "epochs": 300})
CANCELLED = "The training was cancelled; no run was kept."
MANY_EPOCHS = ("mlp", {"hidden_units": "16", "epochs": 200, "max_images": 5000})


def submit(model: str, hyperparameters: dict, dataset: str = "digits", **more) -> Job:
    settings = {"dataset": dataset, "model": model, "hyperparameters": hyperparameters, **more}
    return jobs.submit("train", settings)


def learning(job: Job, points: int = 1) -> Job:
    """The job once its training curve has that many points."""

    def is_so_far() -> bool:
        now = jobs.load(job.id)
        assert not now.ended, (now.error, now.log_tail())
        return now.state == "running" and len(now.history) >= points

    until(is_so_far)
    return jobs.load(job.id)


def at_rest() -> None:
    """Wait until the dispatcher has left; then everything is tidied up."""
    until(lambda: not dispatcher_runs())
    until(lambda: all(job.ended for job in jobs.list_jobs()))


def own_runs(studio) -> list[str]:
    """What lies among the runs, drafts included."""
    return sorted(os.listdir(studio.runs_dir)) if studio.runs_dir.exists() else []


def log_of(job: Job) -> list[str]:
    return [line.split(" ", 1)[1] for line in job.log_tail(1000).splitlines()]


def test_nobody_waits_long_for_a_training_to_stop():
    assert dispatcher.PATIENCE <= 1.5


@pytest.mark.slow
def test_two_trainings_run_one_after_the_other(studio):
    first = submit("logistic_regression", {"max_iter": 10}, name="first", seed=3)
    second = submit(*QUICK)
    first, second = ended(first), ended(second)
    assert (first.state, first.error, second.state) == ("done", "", "done")
    assert first.times["done"] <= second.times["running"]
    run = runs.load("first")
    assert first.result == {"run": "first", "accuracy": run.card.metrics["accuracy"]}
    assert (run.card.seed, run.card.owner) == (3, "you")
    assert list(map(dict, first.history)) == list(run.card.history)
    assert (first.fraction, first.stage) == (1.0, "done")
    assert second.result["run"] == "digits-random-forest-1"
    log = log_of(first)
    assert (log[0], log[-1]) == ("train begins", "done")
    stages = ["loading", "preparing", "fitting", "exporting", "evaluating", "measuring"]
    assert [line for line in log if line in stages] == stages
    assert sum(line.startswith("iteration ") for line in log) == len(run.card.history)
    at_rest()
    assert own_runs(studio) == ["digits-random-forest-1", "first"]
    assert not first.kept.exists()


@pytest.mark.slow
def test_a_network_is_cancelled_in_the_middle_of_an_epoch_and_so_is_one_that_waits(studio):
    job, waiting, after = submit(*LONG_EPOCHS), submit(*QUICK), submit(*QUICK)
    assert jobs.cancel(waiting.id).state == "cancelled"
    before = learning(job)
    until(
        lambda: len(jobs.load(job.id).history) == 1 and jobs.load(job.id).fraction > before.fraction
    )
    jobs.cancel(job.id)
    job = ended(job)
    assert (job.state, len(job.history)) == ("cancelled", 1)
    assert 1 / 300 < job.fraction < 2 / 300
    assert job.error in (CANCELLED, job_module.STOPPED)
    assert ended(after).state == "done"
    waiting = jobs.load(waiting.id)
    assert (waiting.log_tail(), "running" in waiting.times) == ("", False)
    assert (jobs.can_resume(job), jobs.can_resume(waiting)) == (True, False)
    at_rest()
    assert own_runs(studio) == ["digits-random-forest-1"]
    with pytest.raises(JobError, match="cannot be resumed"):
        jobs.resume(waiting.id)
    jobs.delete(job.id)
    assert not job.folder.exists()


@pytest.mark.slow
def test_a_support_vector_machine_is_cancelled_in_the_middle_of_fitting(studio):
    """While libsvm is at work nobody asks whether to stop, so its process is ended."""
    job = submit("rbf_svm", {"features": "pixels", "max_images": 20_000}, "mnist")
    after = submit(*QUICK)
    learning(job, 2)  # now it fits 5,000 images
    jobs.cancel(job.id)
    job = ended(job)
    assert job.state == "cancelled"
    assert job.error in (CANCELLED, job_module.STOPPED)  # by itself on the last occasion, or ended
    assert [point["images"] for point in job.history] == [1250, 2500]
    assert job.fraction < 1
    assert not jobs.can_resume(job)
    assert ended(after).state == "done"
    at_rest()
    assert own_runs(studio) == ["digits-random-forest-1"]
    assert list(jobs.load(job.id).times) == ["queued", "running", "cancelled"]


@pytest.mark.parametrize(
    ("model", "hyperparameters", "dataset"),
    [
        pytest.param(*NETWORK, "digits", id="network", marks=pytest.mark.slow),
        pytest.param(*MANY_EPOCHS, "mnist", id="classical"),
    ],
)
@pytest.mark.slow
def test_a_training_that_is_asked_to_finish_keeps_a_run(studio, model, hyperparameters, dataset):
    job = learning(submit(model, hyperparameters, dataset), 2)
    assert jobs.finish(job.id).finishing
    job = ended(job)
    assert (job.state, job.finishing) == ("done", False)
    card = runs.load(job.result["run"]).card
    epochs = [point["epoch"] for point in card.history]
    assert epochs == list(range(1, len(epochs) + 1))
    assert 2 <= len(epochs) < hyperparameters["epochs"]
    assert 0 < card.metrics["accuracy"] <= 1
    assert not jobs.can_resume(job)
    with pytest.raises(JobError, match="cannot be ended early: it is a job of the kind train, don"):
        jobs.finish(job.id)


def test_only_a_running_training_can_be_asked_to_finish(idle, small):
    for job in (submit(*QUICK), submit_import(small, "pets")):
        with pytest.raises(JobError, match="cannot be ended early"):
            jobs.finish(job.id)
        assert not (job.folder / "finish").exists()


def test_a_training_that_was_killed_goes_on_where_it_was(studio):
    job = learning(submit(*NETWORK, name="mine"), 2)
    child_of(job).kill()
    job = ended(job)
    assert job.state == "failed"
    assert job.error.startswith("Its process ended unexpectedly: memory ran out, it was killed")
    assert any(line.startswith("epoch 2  accuracy ") for line in log_of(job))
    at_rest()
    assert own_runs(studio) == []
    job = jobs.load(job.id)
    assert list(job.times) == ["queued", "running", "failed"]
    assert jobs.can_resume(job)
    known = list(map(dict, job.history))
    recorded = jobs.replay_of(job)
    assert recorded.epochs.tolist()[: len(known)] == list(range(1, len(known) + 1))

    again = jobs.resume(job.id)
    assert (again.id, again.state, again.error) == (job.id, "queued", "")
    job = ended(job)
    assert (job.state, job.error, job.result["run"]) == ("done", "", "mine")
    card = runs.load("mine").card
    assert [point["epoch"] for point in card.history] == list(range(1, 10))
    assert list(card.history[: len(known)]) == known
    assert list(map(dict, job.history)) == list(card.history)
    replay = runs.replay(runs.load("mine"))
    assert replay.epochs.tolist() == list(range(1, 10))
    np.testing.assert_array_equal(replay.filters[: len(known)], recorded.filters[: len(known)])
    assert jobs.replay_of(job) is None
    seconds = [point["seconds"] for point in card.history]
    assert seconds == sorted(seconds)
    assert card.seconds >= seconds[-1]
    assert log_of(job).count("train begins") == 2
    assert not job.kept.exists()
    assert not jobs.can_resume(job)


@pytest.mark.slow
def test_somebody_may_resume_it_before_the_dispatcher_has_seen_that_it_was_killed(
    idle, monkeypatch
):
    job = submit("mlp", {"hidden_units": "16", "epochs": 2}, name="mine")
    watch, killed = dispatcher._watch, []

    def kill_and_resume(seen, lives):
        if not killed:
            until(lambda: jobs.load(job.id).state == "running")
            killed.append(child_of(job))
            killed[0].kill()
            job.kept.mkdir(exist_ok=True)
            (job.kept / "state.json").write_text("{}")  # as if something had been kept
            until(lambda: jobs.can_resume(jobs.load(job.id)))
            assert jobs.resume(job.id).state == "queued"
        watch(seen, lives)

    monkeypatch.setattr(dispatcher, "_watch", kill_and_resume)
    for name in ("STUDIO_WORK_DIR", "STUDIO_RUNS_DIR", "STUDIO_DATA_DIR"):
        folder = getattr(idle, name.removeprefix("STUDIO_").lower())
        monkeypatch.setenv(name, str(folder))  # for the child
    dispatcher.main()
    assert (jobs.load(job.id).state, jobs.load(job.id).error) == ("done", "")


@pytest.mark.slow
def test_what_was_kept_may_be_damaged(idle, tmp_path):
    """As after a power failure; the training begins anew."""
    kind, kept, reports = KINDS["train"], tmp_path / "kept", []
    settings = {"dataset": "digits", "model": NETWORK[0], "name": "mine"}
    settings["hyperparameters"] = {**NETWORK[1], "epochs": 2}
    stopping = Reporter(reports.append, lambda: bool(reports[-1].history))
    with pytest.raises(Cancelled):
        kind.run(settings, stopping, kept)
    assert kind.can_resume(kept)
    for path in kept.glob("*.h5"):
        path.write_bytes(path.read_bytes()[:1000])
    assert kind.run(settings, Reporter(), kept)["run"] == "mine"
    assert [point["epoch"] for point in runs.load("mine").card.history] == [1, 2]


@pytest.mark.slow
def test_a_training_outlives_its_dispatcher_and_the_next_look_sees_to_the_rest(studio):
    job = learning(submit(*MANY_EPOCHS, "mnist"))
    waiting = submit(*QUICK)
    child = child_of(job)
    kill_dispatcher(studio)
    learning(job, len(jobs.load(job.id).history) + 1)
    jobs.ensure_dispatcher()
    until(dispatcher_runs)
    assert child_of(job) == child
    assert jobs.load(waiting.id).state == "queued"
    jobs.finish(job.id)
    assert ended(job).state == "done"
    assert ended(waiting).state == "done"
    assert {*own_runs(studio)} == {job_result(job), job_result(waiting)}


def job_result(job: Job) -> str:
    return jobs.load(job.id).result["run"]


@pytest.mark.slow
def test_after_everything_was_killed_the_rest_of_the_queue_runs(studio):
    job = learning(submit(*MANY_EPOCHS, "mnist"))
    waiting = submit(*QUICK)
    for process in (*dispatchers(studio), child_of(job)):
        process.kill()
        process.wait(10)
    assert jobs.load(job.id).state == "failed"
    assert not jobs.can_resume(jobs.load(job.id))  # such a model cannot be taken up half-way
    jobs.ensure_dispatcher()
    assert ended(waiting).state == "done"
    at_rest()
    assert own_runs(studio) == [job_result(waiting)]


@pytest.mark.slow
def test_a_name_that_was_taken_meanwhile_fails_with_a_sentence(studio):
    with_name = submit(*MANY_EPOCHS, "mnist", name="mine")
    behind = submit(*QUICK, name="mine")
    learning(with_name)
    (studio.runs_dir / "mine").mkdir()
    (studio.runs_dir / "mine" / "notes.txt").write_text("somebody else's")
    jobs.finish(with_name.id)
    sentence = "There is already a run named 'mine'. Choose another name."
    assert [ended(job).error for job in (with_name, behind)] == [sentence] * 2
    assert "Traceback" not in behind.log_tail(1000)
    at_rest()
    assert own_runs(studio) == ["mine"]
    with pytest.raises(RunError, match="already a run named 'mine'"):
        submit(*QUICK, name="mine")


def test_a_dataset_that_is_not_here_is_refused(idle):
    with pytest.raises(DatasetError, match="python -m core datasets download cifar10"):
        submit(*QUICK, "cifar10")
    assert jobs.list_jobs() == []


@pytest.mark.slow
def test_a_dataset_that_was_deleted_meanwhile_fails_with_a_sentence(studio, small):
    datasets.import_folder(small, "pets")
    running = learning(submit(*MANY_EPOCHS, "mnist"))
    job = submit(*QUICK, "pets")
    datasets.delete("pets")
    jobs.cancel(running.id)
    job = ended(job)
    assert job.state == "failed"
    assert job.error.startswith("There is no dataset named 'pets'. Known: ")
    assert "Traceback" not in job.log_tail(1000)
    at_rest()
    assert own_runs(studio) == []


def dispatch(studio, **more) -> None:
    """A dispatcher until it leaves, started in a special way."""
    folders = {
        "STUDIO_DATA_DIR": str(studio.data_dir),
        "STUDIO_RUNS_DIR": str(studio.runs_dir),
        "STUDIO_WORK_DIR": str(studio.work_dir),
    }
    subprocess.run(
        [sys.executable, "-m", "core.jobs.dispatcher"],
        cwd=PROJECT_DIR,
        env={**os.environ, **folders},
        timeout=PATIENCE,
        check=False,
        **more,
    )


def with_little_room() -> None:
    """No file may become larger than that, which a program sees like a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


@pytest.mark.parametrize(
    ("model", "hyperparameters"),
    [
        ("random_forest", {"n_estimators": 100}),
        pytest.param(
            "simple_cnn",
            {**SMALL, "dense_units": 512, "epochs": 1},
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.slow
def test_a_training_whose_model_finds_no_room_fails_and_leaves_nothing(
    idle, model, hyperparameters
):
    job = submit(model, hyperparameters, name="large")
    dispatch(idle, preexec_fn=with_little_room)
    job = jobs.load(job.id)
    assert job.state == "failed"
    assert job.error.startswith("The disk is full: nothing more can be written to ")
    assert job.error.endswith("Free some space and try again.")
    assert own_runs(idle) == []
    assert not list(job.folder.glob("kept/*.h5"))
    with pytest.raises(RunError, match="no run named 'large'"):
        runs.load("large")


@pytest.fixture
def small_disk(studio):
    """The work folder on a disk of its own, which has room for one megabyte."""
    studio.work_dir.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(studio.work_dir)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("Only root may mount a disk, and not in every container.")
    yield studio
    for job in jobs.list_jobs():
        (job.folder / "cancel").touch()
    until(lambda: not dispatcher_runs())
    subprocess.run(["umount", "--lazy", str(studio.work_dir)], check=True)


def fill(folder: Path) -> Path:
    """A file that leaves no room on the disk."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert shutil.disk_usage(folder).free == 0
    return ballast


@pytest.mark.slow
def test_a_disk_that_is_full_even_for_the_status_ends_a_training_with_a_sentence(small_disk):
    job = learning(submit(*NETWORK, name="mine"), 1)
    ballast = fill(small_disk.work_dir)
    job = ended(job)
    assert (job.state, job.error.partition(":")[0]) == ("failed", "The disk is full")
    until(lambda: not dispatcher_runs())
    ballast.unlink()
    assert own_runs(small_disk) == []
    assert jobs.can_resume(jobs.load(job.id))
    jobs.resume(job.id)
    job = ended(job)
    assert (job.state, job.error) == ("done", "")
    epochs = [point["epoch"] for point in runs.load("mine").card.history]
    assert epochs == list(range(1, 10))


@pytest.mark.slow
def test_a_disk_that_is_full_before_a_training_begins_does_not_lose_it(small_disk, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(queue, "ensure_dispatcher", lambda: None)
        job = submit(*QUICK, name="mine")
    ballast = fill(small_disk.work_dir)
    dispatch(small_disk)
    assert not jobs.load(job.id).ended
    assert own_runs(small_disk) == []
    ballast.unlink()
    jobs.ensure_dispatcher()
    assert ended(job).state == "done"
    assert not (job.folder / job_module.NO_ROOM).exists()  # else it is blamed for what comes later
