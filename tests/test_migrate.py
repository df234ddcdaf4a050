"""What earlier versions of the studio have stored: read as it is, and written anew on request."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core import datasets, jobs, labelled, robustness, runs, stored
from core.cli.main import main
from core.datasets.store import open_store
from core.errors import DatasetError, JobError, RunError
from core.serving import load_predictor
from core.settings import Settings
from core.training import TrainConfig
from core.training.checkpoints import Checkpoints
from core.training.train import _identities
from tests.core.jobs.conftest import studio  # noqa: F401

pytestmark = pytest.mark.every_case

FORMATS = Path(__file__).parent / "formats"
RUNS = ["pets-cnn", "pets-knn", "pets-together"]
IMPORT, TRAINED, ROBUSTNESS, EVALUATION, CANCELLED = (
    path.name for path in sorted((FORMATS / "1" / "jobs").iterdir())
)


@pytest.fixture(params=[False, True], ids=["as it was stored", "migrated"])
def earlier(request, studio: Settings, capsys) -> Settings:  # noqa: F811
    """Folders that hold what the first version has stored."""
    bring(studio)
    if request.param:
        assert main(["migrate", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["runs"] == RUNS
        assert told["datasets"] == ["pets"]
        assert told["jobs"] == [IMPORT, TRAINED, ROBUSTNESS, EVALUATION, CANCELLED]
        assert main(["migrate"]) == 0
        assert capsys.readouterr().out == "Everything is up to date.\n"
    return studio


def bring(studio: Settings) -> None:  # noqa: F811
    places = {"runs": studio.runs_dir, "datasets": studio.work_dir / "datasets"}
    for name, place in {**places, "jobs": studio.work_dir / "jobs"}.items():
        shutil.copytree(FORMATS / "1" / name, place, dirs_exist_ok=True)


def change_card(path: Path, **values) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_runs_have_the_names_of_today(earlier):
    found = {run.id: run.card for run in runs.list_runs() if run.card.owner == "you"}
    assert list(found) == RUNS
    assert found["pets-cnn"].hyperparameters["max_images"] == 10
    assert found["pets-cnn"].hyperparameters["augmentation"] == "photos"
    assert found["pets-knn"].axis == "images"
    assert all(card.cost["images_per_second"] > 0 for card in found.values())
    assert TrainConfig.of(found["pets-knn"]).hyperparameters == found["pets-knn"].hyperparameters


@pytest.mark.parametrize("name", RUNS)
def test_a_run_predicts_what_it_predicted(earlier, name):
    run = runs.load(name)
    kept = run.evaluation("test")
    images = datasets.load_test_measured(
        run.card.dataset, kept.labels, run.card.test_fingerprint, run.card.input_shape
    )
    received = load_predictor(run).probabilities(np.asarray(images))
    assert np.abs(received - kept.probabilities).max() < 1e-5
    assert kept.metrics() == {name: run.card.metrics[name] for name in kept.metrics()}


def test_a_dataset_has_the_names_of_today(earlier):
    store = open_store("pets")
    assert (store.card.images, store.card.splits["unsplit"]) == (24, 24)
    assert len(store.rows("unsplit")) == 24
    data = datasets.load("pets")
    assert [len(labels) for labels in (data.y_train, data.y_val, data.y_test)] == [16, 4, 4]


def test_jobs_have_the_names_of_today(earlier):
    found = {job.id: job for job in jobs.list_jobs()}
    assert not any(job.damaged for job in found.values())
    assert found[IMPORT].result["images"] == 24
    assert found[TRAINED].settings["hyperparameters"]["max_images"] == 10
    assert found[ROBUSTNESS].settings == {"runs": ["pets-knn"], "corruption": "noise", "images": 50}
    assert found[ROBUSTNESS].fraction > 0
    assert robustness.load(found[ROBUSTNESS].kept).corruption == "noise"
    assert len(labelled.load(found[EVALUATION].kept).paths) == 24
    assert found[CANCELLED].state == "cancelled"


def test_a_training_that_was_cancelled_is_resumed(earlier):
    job = jobs.load(CANCELLED)
    config = TrainConfig.from_mapping(job.settings)
    data = datasets.load(config.dataset, config.validation_fraction, side=config.side)
    identity, before = _identities(config, data)
    checkpoints = Checkpoints(job.kept, identity, identity_before=before)
    assert checkpoints.read()
    assert len(checkpoints.history) == 3


@pytest.mark.parametrize(
    ("kind", "error"), [("runs", RunError), ("datasets", DatasetError), ("jobs", JobError)]
)
def test_what_a_newer_version_has_stored_is_told(studio, capsys, kind, error):  # noqa: F811
    bring(studio)
    path, read = {
        "runs": (studio.runs_dir / "pets-knn" / "card.json", lambda: runs.load("pets-knn")),
        "datasets": (
            studio.work_dir / "datasets" / "pets" / "card.json",
            lambda: open_store("pets"),
        ),
        "jobs": (
            studio.work_dir / "jobs" / IMPORT / "config.json",
            lambda: jobs.job.read(studio.work_dir / "jobs" / IMPORT),
        ),
    }[kind]
    change_card(path, format_version=3)
    before = path.read_bytes()
    with pytest.raises(error, match="a newer version of the studio wrote it"):
        read()
    main(["migrate"])
    capsys.readouterr()
    assert path.read_bytes() == before


def test_bundled_runs_are_of_the_format_of_today():
    for path in Path("saved_models").glob("*/card.json"):
        version = json.loads(path.read_text())[stored.VERSION]
        assert version == runs.card.FORMAT_VERSION, path


@pytest.mark.parametrize(
    ("migrate", "error"),
    [(runs.migrate, RunError), (datasets.migrate, DatasetError), (jobs.migrate, JobError)],
    ids=["runs", "datasets", "jobs"],
)
def test_a_full_disk_is_told_and_loses_nothing(studio, monkeypatch, migrate, error):  # noqa: F811
    bring(studio)

    def fill(*_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        for module in (stored, stored.checking):
            full.setattr(module, "write_whole", fill)
        with pytest.raises(error, match="The disk is full"):
            migrate()
    assert [run.id for run in runs.list_runs() if run.card.owner == "you"] == RUNS
    assert open_store("pets").card.images == 24
    assert not any(job.damaged for job in jobs.list_jobs())
