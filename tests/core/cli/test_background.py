"""Trainings in the background: queued, listed, cancelled and gone on with, in real processes."""

import json
import shutil

import pytest
import yaml

from core import jobs, runs
from core.cli import main
from core.training import TrainConfig
from tests.core.jobs.conftest import ended, until

FOREST = ["--dataset", "digits", "--model", "random_forest", "--set", "n_estimators=3"]
NETWORK = ["--dataset", "digits", "--model", "simple_cnn"]
for setting in ("epochs=12", "filters=8", "dense_units=8", "augmentation=none", "batch_size=32"):
    NETWORK += ["--set", setting]


def prediction(capsys, *arguments: str):
    """What a command prints as JSON."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments: str) -> str:
    """The last line on standard error of a command that fails."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return captured.err.splitlines()[-1]


def test_a_training_is_queued_with_its_whole_configuration(capsys, idle, tmp_path):
    values = {"dataset": "digits", "model": "simple_cnn", "seed": 2, "name": "from-file"}
    values["hyperparameters"] = {"filters": "8-16", "epochs": 3}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values))
    arguments = ["--config", str(tmp_path / "config.yaml"), "--set", "epochs=1", "--name", "mine"]
    job_id = prediction(capsys, "train", *arguments, "--background")["job"]
    (job,) = jobs.list_jobs()
    assert (job.id, job.kind, job.state) == (job_id, "train", "queued")
    values["hyperparameters"]["epochs"] = 1
    expected = TrainConfig.from_mapping({**values, "name": "mine"})
    assert TrainConfig.from_mapping(job.settings) == expected
    assert job.settings["hyperparameters"] == expected.hyperparameters
    assert runs.list_runs()[-1].card.owner == "studio"  # nothing was trained meanwhile


def test_people_are_told_the_job(capsys, idle):
    assert main(["train", *FOREST, "--background"]) == 0
    (job,) = jobs.list_jobs()
    assert capsys.readouterr().out == f"job {job.id}\n"
    assert main(["jobs"]) == 0
    _, row = capsys.readouterr().out.splitlines()
    assert row.split() == [job.id, "train", "digits", "queued"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "n_estimators=0"], "`n_estimators` must be a whole number from 1 to 500"),
        (["--name", "mnist-cnn"], "There is already a run named 'mnist-cnn'"),
        (["--name", "MNIST CNN"], "There is already a run named 'mnist-cnn'"),
        (["--dataset", "cifar10"], "python -m core datasets download cifar10"),
    ],
)
def test_what_cannot_work_is_not_queued(capsys, idle, arguments, sentence):
    assert sentence in refused(capsys, "train", *FOREST, *arguments, "--background")
    assert jobs.list_jobs() == []


def test_a_run_of_the_same_configuration_is_reused_instead(capsys, idle, small_run):
    idle.runs_dir.mkdir()
    shutil.copytree(small_run.folder, idle.runs_dir / small_run.id)
    same = ["--dataset", "digits", "--model", "logistic_regression", "--set", "max_iter=30"]
    arguments = ["train", *same, "--reuse", "--background"]
    assert prediction(capsys, *arguments)["id"] == small_run.id
    assert jobs.list_jobs() == []
    assert "job" in prediction(capsys, *arguments, "--set", "seed=1")
    assert len(jobs.list_jobs()) == 1


@pytest.mark.slow
def test_a_training_in_the_background_is_cancelled_and_resumed(capsys, studio):
    job_id = prediction(capsys, "train", *NETWORK, "--name", "mine", "--background")["job"]
    until(lambda: jobs.load(job_id).history)
    (entry,) = prediction(capsys, "jobs")
    assert (entry["id"], entry["state"], entry["stage"]) == (job_id, "running", "fitting")
    assert entry["note"].endswith(" of 12, validating") or "of 12, batch" in entry["note"]
    assert "cannot be resumed" in refused(capsys, "resume", job_id)

    assert main(["cancel", job_id]) == 0
    assert capsys.readouterr().out == f"The job {job_id} was asked to stop.\n"
    job = ended(jobs.load(job_id))
    assert job.state == "cancelled"
    until(lambda: "cancelled" in jobs.load(job_id).times)

    assert main(["resume", job_id]) == 0
    captured = capsys.readouterr()
    header, values = (line.split() for line in captured.out.splitlines())
    assert (header, values[0]) == (["run", "accuracy"], "mine")
    assert captured.err.splitlines()[0] == f"job {job_id}"
    history = runs.load("mine").card.history
    assert [point["epoch"] for point in history] == list(range(1, 13))
    assert list(map(dict, job.history)) == list(history[: len(job.history)])
    assert "cannot be resumed" in refused(capsys, "resume", job_id)


@pytest.mark.parametrize("state", ["queued", "cancelled", "done"])
def test_a_training_without_a_beginning_cannot_be_resumed(capsys, idle, state):
    job_id = prediction(capsys, "train", *FOREST, "--background")["job"]
    if state != "queued":
        jobs.job.write_status(jobs.load(job_id).folder, state=state)
    line = refused(capsys, "resume", job_id)
    reason = f"it is a job of the kind train, {state}"
    assert line == f"error: The job {job_id} cannot be resumed: {reason}."


@pytest.mark.parametrize("job_id", ["unheard-of", "../mine", "20260101-000000-000000-abcd", ""])
def test_a_job_that_is_not_there_cannot_be_resumed(capsys, idle, job_id):
    assert refused(capsys, "resume", job_id).startswith("error: There is no job named")
