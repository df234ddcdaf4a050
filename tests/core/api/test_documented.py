"""What people copy works as it is written: the commands of docs/api.md, the snippets of a page."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
from starlette.testclient import TestClient

from core import runs
from core.api.app import build
from core.images import decode
from core.serving import load_predictor
from core.settings import PROJECT_DIR
from pages.components.shared.use_from_code import SNIPPETS, Call
from tests.core.api import running
from tests.core.api.conftest import BLANK, LOCAL
from tests.core.jobs.conftest import processes_in

PAGE = (PROJECT_DIR / "docs" / "api.md").read_text(encoding="utf-8")
WHERE = "http://localhost:8501"
COMMANDS = [
    command
    for command in re.findall(r"^```\n(curl .*)\n```$", PAGE, re.MULTILINE)
    if "JOB" not in command
]
WITH_TOKEN = [command for command in COMMANDS if "STUDIO_API_TOKEN" in command]
WITHOUT = [command for command in COMMANDS if command not in WITH_TOKEN]
SWAGGER = PROJECT_DIR / "core" / "api" / "swagger"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, png):
    folder = tmp_path_factory.mktemp("documented")
    for name, content in {"7": png(7), "1": png(1), "image": png(7), "blank": BLANK}.items():
        (folder / f"{name}.png").write_bytes(content)
    yield folder
    for process in processes_in(folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture(scope="module")
def server(folder):
    with running.serve(folder) as served:
        yield served


def execute(folder, *command: str) -> str:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=True
    ).stdout


@pytest.mark.parametrize("command", WITHOUT, ids=range(len(WITHOUT)))
def test_a_documented_command_works(server, folder, command):
    assert WHERE in command
    text = execute(folder, "bash", "-c", command.replace(WHERE, server.url))
    if "prometheus" in command:
        assert "studio_requests_total" in text
        return
    if "export" in command:
        assert (folder / "forest.skops").stat().st_size > 10_000
        return
    if "-o why.png" in command:
        assert decode((folder / "why.png").read_bytes()).ndim == 3
        return
    content = json.loads(text)
    if "blank" in command:
        assert content["success"] is False
        assert content["error"] in PAGE
    elif isinstance(content, dict):
        assert content.get("success", True) is True
        results = [*content.get("results", ()), *content.get("runs", {}).values()]
        assert all(result["success"] for result in results)


def test_a_documented_token_opens_a_guarded_server(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_API_TOKEN", "secret")
    (command,) = WITH_TOKEN
    with running.serve(tmp_path) as guarded:
        command = command.replace(WHERE, guarded.url)
        assert isinstance(json.loads(execute(tmp_path, "bash", "-c", command)), list)
        monkeypatch.setenv("STUDIO_API_TOKEN", "another")
        assert json.loads(execute(tmp_path, "bash", "-c", command))["success"] is False


def test_what_the_first_project_offered_is_documented():
    for path in ("train", "predict", "metrics", "health"):
        assert any(f"/api/{path}" in command for command in COMMANDS)


def test_every_url_is_documented():
    described = TestClient(build(LOCAL)).get("/openapi.json").json()["paths"]
    urls = {f"{method.upper()} {path}" for path, ways in described.items() for method in ways}
    assert urls == set(re.findall(r"^### `(\w+ \S+)`$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("run_id", ["mnist-cnn", "digits-random-forest"])
@pytest.mark.parametrize("language", SNIPPETS)
def test_a_snippet_predicts(server, folder, png, run_id, language):
    _, make = SNIPPETS[language]
    code = make(Call(run_id, f"{server.url}/api"))
    if language == "curl":
        text = execute(folder, "bash", "-c", code)
        printed = [json.loads(text)["label"], json.loads(text)["confidence"]]
    elif language == "Python":
        printed = execute(folder, sys.executable, "-c", code).split()
    elif shutil.which("node") is None:
        pytest.skip("there is no Node.js on this machine")
    else:
        (folder / "snippet.mjs").write_text(code)
        printed = execute(folder, "node", "snippet.mjs").split()
    expected = load_predictor(runs.load(run_id)).predict(decode(png(7)))
    assert printed[0] == expected.label
    assert float(printed[1]) == pytest.approx(expected.confidence, abs=1e-4)


@pytest.mark.parametrize("language", SNIPPETS)
def test_a_snippet_sends_a_token(folder, language):
    _, make = SNIPPETS[language]
    assert "Bearer a-token" in make(Call("mnist-cnn", "http://localhost:8501/api", "a-token"))
    assert "Bearer" not in make(Call("mnist-cnn", "http://localhost:8501/api"))


# The documentation in a browser


def test_the_vendored_files_are_those_that_were_published():
    listed = dict(
        reversed(line.split()) for line in (SWAGGER / "SHA256SUMS").read_text().splitlines()
    )
    own = {"SHA256SUMS", "README.md", "initializer.js"}
    assert set(listed) == {path.name for path in SWAGGER.iterdir()} - own
    assert {"LICENSE", "NOTICE"} <= set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((SWAGGER / name).read_bytes()).hexdigest() == digest, name
