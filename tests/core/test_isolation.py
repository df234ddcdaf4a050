"""What a visitor of a public demo has made, no other comes upon: every door of `core` is tried."""

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import datasets, ensemble, jobs, runs, serving, stored, visitors
from core.datasets import store, uploads
from core.ensemble import Ensemble
from core.errors import DatasetError, RunError, StudioError
from core.jobs import KINDS, Job, child
from core.jobs.job import lock_of, write_log, write_status
from core.models import transfer
from core.progress import Reporter
from core.runs import Run
from core.settings import Settings
from core.training import TrainConfig, estimate, features, train
from core.training.script import as_script
from core.training.train import find_same
from core.visitors import NOBODY, OWNER, acting_as
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.public import A, B, give_run, public_demo
from tests.overriding import use

BUNDLED = sorted(runs.BUNDLED)
QUICK = {"dataset": "digits", "model": "knn"}


@dataclass(frozen=True)
class Made:
    """What somebody has made. Whatever they named holds “secret”.

    Attributes:
        run: of a model of scikit-learn's digits.
        voting: an ensemble.
        upload: images that were sent.
        done, failed, queued, running: jobs.
        config: what trained `run`.
        theirs: a run of who asks, of the same kind.
        put_together: a run of who asks whose card names runs as its members that are not its own.
    """

    run: Run
    voting: Run
    upload: str
    done: Job
    failed: Job
    queued: Job
    running: Job
    config: TrainConfig
    theirs: Run
    put_together: Run

    def words(self) -> list[str]:
        """What nobody else may read."""
        ids = [job.id for job in (self.done, self.failed, self.queued, self.running)]
        return ["secret", "Secret", self.upload, *ids]


def make(demo: Settings, small_run: Run, owner: str, other: str) -> Made:
    """Things of one, and what the other needs to try its luck."""
    tree = {path.replace("cats", "secret-cats"): png for path, png in pets().items()}
    with acting_as(owner):
        path = write_folder(tree, demo.work_dir.with_name("secret-folder"))
        datasets.import_images(path, "secret-pets", title="Secret pets")
        datasets.overview("secret-pets")  # whatever is cached is cached now
        upload = uploads.add(tree.items()).id
    first = give_run(small_run, owner, "secret-run")
    second = give_run(small_run, owner, "secret-other")
    give_run(small_run, owner, "secret-on-pets", dataset="secret-pets")
    (give_run(small_run, owner, "secret-damaged").folder / runs.CARD).write_text("{}")
    with acting_as(owner):
        voting = ensemble.save("secret-voting", Ensemble((first, second), (1, 1)))
        serving.load_predictor(voting)
    theirs = give_run(small_run, other, "theirs", seed=1)
    stolen = {
        "model": voting.card.model,
        "family": voting.card.family,
        "hyperparameters": voting.card.hyperparameters,
        "members": voting.card.members,
    }
    config = TrainConfig.of(small_run.card)
    return Made(
        run=first,
        voting=voting,
        upload=upload,
        done=_job(owner, "done", "import", {"upload": upload, "name": "secret-pets"}),
        failed=_job(owner, "failed", "train", replace(config, name="secret-2").to_mapping()),
        queued=_job(owner, "queued", "train", replace(config, name="secret-3").to_mapping()),
        running=_job(owner, "running", "train", replace(config, name="secret-4").to_mapping()),
        config=config,
        theirs=theirs,
        put_together=give_run(small_run, other, "put-together", **stolen),
    )


@contextmanager
def things(small_run: Run, folder: Path, owner: str, other: str) -> Iterator[tuple[Made, Settings]]:
    """A demo with things of somebody; one of the jobs is at work as long as the block lasts."""
    with pytest.MonkeyPatch.context() as monkeypatch, public_demo(folder, monkeypatch) as demo:
        goes_on = replace(KINDS["train"], can_resume=lambda kept: kept.is_dir())
        monkeypatch.setitem(KINDS, "train", goes_on)
        made = make(demo, small_run, owner, other)
        with lock_of(made.running.folder):
            yield made, demo


def _job(owner: str, state: str, kind: str, settings: dict[str, Any]) -> Job:
    """A job as it was left by somebody."""
    folder = jobs.job.root() / jobs.job.new_id()
    (folder / jobs.job.KEPT).mkdir(parents=True)
    config = {"kind": kind, "settings": settings, "owner": owner}
    stored.write_json(folder / "config.json", config)
    stored.write_json(folder / "status.json", {"state": "queued", "times": {"queued": ""}})
    write_status(folder, state=state)
    write_log(folder, "secret-pets: secret-cats are read")
    return jobs.job.read(folder)


class Seen(Exception):
    """A job was seen that is waited for."""


def see(job_id: str) -> None:
    """Wait for a job, no longer than until it is seen."""

    def on_change(job: Job) -> None:
        raise Seen(repr(job))

    jobs.wait(job_id, on_change)


UNKNOWN = ("There is no ", "There are no stored images", "What was uploaded is no longer there")
TAKEN = ("There is already a ",)
DAMAGED = ("The card of run 'secret-damaged' cannot be read",)  # nobody knows whose it was


def refused(asked: str = "", begins: tuple[str, ...] = UNKNOWN) -> Callable[..., None]:
    """A door that says that there is nothing of that name, and no more."""

    def look(made: Made, found: object) -> None:
        assert isinstance(found, StudioError), f"it gave {found!r}"
        assert str(found).startswith(begins), found
        text = str(found).replace(asked, "") if asked else str(found)
        for word in made.words():
            assert word not in text, text

    return look


def taken(asked: str) -> Callable[..., None]:
    """A door that says that a name is taken, whosever it is: so much is told."""
    return refused(asked, TAKEN)


def anything(made: Made, found: object) -> None:
    """A door that may be opened, as long as everything stays where it is."""


def gives(wanted: Callable[[Made], object]) -> Callable[..., None]:
    """A door that gives what is everybody's and one's own."""

    def look(made: Made, found: object) -> None:
        assert found == wanted(made)
        for word in made.words():
            assert word not in repr(found)

    return look


def _job_door(act: Callable[[str], Any]) -> dict[str, Callable[[Made], Any]]:
    return {
        state: lambda made, state=state: act(getattr(made, state).id)
        for state in ("done", "failed", "queued", "running")
    }


def _do(kind: str, **settings: Any) -> Callable[[Made], Any]:
    """The work itself, as if the queue had let it pass; `{upload}` is filled in."""

    def run(made: Made) -> Any:
        filled = {k: made.upload if v == "{upload}" else v for k, v in settings.items()}
        kept = made.theirs.folder.with_name("kept")
        return KINDS[kind].run(filled, Reporter(), kept)

    return run


def _submit(kind: str, **settings: Any) -> Callable[[Made], Any]:
    def submit(made: Made) -> Any:
        filled = {k: made.upload if v == "{upload}" else v for k, v in settings.items()}
        return jobs.submit(kind, filled)

    return submit


SECRET_JOBS = {
    "evaluate a run": ("evaluate", {"run": "secret-run", "upload": "{upload}"}, "secret-run"),
    "evaluate images": ("evaluate", {"run": "mnist-cnn", "upload": "{upload}"}, ""),
    "robustness": (
        "robustness",
        {"runs": ["mnist-cnn", "secret-run"], "corruption": "blur", "images": 50},
        "secret-run",
    ),
    "train": ("train", {"dataset": "secret-pets", "model": "knn"}, "secret-pets"),
    "import": ("import", {"upload": "{upload}", "name": "mine"}, ""),
    "import by a name": ("import", {"upload": "{upload}", "name": "secret-pets"}, "secret-pets"),
}
# name: what is tried, and what may come of it
DOORS: dict[str, tuple[Callable[[Made], Any], Callable[[Made, object], None]]] = {
    # runs
    "list_runs": (
        lambda made: sorted(run.id for run in runs.list_runs()),
        gives(lambda made: sorted([*BUNDLED, "theirs", "put-together"])),
    ),
    "list_damaged": (lambda made: runs.list_damaged(), gives(lambda made: [])),
    "load a run": (lambda made: runs.load("secret-run"), refused("secret-run")),
    "load a damaged run": (
        lambda made: runs.load("secret-damaged"),
        refused("secret-damaged", DAMAGED),
    ),
    "load no run": (lambda made: runs.load("unheard-of"), refused()),
    "load a folder": (lambda made: runs.load("../runs/secret-run"), refused("../runs/secret-run")),
    "delete a run": (lambda made: runs.delete("secret-run"), refused("secret-run")),
    "delete an ensemble": (lambda made: runs.delete(made.voting.id), refused("secret-voting")),
    "rename a run": (lambda made: runs.rename("secret-on-pets", "x"), refused("secret-on-pets")),
    "check_free of a run": (lambda made: runs.check_free("secret-run"), taken("secret-run")),
    "draft of a run": (lambda made: runs.draft("secret-run").__enter__(), taken("secret-run")),
    "find_same": (lambda made: find_same(made.config), gives(lambda made: None)),
    "estimate": (
        lambda made: estimate(made.config, datasets.find("digits"), runs.list_runs()).trainings,
        gives(lambda made: 1),  # their own; there are four with those of the other
    ),
    "answers of stolen members": (
        lambda made: serving.load_predictor(made.put_together),
        refused("secret-run"),
    ),
    # datasets
    "find": (lambda made: datasets.find("secret-pets"), refused("secret-pets")),
    "find no dataset": (lambda made: datasets.find("unheard-of"), refused()),
    "title_of": (
        lambda made: datasets.title_of("secret-pets") == "secret-pets",
        gives(lambda made: True),
    ),
    "created": (lambda made: datasets.created("secret-pets"), gives(lambda made: "")),
    "list_datasets": (
        lambda made: [spec.name for spec in datasets.list_datasets()],
        gives(lambda made: list(datasets.DATASETS)),
    ),
    "names": (lambda made: store.names(), gives(lambda made: [])),
    "exists": (lambda made: store.exists("secret-pets"), gives(lambda made: False)),
    "open_store": (lambda made: store.open_store("secret-pets"), refused("secret-pets")),
    "load": (lambda made: datasets.load("secret-pets"), refused("secret-pets")),
    "load_test": (lambda made: datasets.load_test("secret-pets"), refused("secret-pets")),
    "load_test_measured": (
        lambda made: datasets.load_test_measured("secret-pets", np.zeros(3, int)),
        refused("secret-pets"),
    ),
    "overview": (lambda made: datasets.overview("secret-pets"), refused("secret-pets")),
    "sample_images": (
        lambda made: datasets.sample_images("secret-pets"),
        refused("secret-pets"),
    ),
    "side_for": (lambda made: datasets.side_for("secret-pets", 96), refused("secret-pets")),
    "prepare": (lambda made: datasets.prepare("secret-pets"), refused("secret-pets")),
    "delete a dataset": (lambda made: datasets.delete("secret-pets"), refused("secret-pets")),
    "delete stored images": (lambda made: store.delete("secret-pets"), refused("secret-pets")),
    "check_free of a dataset": (
        lambda made: datasets.check_free("secret-pets"),
        taken("secret-pets"),
    ),
    "clear_up": (lambda made: (datasets.clear_up(), runs.clear_up()), anything),
    # uploads
    "load an upload": (lambda made: uploads.load(made.upload), refused()),
    "add to an upload": (lambda made: uploads.add([("a/1.png", b"")], made.upload), refused()),
    "put a zip in place of an upload": (
        lambda made: uploads.add([("a.zip", b"")], made.upload),
        refused(),
    ),
    "discard an upload": (lambda made: uploads.discard(made.upload), gives(lambda made: None)),
    # trainings
    "configure": (lambda made: TrainConfig("secret-pets", "knn"), refused("secret-pets")),
    "show the Python": (
        lambda made: as_script(TrainConfig("secret-pets", "knn")),
        refused("secret-pets"),
    ),
    # jobs
    "list_jobs": (lambda made: jobs.list_jobs(), gives(lambda made: [])),
    "load no job": (lambda made: jobs.load("20200101-000000-000000-abcd"), refused()),
    **{
        f"{name} a job that is {state}": (
            door,
            lambda made, found, state=state: refused(getattr(made, state).id)(made, found),
        )
        for name, act in {
            "load": jobs.load,
            "cancel": jobs.cancel,
            "finish": jobs.finish,
            "go_on": jobs.resume,
            "delete": jobs.delete,
            "wait for": see,
        }.items()
        for state, door in _job_door(act).items()
    },
    **{
        f"{verb} {name}": (act(kind, **settings), (taken if "name" in name else refused)(asked))
        for name, (kind, settings, asked) in SECRET_JOBS.items()
        for verb, act in (("submit", _submit), ("do", _do))
    },
}


# Doors that nobody gets through: a name is taken, or there is nothing behind it.
CLOSED = {
    "load a damaged run",
    "load no run",
    "load a folder",
    "find no dataset",
    "load no job",
    "answers of stolen members",  # whose they are decides, not whose ensemble
}


# Doors that change what is behind them for who may open them: each is tried on things of its own.
CHANGING = {
    name
    for name in DOORS
    if re.match(
        r"(delete|rename|draft|clear_up|add|put|discard|cancel|finish|go_on|submit|do) ?", name
    )
} - CLOSED


def everything_in(folder: Path) -> dict[str, bytes]:
    """Every file but what looking leaves behind: locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def tried(name: str, made: Made, me: str) -> object:
    """What a door gives, or the error it gives."""
    with acting_as(me):
        try:
            return DOORS[name][0](made)
        except (StudioError, Seen) as error:
            return error


@pytest.fixture(
    scope="module",
    params=[(A, B), (OWNER, B), (A, NOBODY)],
    ids=["of another visitor", "of the owner", "for no page"],
)
def theirs(request, small_run, tmp_path_factory) -> Iterator[tuple[Made, str, Path]]:
    """Things of somebody, who else asks, and the folder of all. None of it is ever changed."""
    folder = tmp_path_factory.mktemp("demo")
    with things(small_run, folder, *request.param) as (made, _):
        yield made, request.param[1], folder


def test_nobody_comes_upon_what_another_has_made(theirs):
    made, asker, folder = theirs
    before = everything_in(folder)
    for name, (_, look) in DOORS.items():
        look(made, tried(name, made, asker))
        assert everything_in(folder) == before, name


def opened(name: str, made: Made) -> None:
    """A door opens for who has made what is behind it, else the table above would prove nothing."""
    found = tried(name, made, A)
    assert not (isinstance(found, StudioError) and str(found).startswith(UNKNOWN)), (name, found)


def test_who_has_made_it_may_look_at_it(small_run, tmp_path):
    with things(small_run, tmp_path, A, B) as (made, _):
        before = everything_in(made.run.folder.parent)
        for name in DOORS:
            if name not in CLOSED | CHANGING:
                opened(name, made)
        assert everything_in(made.run.folder.parent) == before


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_who_has_made_it_may_change_it(small_run, tmp_path, name):
    with things(small_run, tmp_path, A, B) as (made, _):
        opened(name, made)


# What is one's own, what is the studio's, and what two visitors share without knowing


@pytest.fixture
def demo(tmp_path, monkeypatch) -> Iterator[Settings]:
    """A public demo without anything in it but copies of two bundled runs."""
    with public_demo(tmp_path, monkeypatch) as changed:
        copies = tmp_path / "bundled"
        for name in ("digits-random-forest", "mnist-logistic-regression"):
            shutil.copytree(changed.bundled_runs_dir / name, copies / name)
        yield use(monkeypatch, bundled_runs_dir=copies)


@pytest.mark.parametrize("me", [A, OWNER, NOBODY])
@pytest.mark.parametrize("name", ["digits-random-forest", "mnist-logistic-regression"])
def test_what_came_with_the_studio_stays_as_it_is(demo, me, name):
    before = everything_in(demo.bundled_runs_dir)
    with acting_as(me):
        for change in (runs.delete, lambda run_id: runs.rename(run_id, "mine")):
            with pytest.raises(RunError, match="is bundled and cannot be"):
                change(name)
        for taken in (
            runs.check_free,
            lambda run_id: train(TrainConfig("digits", "knn", {}, name)),
        ):
            with pytest.raises(RunError, match="already a run named"):
                taken(name)
        for dataset in datasets.DATASETS:
            with pytest.raises(DatasetError):
                datasets.delete(dataset)
            with pytest.raises(DatasetError, match="already a dataset named"):
                datasets.check_free(dataset)
    assert everything_in(demo.bundled_runs_dir) == before


def test_what_a_visitor_has_made_can_be_changed_by_them_and_seen_by_the_owner(demo, small_run):
    give_run(small_run, A, "mine")
    with acting_as(A):
        still = runs.rename("mine", "still-mine").id
        assert still == "still-mine-aaaaaaaa"
        assert runs.load(still).card.owner == A
    assert runs.load(still).card.owner == A
    with acting_as(A):
        runs.delete(still)
        assert [run.id for run in runs.list_runs()] == sorted(
            path.name for path in demo.bundled_runs_dir.iterdir()
        )


@pytest.mark.parametrize(
    "act",
    [
        lambda: runs.rename("theirs", "Secret run").id,
        lambda: train(TrainConfig("digits", "knn", {"max_images": 100}, "secret-run")).id,
        lambda: runs.free_id(jobs.submit("train", QUICK | {"name": "secret-run"}).settings["name"]),
    ],
    ids=["rename", "train", "submit"],
)
@pytest.mark.parametrize("owner", [A, OWNER])
def test_a_name_that_another_has_taken_is_not_told(small_run, tmp_path, owner, act):
    with things(small_run, tmp_path, owner, B) as (made, _):
        before = everything_in(made.run.folder)
        with acting_as(B):
            assert act() == "secret-run-bbbbbbbb"
        assert everything_in(made.run.folder) == before


def test_a_training_and_an_ensemble_belong_to_who_asks(demo):
    with acting_as(A):
        first = train(TrainConfig("digits", "knn", {"max_images": 100}))
        both = ensemble.save("both", Ensemble((first, runs.load("digits-random-forest")), (1, 1)))
        assert (first.card.owner, both.card.owner) == (A, A)
        with pytest.raises(RunError, match="it is a member of both"):
            runs.delete(first.id)
    with acting_as(B):
        assert {both.id, first.id}.isdisjoint(run.id for run in runs.list_runs())
        second = train(TrainConfig("digits", "knn", {"max_images": 100}))
    assert (first.id, second.id) == ("digits-knn-1-aaaaaaaa", "digits-knn-1-bbbbbbbb")


def test_a_visitor_does_not_make_a_run_of_the_studio(demo):
    """Where a bundled run is not there, its name is free."""
    with acting_as(A):
        card = train(TrainConfig("digits", "knn", {"max_images": 100}, "mnist-cnn")).card
    assert card.owner == A


def test_two_visitors_bring_images_of_the_same_name(demo, tmp_path):
    cards = {}
    for me in (A, B):
        folder = write_folder(pets(prefix=f"{me}/"), tmp_path / me)
        with acting_as(me):
            name = visitors.distinct("pets")
            cards[me] = datasets.import_images(folder, name, title="pets")
            assert [spec.title for spec in datasets.list_datasets()][len(datasets.DATASETS) :] == [
                "pets"
            ]
            assert cards[me].owner == me
    assert {spec.name for spec in datasets.list_datasets()} >= {"pets-aaaaaaaa", "pets-bbbbbbbb"}
    with acting_as(A):
        datasets.delete("pets-aaaaaaaa")
        with pytest.raises(DatasetError):
            datasets.delete("pets-bbbbbbbb")
    assert store.names() == ["pets-bbbbbbbb"]


def test_features_are_found_again_only_by_who_has_the_same_images(demo, tmp_path):
    """They are kept for all, under the digest of everything they were computed from."""
    keys = []
    for number, tree in enumerate(
        (
            pets(),
            pets(),
            pets(prefix="others/"),
            {k.replace("cats", "cat"): v for k, v in pets().items()},
        )
    ):
        with acting_as(A if number == 0 else B):
            folder = write_folder(tree, tmp_path / f"folder{number}")
            datasets.import_images(folder, f"pets-{number}")
            dataset = datasets.load(f"pets-{number}")
        keys.append(features.key_of(dataset, transfer.EMBEDDED, 96))
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_an_upload_that_was_made_before_the_demo_was_public_is_the_owners(demo):
    upload = uploads.add(pets().items())
    assert uploads.load(upload.id) == upload
    with acting_as(A):
        with pytest.raises(DatasetError, match="no longer there"):
            uploads.load(upload.id)
        uploads.discard(upload.id)
    assert upload.path.is_file()


@pytest.mark.parametrize(
    "odd", ["", ".", "..", "*", "?" * 16, "[0-9a-f]", "0" * 15, "0" * 16 + "\n", "\0" * 16, 7, None]
)
def test_no_upload_is_found_by_an_odd_id(demo, odd):
    with acting_as(A):
        uploads.add(pets().items())
        with pytest.raises(DatasetError, match="no longer there"):
            uploads.load(odd)


@pytest.mark.parametrize("owner", [A, OWNER])
def test_the_process_of_a_job_works_for_its_owner(demo, monkeypatch, owner):
    seen = []

    def run(settings, report, kept):
        seen.append(visitors.current())
        return {}

    monkeypatch.setitem(KINDS, "import", replace(KINDS["import"], run=run))
    with acting_as(owner):
        upload = uploads.add(pets().items())
        job = jobs.submit("import", {"upload": upload.id, "name": "pets"})
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert child.main(str(job.folder)) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (seen, visitors.current()) == ([owner], OWNER)
    assert jobs.load(job.id).state == "done"
