import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.cli import main
from core.images import SUFFIXES, encode_png
from tests.digits.conditions import row_of_digits

FOREST = ["predict", "--run", "mnist-random-forest"]
NAMES = list("0123456789")


def predictions(capsys, arguments: list[str], code: int = 0, told: str = "") -> list[dict]:
    """Every line of standard output as the JSON object it must be; `told` beside it."""
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert told in captured.err if told else captured.err == ""
    return [json.loads(line) for line in captured.out.splitlines()]


@pytest.fixture
def image(tmp_path, drawn_digit) -> Path:
    (tmp_path / "one.png").write_bytes(encode_png(drawn_digit(1)))
    return tmp_path / "one.png"


@pytest.fixture
def folder(tmp_path, drawn_digit) -> Path:
    """Images at several depths among files that are none."""
    root = tmp_path / "images"
    (root / "deep" / "deeper").mkdir(parents=True)
    page = encode_png(drawn_digit(7))
    for name in ("b.png", "a.PNG", "deep/c.png", "deep/deeper/d.Png"):
        (root / name).write_bytes(page)
    (root / "photo.jpeg").write_bytes(cv2.imencode(".jpg", drawn_digit(7))[1].tobytes())
    for name in ("notes.txt", "deep/data.csv", ".hidden.png", "deep/._c.png", "png"):
        (root / name).write_text("passed over")
    (root / "folder.png").mkdir()
    (root / "broken-link.png").symlink_to(root / "nowhere.png")
    return root


@pytest.mark.parametrize("run", ["mnist-cnn", "mnist-random-forest", "digits-random-forest"])
def test_a_prediction_has_the_fields_scripts_rely_on(capsys, image, run):
    (prediction,) = predictions(capsys, ["predict", str(image), "--run", run])
    assert set(prediction) == {"path", "run", "label", "confidence", "probabilities"}
    assert prediction["path"] == str(image)
    assert prediction["run"] == run
    assert list(prediction["probabilities"]) == NAMES
    assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert prediction["label"] == max(
        prediction["probabilities"], key=prediction["probabilities"].get
    )
    assert prediction["confidence"] == max(prediction["probabilities"].values())


def test_the_default_run_is_the_network_of_mnist(capsys, image):
    (prediction,) = predictions(capsys, ["predict", str(image), "--json"])
    assert prediction["run"] == "mnist-cnn"
    assert prediction["label"] == "1"


def test_several_digits_are_read_as_one_label(capsys, tmp_path, digit_image):
    row = row_of_digits([digit_image(label) for label in (1, 0, 7)], np.random.default_rng(0))
    (tmp_path / "row.png").write_bytes(encode_png(row))
    (prediction,) = predictions(capsys, [*FOREST, str(tmp_path / "row.png")])
    assert prediction["label"] == "107"
    assert [digit["label"] for digit in prediction["digits"]] == ["1", "0", "7"]
    for digit in prediction["digits"]:
        assert list(digit["probabilities"]) == NAMES
        assert digit["confidence"] == max(digit["probabilities"].values())
    product = np.prod([digit["confidence"] for digit in prediction["digits"]])
    assert prediction["confidence"] == pytest.approx(product, abs=1e-4)


def test_rows_are_told_apart(capsys, tmp_path, digit_image):
    row = np.hstack([digit_image(4), digit_image(2)])
    page = 255 - cv2.resize(np.vstack([row, row[:, ::-1] * 0, row]), None, fx=4, fy=4)
    (tmp_path / "rows.png").write_bytes(encode_png(page))
    (prediction,) = predictions(capsys, ["predict", str(tmp_path / "rows.png")])
    assert prediction["label"] == "42 42"
    assert prediction["rows"] == ["42", "42"]
    assert [digit["label"] for digit in prediction["digits"]] == list("4242")


def test_what_became_of_an_image_is_told_and_written(capsys, tmp_path, image):
    blank = image.with_name("blank.png")
    blank.write_bytes(encode_png(np.full((50, 50), 200, np.uint8)))
    arguments = ["predict", str(image), str(blank), "--steps", str(tmp_path / "steps")]
    read, refused = predictions(capsys, arguments, 1)
    assert "looked_at" not in read
    assert refused["looked_at"][0].startswith("Contrast: ")
    written = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert written[:2] == ["001-one-1-your-image.png", "001-one-2-ink.png"]
    assert written[-1] == "002-blank-1-contrast.png"


def test_a_place_for_the_steps_that_cannot_be_written_to_is_named(capsys, image):
    assert main(["predict", str(image), "--steps", str(image / "below")]) == 2
    assert "Nothing can be written to" in capsys.readouterr().err


def test_folders_are_walked_and_other_files_passed_over(capsys, folder):
    told = (
        f"In {folder}: Skipped: 2 files do not have the names of images, such as "
        f"deep/data.csv. 2 more files could not be used for other reasons.\n"
    )
    received = predictions(capsys, [*FOREST, str(folder)], told=told)
    paths = [Path(prediction["path"]).relative_to(folder).as_posix() for prediction in received]
    assert paths == ["a.PNG", "b.png", "deep/c.png", "deep/deeper/d.Png", "photo.jpeg"]
    assert {prediction["label"] for prediction in received} == {"7"}


def test_files_and_folders_are_classified_in_the_order_given(capsys, image, folder):
    given = [str(folder / "b.png"), str(image), str(folder / "deep")]
    received = predictions(
        capsys, [*FOREST, *given], told="1 file does not have the name of an image"
    )
    assert [prediction["path"] for prediction in received] == [
        str(folder / "b.png"),
        str(image),
        str(folder / "deep" / "c.png"),
        str(folder / "deep" / "deeper" / "d.Png"),
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_in_folders_every_kind_of_image_is_looked_at(capsys, tmp_path, suffix):
    (tmp_path / f"image{suffix}").write_bytes(b"")
    (prediction,) = predictions(capsys, [*FOREST, str(tmp_path)], code=1)
    assert "empty" in prediction["error"]


def test_a_folder_without_images_says_so(capsys, tmp_path, image):
    empty, notes = tmp_path / "empty", tmp_path / "notes"
    for folder in (empty, notes):
        folder.mkdir()
    (notes / "a.txt").write_text("no image")
    told = "1 file does not have the name of an image (a.txt)."
    assert predictions(capsys, [*FOREST, str(empty)], 2, f"error: No images in {empty}.\n") == []
    assert (
        predictions(capsys, [*FOREST, str(notes)], 2, f"No images in {notes}. Skipped: {told}")
        == []
    )
    (prediction,) = predictions(
        capsys, [*FOREST, str(empty), str(image)], 1, f"No images in {empty}."
    )
    assert prediction["label"] == "1"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("text.png", b"no image at all", "not an image"),
        ("notes.txt", b"given by name", "not an image"),
        ("empty.png", b"", "empty"),
        ("blank.png", encode_png(np.full((60, 60), 255, np.uint8)), "blank"),
        ("cut.png", encode_png(np.full((60, 60), 9, np.uint8))[:60], "damaged|not an image"),
        ("missing.png", None, "cannot be read"),
    ],
)
def test_a_refused_image_is_a_line_and_the_others_are_read(
    capsys, tmp_path, image, name, content, expected
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    refused, read = predictions(capsys, [*FOREST, str(tmp_path / name), str(image)], code=1)
    assert set(refused) - {"looked_at"} == {"path", "error"}
    assert refused["path"] == str(tmp_path / name)
    assert any(part in refused["error"] for part in expected.split("|"))
    assert read["label"] == "1"


@pytest.mark.parametrize("name", ["ü ñ 数.png", "two\nlines.png", 'quo"te.png'])
def test_any_name_gives_one_line(capsys, image, name):
    renamed = image.rename(image.with_name(name))
    (prediction,) = predictions(capsys, [*FOREST, str(renamed)])
    assert prediction["path"] == str(renamed)


def test_a_folder_that_names_itself_is_walked_once(capsys, image):
    (image.parent / "loop").symlink_to(image.parent)
    received = predictions(capsys, [*FOREST, str(image.parent)])
    assert len(received) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_is_refused(capsys, image):
    image.chmod(0)
    (prediction,) = predictions(capsys, [*FOREST, str(image)], code=1)
    assert "cannot be read" in prediction["error"]


@pytest.mark.parametrize(
    ("dataset", "run", "index"),
    [
        ("mnist", "mnist-cnn", 0),
        ("mnist", "mnist-random-forest", 9999),
        ("digits", "digits-random-forest", 359),
        ("digits", "mnist-random-forest", 0),
        ("mnist", "digits-random-forest", 0),
    ],
)
def test_a_test_image_of_a_dataset_is_read(capsys, dataset, run, index):
    arguments = ["predict", "--run", run, "--dataset", dataset, "--index", str(index)]
    (prediction,) = predictions(capsys, arguments)
    assert {"path", "run", "label", "confidence", "probabilities"} <= set(prediction)
    assert prediction["run"] == run
    assert prediction["truth"] in NAMES
    assert list(prediction["probabilities"]) == NAMES


def test_the_first_test_image_of_mnist_is_a_7(capsys):
    (prediction,) = predictions(capsys, ["predict", "--dataset", "mnist", "--index", "0"])
    assert (prediction["label"], prediction["truth"]) == ("7", "7")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Give either images or folders"),
        (["--dataset", "mnist"], "both --dataset and --index"),
        (["--index", "3"], "both --dataset and --index"),
        (["a.png", "--dataset", "mnist", "--index", "3"], "Give either images or folders"),
        (["a.png", "--index", "3"], "Give either images or folders"),
        (["--dataset", "imagenet", "--index", "3"], "no dataset named 'imagenet'. Known: "),
        (["--dataset", "digits", "--index", "360"], "must be 0 to 359 for digits. Received: 360"),
        (["--dataset", "digits", "--index", "-1"], "Received: -1"),
        (["a.png", "--run", "nope"], "There is no run named 'nope'. Known: "),
        (["a.png", "--run", "../mnist-cnn"], "There is no run named '../mnist-cnn'"),
        (["a.png", "--run", ""], "There is no run named ''"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(capsys, arguments, expected):
    assert main(["predict", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert expected in captured.err


@pytest.mark.parametrize("arguments", [["--index", "x"], ["--run"], ["--surplus"]])
def test_what_cannot_be_parsed_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(["predict", "a.png", *arguments])
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_without_gradio_its_command_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["gradio"]) == 2
    assert "pip install gradio" in capsys.readouterr().err
