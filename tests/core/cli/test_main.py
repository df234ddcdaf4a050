import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import main
from core.cli.main import build_parser
from core.cli.output import print_table
from core.images import encode_png
from core.settings import PROJECT_DIR
from core.terminal import say

COMMANDS = ["datasets", "models", "runs", "train", "predict", "evaluate", "plot", "script"]
COMMANDS += ["delete", "import", "jobs", "cancel", "resume"]


def run_core(*arguments: str | bytes, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"python -m core {command}" in capsys.readouterr().out
    assert command in build_parser().format_help()


@pytest.mark.parametrize("arguments", [[], ["unheard-of"], ["--surplus"], ["predict", "--run"]])
def test_wrong_usage_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error:" in captured.err
    assert "Traceback" not in captured.err


def test_an_error_is_always_one_line(capsys):
    say("A sentence\nthat goes\n   on.")
    assert capsys.readouterr().err == "error: A sentence that goes on.\n"


def test_columns_are_as_wide_as_their_longest_entry(capsys):
    print_table(("name", "n"), [("a", 1), ("longer", 22)])
    assert capsys.readouterr().out == "name    n\na       1\nlonger  22\n"


def test_the_studio_predicts_on_a_real_command_line(tmp_path, drawn_digit):
    (tmp_path / "seven.png").write_bytes(encode_png(drawn_digit(7)))
    (tmp_path / "text.png").write_text("no image")
    result = run_core("predict", str(tmp_path))
    assert result.returncode == 1
    seven, text = (json.loads(line) for line in result.stdout.splitlines())
    assert (Path(seven["path"]).name, seven["run"], seven["label"]) == (
        "seven.png",
        "mnist-cnn",
        "7",
    )
    assert set(text) == {"path", "error"}


@pytest.mark.slow
def test_your_runs_go_where_the_environment_says(tmp_path):
    arguments = ["--dataset", "digits", "--model", "random_forest", "--set", "n_estimators=2"]
    result = run_core("train", *arguments, "--json", STUDIO_RUNS_DIR=str(tmp_path))
    assert result.returncode == 0, result.stderr
    card = json.loads(result.stdout)
    assert os.listdir(tmp_path) == [card["id"]]
    assert "Traceback" not in result.stderr


def test_a_mistake_is_one_line_on_a_real_command_line(tmp_path):
    result = run_core("evaluate", "--run", "unheard-of", STUDIO_RUNS_DIR=str(tmp_path))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: There is no run named 'unheard-of'. Known: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("run", ["mnist-cnn", "mnist-random-forest"])
@pytest.mark.slow
def test_a_mistake_is_one_line_whatever_libraries_print(run):
    result = run_core("predict", "--run", run, "--dataset", "digits", "--index", "999")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == "error: `--index` must be 0 to 359 for digits. Received: 999.\n"


def test_a_name_that_is_no_text_still_gets_a_sentence(tmp_path, drawn_digit):
    path = os.fsencode(tmp_path) + b"/seven-\xff.png"
    with open(path, "wb") as file:
        file.write(encode_png(drawn_digit(7)))
    result = run_core("predict", path, PYTHONIOENCODING="utf-8:strict")  # as in most locales
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["label"] == "7"


@pytest.mark.parametrize("arguments", [["models"], ["models", "--json"]])
@pytest.mark.few(1)
def test_a_reader_who_has_seen_enough_is_no_failure(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "core", *arguments],
            cwd=PROJECT_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert result.stderr == ""
    assert result.returncode == 0


def test_the_command_line_starts_without_tensorflow_or_streamlit():
    code = (
        "import sys, core.cli, core.training\n"
        "sys.stdout.write(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    )
    assert {"tensorflow", "keras", "streamlit", "sklearn"}.isdisjoint(result.stdout.split())


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["trian"], "train"),
        (["Runs"], "runs"),
        (["models", "downlod", "vgg16"], "download"),
        (["models", "download", "vgg-17"], "vgg16"),
        (["runs", "--jsn"], "--json"),
        (["datasets", "show", "mnist", "--ouut", "x.png"], "--out"),
        (["import", ".", "--name", "x", "--classes", "iner"], "inner"),
        (["train", "--dataset", "mnsit", "--model", "mlp"], "mnist"),
        (["train", "--dataset", "mnist", "--model", "Random Forest"], "random_forest"),
        (["train", "--dataset", "mnist", "--model", "mlp", "--set", "epoch=3"], "epochs"),
        (
            ["train", "--dataset", "mnist", "--model", "simple_cnn", "--set", "optimizer=adm"],
            "adam",
        ),
        (["predict", "x.png", "--run", "mnist_cn"], "mnist-cnn"),
    ],
)
def test_a_mistyped_name_gets_the_one_that_was_meant(capsys, words, meant):
    try:
        code = main(words)
    except SystemExit as error:
        code = error.code
    told = capsys.readouterr().err.splitlines()[-1]
    assert (code, f"Did you mean `{meant}`?" in told) == (2, True), told
