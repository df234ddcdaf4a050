import json

import pytest

from core import jobs, runs
from core.cli import main
from core.datasets import DATASETS
from core.models import MODELS
from core.models.transfer import BACKBONES, EMBEDDED
from tests.core.cli.conftest import refused


def listed(capsys, *arguments: str) -> list[dict]:
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


@pytest.mark.parametrize(
    ("command", "key", "names"),
    [("datasets", "name", DATASETS), ("models", "name", MODELS), ("runs", "id", runs.BUNDLED)],
)
def test_everything_known_is_listed(capsys, command, key, names):
    assert set(names) <= {entry[key] for entry in listed(capsys, command)}
    assert main([command]) == 0
    captured = capsys.readouterr()
    assert all(name in captured.out for name in names)
    assert captured.err == ""


def test_a_dataset_is_described(capsys):
    for entry in listed(capsys, "datasets"):
        spec = DATASETS[entry["name"]]
        assert entry["class_names"] == list(spec.class_names)
        assert entry["input_shape"] == list(spec.input_shape)
        assert (entry["train_size"], entry["test_size"]) == (spec.train_size, spec.test_size)
        assert entry["licence"] and entry["source"]


def test_a_model_is_described_with_its_hyperparameters(capsys):
    for entry in listed(capsys, "models"):
        spec = MODELS[entry["name"]]
        assert entry["family"] == spec.family
        assert [param["name"] for param in entry["params"]] == [p.name for p in spec.params]
        assert [param["default"] for param in entry["params"]] == [p.default for p in spec.params]
        for param in entry["params"]:
            default = param["default"]
            if isinstance(default, int | float) and not isinstance(default, bool):
                assert param["low"] <= default <= param["high"]
            assert not param["choices"] or default in param["choices"]
            assert param["title"] and param["help"]


@pytest.mark.parametrize("name", runs.TRAINED_HERE)
def test_a_run_is_described_as_scripts_rely_on(capsys, name):
    entry = {entry["id"]: entry for entry in listed(capsys, "runs")}[name]
    card = runs.load(name).card
    assert entry["dataset"] == card.dataset
    assert entry["model"] == card.model
    assert entry["accuracy"] == card.metrics["accuracy"]
    assert 0 < entry["accuracy"] <= 1
    assert entry["classes"] == list(card.class_names)
    assert entry["input_shape"] == list(card.input_shape)


def test_a_run_that_was_not_measured_here_has_the_published_figure_beside(capsys):
    (name,) = runs.PRETRAINED
    entry = {entry["id"]: entry for entry in listed(capsys, "runs")}[name]
    assert entry["accuracy"] is None
    assert entry["published"]["accuracy"] == 0.751
    assert len(entry["classes"]) == 1000
    assert main(["runs"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(name)]
    assert "not measured here" in line


def test_your_runs_are_listed_after_the_bundled_ones(capsys, own_runs_folder, small_run):
    (own_runs_folder).mkdir()
    (own_runs_folder / small_run.id).symlink_to(small_run.folder)
    names = [entry["id"] for entry in listed(capsys, "runs")]
    assert names[-1] == small_run.id
    assert set(names[:-1]) == set(runs.BUNDLED)


def test_without_runs_the_list_is_empty_and_says_what_to_do(capsys, runs_folder):
    assert listed(capsys, "runs") == []
    assert main(["runs"]) == 0
    assert "python -m core train" in capsys.readouterr().out


def test_a_damaged_run_does_not_spoil_the_list(capsys, runs_with_small, small_run):
    for number, content in enumerate(["", "{", '{"format_version": 1}', "[]"]):
        (runs_with_small / f"bad{number}").mkdir()
        (runs_with_small / f"bad{number}" / "card.json").write_text(content)
    assert main(["runs", "--json"]) == 0
    captured = capsys.readouterr()
    assert [entry["id"] for entry in json.loads(captured.out)] == [small_run.id]
    for number, line in enumerate(captured.err.splitlines(), 0):
        assert line.startswith(f"run bad{number} is damaged and left out: The card of run")
    assert number == 3


@pytest.mark.parametrize("metrics", [None, {}, {"accuracy": None}])
def test_a_run_without_figures_does_not_spoil_the_list(capsys, runs_with_small, small_run, metrics):
    card = json.loads((runs_with_small / small_run.id / "card.json").read_text())
    (runs_with_small / "bad").mkdir()
    (runs_with_small / "bad" / "card.json").write_text(json.dumps({**card, "metrics": metrics}))
    assert main(["runs"]) == 0
    assert small_run.id in capsys.readouterr().out


def test_weights_that_are_here_need_no_download(capsys, studio):
    expected = "The weights of EfficientNet-Lite0 are on this machine already."
    assert refused(capsys, "models", "download", EMBEDDED) == expected
    assert jobs.list_jobs() == []


def test_weights_are_fetched_by_a_job(capsys, idle):
    jobs.submit("weights", {"backbone": "vgg16"})
    assert main(["jobs"]) == 0
    (_, row) = capsys.readouterr().out.splitlines()
    assert row.split()[1:4] == ["weights", "vgg16", "queued"]


@pytest.mark.slow
def test_weights_that_cannot_be_reached_are_told_with_their_place(capsys, studio, unreachable):
    assert main(["models", "download", "mobilenet_v2"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.splitlines()[-1]
    assert last.startswith("error: ") and "cannot be reached" in last
    file = BACKBONES["mobilenet_v2"].file
    assert (
        f"download {file.url} yourself and save it as "
        f"{studio.data_dir / 'weights' / file.name}" in last
    )
    (job,) = jobs.list_jobs()
    assert (job.kind, job.state, f"error: {job.error}") == ("weights", "failed", last)
    assert "Traceback" not in captured.err + job.log_tail(1000)


@pytest.mark.parametrize("name", ["resnet51", "", "mnist"])
def test_only_weights_that_are_known_can_be_fetched(capsys, name):
    with pytest.raises(SystemExit) as caught:
        main(["models", "download", name])
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert all(known in captured.err for known in BACKBONES)


@pytest.mark.parametrize("command", ["datasets", "models", "runs"])
@pytest.mark.parametrize("extra", [["surplus"], ["--jsn", "x"], ["--run", "mnist-cnn"]])
def test_wrong_usage_exits_with_2(capsys, command, extra):
    with pytest.raises(SystemExit) as caught:
        main([command, *extra])
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error:" in captured.err
