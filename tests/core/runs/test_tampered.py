"""Whatever becomes of one run, the others are listed, and the damaged one can be deleted."""

import hashlib
import json
import os
import shutil

import numpy as np
import pytest

from core import runs
from core.cli import main
from core.errors import RunError
from core.serving import load_predictor
from tests.core.tampering import ODD, REPLACEMENTS, fields_of, replace_by, with_value

FIELDS = [
    "id",
    "owner",
    "dataset",
    "class_names",
    "input_shape",
    "preprocessing",
    "model",
    "family",
    "hyperparameters",
    "history",
    "metrics",
    "seconds",
    "seed",
    "validation_fraction",
    "versions",
    "created",
    "files",
    "test_fingerprint",
    "cost",
    "members",
    "title",
    "ended_early",
    "served",
    "foreign",
    "published",
    "out_of_distribution",
    "format_version",
]
ALLOWED = {
    ("ended_early", "true"),
    *((name, "text") for name in ("id", "owner", "dataset", "preprocessing", "model")),
    *((name, odd) for name in ("test_fingerprint", "title") for odd in ("text", "empty text")),
    *((name, "empty list") for name in ("history", "members")),
    *((name, "fraction") for name in ("seconds", "validation_fraction")),
    ("foreign", "null"),
    ("published", "null"),
    ("out_of_distribution", "null"),
}


@pytest.fixture
def bad(runs_with_small, small_run):
    """A copy of a run beside a whole one."""
    shutil.copytree(small_run.folder, runs_with_small / "bad")
    return runs_with_small / "bad"


def left_out(capsys, small_run) -> str:
    """The one line about the damaged run; the others are listed as ever."""
    assert [run.id for run in runs.list_runs()] == [small_run.id]
    assert main(["runs", "--json"]) == 0
    captured = capsys.readouterr()
    assert [entry["id"] for entry in json.loads(captured.out)] == [small_run.id]
    (line,) = captured.err.splitlines()
    assert line.startswith("run bad is damaged and left out: ")
    return line


def test_every_field_of_a_card_is_tampered_with(bad):
    assert set(FIELDS) == set(fields_of(bad / runs.CARD)) - {"dataset_fingerprint"}


@pytest.mark.parametrize("field", FIELDS)
def test_a_card_with_an_odd_value_spoils_that_run_alone(bad, capsys, small_run, field):
    card = (bad / runs.CARD).read_text(encoding="utf-8")
    for odd in ODD:
        (bad / runs.CARD).write_text(card, encoding="utf-8")
        with_value(bad / runs.CARD, field, ODD[odd])
        if (field, odd) not in ALLOWED:
            assert [run.id for run in runs.list_runs()] == [small_run.id], odd
            (damaged,) = runs.list_damaged()
            assert damaged.reason.startswith("The card of run 'bad' cannot be read: "), odd
            assert len(damaged.reason) < 400, odd
        else:
            assert runs.list_damaged() == [], odd
    (bad / runs.CARD).write_text(card, encoding="utf-8")
    with_value(bad / runs.CARD, field, ODD["deep"])
    left_out(capsys, small_run)
    assert main(["delete", "bad"]) == 0
    runs.check_free("bad")


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("whole", [False, True], ids=["card", "folder"])
def test_something_else_in_the_place_of_a_card_or_a_run(bad, capsys, small_run, replacement, whole):
    if whole:
        shutil.rmtree(bad)
        if replacement in ("missing", "empty", "large", "junk"):
            return  # a plain file among the runs is none of them
        replace_by(bad, replacement)
    else:
        replace_by(bad / runs.CARD, replacement)
    left_out(capsys, small_run)
    with pytest.raises(RunError, match="already a run named 'bad'"):
        runs.check_free("bad")
    assert main(["predict", "--run", "bad", "--dataset", "digits", "--index", "0"]) == 2
    runs.delete("bad")
    assert os.listdir(bad.parent) == [small_run.id]
    runs.check_free("bad")


def with_file(folder, name: str, content: bytes, **changes) -> runs.Run:
    """Give a run another file, with a digest that matches, and its card other values."""
    (folder / name).write_bytes(content)
    card = json.loads((folder / runs.CARD).read_text())
    card["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / runs.CARD).write_text(json.dumps({**card, **changes}))
    return runs.load(folder.name)


def arrays(folder, **changes) -> bytes:
    with np.load(folder / runs.EVALUATION) as found:
        content = {**found, **changes}
    np.savez(folder / "new.npz", **{k: v for k, v in content.items() if v is not None})
    packed = (folder / "new.npz").read_bytes()
    (folder / "new.npz").unlink()
    return packed


PREDICTIONS = {
    "junk": lambda folder: b"junk" * 100,
    "empty": lambda folder: b"",
    "no labels": lambda folder: arrays(folder, y_test=None),
    "one more": lambda folder: arrays(folder, more=[1]),
    "objects": lambda folder: arrays(folder, y_test=np.array([None] * 360)),
    "labels as fractions": lambda folder: arrays(folder, y_test=np.zeros(360)),
    "labels of no class": lambda folder: arrays(folder, y_test=np.full(360, 10)),
    "negative labels": lambda folder: arrays(folder, y_val=np.full(144, -1)),
    "fewer images": lambda folder: arrays(
        folder, y_test=np.zeros(3, int), probabilities_test=np.eye(10)[:3]
    ),
    "other classes": lambda folder: arrays(folder, probabilities_test=np.full((360, 4), 0.25)),
    "not a number": lambda folder: arrays(folder, probabilities_test=np.full((360, 10), np.nan)),
    "endless": lambda folder: arrays(folder, probabilities_test=np.full((360, 10), np.inf)),
    "no probabilities": lambda folder: arrays(folder, probabilities_test=np.ones((360, 10))),
    "flat": lambda folder: arrays(folder, probabilities_test=np.zeros(360)),
}


@pytest.mark.parametrize("make", PREDICTIONS.values(), ids=PREDICTIONS)
def test_predictions_with_the_right_digest_that_cannot_be_used(bad, small_run, capsys, make):
    run = with_file(bad, runs.EVALUATION, make(bad))
    with pytest.raises(RunError, match="The predictions of run 'bad' cannot be read"):
        run.evaluation()
    assert main(["compare", "bad", small_run.id]) == 2
    assert "bad" in capsys.readouterr().err
    assert runs.load(small_run.id).evaluation().accuracy > 0.5


@pytest.mark.parametrize("content", [b"", b"junk" * 1000, b"PK\x03\x04" + bytes(100)])
def test_a_model_with_the_right_digest_that_is_none(bad, small_run, content):
    for name in ("model.skops", "model.onnx", "trees.npz", "neighbours.npz"):
        run = with_file(bad, name, content, served={"file": name})
        with pytest.raises(RunError, match=name):
            load_predictor(run)
    run = with_file(bad, runs.EVALUATION, content, served={"file": runs.EVALUATION})
    with pytest.raises(RunError, match="a file of that name serves nothing"):
        load_predictor(run)
    load_predictor(runs.load(small_run.id))


@pytest.mark.parametrize(
    "changes", [{"input_shape": [28, 28, 1]}, {"class_names": ["a", "b"], "metrics": None}]
)
def test_a_model_that_does_not_fit_its_card(bad, changes):
    card = json.loads((bad / runs.CARD).read_text())
    changes = {name: value for name, value in changes.items() if value is not None}
    (bad / runs.CARD).write_text(json.dumps({**card, **changes}))
    with pytest.raises(RunError, match="does not fit the card of its run"):
        load_predictor(runs.load("bad"))


def test_a_damaged_run_that_came_with_the_studio_is_kept(runs_folder, bundled_folder, small_run):
    shutil.copytree(small_run.folder, bundled_folder / "mnist-cnn")
    replace_by(bundled_folder / "mnist-cnn" / runs.CARD, "junk")
    with pytest.raises(RunError, match="is bundled and cannot be deleted.*git checkout"):
        runs.delete("mnist-cnn")
    assert (bundled_folder / "mnist-cnn").is_dir()
