"""Predictions for many images: in a file, by several processes, in two goes."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet
import pytest

from core import batch, datasets, runs
from core.cli import main
from core.images import encode_png
from core.settings import PROJECT_DIR
from tests.core.jobs.conftest import until
from tests.overriding import use

RUN = "mnist-cnn"
LABELS = 40


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    """A folder of test digits, and a file among them that is none."""
    folder = tmp_path_factory.mktemp("digits")
    images, labels = datasets.load_test("mnist", (28, 28, 1))
    for index in range(LABELS):
        below = folder / f"part {index % 3}"
        below.mkdir(exist_ok=True)
        (below / f"{index:03}.{labels[index]}.png").write_bytes(encode_png(images[index, ..., 0]))
    (folder / "part 1" / "damaged.png").write_bytes(b"no image")
    return folder


def rows_of(path: Path) -> list[dict]:
    if path.suffix == ".jsonl":
        lines = map(json.loads, path.read_text().splitlines())
        return [
            {**line, **{f"p({n})": p for n, p in line.get("probabilities", {}).items()}}
            for line in lines
        ]
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    return pyarrow.parquet.read_table(path).to_pylist()


def predict(folder: Path, out: Path) -> int:
    return main(["predict", str(folder), "--run", RUN, "--out", str(out)])


@pytest.mark.parametrize("suffix", batch.FORMATS)
def test_a_file_holds_a_row_for_each_image(digits, tmp_path, capsys, suffix):
    out = tmp_path / f"results{suffix}"
    assert predict(digits, out) == 1  # one is refused
    assert f"{LABELS + 1} images, 1 refused" in capsys.readouterr().err
    rows = rows_of(out)
    assert [row["path"] for row in rows] == sorted(str(path) for path in digits.rglob("*.png"))
    refused = [row for row in rows if row.get("error")]
    assert [Path(row["path"]).name for row in refused] == ["damaged.png"]
    right = [row.get("label") == Path(row["path"]).name.split(".")[1] for row in rows]
    assert sum(right) >= LABELS - 1
    read = [row for row in rows if not row.get("error")]
    for row in read:
        assert float(row[f"p({row['label']})"]) == float(row["confidence"])
    assert list(tmp_path.iterdir()) == [out]


def test_several_processes_give_the_same_in_the_same_order(digits, monkeypatch):
    # Tests of pages leave a page as the main module, which new processes would import.
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    run = runs.load(RUN)
    one, two = (list(batch.predict_all(run, batch.Images([digits]), n)) for n in (1, 2))
    assert [image for image, _ in one] == [image for image, _ in two]
    for (_, line), (_, other) in zip(one, two, strict=True):
        assert line.get("label") == other.get("label")
        assert line.get("confidence") == pytest.approx(other.get("confidence"), abs=1e-5)


@pytest.mark.parametrize("cut", [0, 7])
def test_what_was_interrupted_goes_on_and_nothing_is_there_twice(
    digits, tmp_path, monkeypatch, cut
):
    out, whole = tmp_path / "results.csv", tmp_path / "whole.csv"
    predict(digits, whole)
    asked: list[batch.Image] = []
    predict_all = batch.predict_all

    def until_interrupted(run, images):
        for image, line in predict_all(run, images):
            asked.append(image)
            if len(asked) == 15:
                raise KeyboardInterrupt
            yield image, line

    monkeypatch.setattr(batch, "predict_all", until_interrupted)
    assert predict(digits, out) == 130
    assert not out.exists()
    part = tmp_path / "results.csv.part"
    if cut:  # the last line was not written whole
        part.write_bytes(part.read_bytes()[:-cut])
    assert predict(digits, out) == 1
    assert out.read_bytes() == whole.read_bytes()
    assert len(asked) == LABELS + 2 + bool(cut)  # the interrupted one once more, the cut one too
    assert not part.exists()


def test_images_that_come_and_go_in_between_are_neither_lost_nor_there_twice(tmp_path):
    folder, run = tmp_path / "images", runs.load(RUN)
    folder.mkdir()
    for name in "bdfh":
        (folder / f"{name}.png").touch()
    out = tmp_path / "results.jsonl"
    with batch.Results(out, run, [folder]) as results:
        for image, _ in zip(results.missing(batch.Images([folder])), range(3), strict=False):
            results.add(image, {"label": image.path.stem})
    (folder / "d.png").unlink()
    for name in "ceg":
        (folder / f"{name}.png").touch()
    with batch.Results(out, run, [folder]) as results:
        left = [image.path.stem for image in results.missing(batch.Images([folder]))]
    assert left == ["c", "e", "g", "h"]


@pytest.mark.parametrize(
    ("name", "begun", "expected"),
    [
        ("results.txt", b"", "kind of file"),
        ("results.csv", b'{"run": "another"}\n', "beginning of other predictions"),
        ("results.csv", b"something else", "beginning of other predictions"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(digits, tmp_path, capsys, name, begun, expected):
    part = tmp_path / f"{name}.part"
    if begun:
        part.write_bytes(begun)
    assert predict(digits, tmp_path / name) == 2
    assert expected in capsys.readouterr().err
    assert not begun or part.read_bytes() == begun


def test_two_processes_do_not_write_the_same_file(digits, tmp_path, capsys):
    out = tmp_path / "results.csv"
    with batch.Results(out, runs.load(RUN), [digits]):
        assert predict(digits, out) == 2
    assert "by another process" in capsys.readouterr().err


def test_a_name_that_is_no_text_and_one_that_is_a_formula(tmp_path, drawn_digit):
    names = [b"\xff.png", b"=1+1.png"]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(encode_png(drawn_digit(1)))
    for suffix in batch.FORMATS:
        out = tmp_path / f"results{suffix}"
        assert predict(tmp_path, out) == 0
        assert len(rows_of(out)) == len(names)


@pytest.mark.slow
def test_killed_in_the_middle_of_thousands_it_goes_on_to_the_same_file(tmp_path):
    images, labels = datasets.load_test("mnist", (28, 28, 1))
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(3000):
        (folder / f"{index:05}.png").write_bytes(encode_png(images[index, ..., 0]))
    out, part = tmp_path / "results.csv", tmp_path / "results.csv.part"
    command = [sys.executable, "-m", "core", "predict", str(folder), "--out", str(out)]
    begun = subprocess.Popen(command, cwd=PROJECT_DIR, stderr=subprocess.DEVNULL)
    until(lambda: part.exists() and part.read_bytes().count(b"\n") > 1000)
    family = psutil.Process(begun.pid).children(recursive=True)
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    assert family
    until(lambda: not any(child.is_running() for child in family))  # none is left over
    assert 1000 < part.read_bytes().count(b"\n") < 3000
    subprocess.run(command, cwd=PROJECT_DIR, check=True)
    rows = rows_of(out)
    assert Counter(row["path"] for row in rows) == Counter(map(str, folder.iterdir()))
    predicted = np.array([int(row["label"]) for row in rows])
    assert (predicted == labels[:3000]).mean() > 0.98


def test_processes_have_the_settings_of_the_one_that_started_them(digits, tmp_path, monkeypatch):
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    shutil.copytree(runs.load("mnist-logistic-regression").folder, tmp_path / RUN)
    card = tmp_path / RUN / runs.CARD
    card.write_text(card.read_text().replace('"mnist-logistic-regression"', f'"{RUN}"'))
    use(monkeypatch, runs_dir=tmp_path, bundled_runs_dir=tmp_path / "none")
    run = runs.load(RUN)
    assert run.card.model == "logistic_regression"
    one, two = (list(batch.predict_all(run, batch.Images([digits]), n)) for n in (1, 2))
    for (_, line), (_, other) in zip(one, two, strict=True):
        assert line.get("confidence") == pytest.approx(other.get("confidence"), abs=1e-5)
