"""The notebooks are whole, say what they teach, and show what they would show today."""

import base64
import math
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from core import settings
from core.settings import PROJECT_DIR
from notebooks import execute

NOTEBOOKS = execute.notebooks()
QUICK = ("01",)  # executed by every run of the tests
TRAIN = ("02", "03")  # their figures may differ a little on another processor
LARGEST = 600_000  # bytes of a file
IMAGES = ("image/png", "image/jpeg", "image/svg+xml")
# folders of a machine, and addresses of where packages come from
OF_A_MACHINE = re.compile(
    r"(?<![\w.}])/(?:home|root|tmp|work|usr|Users|opt|var|mnt|private)\b|[A-Z]:\\|https?://"
)
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def name_of(path: Path) -> str:
    return path.stem


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
executed = pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=() if path.name.startswith(QUICK) else pytest.mark.slow)
        for path in NOTEBOOKS
    ],
    ids=name_of,
)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
    for cell in code_cells(notebook):
        yield from cell.outputs


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell shows in words, in order."""
    return [
        output.text if output.output_type == "stream" else output.data.get("text/plain", "")
        for output in cell.outputs
    ]


def same(now: str, then: str, part: float = 0.0, points: float = 0.0) -> bool:
    """Whether two texts are the same, but for small differences of their numbers."""
    if NUMBER.split(now) != NUMBER.split(then):  # the words between the numbers
        return False
    pairs = zip(NUMBER.findall(now), NUMBER.findall(then), strict=True)
    values = [[float(number.replace(",", "")) for number in pair] for pair in pairs]
    return all(math.isclose(*pair, rel_tol=part, abs_tol=points) for pair in values)


def one_space(text: str) -> str:
    """Tables are as wide as their longest entry, which may have one digit more."""
    return re.sub(r"[ \n]+", " ", text)


def test_there_is_one_notebook_for_each_step_of_the_path():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_data_exploration",
        "02_baseline_model",
        "03_transfer_learning",
        "04_evaluation",
    ]


@each
def test_it_is_valid(path):
    nbformat.validate(read(path))


@each
def test_it_is_short(path):
    assert 8 <= len(read(path).cells) <= 14
    assert path.stat().st_size < LARGEST


@each
def test_it_opens_with_what_is_learned(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    _, _, after = first.source.partition("\n## What you learn\n")
    assert 3 <= len(re.findall(r"^- ", after, re.MULTILINE)) <= 4


@each
def test_it_ends_with_exercises(path):
    last = read(path).cells[-1]
    assert last.cell_type == "markdown"
    _, _, after = last.source.partition("## Exercises\n")
    assert 2 <= len(re.findall(r"^\d\. ", after, re.MULTILINE)) <= 3


@each
def test_it_was_run_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))


@each
def test_every_cell_after_the_first_shows_something(path):
    for cell in code_cells(read(path))[1:]:
        assert cell.outputs, cell.source[:80]


@each
def test_nothing_failed_or_complained(path):
    for output in outputs(read(path)):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"


@each
def test_it_has_images_that_can_be_read(path):
    found = [
        base64.b64decode(output.data["image/png"])
        for output in outputs(read(path))
        if "image/png" in output.get("data", {})
    ]
    assert len(found) >= 2
    assert all(image.startswith(b"\x89PNG") for image in found)


@each
def test_every_figure_was_drawn(path):
    for output in outputs(read(path)):
        if output.get("data", {}).get("text/plain", "").startswith("<Figure"):
            assert "image/png" in output.data


@each
def test_it_calls_core_and_nothing_underneath(path):
    source = "\n".join(cell.source for cell in code_cells(read(path)))
    assert "from core import " in source
    assert not re.search(r"^\s*(from|import) (sklearn|tensorflow|keras)\b", source, re.MULTILINE)


@each
def test_it_says_nothing_about_a_machine(path):
    notebook = read(path)
    said = [cell.source for cell in notebook.cells]
    for output in outputs(notebook):
        data = {k: v for k, v in output.get("data", {}).items() if k not in IMAGES}
        said += [output.get("text", ""), *map(str, data.values())]
    for text in said:
        assert not OF_A_MACHINE.search(text), text[:200]
        assert str(PROJECT_DIR) not in text
        assert " at 0x" not in text


@each
def test_nothing_is_kept_of_when_and_where_it_was_run(path):
    notebook = read(path)
    assert notebook.metadata == execute.METADATA
    assert all(cell.metadata == {} for cell in notebook.cells)


@each
def test_what_it_trains_goes_aside(path):
    source = "\n".join(cell.source for cell in code_cells(read(path)))
    for variable in ("STUDIO_RUNS_DIR", "STUDIO_WORK_DIR"):
        assert source.index(variable) < source.index("from core")


@executed
@pytest.mark.slow
def test_it_shows_what_it_would_show_today(path, tmp_path, monkeypatch):
    yours = {"STUDIO_RUNS_DIR": tmp_path / "runs", "STUDIO_WORK_DIR": tmp_path / "work"}
    for variable, folder in yours.items():
        monkeypatch.setenv(variable, str(folder))
    runs_before = sorted(settings.current().bundled_runs_dir.iterdir())
    written = path.read_bytes()

    now = code_cells(execute.run(path))

    tolerance = {"part": 0.02, "points": 0.3} if path.name.startswith(TRAIN) else {}
    for cell, before in zip(now, code_cells(read(path)), strict=True):
        shown, stored = texts(cell), texts(before)
        assert len(shown) == len(stored), cell.source
        for new, old in zip(shown, stored, strict=True):
            assert same(one_space(new), one_space(old), **tolerance), f"{old}\nis now\n{new}"
    assert path.read_bytes() == written
    assert not any(folder.exists() for folder in yours.values())
    assert sorted(settings.current().bundled_runs_dir.iterdir()) == runs_before


@pytest.mark.parametrize(
    ("now", "then", "tolerance", "alike"),
    [
        ("95.1 % of 300", "95.1 % of 300", {}, True),
        ("95.1 %", "95.2 %", {}, False),
        ("95.1 %", "95.2 %", {"points": 0.3}, True),
        ("993 mistakes", "986 mistakes", {"part": 0.02}, True),
        ("1,993 mistakes", "993 mistakes", {"part": 0.02}, False),
        ("-2.6 points", "+2.6 points", {"points": 0.3}, False),
        ("pixels win", "backbone wins", {"part": 1.0}, False),
        ("5 of 10", "5", {"part": 1.0}, False),
    ],
)
def test_texts_are_compared_number_by_number(now, then, tolerance, alike):
    assert same(now, then, **tolerance) is alike


def tiny(folder: Path, source: str) -> Path:
    """A notebook of one cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.cells[0].metadata["collapsed"] = True
    path = folder / "09_tiny.ipynb"
    nbformat.write(notebook, path)
    return path


def test_a_name_is_the_beginning_of_a_files_name():
    assert [path.stem for path in execute.notebooks("02", "04")] == [
        "02_baseline_model",
        "04_evaluation",
    ]


def test_an_unknown_name_is_refused(capsys):
    assert execute.main(["07"]) == 2
    assert "no notebook named 07" in capsys.readouterr().err


def test_outputs_are_written_without_metadata(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(execute, "FOLDER", tmp_path)
    path = tiny(tmp_path, "6 * 7")
    assert execute.main(["09"]) == 0
    notebook = read(path)
    assert notebook.cells[0].outputs[0].data == {"text/plain": "42"}
    assert notebook.metadata == execute.METADATA
    assert notebook.cells[0].metadata == {}
    assert "09_tiny.ipynb" in capsys.readouterr().out


def test_a_notebook_that_fails_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "FOLDER", tmp_path)
    path = tiny(tmp_path, "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute.main([])
    assert path.read_bytes() == before
