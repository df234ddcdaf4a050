import pytest

from core import datasets
from core.datasets import import_images, sets, uploads
from core.datasets.choices import Choices
from core.errors import DatasetError
from tests.core.datasets.images_on_disk import some
from tests.overriding import use


@pytest.fixture(autouse=True)
def folder(folders):
    return folders.work_dir / "uploads"


def files(seed: str, count: int = 10) -> list[tuple[str, bytes]]:
    return [(path.rpartition("/")[2], content) for path, content in some(seed, count).items()]


def filled(*names: str) -> uploads.Upload:
    upload = sets.begin()
    for number, name in enumerate(names, 1):
        if number > len(sets.EMPTY):
            sets.more(upload)
        sets.rename(upload, number, name)
        sets.add_images(upload, number, files(f"class-{number}"))
    return upload


@pytest.mark.parametrize(
    "names",
    [
        ("cats", "dogs"),
        ("train", "test", "validation"),
        ("schöne Äpfel", "🍎🍏", "a/b", "../c", ".hidden"),
        ("class 2", "class 1"),
        ("__MACOSX", "1"),
    ],
)
def test_a_class_may_have_any_name(names):
    upload = filled(*names)
    assert sets.problem(sets.load(upload)) == ""
    choices = Choices(rename=sets.names(upload))
    assert sorted(datasets.inspect(upload.path, choices).class_names) == sorted(names)
    imported = import_images(upload.path, "mine", choices=choices)
    assert imported.images == 10 * len(names)


def test_images_are_added_and_files_that_cannot_be_read_are_told_and_lose_nothing():
    upload = filled("cats", "dogs")
    sets.add_images(upload, 1, [*files("more", 2), ("broken.jpg", b"nothing"), ("empty.png", b"")])
    first, second = sets.load(uploads.load(upload.id))
    assert (len(first.files), len(second.files)) == (12, 10)
    assert [name for name, _ in first.refused] == ["broken.jpg", "empty.png"]
    assert "empty (0 bytes)" in first.refused[1][1] and second.refused == ()


def test_a_class_is_removed_with_its_images_alone():
    upload = filled("cats", "dogs", "birds")
    sets.remove(upload, 1)
    left = sets.load(upload)
    assert [(one.name, len(one.files)) for one in left] == [("dogs", 10), ("birds", 10)]
    sets.remove(upload, 2)
    assert [one.name for one in sets.load(upload)] == ["birds", ""]
    assert sets.names(upload) == {"class 3": "birds"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("cats", " CATS"), "same name"),
        (("", "dogs"), "Give a name to the class"),
        (("cats",), "At least two classes"),
    ],
)
def test_what_is_missing_is_told(names, expected):
    assert expected in sets.problem(sets.load(filled(*names)))


def test_too_much_for_a_public_demo_is_refused_and_loses_nothing(folders, monkeypatch):
    upload = filled("cats", "dogs")
    monkeypatch.setattr(uploads, "most_bytes", lambda: 10_000)
    use(monkeypatch, public=True)
    with pytest.raises(DatasetError, match="In this public demo an upload may hold"):
        sets.add_images(upload, 1, files("many", 40))
    assert [len(one.files) for one in sets.load(upload)] == [10, 10]


@pytest.mark.parametrize("content", ["", "{}", '[{"number": "x"}]', '[{"number": 1, "name": 5}]'])
def test_a_damaged_list_of_classes_is_no_list(content):
    upload = filled("cats", "dogs")
    (upload.path.parent / "classes.json").write_text(content)
    assert sets.load(upload) == ()
