"""What is written for containers and clouds fits the studio, and starts it."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import yaml

from core import runs
from core.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
HEALTH = "/_stcore/health"


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def test_the_image_holds_every_bundled_run_and_every_embedded_dataset():
    let_in = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    assert {f"saved_models/{name}" for name in runs.BUNDLED} <= let_in
    assert {f"data/{path.name}" for path in (PROJECT / "data").glob("*.npz")} <= let_in
    assert all((PROJECT / path).exists() for path in let_in)


def test_the_image_holds_neither_tests_nor_runs_of_your_own():
    assert "*" in read(".dockerignore").splitlines()
    assert not re.search(
        r"^!(tests|benchmarks|notebooks|docs|saved_models)/?$", read(".dockerignore"), re.M
    )


def test_the_image_copies_what_is_there():
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE):
        assert all((PROJECT / source).exists() for source in sources.split())


def test_the_image_runs_as_a_user_whose_folders_do_not_hide_the_bundled_runs():
    dockerfile = read("Dockerfile")
    environment = dict(re.findall(r"(STUDIO_\w+)=(\S+)", dockerfile))
    places = Settings.from_environment(environment)
    volume = Path(re.search(r"^VOLUME (\S+)$", dockerfile, re.MULTILINE)[1])
    for folder in (places.runs_dir, places.data_dir, places.work_dir):
        assert folder.is_relative_to(volume)
    assert not places.bundled_runs_dir.is_relative_to(volume)
    assert not Path("/studio/saved_models").is_relative_to(volume)
    assert re.search(r"^USER studio$", dockerfile, re.MULTILINE)
    assert dockerfile.count("\nEXPOSE ") == 1
    assert HEALTH in re.search(r"^HEALTHCHECK .*?\n(?=\S)", dockerfile, re.M | re.S)[0]


def test_the_image_has_the_pinned_versions():
    assert "-r requirements.txt" in read("Dockerfile")
    assert "tensorflow==" in read("requirements.txt")  # which the image exchanges for its sister


def test_render_builds_the_image_as_a_public_demo():
    (service,) = yaml.safe_load(read("render.yaml"))["services"]
    assert service["runtime"] == "docker"
    assert service["healthCheckPath"] == HEALTH
    environment = {one["key"]: one["value"] for one in service["envVars"]}
    assert Settings.from_environment(environment).public


@pytest.mark.parametrize("source", ["Procfile", "Dockerfile"])
@pytest.mark.few(1)
def test_its_command_starts_the_studio(source, tmp_path):
    pattern = {"Procfile": r"^web: (.+)$", "Dockerfile": r"^CMD exec (.+)$"}[source]
    command = re.search(pattern, read(source), re.MULTILINE)[1]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    words = [word.replace("$PORT", port) for word in shlex.split(command)]
    assert words[0] == "streamlit"
    environment = {**os.environ, "STUDIO_RUNS_DIR": str(tmp_path), "STUDIO_WORK_DIR": str(tmp_path)}
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=PROJECT, env=environment, stdout=log, stderr=log
    )
    try:
        assert predictions(f"http://127.0.0.1:{port}{HEALTH}", process) == "ok"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def predictions(url: str, process: subprocess.Popen) -> str:
    """What it answers once it does; fails if the process ends, or never answers."""
    until = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < until:
        try:
            return requests.get(url, timeout=5).text
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(f"It does not answer: {process.poll()}")


def test_secrets_of_a_cloud_make_it_public():
    (line,) = [one for one in read(".streamlit/secrets.example.toml").splitlines() if "=" in one]
    name, _, value = line.partition(" = ")
    assert Settings.from_environment({name: value.strip('"')}).public
