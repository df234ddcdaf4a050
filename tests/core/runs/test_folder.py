import errno
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from core import runs
from core.errors import RunError
from core.evaluation import evaluate
from core.runs import RunCard
from tests.overriding import use

GOOD_NAMES = ["a", "7", "my-run_2", "x" * 64]
BAD_NAMES = [
    "",
    "../x",
    "a/b",
    "/etc",
    "..",
    ".",
    ".hidden",
    "-x",
    "_x",
    "Big",
    "a b",
    "a.b",
    "ä",
    "a\n",
    "a\0",
    "x" * 65,
    "a\\b",
    "²",
]


def card(run_id: str, **changes) -> RunCard:
    fields = {
        "id": run_id,
        "owner": "you",
        "dataset": "digits",
        "dataset_fingerprint": "f" * 64,
        "class_names": ("no", "yes"),
        "input_shape": (8, 8, 1),
        "preprocessing": "optdigits_digit",
        "model": "logistic_regression",
        "family": "classical",
        "hyperparameters": {"C": 1.0, "max_iter": 100},
        "history": ({"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_accuracy": 0.9},),
        "metrics": {"accuracy": 0.5, "log_loss": 0.7, "test_size": 2},
        "seconds": 1.5,
        "seed": 3,
        "validation_fraction": 0.1,
        "versions": {"numpy": "2.4"},
        "created": "2026-01-02T03:04:05+00:00",
    }
    return RunCard(**{**fields, **changes})


VAL = evaluate([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
TEST = evaluate([1, 0], [[0.5, 0.5], [1.0, 0.0]])


def leave(run_id: str, **changes) -> runs.Run:
    """Save a run with a model file of a few bytes."""
    with runs.draft(run_id) as folder:
        (folder / "model.skops").write_bytes(b"a model")
        return runs.save(card(run_id, **changes), folder, VAL, TEST)


def leave_bundled(run_id: str, bundled_folder, **changes) -> None:
    run = leave(run_id, **{"owner": "studio", **changes})
    shutil.move(run.folder, bundled_folder / run_id)


def rewrite_card(folder, change) -> None:
    content = json.loads((folder / runs.CARD).read_text(encoding="utf-8"))
    (folder / runs.CARD).write_text(json.dumps(change(content)), encoding="utf-8")


def test_a_saved_run_is_loaded_as_it_was(runs_folder):
    saved = leave("first", class_names=("näin", "kyllä"))
    loaded = runs.load("first")
    assert loaded == saved
    assert loaded.folder == runs_folder / "first"
    assert replace(loaded.card, files={}) == card("first", class_names=("näin", "kyllä"))
    assert set(loaded.card.files) == {"model.skops", runs.EVALUATION}
    assert {path.name for path in loaded.folder.iterdir()} == {runs.CARD, *loaded.card.files}
    assert loaded.file("model.skops").read_bytes() == b"a model"


@pytest.mark.parametrize(("split", "expected"), [("val", VAL), ("test", TEST)])
def test_predictions_are_kept_exactly(runs_folder, split, expected):
    received = leave("first").evaluation(split)
    assert (received.labels == expected.labels).all()
    assert (received.probabilities == expected.probabilities).all()


@pytest.mark.parametrize("split", ["train", "", "Test", None])
def test_predictions_are_kept_on_two_splits_only(runs_folder, split):
    with pytest.raises(RunError, match="val and test"):
        leave("first").evaluation(split)


def test_runs_are_listed_bundled_ones_first_then_by_name(runs_folder, bundled_folder):
    assert runs.list_runs() == []
    leave_bundled("zebra", bundled_folder)
    leave_bundled("mouse", bundled_folder)
    for name in ("b", "a"):
        leave(name)
    assert [run.id for run in runs.list_runs()] == ["mouse", "zebra", "a", "b"]


def test_without_folders_there_are_no_runs(runs_folder):
    assert not runs_folder.exists()
    assert runs.list_runs() == []


def test_folders_that_are_no_runs_are_left_out(runs_folder):
    leave("good")
    for name in ("empty", ".hidden", "Not A Run", "__pycache__"):
        (runs_folder / name).mkdir()
    (runs_folder / "file").write_text("x")
    (runs_folder / "README.md").write_text("x")
    assert [run.id for run in runs.list_runs()] == ["good"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        lambda path: path.write_text("{"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text("null"),
        lambda path: path.write_text("{}"),
        lambda path: path.write_text(path.read_text()[:-20]),
        lambda path: rewrite_card(path.parent, lambda c: {**c, "format_version": 3}),
        lambda path: rewrite_card(path.parent, lambda c: {**c, "class_names": None}),
        lambda path: rewrite_card(path.parent, lambda c: {**c, "input_shape": 28}),
        lambda path: rewrite_card(
            path.parent, lambda c: {k: v for k, v in c.items() if k != "metrics"}
        ),
        lambda path: rewrite_card(path.parent, lambda c: {**c, "metrics": None}),
        lambda path: rewrite_card(path.parent, lambda c: {**c, "metrics": {}}),
        lambda path: rewrite_card(path.parent, lambda c: {**c, "files": None}),
        lambda path: rewrite_card(path.parent, lambda c: {**c, "family": "astrology"}),
    ],
    ids=[
        "missing",
        "empty",
        "not text",
        "half",
        "list",
        "null",
        "no fields",
        "cut off",
        "newer format",
        "no classes",
        "shape a number",
        "metrics missing",
        "metrics null",
        "no accuracy",
        "files null",
        "unknown family",
    ],
)
def test_a_damaged_card_is_noticed(runs_folder, damage):
    leave("good")
    damage(leave("bad").folder / runs.CARD)
    assert [run.id for run in runs.list_runs()] == ["good"]
    with pytest.raises(RunError, match="card of run 'bad' cannot be read"):
        runs.load("bad")


def test_a_field_of_a_later_version_does_no_harm(runs_folder):
    run = leave("first")
    rewrite_card(run.folder, lambda content: {**content, "colour": "blue"})
    assert runs.load("first") == run


@pytest.mark.parametrize("name", ["model.skops", runs.EVALUATION])
@pytest.mark.parametrize("change", ["changed", "cut off", "missing", "a folder"])
def test_a_changed_file_is_noticed(runs_folder, name, change):
    run = leave("first")
    path = run.folder / name
    content = path.read_bytes()
    path.unlink()
    if change == "changed":
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif change == "cut off":
        path.write_bytes(content[:-1])
    elif change == "a folder":
        path.mkdir()
    with pytest.raises(RunError, match=f"{name} of run 'first' is missing or was changed"):
        runs.load("first").file(name)


def test_changed_predictions_are_not_shown(runs_folder):
    run = leave("first")
    np.savez_compressed(run.folder / runs.EVALUATION, y_test=[0], probabilities_test=[[1.0]])
    with pytest.raises(RunError, match="changed after training"):
        run.evaluation()


@pytest.mark.parametrize("name", ["other.bin", "../card.json", "card.json", ""])
def test_only_files_of_the_card_are_given_out(runs_folder, name):
    with pytest.raises(RunError, match="no file of run first named"):
        leave("first").file(name)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_are_checked(runs_folder, name):
    with pytest.raises(RunError, match="The name of a run is"):
        runs.check_free(name)
    with pytest.raises(RunError, match="The name of a run is"), runs.draft(name):
        pass
    leave("mine")
    for function in (runs.load, runs.delete):
        with pytest.raises(RunError, match="There is no run named"):
            function(name)
    assert os.listdir(runs_folder) == ["mine"]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_good_names_are_allowed(runs_folder, name):
    assert leave(name).id == name
    assert runs.load(name).id == name


def test_a_path_never_leads_out_of_the_runs(runs_folder):
    leave("inside")
    shutil.move(runs_folder / "inside", runs_folder.parent / "outside")
    for name in ("../outside", str(runs_folder.parent / "outside"), "x/../../outside"):
        with pytest.raises(RunError):
            runs.load(name)
        with pytest.raises(RunError):
            runs.delete(name)
    assert (runs_folder.parent / "outside" / runs.CARD).exists()


def test_a_name_is_given_once(runs_folder, bundled_folder):
    leave_bundled("theirs", bundled_folder)
    leave("mine")
    for name in ("mine", "theirs"):
        with pytest.raises(RunError, match=f"already a run named {name!r}"), runs.draft(name):
            pass


def test_an_exception_inside_a_draft_leaves_nothing(runs_folder):
    with pytest.raises(ZeroDivisionError), runs.draft("first") as folder:
        (folder / "model.skops").write_bytes(b"half a mod")
        raise ZeroDivisionError
    assert os.listdir(runs_folder) == []
    assert leave("first").id == "first"


def test_a_draft_is_not_a_run_yet(runs_folder):
    with runs.draft("first") as folder:
        (folder / "model.skops").write_bytes(b"a model")
        assert folder.parent.parent == runs_folder
        assert runs.list_runs() == []
        runs.check_free("first")
    assert os.listdir(runs_folder) == []


def test_of_two_trainings_of_one_name_the_first_to_finish_stays(runs_folder):
    with runs.draft("first") as slow:
        (slow / "model.skops").write_bytes(b"slow")
        leave("first")
        with pytest.raises(RunError, match="already a run named"):
            runs.save(card("first"), slow, VAL, TEST)
    assert runs.load("first").file("model.skops").read_bytes() == b"a model"
    assert os.listdir(runs_folder) == ["first"]


def test_a_run_can_be_read_by_others(runs_folder):
    assert leave("first").folder.stat().st_mode & 0o755 == 0o755


def test_a_deleted_run_is_gone(runs_folder):
    leave("first")
    leave("second")
    runs.delete("first")
    assert os.listdir(runs_folder) == ["second"]
    with pytest.raises(RunError, match="There is no run named 'first'. Known: second."):
        runs.load("first")
    assert leave("first").id == "first"


def test_a_deleted_run_comes_back_unless_its_name_was_taken(runs_folder):
    leave("first")
    runs.set_aside("first")
    assert runs.list_runs() == []
    assert [aside.name for aside in runs.list_aside()] == ["first"]
    leave("first")
    with pytest.raises(RunError, match="there is a new run of that name"):
        runs.restore("first")
    runs.delete("first")
    runs.restore("first")
    assert runs.load("first").evaluation().accuracy == TEST.accuracy
    with pytest.raises(RunError, match="60 seconds after it was deleted"):
        runs.restore("first")


def test_an_interrupted_deletion_is_no_obstacle_to_the_next(runs_folder):
    leave("first")
    shutil.copytree(runs_folder / "first", runs_folder / ".first-deleted")
    runs.delete("first")
    assert runs.list_runs() == []


def test_a_renamed_run_keeps_everything_but_its_name(runs_folder):
    before = leave("first")
    renamed = runs.rename("first", "second")
    assert renamed == runs.load("second")
    assert replace(renamed.card, id="first", title="") == before.card
    assert renamed.evaluation().accuracy == TEST.accuracy
    assert os.listdir(runs_folder) == ["second"]
    assert {path.name for path in renamed.folder.iterdir()} == {runs.CARD, *renamed.card.files}


@pytest.mark.parametrize(
    ("title", "run_id"),
    [
        ("My model no. 2", "my-model-no-2"),
        ("Größe ♥", "groesse"),
        ("模型", "mo-xing"),
        ("../x", "x"),
        ("First", "first"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_run_can_have_any_title(runs_folder, title, run_id):
    leave("first")
    renamed = runs.rename("first", title)
    assert (renamed.title, renamed.id) == (title, run_id)
    assert runs.load(run_id) == renamed
    assert os.listdir(runs_folder) == [run_id]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("mine", " ", "1 to 100 characters"),
        ("mine", "Other!", "already a run named 'other'"),
        ("mine", "other", "already a run named 'other'"),
        ("mine", "theirs", "already a run named 'theirs'"),
        ("unknown", "new", "There is no run named 'unknown'. Known: mine, other, theirs."),
        ("theirs", "new", "is bundled and cannot be renamed"),
    ],
)
def test_a_run_is_only_renamed_where_that_is_possible(
    runs_folder, bundled_folder, old, new, expected
):
    leave_bundled("theirs", bundled_folder)
    leave("mine")
    leave("other")
    with pytest.raises(RunError, match=expected):
        runs.rename(old, new)
    assert [run.id for run in runs.list_runs()] == ["theirs", "mine", "other"]


def test_bundled_runs_cannot_be_deleted(runs_folder, bundled_folder):
    leave_bundled("theirs", bundled_folder)
    with pytest.raises(RunError, match="is bundled and cannot be deleted"):
        runs.delete("theirs")
    assert runs.load("theirs").file("model.skops").exists()


def test_where_all_runs_share_a_folder_only_yours_can_be_deleted(runs_folder, monkeypatch):
    use(monkeypatch, bundled_runs_dir=runs_folder)
    leave("mine")
    leave("theirs", owner="studio")
    runs.delete("mine")
    with pytest.raises(RunError, match="is bundled and cannot be deleted"):
        runs.delete("theirs")
    assert [run.id for run in runs.list_runs()] == ["theirs"]


def test_a_folder_that_cannot_be_written_to_is_one_sentence(runs_folder):
    runs_folder.write_text("a file where the folder should be")
    assert runs.list_runs() == []
    with pytest.raises(RunError), runs.draft("first"):
        pass


def test_a_card_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        card("first").metrics = {}


def test_a_card_survives_json():
    assert RunCard.from_json(card("first").to_json()) == card("first")


def test_sha256_is_that_of_the_standard(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert runs.sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_a_training_that_is_killed_leaves_no_run(runs_folder):
    code = (
        "import os; from core import runs\n"
        "with runs.draft('first') as folder:\n"
        "    (folder / 'model.skops').write_bytes(b'half')\n"
        "    os._exit(9)\n"
    )
    environment = {**os.environ, "STUDIO_RUNS_DIR": str(runs_folder)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert killed.returncode == 9
    assert runs.list_runs() == []
    assert leave("first").id == "first"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.write_text("{"), "The card of run 'bad' cannot be read: .*line 1"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "The card of run 'bad' cannot be read"),
        (lambda path: path.unlink(), "The card of run 'bad' cannot be read: .*No such file"),
        (
            lambda path: rewrite_card(path.parent, lambda c: {**c, "format_version": 3}),
            "a newer version of the studio wrote it: its format version is 3",
        ),
        (
            lambda path: rewrite_card(path.parent, lambda c: {**c, "family": "astrology"}),
            "its family must be .*not 'astrology'",
        ),
        (
            lambda path: rewrite_card(path.parent, lambda c: {**c, "members": [{"id": "good"}]}),
            "a member lacks its id, sha256 or weight",
        ),
    ],
    ids=["half", "not text", "missing", "newer format", "unknown family", "half a member"],
)
def test_damaged_runs_are_listed_with_the_reason(runs_folder, damage, reason):
    leave("good")
    damage(leave("bad").folder / runs.CARD)
    (found,) = runs.list_damaged()
    assert found.id == "bad"
    assert re.search(reason, found.reason)
    assert [run.id for run in runs.list_runs()] == ["good"]


def test_damaged_runs_are_listed_by_name_wherever_they_are(runs_folder, bundled_folder):
    assert runs.list_damaged() == []
    leave("whole")
    leave_bundled("zebra", bundled_folder)
    leave_bundled("mouse", bundled_folder)
    for folder in (bundled_folder / "zebra", runs_folder / "b", runs_folder / "a"):
        folder.mkdir(exist_ok=True)
        (folder / runs.CARD).write_text("{")
    assert [damaged.id for damaged in runs.list_damaged()] == ["a", "b", "zebra"]
    assert [run.id for run in runs.list_runs()] == ["mouse", "whole"]


def test_what_could_be_no_run_is_not_damaged(runs_folder):
    leave("good")
    for name in (".hidden", ".drafts", "Not A Run", "__pycache__"):
        (runs_folder / name).mkdir()
    (runs_folder / "file").write_text("{")
    (runs_folder / "card.json").write_text("{")
    assert runs.list_damaged() == []
    (runs_folder / "empty").mkdir()
    assert [damaged.id for damaged in runs.list_damaged()] == ["empty"]


def test_without_folders_nothing_is_damaged(runs_folder):
    assert runs.list_damaged() == []


def test_a_card_is_replaced_as_a_whole(runs_folder):
    run = leave("first")
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    received = runs.rewrite_card(run, replace(run.card, cost={"latency_seconds": 0.5}))
    assert received == runs.load("first")
    assert received.card == replace(run.card, cost={"latency_seconds": 0.5})
    after = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    assert set(after) == set(before)
    assert [name for name in before if after[name] != before[name]] == [runs.CARD]
    assert received.evaluation().accuracy == TEST.accuracy


def test_a_card_that_cannot_be_replaced_stays(runs_folder, monkeypatch):
    run = leave("first")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(RunError, match=f"disk is full.*{re.escape(str(runs_folder))}"):
        runs.rewrite_card(run, replace(run.card, seed=99))
    assert runs.load("first") == run


def leave_ensemble(run_id: str, *members: str) -> runs.Run:
    entries = tuple({"id": name, "sha256": "0" * 64, "weight": 0.5} for name in members)
    kind = {"family": "ensemble", "model": "ensemble", "hyperparameters": {"vote": "soft"}}
    return leave(run_id, **kind, members=entries)


@pytest.mark.parametrize("name", ["first", "second"])
@pytest.mark.parametrize(
    ("verb", "act"),
    [("deleted", runs.delete), ("renamed", lambda name: runs.rename(name, "other"))],
    ids=["delete", "rename"],
)
def test_a_member_of_an_ensemble_stays_as_it_is(runs_folder, name, verb, act):
    for run_id in ("first", "second", "third"):
        leave(run_id)
    leave_ensemble("pair", "first", "second")
    expected = f"The run {name!r} cannot be {verb}: it is a member of pair. Delete that first."
    with pytest.raises(RunError, match=expected):
        act(name)
    assert [run.id for run in runs.list_runs()] == ["first", "pair", "second", "third"]
    runs.delete("pair")
    act(name)
    assert name not in [run.id for run in runs.list_runs()]


def test_every_ensemble_that_needs_a_run_is_named(runs_folder):
    leave("first")
    leave("second")
    leave_ensemble("pair", "first", "second")
    leave_ensemble("other", "second", "first")
    with pytest.raises(RunError, match="a member of other, pair. Delete"):
        runs.delete("first")


def test_an_ensemble_itself_can_be_renamed_and_deleted(runs_folder):
    leave("first")
    before = leave_ensemble("pair", "first", "gone")
    renamed = runs.rename("pair", "couple")
    assert renamed == runs.load("couple")
    assert renamed.card.members == before.card.members
    with pytest.raises(RunError, match="a member of couple"):
        runs.delete("first")
    runs.delete("couple")
    runs.delete("first")
    assert runs.list_runs() == []
