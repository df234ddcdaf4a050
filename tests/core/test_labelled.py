import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core import labelled, runs
from core.errors import Cancelled, DatasetError, JobError
from core.evaluation import evaluate
from core.images import decode, encode_png
from core.labelled import Labelled, measure
from core.progress import Reporter
from core.runs import Run
from core.serving import Predictor, load_predictor
from tests.core.datasets.images_on_disk import Tree, noise, png, write_folder, write_zip

WORDS = ("zero", "Eins", "TWO", "drei", "four", "fünf", "six", "sieben", "a class", "9")
UNREADABLE = "The file is not an image the studio knows"
WRITERS = {"folder": write_folder, "zip": write_zip}


@pytest.fixture(scope="module")
def network() -> Predictor:
    """The bundled network, which reads drawn digits."""
    return load_predictor(runs.load("mnist-cnn"))


@pytest.fixture(scope="module")
def worded(network) -> Predictor:
    """The same with words for classes."""
    card = replace(network.run.card, class_names=WORDS)
    return replace(network, run=Run(card, network.run.folder))


@pytest.fixture(scope="module")
def digits(mnist_test) -> Tree:
    """Five test digits of each class, each in the folder of its class."""
    images, labels = mnist_test
    places = [place for label in range(10) for place in np.flatnonzero(labels == label)[:5]]
    return {f"{labels[i]}/{i}.png": encode_png(cv2.resize(images[i], (56, 56))) for i in places}


@pytest.fixture(scope="session")
def drawing(drawn_digit) -> Callable[[int], bytes]:
    return lambda label: encode_png(drawn_digit(label))


def same(one: Labelled, other: Labelled) -> bool:
    return (
        np.array_equal(one.evaluation.labels, other.evaluation.labels)
        and np.array_equal(one.evaluation.probabilities, other.evaluation.probabilities)
        and (one.paths, one.refused, one.elsewhere) == (other.paths, other.refused, other.elsewhere)
        and one.others == other.others
    )


def predicted(found: Labelled) -> list[tuple[str, int, int]]:
    """Where each image is, its class and the answer."""
    labels, predictions = found.evaluation.labels.tolist(), found.evaluation.predictions.tolist()
    return list(zip(found.paths, labels, predictions, strict=True))


# What is answered


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_each_image_is_classified_as_it_is_alone(network, digits, tmp_path, write):
    found = measure(network, write(digits, tmp_path / "digits"))
    assert found.paths == tuple(sorted(digits))
    assert found.evaluation.labels.tolist() == [int(path[0]) for path in found.paths]
    for path, row in zip(found.paths, found.evaluation.probabilities, strict=True):
        alone = network.predict(decode(digits[path])).predictions[0]
        assert np.array_equal(row, alone.probabilities)
    assert found.evaluation.accuracy > 0.9
    assert (found.refused, found.elsewhere) == ((), 0)


def test_a_folder_and_a_zip_give_the_same_predictions(network, drawing, tmp_path):
    tree = {
        "mine/3/a.png": drawing(3),
        "mine/4/b.png": drawing(7),
        "mine/4/bad.png": b"no image",
        "mine/other/c.png": drawing(1),
        "mine/notes.txt": b"notes",
    }
    folder = measure(network, write_folder(tree, tmp_path / "digits"))
    zipped = measure(network, write_zip(tree, tmp_path / "digits.zip"))
    assert same(folder, zipped)
    assert predicted(folder) == [("mine/3/a.png", 3, 3), ("mine/4/b.png", 4, 7)]
    assert folder.evaluation.accuracy == 0.5
    assert [path for path, _ in folder.refused] == ["mine/4/bad.png"]
    assert folder.elsewhere == 1
    assert folder.others == (("mine/notes.txt", "Its name is not that of an image."),)


def test_a_run_on_small_digits_predicts_too(small_run, digits, tmp_path):
    predictor = load_predictor(small_run)
    found = measure(predictor, write_folder(digits, tmp_path / "digits"))
    assert found.paths == tuple(sorted(digits))
    expected = [predictor.predict(decode(digits[path])).label for path in found.paths]
    assert [str(label) for label in found.evaluation.predictions] == expected


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".bmp", ".webp", ".tif", ".TIFF"])
def test_every_kind_of_image_is_classified(network, drawn_digit, tmp_path, suffix):
    content = cv2.imencode(suffix.lower(), drawn_digit(5))[1].tobytes()
    found = measure(network, write_folder({f"5/one{suffix}": content}, tmp_path / "digits"))
    assert predicted(found) == [(f"5/one{suffix}", 5, 5)]


# Which class


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("6/one.png", 6),
        ("wrapper/6/one.png", 6),
        ("my digits/of today/6/one.png", 6),
        ("test/6/one.png", 6),
        ("6/by/whom/one.png", 6),
        ("6/3/one.png", 6),
        ("wrapper/6/3/one.png", 6),
        ("16/6/one.png", 6),
        ("6/7.png", 6),
    ],
)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_class_is_found_at_any_depth_and_the_outermost_counts(
    network, drawing, tmp_path, write, path, label
):
    found = measure(network, write({path: drawing(6)}, tmp_path / "digits"))
    assert predicted(found) == [(path, label, 6)]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("zero", 0),
        ("ZERO", 0),
        ("Zero", 0),
        ("eins", 1),
        ("Eins", 1),
        ("two", 2),
        ("FÜNF", 5),
        ("A Class", 8),
        ("9", 9),
    ],
)
def test_large_and_small_letters_make_no_difference(
    worded, drawing, tmp_path, write, folder, label
):
    found = measure(worded, write({f"x/{folder}/one.png": drawing(1)}, tmp_path / "digits"))
    assert predicted(found) == [(f"x/{folder}/one.png", label, 1)]


@pytest.mark.parametrize(("folder", "label"), [("a", 0), ("A", 1), ("ß", 2), ("SS", 2)])
def test_classes_that_differ_in_letters_alone_are_told_apart(
    worded, drawing, tmp_path, folder, label
):
    names = ("a", "A", "ß", *WORDS[3:])
    card = replace(worded.run.card, class_names=names)
    predictor = replace(worded, run=Run(card, worded.run.folder))
    found = measure(predictor, write_zip({f"{folder}/one.png": drawing(1)}, tmp_path / "x.zip"))
    assert found.evaluation.labels.tolist() == [label]


# What is left out


def row_of(*images: np.ndarray) -> bytes:
    return encode_png(np.hstack(images))


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_images_that_cannot_be_classified_are_refused_with_the_reason(
    network, drawn_digit, drawing, tmp_path, write
):
    tree = {
        "1/good.png": drawing(1),
        "2/blank.png": encode_png(np.full((50, 50), 255, np.uint8)),
        "3/cut.png": drawing(3)[:200],
        "4/empty.png": b"",
        "5/text.png": b"no image",
        "6/two.png": row_of(drawn_digit(6), drawn_digit(1)),
        "7/three.png": row_of(drawn_digit(4), drawn_digit(2), drawn_digit(7)),
        "8/good.png": drawing(8),
    }
    found = measure(network, write(tree, tmp_path / "digits"))
    assert predicted(found) == [("1/good.png", 1, 1), ("8/good.png", 8, 8)]
    reasons = dict(found.refused)
    assert list(reasons) == [path for path in tree if "good" not in path]
    assert reasons["2/blank.png"].startswith("The image is blank")
    assert reasons["3/cut.png"].startswith("The PNG image is damaged or cut off")
    assert reasons["4/empty.png"].startswith("The file is empty (0 bytes).")
    assert reasons["5/text.png"].startswith(UNREADABLE)
    assert reasons["6/two.png"] == "It is recognised as 2 digits, not one."
    assert reasons["7/three.png"] == "It is recognised as 3 digits, not one."


def test_images_in_other_folders_are_counted(network, drawing, tmp_path):
    tree = {
        "1/one.png": drawing(1),
        "one.png": drawing(1),
        "eleven/one.png": drawing(1),
        "11/one.png": b"not even looked at",
        "1.png/notes.txt": b"no image",
        "1/notes.txt": b"no image",
        "readme.md": b"no image",
    }
    found = measure(network, write_folder(tree, tmp_path / "digits"))
    assert (found.paths, found.refused, found.elsewhere) == (("1/one.png",), (), 3)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize(
    "path",
    [
        "__MACOSX/1/one.png",
        "__MACOSX/1/._one.png",
        "1/._one.png",
        "1/.hidden.png",
        ".cache/1/one.png",
        "1/@eaDir/one.png",
        "1/Thumbs.db",
        "desktop.ini",
        ".DS_Store",
    ],
)
def test_files_of_systems_are_passed_over(network, drawing, tmp_path, write, path):
    tree = {"1/one.png": drawing(1), path: drawing(1)}
    found = measure(network, write(tree, tmp_path / "digits"))
    assert (found.paths, found.refused, found.elsewhere) == (("1/one.png",), (), 0)


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"eleven/one.png": png(1)},
        {"one.png": png(1)},
        {"1/notes.txt": b"no image"},
        {"1/one.png": b"no image"},
        {"__MACOSX/1/one.png": png(1)},
    ],
    ids=["empty", "other folder", "no folder", "no image", "unreadable", "of a system"],
)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_nothing_usable_is_told_with_the_names_of_the_classes(worded, tmp_path, write, tree):
    source = tmp_path / "digits"
    if write is write_folder:
        source.mkdir()
    with pytest.raises(DatasetError) as caught:
        measure(worded, write(tree, source))
    if not tree and write is not write_folder:
        assert "The zip file is empty" in str(caught.value)
        return
    assert "No readable image of a class was found in digits" in str(caught.value)
    assert ", ".join(WORDS) in str(caught.value)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "There is no folder or zip file"),
        (lambda path: path.write_bytes(b"no zip"), "is not a zip file that can be opened"),
        (lambda path: write_zip({"../1/a.png": png(1)}, path), "a path that leads out of it"),
    ],
    ids=["gone", "no zip", "leads out"],
)
def test_a_source_that_is_refused_when_imported_is_refused_here(network, tmp_path, make, sentence):
    make(tmp_path / "digits.zip")
    with pytest.raises(DatasetError, match=sentence):
        measure(network, tmp_path / "digits.zip")


# Progress


def test_it_tells_how_far_it_is(network, drawing, tmp_path):
    tree = {f"{label}/one.png": drawing(label) for label in range(4)} | {"x/one.png": drawing(1)}
    seen = []
    measure(network, write_folder(tree, tmp_path / "digits"), Reporter(seen.append))
    assert [progress.stage for progress in seen] == ["predicting"] * 4
    assert [progress.fraction for progress in seen] == [0, 0.25, 0.5, 0.75]
    assert [progress.note for progress in seen] == [f"{n} of 4 images" for n in range(4)]


@pytest.mark.parametrize("after", [0, 1, 3])
def test_it_ends_when_it_is_asked_to(network, digits, tmp_path, after):
    seen, predictions = [], []

    def prediction(batch):
        predictions.append(len(batch))
        return network.predict_batch(batch)

    reporter = Reporter(seen.append, lambda: len(seen) > after)
    with pytest.raises(Cancelled):
        measure(
            replace(network, predict_batch=prediction),
            write_folder(digits, tmp_path / "d"),
            reporter,
        )
    assert (len(seen), len(predictions)) == (after + 1, after)


# Kept and read again

PROBABILITIES = np.array([[0.25, 0.75], [0.9, 0.1]], np.float32)
SOME = Labelled(
    evaluate([1, 1], PROBABILITIES),
    ("ünter/1/a.png", 'x/1/"b" ✓.png'),
    (("1/bad.png", "It is damaged."), ("1/worse.png", "The file is empty (0 bytes).")),
    3,
)


@pytest.mark.parametrize("found", [SOME, replace(SOME, refused=(), elsewhere=0)])
def test_predictions_come_back_as_they_were_kept(tmp_path, found):
    labelled.save(found, tmp_path / "deep" / "kept")
    received = labelled.load(tmp_path / "deep" / "kept")
    assert same(received, found)
    assert received.evaluation.probabilities.dtype == np.float32
    assert isinstance(received.paths, tuple)


def test_predictions_are_kept_in_the_place_of_earlier_ones(tmp_path):
    labelled.save(SOME, tmp_path)
    later = Labelled(evaluate([0], PROBABILITIES[:1]), ("0/a.png",))
    labelled.save(later, tmp_path)
    assert same(labelled.load(tmp_path), later)


def rewrite_arrays(**arrays) -> Callable[[Path], None]:
    return lambda folder: np.savez(folder / "predictions.npz", **arrays)


def rewrite_files(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "files.json").write_text(text)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "predictions.npz").unlink(),
        lambda folder: (folder / "predictions.npz").write_bytes(b"changed"),
        rewrite_arrays(labels=[1, 1]),
        rewrite_arrays(labels=[1, 1, 1], probabilities=PROBABILITIES),
        rewrite_arrays(labels=[1, 1], probabilities=PROBABILITIES[0]),
        lambda folder: (folder / "files.json").unlink(),
        rewrite_files(""),
        rewrite_files("{"),
        rewrite_files("{}"),
        rewrite_files(json.dumps({"paths": ["a", "b"], "refused": [["a"]], "elsewhere": 0})),
        lambda folder: (folder / "files.json").write_bytes(b"\xff\xfe"),
    ],
    ids=[
        "no answers",
        "changed answers",
        "no probabilities",
        "too many labels",
        "no rows",
        "no files",
        "empty files",
        "cut files",
        "nothing in files",
        "no reason",
        "no text",
    ],
)
def test_damaged_predictions_are_told(tmp_path, damage):
    labelled.save(SOME, tmp_path)
    damage(tmp_path)
    with pytest.raises(JobError, match=f"The predictions in {tmp_path.name} cannot be read"):
        labelled.load(tmp_path)


def test_predictions_that_were_never_kept_are_told(tmp_path):
    with pytest.raises(JobError, match="The predictions in kept cannot be read"):
        labelled.load(tmp_path / "kept")


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "kept").write_text("a file in the way")
    with pytest.raises(JobError, match="Nothing can be written to"):
        labelled.save(SOME, tmp_path / "kept")


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_images_are_read_in_the_order_asked_and_none_for_those_gone(tmp_path, write):
    tree = {
        "1/grey.png": png(1, channels=1),
        "1/red.png": png(2),
        "2/bad.png": b"no image",
    }
    source = write(tree, tmp_path / "images")
    asked = ["2/bad.png", "1/red.png", "gone.png", "1/grey.png", "1/red.png", "../images"]
    received = labelled.read(source, asked)
    assert [image is None for image in received] == [True, False, True, False, False, True]
    assert np.array_equal(received[3], noise(1, channels=1))
    assert np.array_equal(received[1], decode(tree["1/red.png"]))
    assert np.array_equal(received[1], received[4])
    assert labelled.read(source, []) == []


def test_images_of_a_source_that_is_gone_are_told(tmp_path):
    with pytest.raises(DatasetError, match="There is no folder or zip file"):
        labelled.read(tmp_path / "gone.zip", ["1/a.png"])


def test_an_image_that_cannot_be_read_any_more_is_refused(network, drawing, tmp_path):
    """A file can go away between the look at the folder and the reading of it."""
    folder = write_folder({"1/a.png": drawing(1), "2/b.png": drawing(2)}, tmp_path / "digits")

    def go_away(progress) -> None:
        (folder / "2/b.png").unlink(missing_ok=True)

    found = measure(network, folder, Reporter(go_away))
    assert found.paths == ("1/a.png",)
    assert found.refused[0][0] == "2/b.png"
    assert found.refused[0][1].startswith("The file cannot be read")
