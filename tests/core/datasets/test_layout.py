import random
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.datasets.layout import Layout, arrange
from core.errors import DatasetError

any_number_of_times = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
SPELLINGS = {
    "train": ("train", "Train", "TRAINING"),
    "val": ("val", "Valid", "validation"),
    "test": ("test", "Test", "testing"),
}


def make_images(folder: str, count: int = 10, suffix: str = ".png") -> list[str]:
    return [f"{folder}/{number}{suffix}" for number in range(count)]


PETS = [*make_images("cats"), *make_images("dogs")]


def in_parts(*folders: str) -> list[str]:
    return [f"{folder}/{path}" for folder in folders for path in PETS]


@pytest.mark.parametrize(
    "paths",
    [
        PETS,
        in_parts("my pets"),
        in_parts("a/b/c"),
        in_parts("train"),
        [*in_parts("my"), "README.md", "__MACOSX/my/cats/._0.png"],
        [path.replace("/", "/2024/") for path in PETS],
    ],
)
def test_a_class_is_the_folder_below_what_holds_everything(paths):
    layout = arrange(paths)
    assert layout.class_names == ("cats", "dogs")
    assert layout.counts == {"cats": 10, "dogs": 10}
    assert {place.split for place in layout.places} == {"unsplit"}


@pytest.mark.parametrize(
    "suffix", [".png", ".PNG", ".jpg", ".Jpeg", ".gif", ".bmp", ".webp", ".tif", ".TIFF"]
)
def test_every_kind_of_image_counts_whatever_its_case(suffix):
    assert arrange([*PETS, f"cats/x{suffix}"]).counts == {"cats": 11, "dogs": 10}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x.txt", "Its name is not that of an image."),
        ("x.png ", "Its name is not that of an image."),
        ("x", "Its name has no ending such as .jpg."),
        ("x.png.zip", "It is a zip file: unpack it and bring the folder inside."),
        ("X.CR2", "It is a raw photo: export it as JPEG."),
        ("x.mp4", "It is a video: save single frames as JPEG."),
    ],
)
def test_other_files_are_listed_with_what_they_are(name, reason):
    layout = arrange([*PETS, f"cats/{name}"])
    assert layout.skipped == ((f"cats/{name}", reason),)
    assert layout.counts == {"cats": 10, "dogs": 10}


@pytest.mark.parametrize(
    "path",
    [
        ".DS_Store",
        "cats/.DS_Store",
        "cats/._1.png",
        ".git/a/b.png",
        "__MACOSX/cats/1.png",
        "cats/Thumbs.db",
        "cats/Desktop.ini",
        "cats/Icon\r",
        "cats/@eaDir/1.png/thumb.jpg",
    ],
)
def test_what_systems_leave_is_counted_and_passed_over(path):
    layout = arrange([*PETS, path])
    assert (layout.ignored, layout.skipped) == (1, ())
    assert layout.counts == {"cats": 10, "dogs": 10}


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("train", "test"), {"train", "test"}),
        (("Train", "Valid", "Test"), {"train", "val", "test"}),
        (("training", "validation"), {"train", "val"}),
        (("wrapper/TRAIN", "wrapper/Testing"), {"train", "test"}),
    ],
)
def test_parts_are_found_however_they_are_written(folders, expected):
    layout = arrange(in_parts(*folders))
    assert layout.class_names == ("cats", "dogs")
    assert {place.split for place in layout.places} == expected


def test_test_comes_first_and_training_last():
    layout = arrange(in_parts("train", "valid", "test"))
    assert list(dict.fromkeys(place.split for place in layout.places)) == ["test", "val", "train"]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("10", "9", "1"), ("1", "9", "10")),
        (("10", "9", "a"), ("10", "9", "a")),
        (("b", "a", "C"), ("C", "a", "b")),
        (("หมา", "แมว"), ("หมา", "แมว")),
        (("test", "bus"), ("bus", "test")),
        (("train", "bus"), ("bus", "train")),
        (("val", "bus"), ("bus", "val")),
    ],
)
def test_classes_are_in_order(classes, expected):
    layout = arrange([path for name in classes for path in make_images(name)])
    assert layout.class_names == expected


def test_images_deep_in_a_class_count_to_it_with_a_note():
    layout = arrange([*PETS, *make_images("cats/kittens/2024", 3)])
    assert layout.counts == {"cats": 13, "dogs": 10}
    assert len(layout.notes) == 1
    assert "3 images" in layout.notes[0] and "cats/kittens/2024/" in layout.notes[0]
    assert "outer class (cats)" in layout.notes[0]


def test_two_ways_to_write_a_name_are_one_class():
    nfc, nfd = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    assert nfc != nfd
    layout = arrange([*PETS, *make_images(nfc, 5), *make_images(nfd, 6)])
    assert layout.counts == {nfc: 11, "cats": 10, "dogs": 10}
    assert {f"{nfd}/5.png", f"{nfc}/4.png"} < {place.path for place in layout.places}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], "No images in class folders were found. Bring a folder"),
        (["a.txt", "cats/b.txt"], "2 files do not have the names of images, such as a.txt. Bring"),
        (make_images("cats"), "only one class, 'cats'"),
        (
            [*PETS, *make_images("birds", 9)],
            "at least 10 images. Too few are in birds: 9, one more",
        ),
        (in_parts("test"), None),
        (in_parts("test", "val"), "test/, val/ but no train/"),
        (in_parts("train", "test", "more"), "Beside test/, train/ there is more/"),
        ([*make_images("train"), *make_images("test")], "no folder per class"),
        ([*in_parts("train", "test"), *make_images("test/birds")], "2 images in train/.*'birds'"),
        ([*in_parts("train", "test"), *make_images("train/birds")], "Missing: 'birds'"),
        ([*in_parts("train", "val"), *make_images("train/birds", 9)], "birds: 9"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(paths, expected):
    if expected is None:
        assert arrange(paths).counts == {"cats": 10, "dogs": 10}
        return
    with pytest.raises(DatasetError, match=expected):
        arrange(paths)


# --- Any tree: what it holds is written down while it grows, and compared ----------------------

NAMES = st.one_of(
    st.sampled_from(
        ["cats", "dogs", "แมว", "🐶🐕", "café", "10", "9", "a b", "x.png", "-", "tést"]
    ),
    st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6),
)
_TAKEN = {spelling.lower() for spellings in SPELLINGS.values() for spelling in spellings}


def _is_plain(name: str) -> bool:
    """Neither the name of a part nor one that is written in another way in the layout."""
    same = unicodedata.normalize("NFC", name) == name and name.isprintable()
    return same and name.lower() not in _TAKEN


@dataclass
class Tree:
    """Paths, and what each is."""

    paths: list[str] = field(default_factory=list)
    placed: dict[str, tuple[str, str]] = field(default_factory=dict)  # path to class and part
    skipped: set[str] = field(default_factory=set)
    ignored: int = 0
    deep: int = 0

    def counts(self) -> Counter:
        return Counter(name for name, _ in self.placed.values())


@st.composite
def trees(draw, fewest: int = 10) -> Tree:
    tree = Tree()
    classes = draw(st.lists(NAMES.filter(_is_plain), min_size=2, max_size=4, unique=True))
    wrapper = draw(st.lists(st.sampled_from(["my", "train", "test", "a b", "แมว"]), max_size=2))
    found = draw(st.sampled_from([(), ("train", "test"), ("train", "val"), tuple(SPELLINGS)]))
    tops = {part: draw(st.sampled_from(SPELLINGS[part])) for part in found} or {"unsplit": None}
    for part, top in tops.items():
        above = [*wrapper, *([top] if top else [])]
        for name in classes:
            count = draw(st.integers(fewest, fewest + 2))
            deep = draw(st.sampled_from([0, 0, 0, 1, 3]))
            below = draw(st.lists(st.sampled_from(["in", "train", "2024"]), min_size=1, max_size=3))
            suffix = draw(st.sampled_from([".png", ".JPG", ".tiff"]))
            for number in range(count):
                inner = below if number < deep else []
                path = "/".join([*above, name, *inner, f"{number}{suffix}"])
                tree.placed[path] = (name, part)
                tree.deep += number < deep
            _add_rubbish(draw, tree, [*above, name])
        if top and draw(st.booleans()):
            tree.skipped.add("/".join([*above, "no class.png"]))
    if not wrapper and draw(st.booleans()):
        tree.skipped.add("no class.jpg")
    _add_rubbish(draw, tree, wrapper)
    if draw(st.booleans()):
        tree.skipped.add("/".join([*wrapper, ".x", "0.png"]))
    tree.paths += [*tree.placed, *tree.skipped]
    return tree


def _add_rubbish(draw, tree: Tree, above: list[str]) -> None:
    for name in draw(st.sets(st.sampled_from(["a.txt", "b.zip", "c", "d/e.csv"]), max_size=2)):
        tree.skipped.add("/".join([*above, name]))
    hidden = [".DS_Store", "._0.png", "Thumbs.db", "__MACOSX/0.png", ".git/0.png"]
    for name in draw(st.sets(st.sampled_from(hidden), max_size=2)):
        tree.ignored += 1
        tree.paths.append("/".join([*above, name]))


@any_number_of_times
@given(trees())
def test_any_tree_is_arranged_as_it_was_grown(tree):
    layout = arrange(tree.paths)
    assert set(layout.class_names) == {name for name, _ in tree.placed.values()}
    assert layout.counts == tree.counts()
    assert found_in(layout) == tree.placed
    assert {path for path, _ in layout.skipped} == tree.skipped
    assert layout.ignored == tree.ignored
    assert len(layout.notes) == bool(tree.deep)
    assert all(f"{tree.deep:,} images" in note for note in layout.notes)


def found_in(layout: Layout) -> dict[str, tuple[str, str]]:
    return {place.path: (layout.class_names[place.label], place.split) for place in layout.places}


@any_number_of_times
@given(trees())
def test_every_path_is_placed_skipped_or_ignored_once(tree):
    layout = arrange(tree.paths)
    placed = [place.path for place in layout.places]
    skipped = [path for path, _ in layout.skipped]
    assert len(placed) + len(skipped) + layout.ignored == len(tree.paths)
    assert len({*placed, *skipped}) == len(placed) + len(skipped)
    assert {*placed, *skipped} <= set(tree.paths)


@any_number_of_times
@given(trees(), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_the_order_of_the_paths_does_not_matter(tree, chance: random.Random):
    first = arrange(tree.paths)
    chance.shuffle(tree.paths)
    again = arrange(tree.paths)
    assert (again.class_names, again.places, again.ignored) == (
        first.class_names,
        first.places,
        first.ignored,
    )
    assert sorted(again.skipped) == sorted(first.skipped)


@any_number_of_times
@given(trees(), st.data())
def test_a_tree_with_a_class_of_nine_is_refused(tree, data):
    name = data.draw(st.sampled_from(sorted(tree.counts())))
    all_of_it = [path for path, (of, _) in tree.placed.items() if of == name]
    gone = set(all_of_it[9:])
    with pytest.raises(DatasetError, match="at least 10 images|Missing|2 images in train"):
        arrange(path for path in tree.paths if path not in gone)
