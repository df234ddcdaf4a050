import errno
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from core import datasets
from core.datasets import writing
from core.datasets.store import (
    check_free,
    check_name,
    delete,
    exists,
    list_damaged,
    names,
    open_store,
    read_card,
)
from core.datasets.writing import draft
from core.errors import DatasetError
from core.settings import PROJECT_DIR
from tests.overriding import use

CLASSES = ("cat", "dog")


def make_image(number: int, height: int = 4, width: int = 6, colour: bool = True) -> np.ndarray:
    shape = (height, width, 3) if colour else (height, width)
    return np.random.default_rng(number).integers(0, 256, shape, np.uint8)


def write(name="pets", images=None, class_names=CLASSES, finish=True, **details):
    """Store `(image, label, part, file)`; by default six images in three sizes."""
    if images is None:
        images = [
            (make_image(number, 4 + number % 3), number % 2, "unsplit", f"{number}.png")
            for number in range(6)
        ]
    with draft(name, class_names) as writer:
        for entry in images:
            writer.add(*entry)
        if finish:
            details = {"title": "Pets", "owner": "you", "source": "pets.zip"} | details
            return writer.finish(name, ignored=2, notes=("A note.",), **details)


@pytest.fixture
def root(folders):
    return folders.work_dir / "datasets"


def test_what_was_written_is_read(root):
    card = write()
    kept = open_store("pets")
    assert kept.card == card == read_card("pets")
    assert (card.name, card.title, card.owner, card.source) == ("pets", "Pets", "you", "pets.zip")
    assert (card.class_names, card.notes, card.ignored) == (CLASSES, ("A note.",), 2)
    assert (card.images, card.channels, card.skipped) == (6, 3, 0)
    assert card.splits == {"train": 0, "val": 0, "test": 0, "unsplit": 6}
    assert kept.folder == root / "pets"
    assert len(kept.images) == 6
    for number in range(6):
        assert np.array_equal(kept.images[number], make_image(number, 4 + number % 3))
    assert kept.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert kept.labels.dtype == np.int64
    assert kept.files() == [f"{number}.png" for number in range(6)]
    assert kept.skipped() == []
    assert sorted(os.listdir(root)) == [".drafts", "pets"]
    assert os.listdir(root / ".drafts") == []


def test_rows_of_a_part_are_found(root):
    parts = ["test", "train", "val", "train", "test", "train"]
    write(images=[(make_image(row), 0, part, f"{row}") for row, part in enumerate(parts)])
    kept = open_store("pets")
    assert kept.rows("train").tolist() == [1, 3, 5]
    assert kept.rows("val").tolist() == [2]
    assert kept.rows("test").tolist() == [0, 4]
    assert kept.rows("unsplit").tolist() == []
    assert kept.card.splits == {"train": 3, "val": 1, "test": 2, "unsplit": 0}


def test_grey_images_stay_grey(root):
    greys = [make_image(number, colour=False) for number in range(3)]
    card = write(images=[(grey, 0, "train", f"{row}") for row, grey in enumerate(greys)])
    kept = open_store("pets")
    assert card.channels == 1
    for row, grey in enumerate(greys):
        assert np.array_equal(kept.images[row], grey[..., None])


@pytest.mark.parametrize("first_colour", [0, 1, 3])
def test_one_image_in_colour_turns_all_to_rgb(root, first_colour):
    images = [
        make_image(row, 3 + row, 5, colour=row == first_colour or row == 5) for row in range(6)
    ]
    card = write(images=[(image, 0, "train", f"{row}") for row, image in enumerate(images)])
    kept = open_store("pets")
    assert card.channels == 3
    for row, image in enumerate(images):
        expected = image if image.ndim == 3 else np.stack([image] * 3, axis=-1)
        assert np.array_equal(kept.images[row], expected)
    assert not (kept.folder / "rgb.bin").exists()


def test_more_grey_than_is_copied_at_once_turns_to_rgb(root):
    large = make_image(1, 1200, 1000, colour=False)
    write(images=[(large, 0, "train", "1"), (make_image(2), 0, "train", "2")])
    kept = open_store("pets")
    assert np.array_equal(kept.images[0], np.repeat(large[..., None], 3, axis=2))
    assert np.array_equal(kept.images[1], make_image(2))


def test_the_same_image_is_stored_once(root):
    entries = [
        (make_image(1), 0, "test", "test/cat/1.png"),
        (make_image(1), 0, "train", "train/cat/copy.png"),
        (make_image(1), 1, "train", "train/dog/1.png"),
        (make_image(2), 1, "train", "train/dog/2.png"),
        (make_image(2).reshape(6, 4, 3), 1, "train", "train/dog/same bytes.png"),
    ]
    card = write(images=entries)
    kept = open_store("pets")
    assert (card.images, card.skipped) == (3, 2)
    assert kept.files() == ["test/cat/1.png", "train/dog/2.png", "train/dog/same bytes.png"]
    assert kept.skipped() == [
        ("train/cat/copy.png", "the same image as test/cat/1.png"),
        ("train/dog/1.png", "the same image as test/cat/1.png, which is in the class cat"),
    ]


def entries(count: int = 4) -> list:
    return [(make_image(row), row % 2, "train", f"{row}.png") for row in range(count)]


def test_the_fingerprint_is_the_same_for_the_same_contents(root):
    first = write("one", entries())
    renamed = [(*entry[:3], f"other/{entry[3]}") for entry in entries()]
    again = write("two", renamed, title="Other", owner="studio", source="other.zip")
    twice = write("three", [*entries(), entries()[0]])
    assert first.fingerprint == again.fingerprint == twice.fingerprint


def one_pixel_changed():
    changed = entries()
    changed[1][0][0, 0, 0] ^= 1
    return changed


@pytest.mark.parametrize(
    "change",
    [
        {"images": entries(3)},
        {"images": entries()[::-1]},
        {"images": one_pixel_changed()},
        {"images": [(*entries()[0][:1], 1, *entries()[0][2:]), *entries()[1:]]},
        {"images": [(*entries()[0][:2], "val", entries()[0][3]), *entries()[1:]]},
        {"images": [(make_image(0).reshape(6, 4, 3), *entries()[0][1:]), *entries()[1:]]},
        {"class_names": ("dog", "cat")},
        {"class_names": ("cat", "dog", "cow")},
    ],
)
def test_the_fingerprint_tells_other_contents(root, change):
    first = write("one", entries())
    assert write("two", **({"images": entries()} | change)).fingerprint != first.fingerprint


class Stop(Exception):
    """Anything that ends an import."""


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, DatasetError("refused")])
def test_an_error_leaves_nothing(root, error):
    with pytest.raises(BaseException) as raised, draft("pets", CLASSES) as writer:
        writer.add(make_image(1, colour=False), 0, "train", "1")
        writer.add(make_image(2), 0, "train", "2")
        assert len(os.listdir(root / ".drafts")) == 2, "its folder and its lock"
        raise error
    assert isinstance(raised.value, error if isinstance(error, type) else DatasetError)
    assert os.listdir(root / ".drafts") == []
    assert names() == []
    write()
    assert names() == ["pets"]


def test_what_is_not_finished_leaves_nothing(root):
    write(finish=False)
    assert os.listdir(root) == [".drafts"]
    assert os.listdir(root / ".drafts") == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_leaves_nothing_and_says_so(root, code):
    full = pytest.raises(DatasetError, match="The disk is full.*Free some space")
    with full, draft("pets", CLASSES):
        raise OSError(code, os.strerror(code))
    assert os.listdir(root / ".drafts") == []


WITH_LITTLE_ROOM = """
import resource, signal, sys
import numpy as np
from core.datasets.writing import draft
from core.errors import DatasetError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    with draft("pets", ("cat", "dog")) as writer:
        for row in range(100):
            writer.add(np.full((64, 64, 3), row, np.uint8), 0, "train", str(row))
        writer.finish("pets", "Pets", "you", "pets.zip", 0, ())
except DatasetError as error:
    sys.exit(f"DatasetError: {error}")
"""

UNTIL_KILLED = """
import sys
import numpy as np
from core.datasets.writing import draft
with draft("pets", ("cat", "dog")) as writer:
    writer.add(np.zeros((4, 4, 3), np.uint8), 0, "train", "1")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def environment(folders):
    return os.environ | {
        "STUDIO_WORK_DIR": str(folders.work_dir),
        "STUDIO_DATA_DIR": str(folders.data_dir),
    }


def test_a_disk_that_really_fills_up_leaves_nothing(root, environment):
    ended = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_ROOM],
        cwd=PROJECT_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stderr.startswith("DatasetError: The disk is full"), ended.stderr
    assert os.listdir(root) == [".drafts"]
    assert os.listdir(root / ".drafts") == []
    write()


@pytest.fixture
def other_process(environment):
    """Another process in the middle of writing."""
    process = subprocess.Popen(
        [sys.executable, "-c", UNTIL_KILLED],
        cwd=PROJECT_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def test_the_draft_of_a_killed_process_is_swept_by_the_next(root, other_process):
    other_process.send_signal(signal.SIGKILL)
    other_process.wait(30)
    assert len(os.listdir(root / ".drafts")) == 2, "nobody could tidy up"
    assert names() == []
    write("other")
    assert os.listdir(root / ".drafts") == []
    write("pets")
    assert names() == ["other", "pets"]


def test_the_draft_of_a_living_process_is_left_alone(root, other_process):
    before = sorted(os.listdir(root / ".drafts"))
    write("other")
    writing.sweep()
    assert sorted(os.listdir(root / ".drafts")) == before
    other_process.stdin.close()
    assert other_process.wait(30) == 0
    assert os.listdir(root / ".drafts") == []


def test_a_lock_without_a_draft_is_swept(root):
    (root / ".drafts").mkdir(parents=True)
    (root / ".drafts" / "pets-00000000.lock").touch()
    write()
    assert os.listdir(root / ".drafts") == []


def test_a_name_is_taken_once(root):
    card = write()
    with pytest.raises(DatasetError, match="already a dataset named 'pets'"):
        write()
    with pytest.raises(DatasetError, match="already a dataset named 'pets'"):
        check_free("pets")
    assert read_card("pets") == card


def test_of_two_writers_of_a_name_the_second_is_refused(root):
    taken = pytest.raises(DatasetError, match="already a dataset named 'pets'")
    with taken, draft("pets", CLASSES) as writer:
        writer.add(make_image(1), 0, "train", "late.png")
        first = write()
        writer.finish("pets", "Pets", "you", "pets.zip", 0, ())
    assert read_card("pets") == first
    assert open_store("pets").files()[0] == "0.png"
    assert os.listdir(root / ".drafts") == []


@pytest.mark.parametrize(
    "name", ["", "Pets", "-pets", "../pets", "a/b", ".drafts", "a" * 65, "pets ", "pets\n", None]
)
def test_a_name_is_a_plain_word(root, name):
    with pytest.raises(DatasetError, match="1 to 64 lower-case letters"):
        check_name(name)
    with pytest.raises(DatasetError, match="Received"):
        write(name)
    with pytest.raises(DatasetError, match="1 to 64"):
        delete(name)
    assert not root.exists()


@pytest.mark.parametrize("name", ["a", "7", "my-pets_2", "a" * 64])
def test_a_plain_word_is_a_name(root, name):
    write(name)
    assert exists(name)
    assert names() == [name]


def test_without_a_folder_there_are_no_names(root):
    assert names() == []
    assert not exists("pets")


def test_a_deleted_dataset_comes_back_unless_its_name_was_taken(root):
    write()
    datasets.set_aside("pets")
    assert names() == []
    write()
    with pytest.raises(DatasetError, match="there is a new dataset of that name"):
        datasets.restore("pets")
    datasets.delete("pets")
    datasets.restore("pets")
    assert names() == ["pets"]
    assert len(open_store("pets").images)


def test_a_deleted_dataset_is_gone(root):
    write()
    open_store("pets")
    delete("pets")
    assert names() == []
    assert os.listdir(root / ".drafts") == []
    with pytest.raises(DatasetError, match="no stored images named 'pets'"):
        delete("pets")
    with pytest.raises(DatasetError, match="'pets' cannot be read: they are damaged"):
        open_store("pets")


def test_a_name_used_again_gives_the_new_images(root):
    write(images=entries(4))
    assert len(open_store("pets").images) == 4
    delete("pets")
    write(images=[(255 - image, *rest) for image, *rest in entries(3)])
    kept = open_store("pets")
    assert len(kept.images) == 3
    assert np.array_equal(kept.images[0], 255 - make_image(0))


def test_a_work_folder_that_cannot_be_made_is_named(folders, monkeypatch):
    blocked = folders.data_dir / "file"
    blocked.write_text("not a folder")
    use(monkeypatch, work_dir=blocked)
    with pytest.raises(DatasetError, match="Nothing can be written to"):
        write()


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"\0")


def garble(path):
    path.write_bytes(b"\xff\xfe nothing of the kind")


def remove(path):
    path.unlink()


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        *(("pixels.bin", damage) for damage in (cut, halve, empty, lengthen, garble, remove)),
        *(("index.npz", damage) for damage in (cut, halve, empty, garble, remove)),
        *(("card.json", damage) for damage in (halve, empty, garble, remove)),
    ],
)
def test_damaged_files_are_named(root, file, damage):
    write()
    damage(root / "pets" / file)
    with pytest.raises(DatasetError, match="stored images of 'pets'.*Delete the dataset"):
        open_store("pets")
    delete("pets")
    write()
    assert len(open_store("pets").images) == 6


@pytest.mark.parametrize("file", ["files", "skipped"])
@pytest.mark.parametrize("damage", [halve, empty, garble, remove])
def test_damaged_lists_are_named(root, file, damage):
    write(images=[*entries(), *entries()])
    damage(root / "pets" / f"{file}.json")
    with pytest.raises(DatasetError, match="pets"):
        getattr(open_store("pets"), file)()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format_version": 3}, "a newer version of the studio"),
        ({"images": 5}, "splits must count 5 images"),
        ({"channels": 1}, "pixels.bin was cut off or changed"),
        ({"fingerprint": None}, "it lacks fingerprint"),
        ({"class_names": None}, "class_names"),
        ({"class_names": 3}, "class_names: input should be a valid array"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(root, change, reason):
    write()
    path = root / "pets" / "card.json"
    content = json.loads(path.read_text()) | change
    content = {key: value for key, value in content.items() if value is not None}
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=f"'pets'.*{reason}"):
        open_store("pets")


@pytest.mark.parametrize("content", ["[]", "3", "null", '"text"'])
def test_a_card_of_another_kind_is_refused(root, content):
    write()
    (root / "pets" / "card.json").write_text(content)
    with pytest.raises(DatasetError, match="'pets' cannot be read: they are damaged"):
        open_store("pets")


def test_an_index_of_other_images_is_refused(root):
    write("one")
    write("two", entries(4))
    os.replace(root / "two" / "index.npz", root / "one" / "index.npz")
    sentence = "'one' cannot be read: they are damaged.*index does not fit the card"
    with pytest.raises(DatasetError, match=sentence):
        open_store("one")


def test_a_copied_folder_has_the_name_of_the_folder(root):
    write()
    os.rename(root / "pets", root / "renamed")
    assert open_store("renamed").card.name == "renamed"
    assert names() == ["renamed"]


def test_a_folder_without_a_card_is_a_damaged_dataset(root):
    (root / "pets").mkdir(parents=True)
    assert names() == ["pets"]
    (damaged,) = list_damaged()
    assert damaged.name == "pets"
    assert "card.json: No such file" in damaged.reason
    with pytest.raises(DatasetError, match="'pets' cannot be read: they are damaged"):
        open_store("pets")
