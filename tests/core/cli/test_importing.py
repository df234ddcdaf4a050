"""Importing a model on the command line, as a job in processes of its own."""

import json

import pytest

from core import jobs, runs
from core.cli import main
from core.foreign import PACKAGE
from tests.core.cli.conftest import refused
from tests.core.foreign import model_files as made
from tests.core.foreign.model_files import CNN, DIGITS

CLASSES = ",".join(DIGITS)


@pytest.mark.slow
def test_a_model_is_imported_and_evaluated(studio, capsys, tmp_path):
    path = made.linear_onnx(tmp_path / "lines.onnx", ends="Softmax")
    (tmp_path / "classes.txt").write_text("\n".join(DIGITS), encoding="utf-8")
    arguments = ["import-model", str(path), "--name", "My lines", "--input", "pixels=0..1"]
    arguments += ["--classes-file", str(tmp_path / "classes.txt"), "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["run"], told["output"], told["accuracy"]) == ("my-lines", "probabilities", None)
    assert main(["evaluate-on", "--run", "my-lines", "--dataset", "digits"]) == 0
    assert "digits" in capsys.readouterr().out
    assert main(["evaluate", "--run", "my-lines", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] == found["card_accuracy"] == runs.load("my-lines").card.accuracy


def test_what_is_refused_is_one_line_and_leaves_nothing(idle, capsys, tmp_path):
    path = made.linear_onnx(tmp_path / "lines.onnx")
    command = ("import-model", str(path), "--name", "Lines")
    assert "at least two classes" in refused(capsys, *command)
    assert "NAME=VALUE" in refused(capsys, *command, "--classes", CLASSES, "--input", "28x28")
    assert "cannot be read" in refused(capsys, *command, "--classes-file", str(tmp_path / "none"))
    assert "cannot be read" in refused(capsys, "import-model", "none.onnx", "--name", "Lines")
    assert jobs.list_jobs() == [] and not idle.runs_dir.exists()


@pytest.mark.slow
@pytest.mark.parametrize("format", ["keras", "tflite", PACKAGE])
def test_every_format_is_imported(studio, capsys, tmp_path, format):
    name = "digits-random-forest"
    path = tmp_path / ("theirs.zip" if format == PACKAGE else f"theirs.{format}")
    more = ["--classes", CLASSES, "--input", "preprocessing=mnist_digit"]
    if format == PACKAGE:
        assert main(["export", "--run", name, "--format", PACKAGE, "--out", str(path)]) == 0
        more = []
    else:
        path.write_bytes((CNN / f"model.{format}").read_bytes())
    assert main(["import-model", str(path), "--name", "theirs", *more]) == 0
    assert runs.load("theirs").card.foreign.format == format
    assert main(["evaluate-on", "--run", "theirs", "--dataset", "digits"]) == 0
    assert "theirs" in capsys.readouterr().out
