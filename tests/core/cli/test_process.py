"""Commands in real processes: odd names, streams that are closed or full, signals, no memory."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.cli import main
from core.images import encode_png
from core.settings import PROJECT_DIR

COMMAND = [sys.executable, "-m", "core"]
PATIENCE = 60.0  # seconds until a test gives up


def assert_one_line(told: str, sentence: str) -> None:
    (line,) = told.splitlines()
    assert line.startswith("error: ") and sentence in line


@pytest.fixture
def refused(capsys):
    """`refused(arguments, sentence)`: a command that fails in one line."""

    def check(arguments: list[str], sentence: str) -> None:
        assert main(arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert_one_line(captured.err, sentence)

    return check


@pytest.fixture
def digit(tmp_path, drawn_digit) -> Path:
    path = tmp_path / "seven.png"
    path.write_bytes(encode_png(drawn_digit(7)))
    return path


# Names and things that are no files

LONG = "n" * 300


def make_thing(folder: Path, kind: str) -> str:
    path = folder / "thing"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    else:
        return {"device": "/dev/zero", "long": LONG, "missing": str(path)}[kind]
    return str(path)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("fifo", "named pipe"),
        ("folder", "folder"),
        ("socket", "No such device"),
        ("device", "device"),
        ("long", "File name too long"),
    ],
)
def test_a_configuration_that_is_no_file_is_told_at_once(tmp_path, refused, kind, sentence):
    refused(["train", "--config", make_thing(tmp_path, kind)], sentence)


def test_images_that_are_no_files_do_not_stop_the_others(tmp_path, capsys, digit):
    fifo, device, long = (make_thing(tmp_path, kind) for kind in ("fifo", "device", "long"))
    broken = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")
    assert main(["predict", fifo, device, long, broken, str(digit)]) == 1
    captured = capsys.readouterr()
    assert captured.err == "" and captured.out.isascii()
    *refused, seven = (json.loads(line) for line in captured.out.splitlines())
    expected = ["named pipe", "device", "File name too long", "No such file"]
    assert all(sign in one["error"] for sign, one in zip(expected, refused, strict=True))
    assert seven["label"] == "7"


@pytest.mark.parametrize("kind", ["fifo", "device", "long", "missing"])
def test_an_import_of_what_is_no_folder_is_told_at_once(tmp_path, refused, kind):
    refused(["import", make_thing(tmp_path, kind), "--name", "pets"], "")


@pytest.mark.parametrize(
    "arguments", [["plot", "--run", "mnist-cnn"], ["compare", "mnist-cnn", "mnist-random-forest"]]
)
def test_a_pipe_is_no_place_for_a_report(tmp_path, refused, arguments):
    ending = {"plot": ".png", "compare": ".html"}[arguments[0]]
    path = tmp_path / f"out{ending}"
    os.mkfifo(path)
    refused([*arguments, "--out", str(path)], "named pipe")


ALIASES = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(30))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hyperparameters: " + "[" * 5000 + "]" * 5000, "nested deeper than"),
        ("{" * 50_000, "nested deeper than"),
        (ALIASES, "references"),
        ("x" * 200_000, "at most 100 kB"),
        ("seed: " + "9" * 5000, "cannot be read"),
        ("seed: 2020-13-45", "cannot be read"),
        ('dataset: "a\\0b"\nmodel: mlp', "There is no dataset"),
        ("dataset: digits\nmodel: mlp\nname: " + LONG, "name"),
    ],
    ids=["list", "mapping", "aliases", "large", "number", "date", "zero", "name"],
)
def test_a_configuration_that_would_unfold_to_much_is_refused(tmp_path, refused, text, sentence):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    refused(["train", "--config", str(path)], sentence)


# Standard streams


def with_shell(line: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "-c", line.replace("CORE", f"{sys.executable} -m core")],
        cwd=PROJECT_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("CORE models >&-", "Standard output is closed"),
        ("CORE models > /dev/full", "cannot be written"),
        ("CORE --help > /dev/full", "cannot be written"),
    ],
)
@pytest.mark.few(1)
def test_output_that_goes_nowhere_is_told(line, sentence):
    result = with_shell(line)
    assert result.returncode == 2
    assert_one_line(result.stderr, sentence)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("CORE models 2>&- <&-", 0),
        ("CORE evaluate --run none 2> /dev/full", 2),
        ("CORE models >&- 2>&-", 2),
    ],
)
@pytest.mark.few(1)
def test_the_code_is_right_where_nothing_can_be_told(line, code):
    result = with_shell(line)
    assert (result.returncode, result.stderr) == (code, "")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_signs_that_the_terminal_lacks_are_written_as_escapes(environment):
    result = with_shell("CORE datasets", **environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert "digits" in result.stdout and result.stdout.isascii()


# Signals


def minding_ctrl_c() -> None:
    """In a new process: whoever runs the tests in the background has turned Ctrl-C off."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [
        ("importing", signal.SIGINT, 130),
        ("fitting", signal.SIGINT, 130),
        ("fitting", signal.SIGTERM, 143),
    ],
)
@pytest.mark.few(1)
def test_a_signal_ends_a_training_in_one_line(tmp_path, moment, number, code):
    arguments = ["train", "--dataset", "digits", "--model", "mlp", "--set", "epochs=200"]
    places = {f"STUDIO_{name}_DIR": str(tmp_path / name) for name in ("RUNS", "WORK")}
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "core", *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, **places},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=minding_ctrl_c,
    )
    sign = {"importing": "numpy.linalg", "fitting": "fitting"}[moment]
    with process:
        for line in process.stderr:
            if line.split("|")[-1].strip(" …\n") == sign:
                break
        process.send_signal(number)
        rest = [line for line in process.stderr if "import time:" not in line]
        assert process.wait(PATIENCE) == code
    assert sum(line.startswith("error: ") for line in rest) == 1
    assert not any("Traceback" in line or "Error" in line for line in rest)
    assert not [path for path in (tmp_path / "RUNS").glob("*") if not path.name.startswith(".")]


# Memory


def with_memory(megabytes: int, *arguments: str) -> subprocess.CompletedProcess:
    """A command that may have only so much address space."""
    most = megabytes * 10**6
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
@pytest.mark.few(1)
def test_an_image_that_memory_is_too_small_for_is_not_called_damaged(tmp_path, ending):
    from PIL import Image

    path = tmp_path / f"large.{ending}"
    Image.new("RGB", (4000, 4000), (250, 240, 230)).save(path, **SAVED.get(ending, {}))
    code = (
        "import resource, sys\n"
        "from core.cli import main\n"
        "from core.batch import read_image\n"
        "from core.serving import load_predictor\n"
        "from core import runs\n"
        "load_predictor(runs.load('mnist-cnn'))\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * 4096\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 30_000_000, -1))\n"
        "sys.exit(main(['predict', sys.argv[1]]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    assert "Memory ran out" in json.loads(result.stdout)["error"]


SAVED = {"png": {"compress_level": 1}, "tif": {"compression": "tiff_adobe_deflate"}}


@pytest.mark.slow
def test_a_training_that_memory_is_too_small_for_says_so():
    result = with_memory(
        700, "train", "--dataset", "mnist", "--model", "knn", "--set", "features=pixels"
    )
    assert result.returncode == 2, result.stderr
    assert "Memory ran out" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_time_is_not_wasted_on_what_is_cleared_up():
    """Three signals end a command whatever it does."""
    code = (
        "import sys, time\n"
        "from core import terminal\n"
        "def load():\n"
        "    def work():\n"
        "        try:\n"
        "            sys.stdout.write('ready\\n'); sys.stdout.flush(); time.sleep(60)\n"
        "        finally:\n"
        "            sys.stdout.write('clearing\\n'); sys.stdout.flush(); time.sleep(60)\n"
        "    return work\n"
        "sys.exit(terminal.run(load))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=minding_ctrl_c,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "clearing\n"
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        assert process.wait(PATIENCE) == 130
