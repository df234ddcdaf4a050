import json

import pytest

from core import datasets, jobs
from core.cli import main, work
from core.jobs.job import STOPPED, lock_of, write_status
from tests.core.datasets.images_on_disk import pets, png, write_folder, write_zip
from tests.core.jobs.conftest import submit_import


def test_a_folder_is_imported(capsys, studio, small):
    assert main(["import", str(small), "--name", "pets", "--title", "My pets"]) == 0
    captured = capsys.readouterr()
    header, values = (line.split() for line in captured.out.splitlines())
    assert dict(zip(header, values, strict=True)) == {
        "dataset": "pets",
        "images": "22",
        "classes": "2",
        "skipped": "0",
        "ignored": "0",
    }
    (job,) = jobs.list_jobs()
    assert captured.err.splitlines()[0] == f"job {job.id}"
    assert datasets.find("pets").title == "My pets"


def test_a_zip_is_imported_from_a_path_relative_to_where_one_is(
    capsys, studio, tmp_path, monkeypatch
):
    write_zip(pets(), tmp_path / "pets.zip")
    monkeypatch.chdir(tmp_path)
    assert main(["import", "pets.zip", "--name", "pets"]) == 0
    assert datasets.find("pets").title == "pets"


def test_images_that_are_refused_exit_with_2_and_say_why(capsys, studio, tmp_path):
    folder = write_folder(pets(3, 10), tmp_path / "few")
    assert main(["import", str(folder), "--name", "pets"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == (
        "error: Every class needs at least 10 images. Too few are in cats: 3, 7 more are needed. "
        "Add images."
    )


@pytest.mark.slow
def test_a_refusal_names_the_options_that_help_and_they_do(capsys, studio, tmp_path):
    tree = pets(10, 10) | {f"birds/{n}.png": b"" for n in range(12)}
    folder = str(write_folder(tree, tmp_path / "pets"))
    assert main(["import", folder, "--name", "pets"]) == 2
    assert "Option: --leave-out-small." in capsys.readouterr().err
    options = ["--leave-out-small", "--rename", "dogs=hounds"]
    assert main(["import", folder, "--name", "pets", *options]) == 0
    assert datasets.find("pets").class_names == ("cats", "hounds")
    tree = {f"{a}/{b}/{n}.png": png() for a in ("one", "two") for b in "xy" for n in range(5)}
    folder = str(write_folder(tree, tmp_path / "sides"))
    assert main(["import", folder, "--name", "sides"]) == 2
    assert "--classes outer (The classes are one and two)" in capsys.readouterr().err
    assert main(["import", folder, "--name", "sides", "--classes", "outer"]) == 0
    assert "count to the outer class" in capsys.readouterr().err
    assert main(["import", folder, "--name", "other", "--rename", "one"]) == 2
    assert "`--rename` takes OLD=NEW" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "name", "sentence"),
    [
        ("small", "mnist", "There is already a dataset named 'mnist'"),
        ("small", "MNIST!", "There is already a dataset named 'mnist'"),
        ("small", " ", "Received: ' '"),
        ("none", "pets", "There is no folder or zip file"),
    ],
)
def test_what_cannot_work_is_told_in_one_line_before_it_is_queued(
    capsys, idle, small, path, name, sentence
):
    assert main(["import", str(small.with_name(path)), "--name", name]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ") and sentence in line
    assert (captured.out, jobs.list_jobs()) == ("", [])


def test_ctrl_c_cancels_the_import(capsys, studio, large, monkeypatch):
    class Interrupting(work._Follower):
        def __call__(self, job):
            super().__call__(job)
            if job.fraction > 0:
                raise KeyboardInterrupt

    monkeypatch.setattr(work, "_Follower", Interrupting)
    assert main(["import", str(large), "--name", "pets"]) == 130
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] in (  # it stopped by itself, or was ended
        "error: Cancelled; nothing was saved.",
        f"error: {STOPPED}",
    )
    assert "reading images" in captured.err
    assert [job.state for job in jobs.list_jobs()] == ["cancelled"]
    assert datasets.store.names() == []


def test_a_job_that_somebody_else_cancels_exits_with_2(capsys, idle, small, monkeypatch):
    class Other(work._Follower):
        def __call__(self, job):
            if not job.ended:
                jobs.cancel(job.id)

    monkeypatch.setattr(work, "_Follower", Other)
    assert main(["import", str(small), "--name", "pets"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "error: Cancelled before it began."


def test_progress_is_told_when_the_stage_changes_or_a_tenth_more_is_done(capsys, idle, small):
    job = submit_import(small, "pets")
    follower = work._Follower()
    follower(job)
    for number in range(100):
        write_status(job.folder, stage="reading", fraction=number / 100, note=f"{number} of 100")
        follower(jobs.load(job.id))
    write_status(job.folder, state="done")
    follower(jobs.load(job.id))
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["queued …"] + [f"reading … {number} of 100" for number in range(0, 100, 10)]


def test_without_jobs_the_list_says_what_to_do(capsys, idle):
    assert main(["jobs"]) == 0
    assert "python -m core import" in capsys.readouterr().out
    assert main(["jobs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_jobs_are_listed_latest_first(capsys, idle, small):
    first, second = submit_import(small, "pets"), submit_import(small, "others")
    write_status(first.folder, state="failed", error="It went wrong.")
    assert main(["jobs"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "job"
    assert rows[0].split() == [second.id, "import", "others", "queued"]
    assert rows[1].split() == [first.id, "import", "pets", "failed", "It", "went", "wrong."]
    assert main(["jobs", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    entries = json.loads(captured.out)
    assert [entry["id"] for entry in entries] == [second.id, first.id]
    assert entries[0]["settings"] == {"path": str(small), "name": "others"}
    assert (entries[0]["state"], entries[0]["owner"]) == ("queued", "you")
    assert (entries[1]["state"], entries[1]["error"]) == ("failed", "It went wrong.")
    assert set(entries[1]["times"]) == {"queued", "failed"}


def test_a_running_job_is_asked_to_stop(capsys, idle, small):
    job = submit_import(small, "pets")
    with lock_of(job.folder):
        write_status(job.folder, state="running")
        assert main(["cancel", job.id]) == 0
        assert jobs.load(job.id).stopping
    assert capsys.readouterr().out == f"The job {job.id} was asked to stop.\n"


def test_an_ended_job_cannot_be_cancelled(capsys, idle, small):
    job = submit_import(small, "pets")
    assert main(["cancel", job.id]) == 0
    capsys.readouterr()
    assert main(["cancel", job.id]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and "it is already cancelled" in captured.err


@pytest.mark.parametrize("job_id", ["unheard-of", "../pets", "20260101-000000-000000-abcd", ""])
def test_a_job_that_is_not_there_cannot_be_cancelled(capsys, idle, job_id):
    assert main(["cancel", job_id]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: There is no job named {job_id!r}. Known: none.\n"


@pytest.mark.parametrize("arguments", [["import"], ["import", "x"], ["cancel"], ["jobs", "x"]])
def test_wrong_usage_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""
