"""A run as one HTML file, as far as no browser is needed; see `tests/browser/test_web_page.py`."""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core import export, runs
from core.conversion.fixed import fixed_batch
from core.errors import ConversionError, ExportError, RunError
from core.export import browser, web, web_page
from core.runs import Run
from tests.overriding import use

WEB = Path(web.__file__).parent
NETWORK = "mnist-cnn"


def test_vendored_files_are_those_of_their_origin():
    folder = WEB / "vendor"
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    files = {path.name for path in folder.iterdir()} - {"README.md", "SHA256SUMS"}
    assert files == set(sums)
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("digits-random-forest", {}, "only networks have this"),
        (NETWORK, {"preprocessing": "x-rays"}, "'x-rays', is not known"),
        (NETWORK, {"members": [{"id": NETWORK}]}, "an ensemble"),
        (NETWORK, {"files": {}}, "it lacks model.tflite"),
    ],
)
def test_what_is_no_page_is_told_why(name, changes, reason):
    run = runs.load(name)
    assert re.search(reason, web_page.refusal(Run(replace(run.card, **changes), run.folder)))


def test_a_model_that_is_too_large_is_no_page(monkeypatch):
    monkeypatch.setattr(web_page, "MOST_BYTES", 5_000_000)
    run = runs.load("cifar10-efficientnet-lite0")
    assert re.search(r"its model has 6\.\d MB, .* at most 5\.0 MB", web_page.refusal(run))


def test_texts_of_somebodys_choice_have_no_effect(tmp_path):
    run = runs.load(NETWORK)
    names = ["</script><script>alert(1)</script>", "$title", *run.card.class_names[2:]]
    card = replace(run.card, class_names=names, title="<img src=x onerror=alert(2)>")
    web_page.write(Run(card, run.folder), run.file("model.tflite"), tmp_path / "x.html", None)
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text and "<img" not in text
    about = re.search(r'id="about">(.*?)</script>', text).group(1)
    assert json.loads(about)["labels"][:2] == names[:2]
    assert not re.search(r"<[^>]+\son\w+=", text.split("<script")[0])  # no inline handlers


@pytest.mark.parametrize("content", [b"", b"no model", bytes(200), b"\x10\0\0\0TFL3" + bytes(9)])
def test_what_is_no_model_is_refused_in_a_sentence(content):
    with pytest.raises(ConversionError, match="The file is no LiteRT model"):
        fixed_batch(content)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("", "No Chromium was found here"),
        pytest.param("false", "did not start|has ended", marks=pytest.mark.slow),
    ],
)
def test_without_a_browser_the_proof_says_what_was_not_compared(
    tmp_path, monkeypatch, program, told
):
    monkeypatch.setattr(browser, "_NAMES", ())
    use(monkeypatch, work_dir=tmp_path / "work", chromium=program)
    found = export.export(NETWORK, "html", tmp_path / "x.html")
    assert re.search(told, found.proof.how) and "was not compared" in found.proof.how
    assert found.proof.agreement == 1 and found.proof.prepared_agreement is None
    assert found.bytes == found.path.stat().st_size < 25e6
    assert "the page itself was not opened" in found.path.read_text(encoding="utf-8")
    assert not list((tmp_path / "work").rglob("*.html"))  # nothing is left behind


def test_a_model_that_is_damaged_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "runs" / "broken"
    shutil.copytree(runs.load(NETWORK).folder, folder)
    (folder / "model.tflite").write_bytes(b"no model")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps({**card, "id": "broken", "owner": "you"}))
    use(monkeypatch, runs_dir=tmp_path / "runs", work_dir=tmp_path / "work")
    with pytest.raises((ExportError, RunError)):
        export.export("broken", "html", tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()
