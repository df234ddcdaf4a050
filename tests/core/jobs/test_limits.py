import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from core import datasets, ensemble, jobs, runs, shares, stored
from core.datasets import store, uploads
from core.ensemble import Ensemble
from core.errors import DatasetError, ForeignError, JobError, ModelError
from core.jobs import KINDS, Job, child, dispatcher, limits, room, turns
from core.jobs import job as job_module
from core.jobs.job import write_status
from core.jobs.queue import ensure_dispatcher, everything
from core.models import MODELS
from core.settings import Settings
from core.visitors import NOBODY, OWNER, STUDIO, acting_as
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.jobs.conftest import ended, processes_in
from tests.core.public import A, B, give_run, public_demo
from tests.overriding import use

# A child whose work neither ends nor asks whether it should.
_DEAF = """
import sys, time
from dataclasses import replace
from core.jobs import child
for kind in ("import", "train"):
    child.KINDS[kind] = replace(child.KINDS[kind], run=lambda *_: time.sleep(600))
child.main(sys.argv[1])
"""
QUICK = {"dataset": "digits", "model": "knn"}
PLENTY = 64 * 2**30


@pytest.fixture
def demo(tmp_path, monkeypatch) -> Iterator[Settings]:
    """A public demo on a large machine; no process is started for jobs."""
    monkeypatch.setattr("core.memory.there_is", lambda: PLENTY)
    with public_demo(tmp_path, monkeypatch) as changed:
        yield changed


@pytest.fixture
def small_machine(demo, monkeypatch) -> Settings:
    monkeypatch.setattr("core.memory.there_is", lambda: limits.SMALL_MACHINE - 1)
    return demo


def training(owner: str = A, **settings) -> Job:
    """A training that somebody asks for."""
    with acting_as(owner):
        return jobs.submit("train", {**QUICK, **settings})


def over(job: Job, state: str = "done") -> Job:
    """The job after it has ended."""
    write_status(job.folder, state=state)
    return jobs.load(job.id)


def aged(job: Job, hours: float) -> Job:
    """The job as if it had been submitted that long ago."""
    status = {"state": job.state, "times": {"queued": ago(hours)}}
    stored.write_json(job.folder / "status.json", status)
    tally = job_module.root() / ".visitors" / job.owner
    if tally.is_file():  # one of those it has begun
        _, *rest = tally.read_text().split()
        tally.write_text("\n".join([ago(hours), *rest]) + "\n")
    return jobs.load(job.id)


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")


# Whom they concern


def test_limits_are_for_visitors_of_a_public_demo(demo, monkeypatch):
    assert not limits.apply()
    with acting_as(A):
        assert limits.apply()
        use(monkeypatch, public=False)
        assert not limits.apply()


@pytest.mark.parametrize("public", [True, False])
def test_the_owner_is_not_limited(demo, small_machine, small, monkeypatch, public):
    use(monkeypatch, public=public)
    assert limits.models() == list(MODELS)
    for number in range(turns.PLACES.total + 2):
        training(OWNER, name=f"run-{number}")
    jobs.submit("train", {"dataset": "mnist", "model": "resnet"})
    jobs.submit("import", {"path": str(small), "name": "pets"})
    jobs.submit("download", {"dataset": "cifar10"})
    for _ in range(limits.A_DAY):
        over(training(OWNER))
    training(OWNER)


def test_without_the_setting_nobody_is_limited(demo, monkeypatch):
    use(monkeypatch, public=False)
    with acting_as(A):
        assert limits.models() == list(MODELS)
        for model in ("knn", "resnet"):
            jobs.submit("train", {"dataset": "mnist", "model": model})


def test_the_setting_goes_to_the_dispatcher(demo, monkeypatch):
    started = []
    monkeypatch.setattr(jobs.queue.subprocess, "Popen", lambda *_, **more: started.append(more))
    training()
    ensure_dispatcher()
    use(monkeypatch, public=False)
    ensure_dispatcher()
    assert [more["env"]["STUDIO_PUBLIC"] for more in started] == ["1", "0"]


# Models


def test_visitors_train_what_is_quick(demo):
    with acting_as(A):
        names = limits.models()
    assert set(names) == {name for name, spec in MODELS.items() if spec.quick}
    assert {"knn", "simple_cnn", "efficientnet_lite0"} <= set(names)
    assert not {"resnet", "resnet50", "vgg16"} & set(names)


def test_on_a_small_machine_no_network_learns(small_machine):
    with acting_as(A):
        names = limits.models()
    assert {MODELS[name].family for name in names} == {"classical"}
    assert set(names) == {name for name, spec in MODELS.items() if spec.family == "classical"}


@pytest.mark.parametrize("model", [name for name, spec in MODELS.items() if not spec.quick])
def test_what_takes_long_is_refused_with_what_may_be_trained(demo, model):
    with pytest.raises(ModelError, match="more time or memory than this demo allows") as refused:
        training(model=model)
    assert MODELS[model].title in str(refused.value)
    assert MODELS["knn"].title in str(refused.value)
    assert jobs.list_jobs() == []


@pytest.mark.parametrize(
    ("hyperparameters", "sentence"),
    [
        ({}, "Received: 60,000 images"),
        ({"max_images": 10_001}, "Received: 10,001 images"),
    ],
)
def test_on_a_small_machine_few_images_are_learned_from(small_machine, hyperparameters, sentence):
    asked = {"dataset": "mnist", "model": "linear_svm", "hyperparameters": hyperparameters}
    with pytest.raises(ModelError, match=sentence):
        training(**asked)
    training(dataset="mnist", hyperparameters={"max_images": 10_000})


def test_backbone_features_are_refused_where_memory_would_run_out(small_machine, monkeypatch):
    asked = {"max_images": 100, "features": "efficientnet_lite0"}
    monkeypatch.setattr("core.memory.there_is", lambda: limits.FOR_FEATURES - 1)
    with pytest.raises(ModelError, match="no features of a backbone"):
        training(dataset="mnist", model="linear_svm", hyperparameters=asked)
    monkeypatch.setattr("core.memory.there_is", lambda: limits.FOR_FEATURES)
    training(dataset="mnist", model="linear_svm", hyperparameters=asked)


@pytest.mark.every_case
@pytest.mark.parametrize("name", [name for name, spec in MODELS.items() if spec.quick])
def test_every_quick_model_can_be_asked_for(demo, monkeypatch, name):
    """Not one lacks what the limits look at."""
    training(model=name)
    if MODELS[name].family == "classical":
        monkeypatch.setattr("core.memory.there_is", lambda: 0)
        training(B, model=name)


@pytest.mark.parametrize(
    ("model", "seconds", "allowed"),
    [
        ("knn", limits.MOST_SECONDS - 1, True),
        ("knn", limits.MOST_SECONDS + 100, False),
        ("simple_cnn", limits.MOST_SECONDS + 100, True),  # ends early, with the best so far
        ("knn", None, True),
    ],
)
def test_a_training_known_to_take_too_long_is_refused(demo, monkeypatch, model, seconds, allowed):
    found = None if seconds is None else SimpleNamespace(seconds=seconds)
    monkeypatch.setattr(limits, "estimate", lambda *_: found)
    if allowed:
        training(model=model)
        return
    with pytest.raises(ModelError, match="about 7 minutes; this demo has 5"):
        training(model=model)


# Jobs


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("download", {"dataset": "fashion_mnist"}),
        ("download", {"dataset": "cats_vs_dogs"}),
        ("weights", {"backbone": "resnet50"}),
    ],
)
def test_nothing_is_downloaded_for_a_visitor(demo, kind, settings):
    with acting_as(A), pytest.raises(JobError, match="Downloads are off in this public demo"):
        jobs.submit(kind, settings)
    assert jobs.list_jobs() == []


def test_every_other_kind_of_work_is_for_visitors_too():
    assert set(limits._KINDS) | {"download", "weights", "import-model"} == set(KINDS)


def test_no_visitor_imports_a_model(demo):
    settings = {"name": "theirs", "upload": "0" * 16}
    with acting_as(A), pytest.raises(ForeignError, match="public demo imports no models"):
        jobs.submit("import-model", settings)
    assert jobs.list_jobs() == []


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("import", {"path": "{small}", "name": "pets"}),
        ("import", {"path": "/etc", "name": "pets"}),
        ("import", {"path": "{small}", "upload": "0" * 16, "name": "pets"}),
        ("evaluate", {"path": "{small}", "run": "mnist-cnn"}),
        ("export", {"path": "{small}", "run": "mnist-cnn", "format": "package"}),
    ],
)
def test_no_path_on_the_machine_is_read_for_a_visitor(demo, small, kind, settings):
    settings = {key: value.format(small=small) for key, value in settings.items()}
    with acting_as(A), pytest.raises(JobError, match="images come from your browser"):
        jobs.submit(kind, settings)
    assert jobs.list_jobs() == []


def test_a_visitor_has_one_piece_of_work_at_a_time(demo):
    first = training()
    with pytest.raises(JobError, match="One job at a time"):
        training()
    training(B)
    with acting_as(A):
        jobs.cancel(first.id)
    second = training()
    write_status(second.folder, state="failed")
    training()


def test_no_more_wait_than_can_be_seen_to(demo):
    waiting = [training(f"visitor-{number:020}") for number in range(turns.PLACES.total)]
    with pytest.raises(JobError, match="12 others wait before you. Try again"):
        training()
    over(waiting[3])
    training()


def test_each_visitor_has_so_many_a_day(demo):
    for _ in range(limits.A_DAY):
        over(training())
    with pytest.raises(JobError, match="This demo allows 30 jobs a day"):
        training()
    training(B)
    aged(jobs.list_jobs()[5], limits.KEPT_HOURS + 1)
    training()


def test_deleting_a_job_gives_no_other_one_that_day(demo, monkeypatch):
    monkeypatch.setattr(limits, "A_DAY", 2)
    for _ in range(2):
        job = over(training())
    with acting_as(A):
        jobs.delete(job.id)
    with pytest.raises(JobError, match="jobs a day"):
        training()


def test_going_on_counts_as_well(demo, monkeypatch):
    monkeypatch.setattr(limits, "A_DAY", 3)
    goes_on = replace(KINDS["train"], can_resume=lambda kept: True)
    monkeypatch.setitem(KINDS, "train", goes_on)
    job = over(training(), "cancelled")
    with acting_as(A):
        for _ in range(2):
            jobs.resume(job.id)
            over(job, "cancelled")
        with pytest.raises(JobError, match="jobs a day"):
            jobs.resume(job.id)


def test_going_on_is_limited_too(demo, monkeypatch):
    goes_on = replace(KINDS["train"], can_resume=lambda kept: True)
    monkeypatch.setitem(KINDS, "train", goes_on)
    first = over(training(), "cancelled")
    training()
    with acting_as(A), pytest.raises(JobError, match="One job at a time"):
        jobs.resume(first.id)
    assert jobs.load(first.id).state == "cancelled"


# Uploads


@pytest.mark.parametrize("me", [A, OWNER])
def test_an_upload_is_not_larger_than_allowed(demo, monkeypatch, me):
    assert uploads.most_bytes() == 50 * 10**6
    monkeypatch.setattr(shares, "_LARGE", replace(shares._LARGE, file=1_000))
    with acting_as(me):
        kept = uploads.add([("pets/cats/1.png", bytes(600))])
        for files in ([("pets.zip", bytes(1001))], [("a", bytes(600)), ("b", bytes(600))]):
            with pytest.raises(DatasetError, match="Take fewer or smaller images"):
                uploads.add(files)
        with pytest.raises(DatasetError, match="Take fewer or smaller images"):
            uploads.add([("pets/cats/2.png", bytes(600))], kept.id)
        assert kept.path.stat().st_size < 1000
    assert len(list((demo.work_dir / "uploads").iterdir())) == 1


def test_without_the_setting_no_upload_is_refused(demo, monkeypatch):
    use(monkeypatch, public=False)
    monkeypatch.setattr(shares, "_LARGE", replace(shares._LARGE, file=1_000))
    assert uploads.most_bytes() == 500 * 10**6
    for _ in range(uploads._PUBLIC_UPLOADS + 2):
        uploads.add([("pets.zip", bytes(2000))])
    assert len(list((demo.work_dir / "uploads").iterdir())) == uploads._PUBLIC_UPLOADS + 2


def test_of_each_visitor_the_latest_uploads_are_kept(demo):
    kept: dict[str, list[str]] = {A: [], B: [], OWNER: []}
    for number in range(uploads._PUBLIC_UPLOADS + 2):
        for me, ids in kept.items():
            with acting_as(me):
                upload = uploads.add([("pets.zip", b"")])
            os.utime(upload.path.parent, (number, datetime.now(UTC).timestamp() - 100 + number))
            ids.append(upload.id)
    for me, ids in kept.items():
        there = [i for i in ids if (demo.work_dir / "uploads" / i).is_dir()]
        assert there == (ids if me == OWNER else ids[-uploads._PUBLIC_UPLOADS :])


def test_an_upload_nobody_imports_is_forgotten_after_a_day(demo):
    with acting_as(A):
        old, young = (uploads.add([("pets.zip", b"")]) for _ in range(2))
    os.utime(old.path.parent, (0, datetime.now(UTC).timestamp() - uploads.MAX_AGE - 60))
    with acting_as(B):
        uploads.add([("pets.zip", b"")])
    assert (old.path.exists(), young.path.exists()) == (False, True)


# A day later

OLD, YOUNG = limits.KEPT_HOURS + 1, limits.KEPT_HOURS - 1


@pytest.fixture
def dated(demo, small_run, tmp_path) -> Callable[..., None]:
    """`dated(owner, hours)`: a run, images and an ended job of somebody, made so long ago."""

    def make(owner: str, hours: float) -> str:
        name, made = f"{owner[-4:]}-{hours}", ago(hours)
        give_run(small_run, owner, name, created=made)
        with acting_as(owner):
            datasets.import_images(write_folder(pets(), tmp_path / name), name)
        card = store.root() / name / store.CARD
        text = card.read_text().replace(store.read_card(name).created, made)
        card.write_text(text)
        assert store.read_card(name).created == made
        aged(over(training(owner, name=f"job-{name}")), hours)
        return name

    return make


def what_is_left() -> tuple[set[str], set[str], set[str]]:
    """Names of runs that are not bundled, of imported images, of the runs that jobs made."""
    return (
        {run.id for run in runs.list_runs()} - set(runs.BUNDLED),
        set(store.names()),
        {job.settings["name"].removeprefix("job-") for job in everything()},
    )


@pytest.mark.parametrize("who_asks", [OWNER, A, NOBODY])
def test_what_visitors_made_is_forgotten_after_a_day(dated, who_asks):
    """By whichever page is opened next."""
    names = {(me, hours): dated(me, hours) for me in (A, B, OWNER) for hours in (OLD, YOUNG)}
    names[STUDIO, OLD] = dated(STUDIO, OLD)
    with acting_as(who_asks):
        limits.forget_old(everything())
    left = {name for (me, hours), name in names.items() if hours == YOUNG or me in (OWNER, STUDIO)}
    assert what_is_left() == (left, left, left)
    assert {run.id for run in runs.list_runs()} >= set(runs.BUNDLED)


def test_without_the_setting_nothing_is_forgotten(dated, demo, monkeypatch):
    name = dated(A, OLD)
    use(monkeypatch, public=False)
    limits.forget_old(everything())
    assert what_is_left() == ({name}, {name}, {name})


def test_work_that_has_not_ended_is_not_forgotten(demo):
    job = aged(training(), OLD)
    limits.forget_old(everything())
    assert everything() == [job]


@pytest.mark.parametrize("time", ["", "yesterday", "2020-01-01", None, 7])
def test_what_has_no_time_stays(demo, small_run, time):
    """Rather too long than not at all: such a card was not written by the studio."""
    run = give_run(small_run, A, "odd", created=time)
    limits.forget_old([])
    assert (run.folder / runs.CARD).is_file()


@pytest.mark.parametrize(
    ("hours", "left"), [(OLD, set()), (YOUNG, {"first", "second", "both-aaaaaaaa"})]
)
def test_an_ensemble_is_forgotten_before_its_members(demo, small_run, hours, left):
    """A younger one keeps them."""
    members = tuple(give_run(small_run, A, n, created=ago(OLD)) for n in ("first", "second"))
    with acting_as(A):
        both = ensemble.save("both", Ensemble(members, (1, 1)))
    runs.rewrite_card(both, replace(both.card, created=ago(hours)))
    with acting_as(B):
        limits.forget_old([])
    assert what_is_left()[0] == left


def test_the_dispatcher_forgets_when_it_begins(dated):
    name = dated(A, OLD)
    dispatcher.main()
    assert name not in {run.id for run in runs.list_runs()}
    assert what_is_left() == (set(), set(), set())


def test_and_as_long_as_it_goes_on(dated, monkeypatch):
    """Where there is always somebody's work to do, it never begins anew."""
    name = dated(A, YOUNG)

    def work(job: Job) -> None:
        if job.owner == B:  # while it is at work, a day goes by
            run = runs.load(name)
            runs.rewrite_card(run, replace(run.card, created=ago(OLD)))
        over(job)

    training(B)
    training(OWNER)
    monkeypatch.setattr(dispatcher, "_deal_with", work)
    dispatcher.main()
    assert all(job.ended for job in everything())
    assert name not in {run.id for run in runs.list_runs()}


# Too long


@pytest.fixture
def lasting(demo, monkeypatch) -> Callable[[str, float], list[str]]:
    """`lasting(kind, *seconds)`: what is in the folder of such a job after it was looked at so
    long after it began."""

    def look(kind: str, *seconds: float) -> list[str]:
        job = replace(training(), kind=kind)
        before = set(os.listdir(job.folder))
        for passed in seconds:
            dispatcher._mind_the_time(job, passed)
        return sorted(set(os.listdir(job.folder)) - before)

    return look


MOST = limits.MOST_SECONDS


@pytest.mark.parametrize(
    ("kind", "seconds", "left"),
    [
        ("train", [0, MOST - 1], []),
        ("train", [MOST], ["finish"]),
        ("train", [MOST, MOST + 1, MOST + 59], ["finish"]),
        ("train", [MOST, MOST + 60], ["cancel", "finish", "overtime"]),
        ("train", [MOST + 60, MOST + 600], ["cancel", "overtime"]),
        ("import", [MOST - 1], []),
        ("import", [MOST], ["cancel", "overtime"]),
        ("evaluate", [MOST], ["cancel", "overtime"]),
        ("robustness", [MOST], ["cancel", "overtime"]),
    ],
)
def test_work_that_takes_too_long_ends_early_or_is_cancelled(lasting, kind, seconds, left):
    assert lasting(kind, *seconds) == left


@pytest.mark.parametrize(
    ("owner", "public", "ended_early"),
    [(A, True, True), (OWNER, True, False), (A, False, False), (OWNER, False, False)],
)
def test_only_that_of_visitors_does(demo, monkeypatch, owner, public, ended_early):
    monkeypatch.setattr(turns, "ALONE", 0.0)
    monkeypatch.setattr(dispatcher, "_POLL", 0.0)
    use(monkeypatch, public=public)
    job, looks = training(owner), iter([True, True, False])
    dispatcher._watch(job, lambda: next(looks))
    assert (job.folder / "finish").exists() == ended_early
    assert not (job.folder / "cancel").exists()


@pytest.mark.parametrize(
    ("files", "state", "error"),
    [
        (["cancel", "overtime"], "cancelled", limits.OVERTIME),
        (["cancel"], "cancelled", job_module.STOPPED),
        (["finish", "overtime"], "done", ""),
    ],
)
def test_why_it_was_cancelled_is_written_down(demo, files, state, error):
    job = training()
    write_status(job.folder, state="running" if state == "cancelled" else state)
    for name in files:
        (job.folder / name).touch()
    dispatcher._tidy(jobs.load(job.id))
    found = jobs.load(job.id)
    assert (found.state, found.error) == (state, error)
    assert state in found.times


def test_what_took_too_long_can_be_tried_again(demo, monkeypatch):
    goes_on = replace(KINDS["train"], can_resume=lambda kept: True)
    monkeypatch.setitem(KINDS, "train", goes_on)
    job = training()
    for name in ("cancel", "overtime"):
        (job.folder / name).touch()
    over(job, "cancelled")
    with acting_as(A):
        jobs.resume(job.id)
    assert jobs.load(job.id).state == "queued"
    assert not (job.folder / "overtime").exists()


@pytest.mark.parametrize("kind", ["import", "train"])
def test_a_deaf_process_is_ended(demo, monkeypatch, kind):
    """A real one, which neither ends nor asks whether it should."""
    monkeypatch.setattr(turns, "ALONE", 0.3)
    monkeypatch.setattr(dispatcher, "_TO_FINISH", 0.3)
    monkeypatch.setattr(dispatcher, "PATIENCE", 0.2)
    monkeypatch.setattr(dispatcher, "_CHILD", _DEAF)
    with acting_as(A):
        if kind == "train":
            job = jobs.submit("train", QUICK)
        else:
            upload = uploads.add(pets().items())
            job = jobs.submit("import", {"upload": upload.id, "name": "pets"})
    dispatcher.main()
    job = jobs.load(job.id)
    assert (job.state, job.error) == ("cancelled", limits.OVERTIME)
    assert processes_in(job.folder) == []


@pytest.mark.slow
def test_a_training_that_takes_too_long_keeps_the_best_so_far(demo, monkeypatch):
    """A real one: it ends early, and there is a run."""
    monkeypatch.setattr(turns, "ALONE", 0.0)
    monkeypatch.setenv("STUDIO_PUBLIC", "1")
    for variable, folder in (("RUNS", demo.runs_dir), ("WORK", demo.work_dir)):
        monkeypatch.setenv(f"STUDIO_{variable}_DIR", str(folder))
    values = {"epochs": 200, "hidden_units": "512"}
    job = training(model="mlp", hyperparameters=values, name="mine")
    thread = threading.Thread(target=dispatcher.main, daemon=True)
    thread.start()
    job = ended(job)
    thread.join(20)
    assert (job.state, job.error) == ("done", "")
    card = runs.load("mine-aaaaaaaa").card
    assert card.owner == A
    assert 1 <= card.history[-1]["epoch"] < 200


# What is said


def test_no_message_of_a_job_names_a_folder(demo):
    """Not even where no room was left to write it down."""
    job = training()
    write_status(job.folder, state="running")
    (job.folder / job_module.NO_ROOM).touch()
    with acting_as(A):
        assert jobs.load(job.id).state == "failed"
        told = jobs.load(job.id).error
    assert told.startswith("The disk is full")
    assert str(demo.work_dir) not in told


@pytest.mark.parametrize("public", [True, False])
def test_nor_does_the_end_of_its_log(demo, monkeypatch, public):
    use(monkeypatch, public=public)
    job = training()
    line = f'  File "{demo.work_dir}/x.py", line 3\n  File "/opt/venv/lib/y.py", line 4\n'
    (job.folder / "log.txt").write_text(line)
    hidden = '  File "the work folder", line 3\n  File "…/y.py", line 4'
    assert jobs.load(job.id).log_tail() == (hidden if public else line.rstrip("\n"))


@pytest.fixture
def work(demo, monkeypatch) -> Iterator[Callable[[Exception], Job]]:
    """`work(error)`: the job of a visitor after that went wrong in its process."""
    before = signal.getsignal(signal.SIGTERM)

    def do(error: Exception) -> Job:
        def run(settings, report, kept):
            raise error

        monkeypatch.setitem(KINDS, "train", replace(KINDS["train"], run=run))
        job = training()
        child.main(str(job.folder))
        return jobs.load(job.id)

    yield do
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    "error",
    [
        JobError("Nothing can be read from {work}/uploads."),
        ValueError("{work}/uploads/x.zip is odd"),
        FileNotFoundError(2, "No such file or directory", "{work}/uploads/x.zip"),
        OSError(28, "No space left on device", "{work}/runs/x"),
    ],
)
def test_nor_does_what_went_wrong(demo, work, error):
    error.args = tuple(
        fraction.format(work=demo.work_dir) if isinstance(fraction, str) else fraction
        for fraction in error.args
    )
    if isinstance(error, OSError):
        error.filename = str(demo.work_dir / "x")
    job = work(error)
    assert job.state == "failed" and job.error
    assert str(demo.work_dir) not in job.error
    assert str(demo.work_dir) not in job.log_tail(1000)


# Exports


def exporting(format: str, owner: str = A):
    with acting_as(owner):
        return jobs.submit("export", {"run": "mnist-cnn", "format": format})


def test_a_small_machine_writes_no_formats_of_tensorflow(small_machine):
    with pytest.raises(JobError, match=r"no memory to write .*Take Package \(zip\)"):
        exporting("tflite-int8")
    exporting("package")


def test_only_the_latest_exports_of_visitors_are_kept(demo, monkeypatch):
    monkeypatch.setattr(room, "EXPORTS", 2)
    old, *younger = (over(exporting("package", owner)) for owner in (A, B, A))
    assert old.folder.exists()
    exporting("package", B)
    assert not old.folder.exists()
    assert all(job.folder.exists() for job in younger)
