import json

import cv2
import pytest

from core import jobs
from core.cli import main
from core.datasets import DATASETS, import_folder, store
from tests.core.cli.conftest import refused
from tests.core.datasets.images_on_disk import pets, write_folder


@pytest.fixture
def imported(studio, tmp_path):
    """The dataset `pets`: 20 cats and 10 dogs, a file left out and one ignored."""
    folder = write_folder(pets(20, 10), tmp_path / "images")
    (folder / "cats" / "notes.txt").write_text("no image")
    (folder / ".DS_Store").write_text("of a system")
    return import_folder(folder, "pets", title="My pets")


def as_json(capsys, *arguments: str):
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_all_datasets_are_listed_with_what_is_here(capsys, imported):
    entries = {entry["name"]: entry for entry in as_json(capsys, "datasets")}
    assert list(entries) == [*DATASETS, "pets"]
    assert entries["mnist"]["on_this_machine"] is True
    assert entries["cifar10"]["on_this_machine"] is False
    assert entries["cifar10"]["download_bytes"] > 10**8
    pets_entry = entries["pets"]
    assert pets_entry["title"] == "My pets"
    assert (pets_entry["owner"], pets_entry["class_names"]) == ("you", ["cats", "dogs"])
    assert pets_entry["train_size"] + pets_entry["test_size"] == 30


def test_people_get_a_table(capsys, imported):
    assert main(["datasets"]) == 0
    captured = capsys.readouterr()
    rows = {line.split()[0]: line for line in captured.out.splitlines()}
    assert list(rows) == ["name", *DATASETS, "pets"]
    assert "no (17" in rows["cifar10"] and "MB)" in rows["cifar10"]
    assert "8×8×3" in rows["pets"] and "yes" in rows["pets"]
    assert captured.err == ""


def test_a_dataset_is_shown_with_its_counts(capsys, imported):
    assert main(["datasets", "show", "pets"]) == 0
    shown = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line}
    assert rows["class"] == ["training", "validation", "test", "all"]
    assert rows["cats"] == ["14", "3", "3", "20"]
    assert rows["all"][-1] == "30"
    assert "Every image is 8×8 pixels, in colour." in shown
    assert "2.0 times as many" in shown
    assert "cats/notes.txt" in shown and "not that of an image" in shown


def test_a_dataset_is_shown_as_json(capsys, imported):
    shown = as_json(capsys, "datasets", "show", "pets")
    assert shown["classes"]["cats"] == {"train": 14, "val": 3, "test": 3}
    assert sum(shown["classes"]["dogs"].values()) == 10
    assert (shown["heights"], shown["widths"], shown["channels"]) == ([8, 8], [8, 8], 3)
    assert shown["skipped"] == [["cats/notes.txt", "Its name is not that of an image."]]
    assert (shown["ignored"], shown["notes"]) == (1, [])


def test_one_that_came_with_the_studio_is_shown_too(capsys, studio):
    shown = as_json(capsys, "datasets", "show", "digits")
    assert sum(sum(parts.values()) for parts in shown["classes"].values()) == 1797
    assert shown["skipped"] == []


def test_samples_are_written(capsys, imported, tmp_path):
    path = tmp_path / "sheet.png"
    assert main(["datasets", "show", "pets", "--out", str(path)]) == 0
    assert cv2.imread(str(path)) is not None


@pytest.mark.parametrize(
    ("out", "sentence"),
    [("sheet.jpg", "must end in .png"), ("none/sheet.png", "Nothing can be written to")],
)
def test_samples_that_cannot_be_written_are_told(capsys, imported, tmp_path, out, sentence):
    arguments = ["datasets", "show", "pets", "--out", str(tmp_path / out)]
    assert sentence in refused(capsys, *arguments)
    assert not (tmp_path / out).exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "unheard-of"], "There is no dataset named 'unheard-of'"),
        (["show", "cifar10"], "python -m core datasets download cifar10"),
        (["download", "unheard-of"], "There is no dataset named 'unheard-of'"),
        (["download", "mnist"], "MNIST is on this machine already."),
        (["delete", "mnist"], "is bundled and cannot be deleted"),
        (["delete", "unheard-of"], "There is no dataset named 'unheard-of'"),
        (["delete", "../images"], "There is no dataset named '../images'"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(capsys, studio, arguments, sentence):
    assert sentence in refused(capsys, "datasets", *arguments)


def test_a_dataset_is_deleted_for_good(capsys, imported):
    assert main(["datasets", "delete", "pets"]) == 0
    assert capsys.readouterr().out == "Deleted pets.\n"
    assert store.names() == []
    assert "There is no dataset named 'pets'" in refused(capsys, "datasets", "delete", "pets")


@pytest.mark.slow
def test_a_download_that_cannot_be_reached_exits_with_2(capsys, studio, unreachable):
    assert main(["datasets", "download", "cifar10"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    *progress, last = captured.err.splitlines()
    assert progress[0].startswith("job ")
    assert last.startswith("error: ") and "cannot be reached" in last
    (job,) = jobs.list_jobs()
    assert (job.state, f"error: {job.error}") == ("failed", last)
    assert str(studio.data_dir) in job.error  # where to put it if it is fetched by hand
    assert "Traceback" not in captured.err + job.log_tail(1000)
    assert list(studio.data_dir.iterdir()) == []


@pytest.mark.parametrize("arguments", [["show"], ["download"], ["delete"], ["surplus"]])
def test_wrong_usage_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(["datasets", *arguments])
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""
