"""Exporting a model on the pages: choose a format, follow the job, see the proof, download."""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import export, jobs, runs, stored
from core.jobs.job import lock_of, write_status
from core.settings import Settings
from pages.components.shared import keys
from tests.pages.opening import fine
from tests.pages.reading import worked
from tests.pages.test_train import button, fields, look, open_page, studio, texts

__all__ = ["open_page", "studio"]
FOREST, NETWORK = "digits-random-forest", "mnist-cnn"


@pytest.fixture
def open_export(open_page) -> Callable[[str], AppTest]:  # noqa: F811
    """`open_export(run)`: that run with its tab about exporting."""
    return lambda run: look(open_page("runs", run=run), run, "Export")


def choose(page: AppTest, run: str, format: str) -> AppTest:
    fields(page)[f"{keys.EXPORT_FORMAT}_{run}"].set_value(format)
    return fine(page.run())


@pytest.mark.parametrize("run", [FOREST, NETWORK])
def test_the_formats_of_a_run_are_explained(open_export, run):
    page = open_export(run)
    known = {entry.title: entry for entry in export.fitting(runs.load(run))}
    assert fields(page)[f"{keys.EXPORT_FORMAT}_{run}"].options == list(known)
    for entry in list(known.values())[::2]:
        assert entry.help in texts(choose(page, run, entry.name))


def test_an_export_is_followed_proven_and_downloaded(open_export, files):
    page = open_export(FOREST)
    fine(button(page, "Export").click().run())
    (job,) = jobs.list_jobs()
    assert (job.kind, job.settings) == ("export", {"run": FOREST, "format": "package"})
    with lock_of(job.folder):
        write_status(job.folder, state="running", stage="converting", fraction=0.4)
        page = open_export(FOREST)
        assert f"Export {FOREST} as package" in texts(page).replace("**", "")
        assert button(page, "Cancel")
        write_status(job.folder, state="queued")
    assert worked(job).state == "done"
    page = open_export(FOREST)
    proof = export.read_proof(job.kept / export.PROOF)
    assert "200 test images were predicted" in texts(page)
    assert "The class is the same for all of them." in texts(page)
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Accuracy on these images"] == f"{proof.accuracy * 100:.1f} %"
    content = files[f"{FOREST}.zip"]()
    (job.folder / "copy.zip").write_bytes(content)
    assert zipfile.ZipFile(job.folder / "copy.zip").testzip() is None
    fine(button(page, "Export again").click().run())
    assert [other.id for other in jobs.list_jobs() if other.id == job.id] == []  # it made room


@pytest.mark.parametrize(
    ("agreement", "sentence"), [(1.0, "the same for all"), (0.98, "the same for 196 and differs")]
)
def test_what_differs_is_told(open_export, agreement, sentence):
    page = open_export(FOREST)
    fine(button(page, "Export").click().run())
    (job,) = jobs.list_jobs()
    numbers = {"images": 200, "labelled": 200, "agreement": agreement, "largest_difference": 0.1}
    rates = dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high", "studio_accuracy"), 0.9)
    times = {"latency_seconds": 0.1, "studio_latency_seconds": 0.1}
    about = {"run": FOREST, "format": "package", "file": "x.zip", "bytes": 3}
    proof = export.Proof(**about, **numbers, **rates, **times)
    job.kept.mkdir()
    (job.kept / "x.zip").write_bytes(b"zip")
    stored.write_json(job.kept / export.PROOF, proof.as_dict())
    write_status(job.folder, state="done", result={"run": FOREST, "file": "x.zip"})
    page = open_export(FOREST)
    told = [*page.success, *page.warning]
    assert any(sentence in one.value for one in told)


def test_a_file_that_is_gone_is_one_sentence(open_export):
    page = open_export(FOREST)
    fine(button(page, "Export").click().run())
    (job,) = jobs.list_jobs()
    write_status(job.folder, state="done", result={"run": FOREST, "file": "x.zip"})
    page = open_export(FOREST)
    assert "This export cannot be shown." in "".join(one.value for one in page.warning)
    assert button(page, "Export again")


def test_a_run_without_samples_asks_for_images(open_export, studio: Settings):  # noqa: F811
    bundled = runs.load(FOREST)
    folder = studio.runs_dir / "old"
    shutil.copytree(bundled.folder, folder)
    (folder / runs.SAMPLES).unlink()
    files = {name: sha for name, sha in bundled.card.files.items() if name != runs.SAMPLES}
    card = replace(bundled.card, id="old", owner="you", files=files)
    (folder / runs.CARD).write_text(card.to_json())
    page = open_export("old")
    assert "needs some of your images" in texts(page)
    assert "Export" not in [one.label for one in page.button]
    assert "A zip file of images" in [one.label for one in page.file_uploader]
