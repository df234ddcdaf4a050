import json
import re
import shutil
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from core import datasets, runs
from core.cli import main
from core.cli.main import build_parser
from core.cli.training import read_config
from core.datasets import DATASETS
from core.images import encode_png
from core.models.presets import CNN_PRESETS
from core.models.transfer import EMBEDDED
from core.runs import RunCard
from core.training import TrainConfig, train
from core.training.bundled import CONFIGS as BUNDLED
from tests.core.datasets.images_on_disk import pets, write_folder

LOGISTIC = ["--dataset", "digits", "--model", "logistic_regression"]
QUICK = ["train", *LOGISTIC, "--set", "max_iter=12"]


def trained(capsys, *arguments: str) -> dict:
    """The card that a training prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def told(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """Standard error of a training: the stages, and the figures of each point of its curve."""
    stages = re.findall(r"^(\w+) …$", text, re.MULTILINE)
    lines = re.findall(r"^ *\d+ s  (.*)$", text, re.MULTILINE)
    assert len(stages) + len(lines) == len(text.splitlines())
    return stages, [dict(entry.split(" ") for entry in line.split("  ")) for line in lines]


def assert_one_line_of_error(capsys, arguments: list[str], expected: str) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert expected in captured.err
    assert "Traceback" not in captured.err


@pytest.fixture
def class_folders(tmp_path) -> Path:
    """A folder per class, each with three of scikit-learn's test digits, dark on white."""
    images, labels = DATASETS["digits"].read_test()
    for label in range(10):
        folder = tmp_path / "images" / str(label)
        folder.mkdir(parents=True)
        for number, image in enumerate(images[labels == label][:3, ..., 0]):
            page = 255 - cv2.resize(image, (160, 160), interpolation=cv2.INTER_CUBIC)
            (folder / f"{number}.png").write_bytes(encode_png(page))
    return tmp_path / "images"


def test_training_prints_the_card_and_reports_on_standard_error(capsys, runs_folder):
    assert main([*QUICK, "--name", "mine", "--set", "seed=4", "--json"]) == 0
    captured = capsys.readouterr()
    card = json.loads(captured.out)
    assert set(card) == {field.name for field in fields(RunCard)}
    assert card["id"] == "mine"
    assert card["seed"] == 4
    assert card["hyperparameters"] == {
        "C": 1.0,
        "max_iter": 12,
        "features": "pixels",
        "class_weights": False,
        "max_images": 0,
    }
    assert 0.8 < card["metrics"]["accuracy"] <= 1
    assert RunCard.from_json(json.dumps(card)) == runs.load("mine").card
    stages, points = told(captured.err)
    assert stages == [
        "loading",
        "preparing",
        "fitting",
        "exporting",
        "evaluating",
        "references",
        "measuring",
    ]
    assert [int(point["iteration"]) for point in points] == list(range(1, 13))
    for point, kept in zip(points, card["history"], strict=True):
        assert float(point["val_accuracy"]) == pytest.approx(kept["val_accuracy"], rel=1e-3)


def test_without_json_a_table_is_printed(capsys, runs_folder):
    assert main(QUICK) == 0
    out = capsys.readouterr().out
    assert "digits-logistic-regression-1" in out
    assert "%" in out
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"max_iter": 13, "seed": 2, "id": "from-file", "model": "logistic_regression"}),
        (["--set", "max_iter=14"], {"max_iter": 14, "seed": 2}),
        (["--set", "seed=9"], {"max_iter": 13, "seed": 9}),
        (["--set", "validation_fraction=0.2"], {"validation_fraction": 0.2}),
        (["--name", "other"], {"id": "other"}),
        (["--set", "C=0.5", "--set", "C=0.25"], {"C": 0.25}),
    ],
)
@pytest.mark.few(2)
def test_the_command_line_overrules_the_file(capsys, runs_folder, tmp_path, arguments, expected):
    values = {
        "dataset": "digits",
        "model": "logistic_regression",
        "hyperparameters": {"max_iter": 13},
        "seed": 2,
        "name": "from-file",
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values))
    card = trained(capsys, "train", "--config", str(tmp_path / "config.yaml"), *arguments)
    assert {**card, **card["hyperparameters"], **expected} == {**card, **card["hyperparameters"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["train"], "must name a `dataset`"),
        (["train", "--dataset", "digits"], "must name a `model`"),
        (["train", "--dataset", "mnst", "--model", "simple_cnn"], "no dataset named 'mnst'"),
        (
            ["train", "--dataset", "digits", "--model", "cnn"],
            "no model named 'cnn'. Did you mean `simple_cnn`? Known:",
        ),
        ([*QUICK, "--set", "max_iter"], "`--set` takes NAME=VALUE. Received: 'max_iter'"),
        ([*QUICK, "--set", "=3"], "no hyperparameter of logistic_regression named ''"),
        ([*QUICK, "--set", "depth=3"], "no hyperparameter of logistic_regression named 'depth'"),
        ([*QUICK, "--set", "max_iter=ten"], "`max_iter` must be a whole number from 10 to 2000"),
        ([*QUICK, "--set", "max_iter=9"], "Received: '9'"),
        ([*QUICK, "--set", "C=nan"], "`C` must be a number"),
        ([*QUICK, "--set", "seed=x"], "`seed` must be a number. Received: 'x'"),
        ([*QUICK, "--set", "seed=-1"], "`seed` must be a whole number from 0"),
        ([*QUICK, "--set", "validation_fraction=2"], "0.01 to 0.5"),
        ([*QUICK, "--set", "validation_fraction=nan"], "0.01 to 0.5"),
        ([*QUICK, "--name", " "], "The name of a model is"),
        ([*QUICK, "--config", "no-such-file.yaml"], "no-such-file.yaml cannot be read"),
    ],
)
def test_what_is_not_allowed_is_one_line(capsys, runs_folder, arguments, expected):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.splitlines()[-1]
    assert last.startswith("error: ")
    assert expected in last
    assert "Traceback" not in captured.err
    assert not runs_folder.exists() or list(runs_folder.iterdir()) == []


PRESET = "two_blocks"


@pytest.mark.parametrize(
    ("hyperparameters", "arguments", "expected"),
    [
        ({}, [], {}),
        ({"dense_units": 16}, [], {"dense_units": 16}),  # the file overrules the preset
        ({"dense_units": 16}, ["--set", "dense_units=8"], {"dense_units": 8}),
    ],
)
def test_a_preset_is_overruled_by_the_file_and_the_command_line(
    tmp_path, hyperparameters, arguments, expected
):
    values = {"dataset": "mnist", "model": "simple_cnn", "hyperparameters": hyperparameters}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(values))
    words = ["train", "--config", str(path), "--preset", PRESET, *arguments]
    config = read_config(build_parser().parse_args(words))
    wanted = {**CNN_PRESETS[PRESET].values, **expected}
    assert {name: config.hyperparameters[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("model: simple_cnn", ["--preset", "le-net"], "no preset of simple_cnn named 'le-net'"),
        ("model: resnet", ["--preset", PRESET], "Known: none."),
        ("model: simple_cnn", ["--preset", "two_block"], "Did you mean `two_blocks`? Known: min"),
        ("model: simple_cnn", ["--preset", "x"], "two_blocks_l2 (32-64 with L2, dense 128)."),
        ("model: resnet50", ["--preset", "Frozen, linear"], "Did you mean `frozen`? Known: fine"),
        ("seed: 1", ["--preset", PRESET], "A preset needs a `model`"),
        ("model: [simple_cnn]", ["--preset", PRESET], "A preset needs a `model`"),
        ("model: unheard-of", ["--preset", PRESET], "no "),
    ],
)
def test_a_preset_that_is_not_known_is_one_line(
    capsys, runs_folder, tmp_path, text, arguments, expected
):
    path = tmp_path / "config.yaml"
    path.write_text(f"dataset: mnist\n{text}\n")
    assert_one_line_of_error(capsys, ["train", "--config", str(path), *arguments], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "must map names to values"),
        ("just a text", "must map names to values"),
        ("- a\n- list\n", "must map names to values"),
        ("dataset: [unclosed\n", "cannot be read"),
        ("\tdataset: digits\n", "cannot be read"),
        ("a: b: c\n", "cannot be read"),
        ("!!python/object/apply:os.getcwd []\n", "cannot be read"),
        ("dataset: digits\n", "must name a `model`"),
        ("dataset: digits\nmodel: random_forest\nepochs: 3\n", "no entry of a configuration"),
        ("dataset: digits\nmodel: random_forest\nhyperparameters: 3\n", "must map names"),
        ("dataset: digits\nmodel: random_forest\nseed: no\n", "`seed` must be a whole number"),
        ("dataset: digits\nmodel: [random_forest]\n", "no model named"),
        ("dataset: {digits: 1}\nmodel: random_forest\n", "no dataset named"),
        ("dataset: digits\nmodel: random_forest\nname: 2026\n", "2026"),
        ("dataset: digits\nmodel: random_forest\nvalidation_fraction: ten\n", "ten"),
    ],
)
def test_a_wrong_file_is_one_line(capsys, runs_folder, tmp_path, text, expected):
    (tmp_path / "config.yaml").write_text(text)
    arguments = ["train", "--config", str(tmp_path / "config.yaml")]
    assert_one_line_of_error(capsys, arguments, expected)
    assert not runs_folder.exists() or list(runs_folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"\xff\xfe\xfa", None], ids=["not text", "a folder"])
def test_a_file_that_is_no_text_is_one_line(capsys, runs_folder, tmp_path, content):
    path = tmp_path / "config.yaml"
    path.mkdir() if content is None else path.write_bytes(content)
    assert_one_line_of_error(capsys, ["train", "--config", str(path)], "cannot be read")


def test_a_name_that_is_taken_is_one_line(capsys, runs_with_small, small_run):
    arguments = [*QUICK, "--name", small_run.id]
    assert_one_line_of_error(capsys, arguments, f"already a run named '{small_run.id}'")


def test_a_folder_that_cannot_be_written_to_is_one_line(capsys, runs_folder):
    runs_folder.write_text("a file where the folder should be")
    assert_one_line_of_error(capsys, QUICK, "")


@pytest.mark.parametrize(
    ("settings", "reused"),
    [
        (["max_iter=30"], True),
        (["max_iter=30", "C=1"], True),
        (["max_iter=30", "seed=0"], True),
        (["max_iter=31"], False),
        (["max_iter=30", "seed=1"], False),
        (["max_iter=30", "validation_fraction=0.2"], False),
    ],
)
@pytest.mark.few(2)
def test_reuse_returns_the_run_of_the_same_configuration(
    capsys, runs_with_small, small_run, settings, reused
):
    arguments = [word for setting in settings for word in ("--set", setting)]
    card = trained(capsys, "train", *LOGISTIC, *arguments, "--reuse")
    assert (card["id"] == small_run.id) == reused
    assert len(runs.list_runs()) == (1 if reused else 2)
    if reused:
        assert RunCard.from_json(json.dumps(card)) == small_run.card


@pytest.mark.parametrize("name", BUNDLED)
def test_reuse_finds_a_bundled_run(capsys, own_runs_folder, tmp_path, monkeypatch, name):
    monkeypatch.setattr("core.cli.training.train", None)  # it would take minutes
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({**BUNDLED[name].to_mapping(), "name": "again"}))
    assert trained(capsys, "train", "--config", str(path), "--reuse")["id"] == name
    assert not own_runs_folder.exists()


def test_without_reuse_it_is_trained_again(capsys, runs_with_small, small_run):
    card = trained(capsys, "train", *LOGISTIC, "--set", "max_iter=30")
    assert card["id"] == "digits-logistic-regression-1"
    assert card["metrics"] == pytest.approx(small_run.card.metrics, abs=1e-5)  # of several threads


def test_evaluate_measures_what_the_card_says(capsys, runs_with_small, small_run):
    assert main(["evaluate", "--run", small_run.id, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["run"] == small_run.id
    assert result["accuracy"] == pytest.approx(small_run.card.metrics["accuracy"], abs=0.0002)
    assert result["card_accuracy"] == small_run.card.metrics["accuracy"]
    assert result["images"] == 360
    assert result["errors"] == []


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.few(1)
def test_evaluate_prints_both_figures_of_a_bundled_run(capsys, name):
    assert main(["evaluate", "--run", name]) == 0
    out = capsys.readouterr().out
    accuracy = runs.load(name).card.metrics["accuracy"]
    assert name in out
    assert out.splitlines()[1].count(f"{accuracy * 100:.2f} %") == 2


def test_evaluate_shows_photos_at_the_size_the_model_took(capsys, studio, tmp_path):
    folder = write_folder(pets(30, 30, height=80, width=100), tmp_path / "pets")
    datasets.import_folder(folder, "large")
    values = {"features": EMBEDDED, "feature_size": 32}
    card = train(TrainConfig("large", "logistic_regression", values, name="mine")).card
    assert card.input_shape == (32, 32, 3)
    assert main(["evaluate", "--run", "mine", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["images"] == card.metrics["test_size"]
    assert result["accuracy"] == pytest.approx(card.metrics["accuracy"])


def test_evaluate_measures_your_own_images(capsys, runs_with_small, small_run, class_folders):
    arguments = ["evaluate", "--run", small_run.id, "--images", str(class_folders), "--json"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["images"] == 30
    assert result["accuracy"] > 0.6
    assert result["card_accuracy"] == small_run.card.metrics["accuracy"]


def test_evaluate_names_images_it_cannot_read(capsys, runs_with_small, small_run, class_folders):
    (class_folders / "3" / "text.png").write_text("no image")
    blank = encode_png(np.full((50, 50), 255, np.uint8))
    (class_folders / "4" / "blank.png").write_bytes(blank)
    (class_folders / "4" / "notes.txt").write_text("passed over")
    shutil.copytree(class_folders / "0", class_folders / "not-a-class")
    shutil.rmtree(class_folders / "9")
    arguments = ["evaluate", "--run", small_run.id, "--images", str(class_folders)]
    assert main([*arguments, "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["images"] == 27
    assert [Path(entry["path"]).name for entry in result["errors"]] == ["text.png", "blank.png"]
    assert "blank" in result["errors"][1]["error"]
    assert (result["in_other_folders"], result["not_images"]) == (3, 1)
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert "text.png" in told
    assert "Evaluated on only 27 images" in told
    assert "Fewer than 10 images of" in told
    assert "Skipped: 1 file does not have the name of an image (4/notes.txt)." in told


@pytest.mark.parametrize("folder", ["missing", "empty", "a-file"])
def test_evaluate_needs_a_folder_per_class(capsys, runs_with_small, small_run, tmp_path, folder):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a-file").write_text("x")
    arguments = ["evaluate", "--run", small_run.id, "--images", str(tmp_path / folder)]
    assert_one_line_of_error(capsys, arguments, "folder")


@pytest.mark.parametrize("name", ["unknown", "../x", ""])
def test_evaluate_needs_a_known_run(capsys, runs_with_small, small_run, name):
    expected = f"There is no run named {name!r}. Known: {small_run.id}."
    assert_one_line_of_error(capsys, ["evaluate", "--run", name], expected)


def test_evaluate_notices_another_dataset(capsys, runs_with_small, small_run):
    path = runs_with_small / small_run.id
    card = json.loads((path / "card.json").read_text())
    (path / "card.json").write_text(json.dumps({**card, "dataset_fingerprint": "0" * 64}))
    path.rename(runs_with_small / "other-data")
    assert_one_line_of_error(capsys, ["evaluate", "--run", "other-data"], "fingerprint differs")


def test_evaluate_notices_a_changed_model(capsys, runs_with_small, small_run):
    path = (runs_with_small / small_run.id).rename(runs_with_small / "changed-model")
    (path / "model.skops").write_bytes(b"changed")
    arguments = ["evaluate", "--run", "changed-model"]
    assert_one_line_of_error(capsys, arguments, "changed after training")


@pytest.mark.slow
def test_a_network_is_trained_and_measured(capsys, runs_folder):
    chosen = ["epochs=1", "filters=8", "dense_units=8", "augmentation=none"]
    words = [word for setting in chosen for word in ("--set", setting)]
    arguments = ["train", "--dataset", "digits", "--model", "simple_cnn", *words, "--name", "net"]
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    card = json.loads(captured.out)
    assert (len(card["history"]), card["hyperparameters"]["filters"]) == (1, "8")
    stages, (point,) = told(captured.err)
    assert stages == ["loading", "fitting", "exporting", "evaluating", "references", "measuring"]
    assert (point["epoch"], set(point)) == ("1", set(card["history"][0]))
    assert main(["evaluate", "--run", "net", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["accuracy"] == pytest.approx(result["card_accuracy"], abs=0.0002)
