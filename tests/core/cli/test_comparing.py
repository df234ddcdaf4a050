import json

import pytest

from core.cli import main
from core.comparison import METRICS
from core.runs import load
from tests.core.cli.conftest import refused

MNIST = ("mnist-random-forest", "mnist-cnn")


def test_runs_are_set_side_by_side(capsys):
    assert main(["compare", *MNIST]) == 0
    header, first, second, sentence = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["run", "accuracy"]
    assert first.split()[:3] == ["mnist-cnn", "99.66", "%"]
    assert second.split()[0] == "mnist-random-forest"
    assert "This is a significant lead" in sentence


def test_every_figure_is_given_as_json(capsys):
    assert main(["compare", *MNIST, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["id"] for run in found["runs"]] == list(MNIST)
    assert all(set(run["figures"]) == set(METRICS) for run in found["runs"])
    assert found["pairs"][0]["first"] == "mnist-cnn"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.html", "<h1>Comparison: MNIST</h1>"),
        ("figures.csv", "run,dataset,model"),
        ("FIGURES.JSON", '"confusion_matrix"'),
    ],
)
@pytest.mark.few(1)
def test_a_report_is_written(capsys, tmp_path, name, expected):
    path = tmp_path / name
    assert main(["compare", *MNIST, "--out", str(path)]) == 0
    assert expected in path.read_text(encoding="utf-8")
    assert f"Wrote {path}." in capsys.readouterr().out


def test_one_run_is_not_compared_with_anything(capsys):
    assert main(["compare", "mnist-cnn", "mnist-cnn"]) == 0
    assert "lead" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["mnist-cnn", "digits-random-forest"], "same test set"),
        (["mnist-cnn", "nothing"], "There is no run named 'nothing'."),
        (["mnist-cnn", "--out", "report.pdf"], "must end in .html, .csv or .json"),
        (["mnist-cnn", "--out", "/nowhere/at/all.csv"], "Nothing can be written"),
    ],
)
def test_what_cannot_be_compared_is_one_line(capsys, arguments, expected):
    assert expected in refused(capsys, "compare", *arguments)


def test_a_missing_file_of_predictions_is_one_line(capsys, runs_with_small, small_run):
    (load(small_run.id).folder / "evaluation.npz").unlink()
    assert "missing or was changed" in refused(capsys, "compare", small_run.id)
