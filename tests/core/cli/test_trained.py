import json
import shutil

import cv2
import numpy as np
import pytest

from core import runs
from core.cli import main
from core.training.bundled import CONFIGS
from tests.core.cli.conftest import refused


def change_card(run_id: str, **changes) -> None:
    path = runs.load(run_id).folder / runs.CARD
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("name", ["curve.png", "CURVE.PNG"])
@pytest.mark.slow
def test_a_run_is_drawn(capsys, runs_with_small, small_run, tmp_path, name):
    path = tmp_path / name
    assert main(["plot", "--run", small_run.id, "--out", str(path)]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (f"Wrote {path}.\n", "")
    image = cv2.imread(str(path))
    height, width, _ = image.shape
    assert width > height > 400
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50  # two charts, not a blank page


def test_a_run_without_a_training_curve_is_drawn_too(capsys, runs_with_small, small_run, tmp_path):
    change_card(small_run.id, history=[])
    path = tmp_path / "curve.png"
    assert main(["plot", "--run", small_run.id, "--out", str(path)]) == 0
    assert cv2.imread(str(path)) is not None


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.few(1)
def test_bundled_runs_are_drawn(capsys, tmp_path, name):
    assert main(["plot", "--run", name, "--out", str(tmp_path / "curve.png")]) == 0
    assert cv2.imread(str(tmp_path / "curve.png")) is not None


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("curve.jpg", "`--out` must end in .png. Received: "),
        ("curve", "`--out` must end in .png. Received: "),
        ("none/curve.png", "Nothing can be written to "),
        ("folder.png", "Nothing can be written to "),
    ],
)
def test_a_drawing_that_cannot_be_written_is_told(
    capsys, runs_with_small, small_run, tmp_path, out, sentence
):
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.iterdir())
    arguments = ["plot", "--run", small_run.id, "--out", str(tmp_path / out)]
    assert refused(capsys, *arguments).startswith(sentence)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [["plot", "--out", "x.png", "--run"], ["script", "--run"], ["delete"]],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("name", ["unheard-of", "../runs", ""])
def test_an_unknown_run_is_told(capsys, runs_with_small, small_run, arguments, name):
    expected = f"There is no run named {name!r}. Known: {small_run.id}."
    assert refused(capsys, *arguments, name) == expected


def test_a_run_whose_predictions_were_changed_cannot_be_drawn(
    capsys, runs_with_small, small_run, tmp_path
):
    (runs_with_small / small_run.id / runs.EVALUATION).write_bytes(b"changed")
    path = tmp_path / "curve.png"
    assert "was changed" in refused(capsys, "plot", "--run", small_run.id, "--out", str(path))
    assert not path.exists()


@pytest.mark.parametrize("name", CONFIGS)
def test_the_script_of_a_run_is_printed(capsys, name):
    assert main(["script", "--run", name]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    compile(captured.out, f"{name}.py", "exec")
    package = "keras" if runs.load(name).card.family == "network" else "sklearn"
    assert package in captured.out


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset": "was-deleted"}, "There is no dataset named 'was-deleted'"),
        ({"model": "of-the-past"}, "There is no model named 'of-the-past'"),
        ({"hyperparameters": {"max_iter": -1}}, "`max_iter` must be a whole number"),
    ],
)
def test_a_run_that_cannot_be_trained_again_has_no_script(
    capsys, runs_with_small, small_run, changes, sentence
):
    change_card(small_run.id, **changes)
    assert refused(capsys, "script", "--run", small_run.id).startswith(sentence)


def test_a_run_is_deleted_for_good(capsys, runs_with_small, small_run):
    shutil.copytree(runs_with_small / small_run.id, runs_with_small / "other")
    assert main(["delete", small_run.id]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (f"Deleted {small_run.id}.\n", "")
    assert [path.name for path in runs_with_small.iterdir()] == ["other"]
    assert "There is no run named" in refused(capsys, "delete", small_run.id)


@pytest.mark.parametrize("name", runs.BUNDLED)
def test_a_bundled_run_cannot_be_deleted(capsys, own_runs_folder, name):
    expected = f"The run {name!r} is bundled and cannot be deleted."
    assert refused(capsys, "delete", name) == expected
    assert runs.load(name).id == name


@pytest.mark.parametrize(
    "arguments", [["plot"], ["plot", "--run", "mnist-cnn"], ["script"], ["delete"], ["resume"]]
)
def test_wrong_usage_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""
