"""Whose turn it is in a public demo: networks, not cookies, share places and time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core import datasets, jobs, runs, shares
from core.datasets import uploads
from core.errors import JobError
from core.jobs import Job, room, turns
from core.jobs.queue import everything
from core.settings import Settings
from core.shares import Room
from core.visitors import OWNER, acting_as
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.public import A, B, give_run, public_demo
from tests.overriding import use


@pytest.fixture
def demo(tmp_path, monkeypatch) -> Iterator[Settings]:
    monkeypatch.setattr("core.memory.there_is", lambda: 64 * 2**30)
    with public_demo(tmp_path, monkeypatch) as changed:
        yield changed


def ask(owner: str, network: str) -> Job:
    shares.met(owner, network)
    with acting_as(owner):
        return jobs.submit("train", {"dataset": "digits", "model": "knn"})


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")


def job(name: str, network: str, state: str = "queued", expected: float = 5, **times) -> Job:
    """A job by a visitor of its own; times are in seconds ago."""
    at = {key: ago(value) for key, value in {"queued": 10.0, **times}.items()}
    owner = OWNER if network == OWNER else f"visitor-{name}"
    return Job(name, None, "train", {}, owner, network, expected, state, times=at)


def test_invented_visitors_leave_places_for_other_networks(demo):
    for number in range(turns.PLACES.share):
        ask(f"visitor-invented-{number}", "theirs")
    with pytest.raises(JobError, match="8 others from your network wait before you"):
        ask("visitor-invented-more", "theirs")
    for number in range(turns.PLACES.total - turns.PLACES.share):
        ask(f"visitor-new-{number}", f"network-{number}")
    with pytest.raises(JobError, match="12 others wait before you"):
        ask(A, "home")


@pytest.mark.parametrize(
    ("there", "first"),
    [
        ([], None),
        ([partial(job, "a", "x"), partial(job, "b", "x")], "a"),
        ([partial(job, "a", "x"), partial(job, "b", "x", "running")], "b"),
        # a network that has just worked waits for one that has not
        (
            [
                partial(job, "0", "x", "done", running=60, done=20),
                partial(job, "a", "x"),
                partial(job, "b", "y"),
            ],
            "b",
        ),
        (
            [
                partial(job, "0", "x", "done", running=900, done=700),
                partial(job, "a", "x"),
                partial(job, "b", "y"),
            ],
            "a",
        ),
        # within a network the shortest goes first, unless somebody has waited too long
        ([partial(job, "a", "x", expected=200), partial(job, "b", "x", expected=4)], "b"),
        (
            [partial(job, "a", "x", expected=200, queued=400), partial(job, "b", "x", expected=4)],
            "a",
        ),
        ([partial(job, "a", "x", expected=1), partial(job, "b", OWNER, expected=9)], "b"),
    ],
)
def test_whose_turn_it_is(demo, there, first):
    made = [make() for make in there]  # now: what is seconds ago is not so when tests are listed
    found = turns.first([one for one in made if not one.ended], made)
    assert (found and found.id) == first


def test_elsewhere_it_is_first_come_first_served(demo, monkeypatch):
    use(monkeypatch, public=False)
    there = [job("a", "x", expected=200), job("b", "y", expected=1)]
    assert turns.first(there, there).id == "a"


@pytest.mark.parametrize(("can_finish", "shared"), [(True, 30.0), (False, 60.0)])
def test_time_is_shorter_while_others_wait(demo, can_finish, shared):
    one = job("a", "x", "running", running=5)
    assert turns.seconds_for(one, can_finish, [one]) == 300
    assert turns.seconds_for(one, can_finish, [one, job("b", "x")]) == shared


def test_a_job_knows_its_network_and_how_long_it_may_take(demo):
    asked = ask(A, "home")
    assert (asked.network, asked.expected > 0) == ("home", True)
    assert [one.network for one in everything()] == ["home"]


def test_older_things_of_visitors_give_way_on_disk(demo, monkeypatch, tmp_path):
    monkeypatch.setattr(shares, "DATASETS", Room(1, 1))
    monkeypatch.setattr(shares, "RUNS", Room(1, 1))
    folder = write_folder(pets(), tmp_path / "pets")
    for name, owner in (("old", A), ("used", A), ("new", B), ("kept", OWNER)):
        shares.met(owner, owner)
        datasets.import_images(folder, name, owner=owner)
    run = runs.load("mnist-logistic-regression")
    for hour, (name, owner) in enumerate((("first", A), ("second", B), ("mine", OWNER))):
        give_run(run, owner, name, created=f"2026-01-01T{hour:02}:00:00+00:00")
    waits = replace(job("a", "x"), settings={"dataset": "used"})
    with acting_as(A):  # whoever asks
        room.make([waits])
    left = {spec.name for spec in datasets.list_datasets()}
    assert {"old", "used", "new", "kept"} - left == {"old"}
    assert {one.id for one in runs.list_runs()} & {"first", "second", "mine"} == {"second", "mine"}


def test_uploads_of_invented_visitors_share_what_their_network_has(demo, monkeypatch):
    monkeypatch.setattr(shares, "UPLOADS", Room(total=100_000, share=50_000))
    content = [("a/1.png", bytes(20_000))]
    shares.met(A, "home")
    with acting_as(A):
        mine = uploads.add(content)
    for number in range(5):
        shares.met(f"visitor-invented-{number}", "theirs")
        with acting_as(f"visitor-invented-{number}"):
            uploads.add(content)
    left = list((demo.work_dir / "uploads").iterdir())
    assert len(left) == 3 and mine.path.parent in left
