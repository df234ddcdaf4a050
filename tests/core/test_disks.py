"""Full and read-only disks, and what is left of processes that were killed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import PROJECT_DIR
from tests.core.datasets.images_on_disk import pets, write_folder

TRAIN = ("train", "--dataset", "digits", "--model", "knn", "--set", "max_images=100")
NETWORK = (
    *("train", "--dataset", "digits", "--model", "simple_cnn", "--set", "filters=4"),
    *("--set", "epochs=1", "--set", "max_images=64"),
)


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)

    def fill(self) -> None:
        """Until nothing more can be written."""
        with (self.folder / "fill").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"there is no mount: {error}")
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    yield Disk(folder)
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def command(tmp_path, small_run):
    """`command("runs", runs_dir=…)`: exit code, output and errors of a command of its own."""
    shutil.copytree(small_run.folder, tmp_path / "runs" / "mine")

    def run(*arguments: str, limit: str = "", **folders: Path) -> tuple[int, str, str]:
        chosen = {"runs_dir": tmp_path / "runs", "work_dir": tmp_path / "work", **folders}
        environment = {f"STUDIO_{name.upper()}": str(path) for name, path in chosen.items()}
        line = [sys.executable, "-m", "core", *arguments]
        if limit:
            line = ["sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh", *line]
        done = subprocess.run(
            line,
            env={**os.environ, **environment},
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


def one_sentence(prediction: tuple[int, str, str], start: str, folder: Path) -> None:
    code, out, err = prediction
    assert (code, out) == (2, "")
    last = err.splitlines()[-1]
    assert last.startswith(f"error: {start}")
    assert f"{folder}." in last or f"{folder}:" in last


FULL, READ_ONLY = "The disk is full: nothing more can", "Nothing can be written to"


@pytest.mark.parametrize("spoil", [FULL, READ_ONLY])
@pytest.mark.slow
def test_a_disk_that_takes_no_run_is_named(disk, command, small_run, spoil):
    shutil.copytree(small_run.folder, disk.folder / "mine")
    disk.fill() if spoil == FULL else disk.remount("ro")
    before = sorted(os.listdir(disk.folder))
    one_sentence(command(*TRAIN, runs_dir=disk.folder), spoil, disk.folder)
    assert sorted(os.listdir(disk.folder)) == before
    deleted = command("delete", "mine", runs_dir=disk.folder)
    if spoil == FULL:  # where deleting is what helps
        assert deleted[0] == 0
        assert os.listdir(disk.folder) == ["fill"]
    else:
        one_sentence(deleted, spoil, disk.folder)
        assert (disk.folder / "mine" / "card.json").is_file()


@pytest.mark.parametrize("limit", ["", "20"], ids=["disk", "ulimit"])
@pytest.mark.slow
def test_a_network_that_finds_no_room_for_its_checkpoint(disk, command, limit):
    disk.remount("size=2m" if limit else "size=100k")
    one_sentence(command(*NETWORK, limit=limit, runs_dir=disk.folder), FULL, disk.folder)
    assert os.listdir(disk.folder) == []


@pytest.mark.parametrize("spoil", [FULL, READ_ONLY])
@pytest.mark.few(1)
def test_a_disk_that_takes_no_job_is_named(disk, command, tmp_path, spoil):
    path = write_folder(pets(10, 10), tmp_path / "pets")
    disk.fill() if spoil == FULL else disk.remount("ro")
    prediction = command("import", str(path), "--name", "pets", work_dir=disk.folder)
    one_sentence(prediction, spoil, disk.folder / "jobs")


@pytest.mark.parametrize(
    "arguments",
    [
        ("plot", "--run", "mine", "--out", "{}/x.png"),
        ("compare", "mine", "--out", "{}/x.html"),
        ("datasets", "show", "digits", "--out", "{}/x.png"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.slow
def test_a_disk_that_takes_no_output_is_named(disk, command, arguments):
    disk.fill()
    prediction = command(*(text.format(disk.folder) for text in arguments))
    one_sentence(prediction, FULL, disk.folder)
    assert os.listdir(disk.folder) == ["fill"]


def test_what_killed_processes_left_is_swept_and_nothing_else(command, tmp_path):
    runs, work = tmp_path / "runs", tmp_path / "work"
    code = (
        "import os, sys; from core import runs\n"
        "with runs.draft('killed') as folder:\n"
        "    (folder / 'model.keras').touch()\n"
        "    print(flush=True); sys.stdin.read(); os._exit(9)\n"
    )
    folders = {"STUDIO_RUNS_DIR": str(runs), "STUDIO_WORK_DIR": str(work)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **folders},
        cwd=PROJECT_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        child.stdout.readline()
        for parent in (runs, work / "datasets", work / "jobs"):
            (parent / ".old-deleted-0123abcd").mkdir(parents=True)
            (parent / ".old-deleted").mkdir()
        assert command("runs")[0] == 0
        assert len(os.listdir(runs / ".drafts")) == 2  # of a process that lives
        child.kill()
    assert command("runs")[0] == 0
    assert sorted(os.listdir(runs)) == [".old-deleted", "mine"]
    for parent in (work / "datasets", work / "jobs"):
        assert ".old-deleted-0123abcd" not in os.listdir(parent)
        assert ".old-deleted" in os.listdir(parent)
