"""Names of splits in use, and what repeats in folders: splits, classes, or a question."""

import pytest

from core.datasets.choices import Choices, LayoutError
from core.datasets.layout import arrange
from core.datasets.splits import split_name
from core.errors import DatasetError


def images(*folders: str, count: int = 10) -> list[str]:
    return [f"{folder}/{number}.png" for folder in folders for number in range(count)]


def with_pets(*tops: str) -> list[str]:
    return images(*(f"{top}/{name}" for top in tops for name in ("cats", "dogs")))


NAMES = {
    "train": "train TRAIN train_ training_set trainset train-set Train.Data trainImages imgs_train "
    "1_train train(2) seg_train Trainingsdaten Lerndaten Trainingsdatensatz entraînement "
    "apprentissage entrenamiento treinamento addestramento 训练集 学習データ 훈련_데이터 "
    "обучающая_выборка",
    "val": "val valid validation dev Validierung validación 验证集 2_val",
    "test": "test tests testing test_set Testbilder Prüfdaten prueba jeu_de_test 测试集 テスト "
    "test1 unseen_test",
    "held": "eval evaluation holdout hold-out held_out",
}


def test_a_split_is_known_by_the_names_in_use():
    for name, split in [
        *((name, split) for split, names in NAMES.items() for name in names.split()),
        ("Training Data", "train"),
        ("conjunto de entrenamiento", "train"),
        ("données de test", "test"),
    ]:
        found = split_name(name)
        assert found is not None and (found.split, found.sure) == (split, True)


@pytest.mark.parametrize("name", ["cats", "bus", "valley", "0", "data", "images", "x" * 133, "🐶"])
def test_other_names_are_no_splits(name):
    assert split_name(name) is None


@pytest.mark.parametrize("name", ["cifar_test", "mytrainset", "cats_train", "contest", "latest"])
def test_what_says_something_else_too_is_not_sure(name):
    assert not split_name(name).sure


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (("training_set", "test_set"), {"train", "test"}),
        (("cifar_train", "cifar_test"), {"train", "test"}),
        (("seg_train/seg_train", "seg_test/seg_test"), {"train", "test"}),
        (("my/Train Data", "my/Test Data"), {"train", "test"}),
        (("train", "dev"), {"train", "val"}),
        (("x_tr", "x_te"), {"train", "test"}),
        (("train", "holdout"), {"train", "test"}),
        (("train", "eval", "test"), {"train", "val", "test"}),
        (("train_1", "train_2", "test"), {"train", "test"}),
    ],
)
def test_folders_of_splits_are_never_classes(folders, splits):
    layout = arrange(with_pets(*folders))
    assert layout.class_names == ("cats", "dogs")
    assert {place.split for place in layout.places} == splits
    assert len(layout.places) == 20 * len(folders)
    assert "were taken as splits" in layout.notes[0]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (images("cats", "dogs", "test/cats", "test/dogs"), {"train": 20, "test": 20}),
        (images("cats/train", "cats/test", "dogs/train", "dogs/test"), {"train": 20, "test": 20}),
        (images("cats_train", "cats_test", "dogs_train", "dogs_test"), {"train": 20, "test": 20}),
        ([*with_pets("train"), *images("test")], {"train": 20}),
        ([*with_pets("train"), *images("test/unknown")], {"train": 20}),
        ([*with_pets("seg_train/seg_train"), *images("seg_pred/seg_pred")], {"train": 20}),
    ],
)
def test_splits_beside_in_or_after_classes(paths, expected):
    layout = arrange(paths)
    assert layout.class_names == ("cats", "dogs")
    parts = [place.split for place in layout.places]
    assert {part: parts.count(part) for part in parts} == expected
    assert len(layout.skipped) == len(paths) - len(layout.places)


@pytest.mark.parametrize(
    "paths",
    [
        images("bus", "train", "car"),
        images("bus/2024", "train/2024", "car/2024"),
        images("tests", "bus"),
    ],
)
def test_a_class_may_be_called_like_a_split(paths):
    folders = {path.split("/")[0] for path in paths}
    assert set(arrange(paths).class_names) == folders


@pytest.mark.parametrize(
    ("paths", "inner", "outer"),
    [
        (with_pets("set_a", "set_b"), ("cats", "dogs"), ("set_a", "set_b")),
        (with_pets("alpha", "train"), ("cats", "dogs"), ("alpha", "train")),
        (with_pets("fold1", "fold2", "fold3"), ("cats", "dogs"), ("fold1", "fold2", "fold3")),
        (
            images("cats/front", "cats/side", "dogs/front", "dogs/side"),
            ("front", "side"),
            ("cats", "dogs"),
        ),
        (
            images(*(f"{a}/{b}/{c}" for a in ("train", "test") for b in "st" for c in "xy")),
            ("x", "y"),
            ("s", "t"),
        ),
    ],
)
def test_where_folders_repeat_their_inner_ones_it_is_asked_which_are_the_classes(
    paths, inner, outer
):
    with pytest.raises(LayoutError, match="contain the same folders") as caught:
        arrange(paths)
    for name in (*inner, *outer):
        assert name in str(caught.value)
    for remedy, names in zip(caught.value.remedies, (inner, outer), strict=True):
        layout = arrange(paths, Choices().also(**remedy.changes))
        assert layout.class_names == names
        assert len(layout.places) == len(paths)


@pytest.mark.parametrize(
    ("train", "test", "names"),
    [
        (("Cats", "dogs"), ("cats", "Dogs"), ("Cats", "dogs")),
        (("hot_dogs", "Cats "), ("hot dogs", "cats"), ("Cats", "hot_dogs")),
        (("A", "a"), ("A", "a"), ("A", "a")),
    ],
)
def test_two_spellings_in_train_and_test_are_one_class(train, test, names):
    layout = arrange(
        images(*(f"train/{c}" for c in train)) + images(*(f"test/{c}" for c in test), count=5)
    )
    assert layout.class_names == names
    assert set(layout.counts.values()) == {15}


@pytest.mark.parametrize("above", ["", "pets/", "data/archive/"])
def test_an_image_beside_class_folders_is_left_out_and_listed(above):
    layout = arrange([*with_pets(above.rstrip("/") or "x"), f"{above}preview.png"])
    assert layout.counts == {"cats": 10, "dogs": 10}
    assert layout.skipped == ((f"{above}preview.png", "It is not inside a class folder."),)


@pytest.mark.parametrize("name", [".net", "C#", "c++", "con", "node.js"])
def test_a_class_may_have_any_name(name):
    paths = images(f"pets/{name}", "pets/java")
    assert set(arrange(paths).class_names) == {name, "java"}


def test_images_in_another_hidden_folder_are_listed():
    layout = arrange([*images("cats", "dogs"), *images(".mine", count=3), *images(".git")])
    assert [path for path, _ in layout.skipped] == images(".mine", count=3)
    assert layout.skipped[0][1] == "It is in the hidden folder .mine/."
    assert layout.ignored == 10


@pytest.mark.parametrize(
    "pattern",
    ["all/{name}.{n}.jpg", "{name}_{n}.jpg", "all/{name} ({n}).png", "{n:04d}-{name}.gif"],
)
def test_classes_are_taken_from_names_of_files_when_that_is_chosen(pattern):
    paths = [pattern.format(name=name, n=n) for name in ("cat", "dog") for n in range(12)]
    with pytest.raises(LayoutError, match=r"cat \(12\), dog \(12\)") as caught:
        arrange(paths)
    (remedy,) = caught.value.remedies
    assert arrange(paths, Choices().also(**remedy.changes)).counts == {"cat": 12, "dog": 12}


def test_numbers_of_a_camera_are_no_classes():
    with pytest.raises(DatasetError, match="only one class, 'all'") as caught:
        arrange([f"all/IMG_{n}.jpg" for n in range(30)])
    assert not getattr(caught.value, "remedies", ())


def test_a_class_that_is_too_small_can_be_left_out():
    paths = [*images("cats", "dogs"), *images("birds", count=9)]
    with pytest.raises(LayoutError, match="birds: 9, one more is needed") as caught:
        arrange(paths)
    (remedy,) = caught.value.remedies
    layout = arrange(paths, Choices().also(**remedy.changes))
    assert layout.class_names == ("cats", "dogs")
    assert {path for path, _ in layout.skipped} == set(images("birds", count=9))


def test_classes_are_renamed_joined_and_left_out():
    paths = images("cats", "dgos", "dogs", "rest")
    choices = Choices(rename={"dgos": "dogs"}, leave_out=("rest",))
    assert arrange(paths, choices).counts == {"cats": 10, "dogs": 20}
    assert Choices.from_mapping(choices.to_mapping()) == choices


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"classes": "middle"}, "outer, inner, names. Received: 'middle'"),
        ({"rename": {"cats": " "}}, "1 to 200 characters"),
        (
            {"rename": {"cast": "cats"}},
            "no class named 'cast'. Did you mean `cats`. Known: cats, dogs",
        ),
        ({"leave_out": ["cast"]}, "no class named 'cast'. Did you mean `cats`. Known: cats, dogs"),
        ({"leave": 1}, "cannot be read"),
    ],
)
def test_a_choice_that_cannot_be_is_told(values, sentence):
    with pytest.raises(DatasetError, match=sentence):
        arrange(images("cats", "dogs"), Choices.from_mapping(values))
