"""Results of jobs, checkpoints, uploads and hints that were tampered with."""

import numpy as np
import pytest

from core import labelled, robustness
from core.datasets import uploads
from core.errors import JobError, StudioError
from core.evaluation import evaluate
from core.labelled import Labelled
from core.robustness import CORRUPTIONS, Robustness
from core.training.checkpoints import Checkpoints, sweep_old
from tests.core.tampering import ODD, REPLACEMENTS, fields_of, replace_by, with_value


def keep_predictions(folder):
    labelled.save(Labelled(evaluate([0, 1], np.eye(2)), ("a.png", "b.png")), folder)
    return folder / "files.json", lambda: labelled.load(folder)


def keep_robustness(folder):
    strengths = CORRUPTIONS["noise"].severities
    accuracies = {"one": (0.5,) * len(strengths)}
    robustness.save(Robustness("noise", strengths, accuracies, 100, 0, {"one": 100}), folder)
    return folder / "robustness.json", lambda: robustness.load(folder)


def keep_checkpoints(folder):
    kept = Checkpoints(folder, "this", [{"epoch": 1, "val_accuracy": 0.5, "seconds": 1.0}])
    kept.last = kept.best = "best-1.weights.h5"
    kept.best_accuracy = 0.5
    (folder / kept.last).touch()
    kept._write_state()

    def read():
        if not Checkpoints(folder, "this").read():
            raise JobError("not gone on with")

    return folder / "state.json", read


KINDS = [keep_predictions, keep_robustness, keep_checkpoints]
ALLOWED = {
    ("refused", "empty list"),
    ("others", "empty list"),
    ("best", "empty text"),
    ("best_accuracy", "fraction"),
    ("best_accuracy", "negative"),
}


@pytest.mark.parametrize("keep", KINDS)
def test_an_odd_value_in_any_field_is_refused(tmp_path, keep):
    path, read = keep(tmp_path)
    read()
    before = path.read_text()
    for field in fields_of(path):
        for odd in ODD:
            path.write_text(before)
            with_value(path, field, ODD[odd])
            if (field, odd) in ALLOWED:
                read()
                continue
            with pytest.raises(JobError):
                read()


@pytest.mark.parametrize("keep", KINDS)
@pytest.mark.parametrize("replacement", REPLACEMENTS)
def test_something_else_in_the_place_of_the_file_is_refused(tmp_path, keep, replacement):
    path, read = keep(tmp_path)
    replace_by(path, replacement)
    with pytest.raises(JobError):
        read()


@pytest.mark.parametrize("replacement", REPLACEMENTS)
def test_an_upload_of_which_nobody_knows_the_owner(tmp_path, monkeypatch, replacement):
    monkeypatch.setattr(uploads, "_root", lambda: tmp_path)
    upload = uploads.add([("a.png", b"1"), ("b.png", b"2")])
    (upload.path.parent / "owner").touch()
    replace_by(upload.path.parent / "owner", replacement)
    assert uploads.load(upload.id) == upload  # the owner of the machine sees everything
    replace_by(upload.path, "pipe")
    with pytest.raises(StudioError, match="no longer there"):
        uploads.load(upload.id)


def test_only_old_checkpoints_of_ours_are_swept(tmp_path, monkeypatch):
    import os

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name, file in (
        ("checkpoints-abcdefgh", "state.json"),
        ("checkpoints-abcdefg0", "epoch-3.weights.h5"),
        ("checkpoints-abcdefg1", "thesis.txt"),
        ("checkpoints-new00000", "state.json"),
        ("checkpoints", "state.json"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
        if "new" not in name:
            os.utime(tmp_path / name, (0, 0))
    sweep_old()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["checkpoints", "checkpoints-abcdefg1", "checkpoints-new00000"]
