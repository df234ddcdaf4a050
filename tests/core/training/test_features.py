import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest
from filelock import FileLock

from core.datasets import Dataset
from core.errors import Cancelled, ModelError
from core.models.transfer import BACKBONES, EMBEDDED
from core.progress import Progress, Reporter
from core.settings import PROJECT_DIR
from core.training import features as module
from core.training.features import FOLDER, Extractor, features, key_of
from tests.core.training.conftest import with_rows
from tests.overriding import use

WIDTH, SIZE = 6, 32
AT_ONCE = 16  # images that are looked at together
PATIENCE = 60.0  # seconds until a test gives up


class Seen:
    """Stands for a backbone: figures of each image that nothing but this image decides.

    It counts what it is shown, and may do something at each call before it answers.
    """

    def __init__(self, before_call=lambda calls: None) -> None:
        self.images: list[bytes] = []
        self.calls = self.made = 0
        self.before_call = before_call

    def make(self):
        self.made += 1
        return self

    def __call__(self, images: np.ndarray) -> np.ndarray:
        assert len(images) <= AT_ONCE
        self.calls += 1
        self.before_call(self.calls)
        self.images += [image.tobytes() for image in images]
        return metrics(images)


def metrics(images: np.ndarray) -> np.ndarray:
    """Float32 `(N, WIDTH)`."""
    flat = np.asarray(images).reshape(len(images), -1).astype(np.float32)
    parts = [flat.mean(axis=1), flat.std(axis=1), flat.max(axis=1)]
    return np.stack([*parts, *flat[:, 20 : 20 + WIDTH - 3].T], axis=1)


def expected(dataset: Dataset, part: str = "train") -> np.ndarray:
    return metrics(dataset.split(part)[0]).astype(np.float16)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setitem(BACKBONES, EMBEDDED, replace(BACKBONES[EMBEDDED], features=WIDTH))
    monkeypatch.setattr(module, "_WAIT", 0.05)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where features are kept; it does not exist yet."""
    use(monkeypatch, work_dir=tmp_path / "work")
    return tmp_path / "work" / FOLDER


@pytest.fixture
def look(folder, digits):
    """`look(rows)`: features of those images of the digits; `look.seen` was shown the rest."""

    def get(rows=None, part="train", dataset=digits, seen=None, report=None, size=SIZE):
        get.seen = seen or Seen()
        if rows is None:
            rows = np.arange(len(dataset.split(part)[1]))
        report = report or Reporter()
        return features(dataset, part, rows, Extractor(EMBEDDED, size, get.seen.make), report)

    return get


def stopping_after(reports: int) -> Reporter:
    seen: list[Progress] = []
    return Reporter(seen.append, lambda: len(seen) == reports, "Stopped as asked.")


def mine(folder, digits):
    return folder / key_of(digits, EMBEDDED, SIZE)


def test_features_are_those_of_each_image(look, digits):
    found = look()
    assert found.dtype == np.float16
    assert found.shape == (len(digits.y_train), WIDTH)
    assert np.array_equal(found, expected(digits))
    assert not found.flags.writeable


def test_each_image_is_looked_at_once(look, digits):
    look()
    assert len(look.seen.images) == len(digits.y_train)
    assert look.seen.calls == -(-len(digits.y_train) // AT_ONCE)
    assert look.seen.made == 1


def test_what_was_computed_is_not_computed_again(look, digits):
    look()
    found = look()
    assert (look.seen.made, look.seen.calls) == (0, 0)
    assert np.array_equal(found, expected(digits))


def test_only_the_rows_that_are_asked_for_are_computed(look, digits):
    rows = np.array([5, 1000, 3, 77])
    found = look(rows)
    assert look.seen.images == [image.tobytes() for image in digits.x_train[np.sort(rows)]]
    assert np.array_equal(found[rows], expected(digits)[rows])


def test_other_rows_are_added_later(look, digits):
    look(np.arange(0, 200, 2))
    found = look(np.arange(150))
    wanted = [image.tobytes() for image in digits.x_train[1:150:2]]
    assert look.seen.images == wanted
    assert np.array_equal(found[:150], expected(digits)[:150])
    assert np.array_equal(found[150:200:2], expected(digits)[150:200:2])


def test_training_and_validation_images_are_kept_apart(look, digits, folder):
    look()
    found = look(part="val")
    assert len(look.seen.images) == len(digits.y_val)
    assert np.array_equal(found, expected(digits, "val"))
    assert np.array_equal(look(), expected(digits))
    names = {"train.npy", "train-done.npy", "val.npy", "val-done.npy"}
    assert {path.name for path in mine(folder, digits).iterdir()} == names


def test_it_tells_how_far_it_is(look):
    seen: list[Progress] = []
    look(np.arange(300), report=Reporter(seen.append))
    assert {progress.stage for progress in seen} == {"features"}
    parts = [progress.fraction for progress in seen]
    assert parts == sorted(parts) and (parts[0], parts[-1]) == (0, 1)
    assert seen[-1].note == "300 of 300 images, once for all epochs"


# What belongs together


def test_the_key_is_that_of_dataset_backbone_and_size(digits, two_digits):
    key = key_of(digits, EMBEDDED, SIZE)
    assert key == key_of(replace(digits), EMBEDDED, SIZE)
    others = [
        key_of(two_digits, EMBEDDED, SIZE),
        key_of(with_rows(digits, lambda labels: labels < 9), EMBEDDED, SIZE),
        key_of(replace(digits, x_test=255 - digits.x_test), EMBEDDED, SIZE),
        key_of(digits, "vgg16", SIZE),
        key_of(digits, EMBEDDED, 64),
        key_of(replace(digits, contents="the same images at another size"), EMBEDDED, SIZE),
    ]
    assert len({key, *others}) == 1 + len(others)
    assert key.startswith(f"{EMBEDDED}-{SIZE}-")


@pytest.mark.parametrize("change", ["images", "size"])
def test_what_is_not_the_same_is_computed_anew(look, digits, change):
    look()
    changed = replace(digits, x_train=255 - digits.x_train)
    found = look(dataset=changed) if change == "images" else look(size=64)
    assert len(look.seen.images) == len(digits.y_train)
    assert np.array_equal(found, expected(changed if change == "images" else digits))
    assert np.array_equal(look(), expected(digits))
    assert look.seen.calls == 0


# Interruptions


def test_a_pass_that_is_stopped_goes_on_where_it_ended(look, digits):
    with pytest.raises(Cancelled, match="Stopped as asked."):
        look(report=stopping_after(4))  # at the beginning, and after each of three batches
    assert len(look.seen.images) == 3 * AT_ONCE
    found = look()
    assert len(look.seen.images) == len(digits.y_train) - 3 * AT_ONCE
    assert np.array_equal(found, expected(digits))


def test_a_pass_that_fails_keeps_what_it_had(look, digits):
    def fail(calls):
        if calls == 3:
            raise MemoryError

    with pytest.raises(MemoryError):
        look(seen=Seen(fail))
    found = look()
    assert len(look.seen.images) == len(digits.y_train) - 2 * AT_ONCE
    assert np.array_equal(found, expected(digits))


CHILD = f"""
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import datasets, settings
from core.models.transfer import BACKBONES, EMBEDDED
from core.progress import Reporter
from core.training import features
from tests.core.training.test_features import SIZE, WIDTH, metrics

BACKBONES[EMBEDDED] = replace(BACKBONES[EMBEDDED], features=WIDTH)
features._BETWEEN_FLUSHES = 2
calls = 0


def slow(images):
    global calls
    calls += 1
    if calls == 8:
        print("half way", flush=True)
        sys.stdin.readline()
    assert len(images) <= {AT_ONCE}
    return metrics(images)


digits = datasets.load("digits")
rows = np.arange(len(digits.y_train))
extractor = features.Extractor(EMBEDDED, SIZE, lambda: slow)
with settings.override(work_dir=Path(sys.argv[1])):
    features.features(digits, "train", rows, extractor, Reporter())
"""


@pytest.fixture
def child(folder):
    """Another process that computes the same features, and waits after 7 of its 21 batches."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder.parent)],
        cwd=PROJECT_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "half way\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_process_that_was_killed_half_way_loses_only_its_last_rows(look, digits, child):
    child.kill()
    child.wait(PATIENCE)
    found = look()
    # six batches were marked as done, two at a time; the seventh was not
    assert len(look.seen.images) == len(digits.y_train) - 6 * AT_ONCE
    assert look.seen.images[0] == digits.x_train[6 * AT_ONCE].tobytes()
    assert np.array_equal(found, expected(digits))


@pytest.mark.parametrize("ends", ["it ends", "it is killed"])
@pytest.mark.slow
def test_two_processes_do_not_compute_the_same(look, digits, child, ends):
    reports: list[Progress] = []
    found = []
    waiting = threading.Thread(
        target=lambda: found.append(look(report=Reporter(reports.append))), daemon=True
    )
    waiting.start()
    until(lambda: reports)
    assert reports[0].note == "waiting for another training"
    assert look.seen.calls == 0
    if ends == "it ends":
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.wait(PATIENCE) == 0
    else:
        child.kill()
    waiting.join(PATIENCE)
    computed = 0 if ends == "it ends" else len(digits.y_train) - 6 * AT_ONCE
    assert len(look.seen.images) == computed
    assert np.array_equal(found[0], expected(digits))


def until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_two_threads_do_not_compute_the_same(look, digits):
    waited = threading.Event()
    first = Seen(lambda calls: waited.wait(PATIENCE))
    found = []
    thread = threading.Thread(target=lambda: found.append(look(seen=first)), daemon=True)
    thread.start()
    until(lambda: first.calls)
    second = Seen()
    found.append(look(seen=second, report=Reporter(lambda progress: waited.set())))
    thread.join(PATIENCE)
    assert len(first.images) == len(digits.y_train)
    assert second.calls == 0
    for one in found:
        assert np.array_equal(one, expected(digits))


def test_waiting_can_be_cancelled(look, folder, digits):
    folder.mkdir(parents=True)
    with FileLock(f"{mine(folder, digits)}.lock"), pytest.raises(Cancelled, match="as asked"):
        look(report=stopping_after(2))
    assert look.seen.calls == 0
    assert np.array_equal(look(), expected(digits))


# Files


def cut_off(path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("name", ["train.npy", "train-done.npy"])
@pytest.mark.parametrize(
    "damage",
    [
        cut_off,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x93NUMPY"),
        lambda path: path.write_bytes(b"something else, as long as it is no array"),
        lambda path: path.unlink(),
        lambda path: np.save(path, np.ones((3, 3), np.float16)),
    ],
    ids=["cut off", "empty", "begun", "no array", "gone", "another shape"],
)
def test_damaged_files_are_made_anew(look, digits, folder, damage, name):
    look()
    damage(mine(folder, digits) / name)
    found = look()
    assert len(look.seen.images) == len(digits.y_train)
    assert np.array_equal(found, expected(digits))
    look()
    assert look.seen.calls == 0


def test_features_that_do_not_fit_on_the_disk_are_refused_beforehand(look, folder, monkeypatch):
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 2_000_000))
        full.setitem(BACKBONES, EMBEDDED, replace(BACKBONES[EMBEDDED], features=100_000))
        with pytest.raises(ModelError) as raised:
            look()
    assert str(raised.value) == (
        "Keeping the features needs 259 MB, but only 2 MB are free in "
        f"{folder}. Free some space, or set cache_features to off."
    )
    assert look.seen.made == 0
    assert not list(folder.rglob("*.npy"))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "The disk is full: nothing more can be written to"),
        (errno.EROFS, "Nothing can be written to"),
    ],
)
def test_a_disk_that_takes_nothing_is_named(look, monkeypatch, code, sentence):
    def refuse(*arguments, **options):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as refused:
        refused.setattr(np.lib.format, "open_memmap", refuse)
        with pytest.raises(ModelError, match=sentence):
            look()
    look()


def test_a_file_in_place_of_the_folder_is_named(look, folder):
    folder.parent.mkdir()
    folder.write_text("not a folder")
    with pytest.raises(ModelError, match=f"Nothing can be written to {folder}"):
        look()


def others(folder, *names: str) -> None:
    """Features of something else, of 1,000 bytes each, used one after another."""
    for age, name in enumerate(reversed(names)):
        (folder / name).mkdir(parents=True)
        (folder / name / "train.npy").write_bytes(bytes(1000))
        os.utime(folder / name, (1000 - age, 1000 - age))


def left(folder) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir()}


@pytest.mark.parametrize(
    ("most", "remaining"),
    [
        (0, set()),
        (1999, {"newest"}),
        (2999, {"newest", "newer"}),
        (10**6, {"newest", "newer", "old"}),
    ],
)
def test_what_was_not_used_for_longest_makes_room(
    look, folder, digits, monkeypatch, most, remaining
):
    others(folder, "old", "newer", "newest")
    needed = len(digits.y_train) * WIDTH * 2
    monkeypatch.setattr(module, "MOST_BYTES", needed + most)
    assert np.array_equal(look(), expected(digits))
    assert left(folder) == {key_of(digits, EMBEDDED, SIZE), *remaining}


def test_what_was_used_again_counts_as_new(look, folder, digits, two_digits, monkeypatch):
    look()
    look(dataset=two_digits)
    for name in left(folder):
        os.utime(folder / name, (1000, 1000))
    look()  # nothing is computed, but it is used
    size = len(digits.y_train) * WIDTH * 2
    monkeypatch.setattr(module, "MOST_BYTES", 2 * size + 2000)  # the marks need room as well
    look(size=64)
    assert left(folder) == {key_of(digits, EMBEDDED, SIZE), key_of(digits, EMBEDDED, 64)}


def test_what_is_in_use_is_not_removed(look, folder, digits, monkeypatch):
    others(folder, "old", "newer")
    monkeypatch.setattr(module, "MOST_BYTES", 0)
    with FileLock(folder / "old.lock"):
        look()
    assert left(folder) == {key_of(digits, EMBEDDED, SIZE), "old"}


def test_what_another_process_removes_meanwhile_is_passed_over(look, folder, digits, monkeypatch):
    others(folder, "old")
    is_dir = type(folder).is_dir

    def and_gone(path, **options):
        found = is_dir(path, **options)
        if path.name == "old":
            shutil.rmtree(path, ignore_errors=True)
        return found

    monkeypatch.setattr(type(folder), "is_dir", and_gone)
    assert np.array_equal(look(), expected(digits))


def test_features_that_are_removed_while_they_are_used_can_still_be_read(look, folder, digits):
    found = look()
    shutil.rmtree(folder)
    assert np.array_equal(found, expected(digits))
