"""Pages with damaged runs, datasets and jobs: they go on, say what is damaged, and delete it."""

import shutil

import pytest

from core import datasets, jobs, runs
from core.datasets import store
from core.jobs import queue
from pages.components.shared import keys
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.jobs.conftest import own_folders
from tests.core.tampering import replace_by, with_value
from tests.pages.opening import fine, visit


@pytest.fixture
def studio(tmp_path, monkeypatch, small_run):
    """One whole and several damaged runs, datasets and jobs; jobs are queued, not started."""
    with own_folders(tmp_path, monkeypatch) as changed:
        for module in (jobs, queue):
            monkeypatch.setattr(module, "ensure_dispatcher", lambda: None)
        for name in ("whole", "odd", "pipe", "deep"):
            shutil.copytree(small_run.folder, changed.runs_dir / name)
        with_value(changed.runs_dir / "odd" / runs.CARD, "created", "null")
        with_value(changed.runs_dir / "deep" / runs.CARD, "history", "[" * 9000 + "]" * 9000)
        replace_by(changed.runs_dir / "pipe" / runs.CARD, "pipe")
        datasets.import_folder(write_folder(pets(10, 10), tmp_path / "pets"), "torn")
        with_value(store.root() / "torn" / store.CARD, "images", "-1")
        config = {"dataset": "digits", "model": "knn"}
        for file, field, value in (
            ("config.json", "settings", '{"dataset": "digits", "model": []}'),
            ("status.json", "times", "[1]"),
        ):
            with_value(jobs.submit("train", config).folder / file, field, value)
        yield changed


@pytest.mark.parametrize("page", ["recognise", "compare", "image_lab", "train"])
@pytest.mark.few(1)
def test_every_page_goes_on_and_names_what_is_damaged(studio, page):
    shown = visit(page, [keys.SETTINGS], step="runs", view="breaking")
    texts = [e.value for kind in (shown.markdown, shown.caption, shown.warning) for e in kind]
    if page != "image_lab":  # which says so where runs are chosen
        assert all(any(name in text for text in texts) for name in ("odd", "pipe", "deep"))


def press(page, key: str):
    return fine(page.button(key=key).click().run())


@pytest.mark.slow
def test_what_is_damaged_is_deleted_and_its_name_is_free(studio):
    page = visit("train", step="runs")
    for name in ("odd", "pipe", "deep"):
        page = press(page, f"yes_ask_Delete_{name}")
        runs.check_free(name)
    for job in jobs.list_jobs():
        page = press(page, f"yes_ask_Delete_{job.id}")
    assert (jobs.list_jobs(), runs.list_damaged()) == ([], [])
    press(visit("train", step="data", dataset="digits"), "yes_ask_Delete_torn")
    datasets.check_free("torn")
    assert "whole" in [run.id for run in runs.list_runs()]
