import errno
import os
import re
import shutil
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core import datasets
from core.datasets import (
    import_folder,
    import_images,
    import_zip,
    importing,
    inspect,
    load,
    store,
    writing,
)
from core.datasets.importing import reduce
from core.errors import Cancelled, DatasetError
from core.progress import Progress, Reporter
from tests.core.datasets.images_on_disk import (
    Build,
    Tree,
    as_folder,
    as_zip,
    claims_to_be,
    encoded,
    listed_too,
    member,
    noise,
    patch,
    pets,
    png,
    record,
    some,
    spoil,
    write_folder,
    write_zip,
    zip64_claiming,
    zip_in_zip,
)
from tests.core.image_files import bitmap_v5, chunk, empty_png, stroke
from tests.overriding import use

GB = 2**30
TEN_EACH = {"cats": 10, "dogs": 10}
NO_IMAGE = "name is not that of an image"
NO_CLASS = "not inside a class folder"
UNKNOWN = "not an image the studio knows"
DAMAGED_IN_ZIP = "damaged inside the zip"
pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")  # said by zipfile
NFC, NFD = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


@pytest.fixture(autouse=True)
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where datasets are stored: an empty folder of the test's own."""
    use(monkeypatch, work_dir=tmp_path / "work")
    return tmp_path / "work" / "datasets"


def left_behind(stored: Path) -> list[str]:
    """Every file and folder, drafts and locks included."""
    found = (path.relative_to(stored).as_posix() for path in stored.rglob("*"))
    return sorted(set(found) - {".drafts"})


def counts_of(name: str) -> dict[str, int]:
    kept = store.open_store(name)
    counted = np.bincount(kept.labels, minlength=len(kept.card.class_names))
    return dict(zip(kept.card.class_names, counted.tolist(), strict=True))


# --- What is refused ---------------------------------------------------------------------------


def nothing_there(folder: Path) -> Path:
    return folder / "nowhere"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def broken_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "nowhere")
    return folder / "link"


def file_of(content: bytes, name: str = "images.zip") -> Build:
    def build(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return build


def half_a_zip(folder: Path) -> Path:
    path = write_zip(pets(), folder / "images.zip")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def link_in(name: str, target: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).symlink_to(folder / target)


def pipe_in(name: str) -> Callable[[Path], None]:
    return lambda folder: os.mkfifo(folder / name)


def sparse(name: str, size: int) -> Callable[[Path], None]:
    def grow(folder: Path) -> None:
        with (folder / name).open("wb") as file:
            file.truncate(size)

    return grow


def overlapping(folder: Path) -> Path:
    """Much of the list of contents leads to the same 20 MB of zeros, packed to 20 kB."""
    path = write_zip({"cats/0.png": bytes(20 * 2**20)}, folder / "bomb.zip", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path) as archive:
        packed = archive.infolist()[0].compress_size
    lines = (record(f"cats/{n}.png", 20 * 2**20, packed) for n in range(1, 250))
    listed_too(b"".join(lines))(path)
    return path


def parts(*folders: str, cats: int = 10, dogs: int = 10) -> Tree:
    return {name: file for top in folders for name, file in pets(cats, dogs, f"{top}/").items()}


EMPTY_ENTRIES = b"".join(record(f"cats/{number}.png") for number in range(200_000))
HUGE_ENTRIES = b"".join(record(f"cats/{number}.png", 2 * GB - 1) for number in range(3))

REFUSED = {
    "nothing there": (nothing_there, "no folder or zip file.*nowhere"),
    "a link to nothing": (broken_link, "neither"),
    "a pipe": (pipe, "folder or a zip file.*neither"),
    "a text": (file_of(b"hello"), "not a zip file.*it is a text"),
    "an image": (file_of(png(), "cat.png"), "cat.png is not a zip file.*a single image"),
    "an empty file": (file_of(b""), "images.zip is not a zip file.*empty"),
    "an empty zip": (as_zip({}), "The zip file is empty: it holds no files"),
    "an empty folder": (lambda folder: folder, "No images in class folders"),
    "empty class folders": (as_zip({"cats/": b"", "dogs/": b""}), "only folders and no files"),
    "half a zip": (half_a_zip, "not a zip file.*cut off or damaged"),
    "4 GB claimed": (as_zip(pets(), listed_too(HUGE_ENTRIES)), "more than 4 GB unpacked"),
    "4 GB in one file": (
        as_zip(pets(), patch("size", 0xFFFFFFFE, "cats/0.png")),
        "more than 4 GB unpacked",
    ),
    "5 GB of overlapping entries": (overlapping, "more than 4 GB unpacked"),
    "4 GB in a folder": (as_folder(pets(), sparse("cats/x.png", 4 * GB + 1)), "more than 4 GB"),
    "200,000 empty entries": (as_zip({}, listed_too(EMPTY_ENTRIES)), "more than 100,000 files"),
    "a huge list of contents": (as_zip(pets(), listed_too(b"", 2**31)), "more than 100,000 files"),
    "a huge list by zip64": (zip64_claiming(2**40), "more than 100,000 files"),
    "a list longer than the file": (as_zip(pets(), listed_too(b"", 10**6)), "not a zip file"),
    "zips in zips": (
        file_of(zip_in_zip(6)),
        "1 file is a zip file .*unpack it",
    ),
    "a way out": (as_zip(pets(), member("../x.jpg", png())), "leads out of it.*'../x.jpg'"),
    "a way out and back": (as_zip(pets(), member("cats/../../x.jpg", png())), "leads out of it"),
    "a way out with \\": (as_zip(pets(), member("..\\x.jpg", png())), "leads out of it"),
    "an absolute path": (as_zip(pets(), member("/x.jpg", png())), "leads out of it.*'/x.jpg'"),
    "an absolute path with \\": (as_zip(pets(), member("\\x.jpg", png())), "leads out of it"),
    "a drive": (as_zip(pets(), member("C:\\x.jpg", png())), "leads out of it.*'C:/x.jpg'"),
    "a drive without root": (as_zip(pets(), member("c:cats/x.jpg", png())), "leads out of it"),
    "a link in a zip": (
        as_zip(pets(), member("cats/x.png", b"/etc/passwd", stat.S_IFLNK | 0o777)),
        "cats/x.png is a link",
    ),
    "a link without suffix in a zip": (
        as_zip(pets(), member("cats/x", b"..", stat.S_IFLNK | 0o777)),
        "cats/x is a link",
    ),
    "a device in a zip": (
        as_zip(pets(), member("cats/x.png", mode=stat.S_IFCHR | 0o666)),
        "cats/x.png is a device or a pipe",
    ),
    "a pipe in a zip": (
        as_zip(pets(), member("cats/x.png", mode=stat.S_IFIFO | 0o666)),
        "cats/x.png is a device or a pipe",
    ),
    "a link to a file": (as_folder(pets(), link_in("cats/x.png", "dogs/0.png")), "x.png is a link"),
    "a link to a folder": (as_folder(pets(), link_in("birds", "dogs")), "birds is a link"),
    "a link in a circle": (as_folder(pets(), link_in("cats/up", ".")), "cats/up is a link"),
    "a pipe in a folder": (
        as_folder(pets(), pipe_in("cats/x.png")),
        "cats/x.png is a device or a pipe",
    ),
    "a password": (as_zip(pets(), patch("flags", 1)), "protected by a password.*Pack it again"),
    "a password for one": (as_zip(pets(), patch("flags", 0x801, "dogs/3.png")), "password.*dogs/3"),
    "every file unreadable": (
        as_zip(pets(), patch("method", 97)),
        "No images in class.*20 files could not be used, such as.*WavPack.*plain zip",
    ),
    "one class": (as_zip(some("cats", 12)), "only one class, 'cats'"),
    "one class in a wrapper": (as_zip(some("my pets/cats", 12)), "only one class, 'cats'"),
    "one class with images": (as_zip(pets(dogs=0) | {"dogs/a.txt": b""}), "only one class"),
    "nine images": (as_zip(pets(dogs=9)), "at least 10 images.*dogs: 9, one more is needed"),
    "nine that can be read": (
        as_zip(pets(dogs=9) | {"dogs/x.png": b"no"}),
        "dogs: 9, one more.*1 file could not be used .dogs/x.png",
    ),
    "nine different ones": (
        as_zip(pets(dogs=9) | {"dogs/copy.png": pets()["dogs/0.png"]}),
        "dogs: 9, .*1 image is the same as others, such as dogs/copy.png and dogs/",
    ),
    "many small classes": (
        as_zip({name: file for i in range(8) for name, file in some(f"c{i}", 3).items()}),
        "c0: 3, 7 more.*c4: 3, 7 more are needed; and 3 more classes",
    ),
    "images at the root": (
        as_folder({f"{i}.png": png() for i in range(30)}),
        "No images in class folders.*30 files are in no class folder",
    ),
    "no folder per class": (
        as_zip(some("train", 20) | some("test", 20)),
        "train/ holds images, but no folder per class.*train/cats/1.jpg",
    ),
    "test without train": (as_zip(parts("test", "val")), "There are test/, val/ but no train/"),
    "a folder beside train and test": (
        as_zip(parts("train", "test", "extra")),
        "Beside test/, train/ there is extra/",
    ),
    "a class only in test": (
        as_zip(parts("train", "test") | some("test/birds", 10)),
        "at least 2 images in train/.*'birds'",
    ),
    "a class only in train": (
        as_zip(parts("train", "test") | some("train/birds", 10)),
        "Missing: 'birds'",
    ),
    "train is a copy of test": (
        as_zip(
            {f"{top}/{name}": file for top in ("train", "test") for name, file in pets().items()}
        ),
        "at least 2 images in train/.*'cats', 'dogs'",
    ),
}


@pytest.mark.parametrize(("build", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_says_why_and_leaves_nothing(tmp_path, stored, build, expected):
    source = build(tmp_path)
    with pytest.raises(DatasetError, match=expected):
        import_images(source, "mine")
    assert left_behind(stored) == []


# --- What is read ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What an import is expected to give; `skipped` maps a path to words of the reason."""

    counts: dict[str, int] = field(default_factory=lambda: TEN_EACH)
    skipped: dict[str, str] = field(default_factory=dict)
    ignored: int = 0
    parts: tuple[int, int, int, int] | None = None
    note: str = ""
    channels: int = 3


def without_utf8_flag(path: Path) -> None:
    patch("flags", 0)(path)


def with_comment(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"my cats PK\x01\x02 and dogs"


def with_program_before(path: Path) -> None:
    path.write_bytes(b"MZ program" * 100 + path.read_bytes())


def empty_folder(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).mkdir()


def not_utf8(folder: Path) -> None:
    (Path(os.fsdecode(os.fsencode(folder) + b"/cats/caf\xe9.png"))).write_bytes(png())


def junk(prefix: str = "") -> Tree:
    return {
        f"{prefix}{name}": b"junk"
        for name in (
            "__MACOSX/cats/._0.png",
            "cats/.DS_Store",
            "cats/._0.png",
            "dogs/Thumbs.db",
            "dogs/desktop.ini",
            ".git/cats/0.png",
        )
    }


def grey(count: int, folder: str) -> Tree:
    return {f"{folder}/{i}.png": png(7000 + i, channels=1) for i in range(count)}


def odd_modes() -> Tree:
    colours = noise(1, channels=3)
    alpha = np.dstack([colours, noise(2, channels=1)])
    deep = np.random.default_rng(3).integers(0, 2**16, (8, 8), np.uint16)
    return pets() | {
        "cats/rgba.png": encoded(".png", alpha),
        "cats/16.png": encoded(".png", deep),
        "cats/16.tiff": encoded(".tiff", np.dstack([deep.T] * 3)),
        "cats/a.bmp": encoded(".bmp", noise(5)),
        "cats/a.webp": encoded(".webp", noise(6)),
        "cats/a.JPEG": encoded(".jpg", noise(7)),
        "cats/1x1.png": png(8, 1, 1),
        "cats/thin.png": png(9, 1, 3000),
    }


SAME = noise(77)
FIRST_CAT = pets()["cats/0.png"]
ZIP64_BEYOND = record("cats/x.png", 9, 9, 0xFFFFFFFF, b"\1\0\x08\0" + b"\xff" * 8)
LZMA = zipfile.ZIP_LZMA
THAI, EMOJI = "แมว", "🐶🐕"

READ = {
    "a folder": (as_folder(pets()), Found()),
    "a zip": (as_zip(pets()), Found()),
    "a packed zip": (as_zip(pets(), method=zipfile.ZIP_DEFLATED), Found()),
    "a zip with a comment": (as_zip(pets(), with_comment), Found()),
    "a zip that unpacks itself": (as_zip(pets(), with_program_before), Found()),
    "a zip beside images": (
        as_zip(pets() | {"cats/more.zip": zip_in_zip(2)}),
        Found(skipped={"cats/more.zip": "a zip file: unpack it"}),
    ),
    "a text named .jpg": (
        as_zip(pets() | {"cats/x.jpg": b"hello"}),
        Found(skipped={"cats/x.jpg": UNKNOWN}),
    ),
    "a web page named .png": (
        as_folder(pets() | {"dogs/x.png": b"<!doctype html><svg/>"}),
        Found(skipped={"dogs/x.png": "a web page, not an image"}),
    ),
    "a PNG named .jpg": (as_zip(pets() | {"cats/x.jpg": png()}), Found({"cats": 11, "dogs": 10})),
    "an image named .txt": (
        as_zip(pets() | {"cats/x.txt": png()}),
        Found(skipped={"cats/x.txt": NO_IMAGE}),
    ),
    "a file of zero bytes": (
        as_folder(pets() | {"cats/x.png": b""}),
        Found(skipped={"cats/x.png": "empty"}),
    ),
    "an image cut off": (
        as_zip(pets() | {"cats/x.png": png()[:-40]}),
        Found(skipped={"cats/x.png": "damaged or cut off"}),
    ),
    "a huge claim": (
        as_zip(pets() | {"cats/x.png": claims_to_be(100_000, 100_000)}),
        Found(skipped={"cats/x.png": "too many pixels"}),
    ),
    "a huge file in a folder": (
        as_folder(pets(), sparse("cats/x.png", 21 * 2**20)),
        Found(skipped={"cats/x.png": "larger than 20 MB"}),
    ),
    "a huge file in a zip": (
        as_zip(pets() | {"cats/x.png": bytes(21 * 2**20)}, method=zipfile.ZIP_DEFLATED),
        Found(skipped={"cats/x.png": "larger than 20 MB"}),
    ),
    "a wrong checksum": (
        as_zip(pets() | {"cats/x.png": png()}, patch("crc", 1, "cats/x.png")),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "damaged deflate": (
        as_zip(pets(), member("cats/x.png", png(), method=8), spoil("cats/x.png", 0, b"\xff" * 20)),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "damaged LZMA": (
        as_zip(pets(), member("cats/x.png", png(), method=LZMA), spoil("cats/x.png", 9, b"\xff")),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "impossible LZMA": (
        as_zip(pets(), member("cats/x.png", png(), method=LZMA), spoil("cats/x.png", 4, b"\xff")),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "a size that lies": (
        as_zip(
            pets() | {"cats/x.png": bytes(10**6)},
            patch("size", 10, "cats/x.png"),
            method=zipfile.ZIP_DEFLATED,
        ),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "an entry beyond the end": (
        as_zip(pets(), listed_too(record("cats/x.png", 9, 9, 10**8))),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "an entry beyond all disks": (
        as_zip(pets(), listed_too(ZIP64_BEYOND)),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "two names for one entry": (
        as_zip(pets(), listed_too(record("cats/x.png", 9, 9, 0))),
        Found(skipped={"cats/x.png": DAMAGED_IN_ZIP}),
    ),
    "a second name that is no text": (
        as_zip(pets() | {"cats/ö.png": png()}, spoil("cats/ö.png", 35, b"\xff", header=True)),
        Found(skipped={"cats/ö.png": DAMAGED_IN_ZIP}),
    ),
    "an unknown way of packing": (
        as_zip(pets() | {"cats/x.png": png()}, patch("method", 97, "cats/x.png")),
        Found(skipped={"cats/x.png": "a compression method that cannot be read"}),
    ),
    "one name twice": (as_zip(pets(), member("cats/0.png", png())), Found()),
    "one name with / and \\": (as_zip(pets(), member("cats\\0.png", png())), Found()),
    "backslashes": (
        as_zip({name.replace("/", "\\"): file for name, file in pets(prefix="my/").items()}),
        Found(),
    ),
    "dots and double slashes": (
        as_zip({f"./{name.replace('/', '//')}": file for name, file in pets().items()}),
        Found(),
    ),
    "Thai and emoji": (
        as_zip(some(THAI, 10) | some(EMOJI, 11)),
        Found({THAI: 10, EMOJI: 11}),
    ),
    "Thai and emoji, not marked": (
        as_zip(some(THAI, 10) | some(EMOJI, 11), without_utf8_flag),
        Found({THAI: 10, EMOJI: 11}),
    ),
    "Thai and emoji in a folder": (
        as_folder(some(THAI, 10) | some(EMOJI, 11)),
        Found({THAI: 10, EMOJI: 11}),
    ),
    "two ways to write é": (
        as_zip(pets() | some(NFC, 6) | some(NFD, 5)),
        Found({NFC: 11} | TEN_EACH),
    ),
    "two ways to write é in a folder": (
        as_folder(pets() | some(NFC, 6) | some(NFD, 5)),
        Found({NFC: 11} | TEN_EACH),
    ),
    "a name that is no text": (as_folder(pets(), not_utf8), Found({"cats": 11, "dogs": 10})),
    "a line break in a name": (
        as_zip(pets() | some("a\nb", 10)),
        Found({"a b": 10} | TEN_EACH),
    ),
    "a long name": (as_folder(pets() | some("x" * 255, 10)), Found(TEN_EACH | {"x" * 255: 10})),
    "names that are numbers": (
        as_zip(some("10", 10) | some("9", 10) | some("1", 10)),
        Found({"1": 10, "9": 10, "10": 10}),
    ),
    "what systems leave": (as_zip(pets() | junk()), Found(ignored=6)),
    "what systems leave in a wrapper": (
        as_folder(pets(prefix="a/") | junk("a/")),
        Found(ignored=6),
    ),
    "macOS beside a wrapper": (
        as_zip(pets(prefix="my/") | {"__MACOSX/my/cats/._0.png": b"", "my/.DS_Store": b""}),
        Found(ignored=2),
    ),
    "an empty folder": (as_folder(pets(), empty_folder("birds")), Found()),
    "an empty folder in a zip": (as_zip(pets() | {"birds/": b""}), Found()),
    "a folder inside a class": (
        as_zip(pets() | some("cats/kittens", 3)),
        Found({"cats": 13, "dogs": 10}, note=r"3 images.*cats/kittens/.*outer class \(cats\)"),
    ),
    "a wrapper": (as_zip(pets(prefix="my pets/")), Found()),
    "three wrappers": (as_folder(pets(prefix="a/b/c/")), Found()),
    "a wrapper and a text": (
        as_zip(pets(prefix="my/") | {"README.md": b"", "my/LICENSE": b""}),
        Found(skipped={"README.md": NO_IMAGE, "my/LICENSE": "no ending"}),
    ),
    "images beside classes": (
        as_zip(pets() | {"x.png": png()}),
        Found(skipped={"x.png": NO_CLASS}),
    ),
    "train and test": (
        as_zip(parts("train", "test")),
        Found({"cats": 20, "dogs": 20}, parts=(20, 0, 20, 0)),
    ),
    "Train, Valid and Test in a wrapper": (
        as_folder(parts("a/Train", "a/Valid", "a/Test")),
        Found({"cats": 30, "dogs": 30}, parts=(20, 20, 20, 0)),
    ),
    "train and validation": (
        as_zip(parts("train", "validation")),
        Found({"cats": 20, "dogs": 20}, parts=(20, 20, 0, 0)),
    ),
    "only train": (as_zip(parts("train")), Found(parts=(0, 0, 0, 20))),
    "images in train itself": (
        as_zip(parts("train", "test") | {"train/x.png": png()}),
        Found({"cats": 20, "dogs": 20}, {"train/x.png": NO_CLASS}, parts=(20, 0, 20, 0)),
    ),
    "classes that are called train and test": (
        as_zip(some("train", 10) | some("bus", 10) | some("test", 10)),
        Found({"bus": 10, "test": 10, "train": 10}),
    ),
    "a copy": (
        as_zip(pets() | {"cats/copy.png": FIRST_CAT}),
        Found(skipped={"cats/copy.png": "same image as cats/0.png"}),
    ),
    "a copy of another format in another class": (
        as_zip(pets() | {"cats/x.bmp": encoded(".bmp", SAME), "dogs/x.png": encoded(".png", SAME)}),
        Found(
            {"cats": 11, "dogs": 10},
            {"dogs/x.png": "same image as cats/x.bmp, which is in the class cats"},
        ),
    ),
    "a copy of a grey image in colour": (
        as_zip(
            pets()
            | {"cats/x.png": png(5, channels=1)}
            | {"dogs/x.png": encoded(".png", np.dstack([noise(5, channels=1)] * 3))}
        ),
        Found({"cats": 11, "dogs": 10}, {"dogs/x.png": "same image as cats/x.png"}),
    ),
    "a copy in train and test": (
        as_zip(parts("train", "test") | {"train/dogs/copy.png": parts("test")["test/dogs/0.png"]}),
        Found(
            {"cats": 20, "dogs": 20},
            {"train/dogs/copy.png": "same image as test/dogs/0.png"},
            parts=(20, 0, 20, 0),
        ),
    ),
    "grey images": (as_zip(pets(channels=1)), Found(channels=1)),
    "grey and colour": (
        as_zip(pets() | grey(10, "a")),
        Found({"a": 10} | TEN_EACH, channels=3),
    ),
    "many kinds": (as_zip(odd_modes()), Found({"cats": 18, "dogs": 10})),
}


@pytest.mark.parametrize(("build", "expected"), READ.values(), ids=READ.keys())
def test_what_is_odd_is_read_or_listed(tmp_path, stored, build, expected):
    source = build(tmp_path)
    looked = inspect(source)
    card = import_images(source, "mine")
    assert card.class_names == looked.class_names == tuple(expected.counts)
    assert counts_of("mine") == expected.counts
    assert card.images == sum(expected.counts.values()) == len(store.open_store("mine").files())
    skipped = dict(store.open_store("mine").skipped())
    assert skipped.keys() == expected.skipped.keys()
    assert all(words in skipped[path] for path, words in expected.skipped.items())
    assert card.skipped == len(expected.skipped)
    assert (card.ignored, card.channels) == (expected.ignored, expected.channels)
    parts_expected = expected.parts or (0, 0, 0, card.images)
    assert tuple(card.splits[part] for part in store.SPLITS) == parts_expected
    assert len(card.notes) == bool(expected.note)
    if expected.note:
        assert re.search(expected.note, card.notes[0])
    assert left_behind(stored) == [
        "mine",
        *(f"mine/{n}" for n in ("card.json", "files.json", "index.npz", "pixels.bin")),
        "mine/skipped.json",
    ]


def test_folders_in_folders_in_folders_are_refused_or_read(tmp_path, stored):
    source = write_folder(pets(), tmp_path / "deep")
    here = os.open(source / "cats", os.O_RDONLY)
    try:
        for _ in range(1_200):
            os.mkdir("a", dir_fd=here)
            inner = os.open("a", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        with suppress(DatasetError):
            import_images(source, "mine")
            assert counts_of("mine") == TEN_EACH
    finally:
        os.close(here)
        _remove_deep(source / "cats")


def _remove_deep(folder: Path) -> None:
    """`shutil.rmtree` calls itself for every level, which is too much here."""
    while True:
        levels = folder
        for _ in range(500):
            if not (levels / "a").is_dir():
                break
            levels = levels / "a"
        if levels == folder:
            return
        moved = folder.with_name("moved")
        os.rename(levels, moved)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(moved, folder)


# --- What is stored ----------------------------------------------------------------------------


def test_of_two_files_with_one_name_in_a_zip_the_later_counts(tmp_path):
    source = as_zip(pets(), member("cats/0.png", png(4242)))(tmp_path)
    import_zip(source, "mine")
    kept = store.open_store("mine")
    assert (kept.images[kept.files().index("cats/0.png")] == noise(4242)).all()


def test_the_images_are_those_of_the_files(tmp_path):
    tree = pets() | grey(10, "grey")
    import_folder(write_folder(tree, tmp_path / "mine"), "mine")
    kept = store.open_store("mine")
    for row, path in enumerate(kept.files()):
        expected = cv2.imdecode(np.frombuffer(tree[path], np.uint8), cv2.IMREAD_COLOR)
        assert (kept.images[row] == expected[..., ::-1]).all()
        assert kept.card.class_names[kept.labels[row]] == path.split("/")[0]


def test_a_folder_and_a_zip_of_the_same_files_are_the_same(tmp_path):
    tree = parts("train", "test") | junk() | {"train/cats/x.png": b"no image"}
    folder = import_folder(write_folder(tree, tmp_path / "tree"), "folder")
    backwards = dict(reversed(tree.items()))
    packed = import_zip(write_zip(backwards, tmp_path / "tree.zip"), "zip")
    assert folder.fingerprint == packed.fingerprint
    assert replace(folder, name="", source="", title="", created="") == replace(
        packed, name="", source="", title="", created=""
    )
    assert load("folder").fingerprint() == load("zip").fingerprint()


@pytest.mark.parametrize(
    "other",
    [
        pets(11, 10),
        pets() | {"cats/0.png": png()},
        pets(prefix="train/"),
        {name.replace("cats", "cat"): file for name, file in pets().items()},
        {name.replace("cats", "x").replace("dogs", "cats"): f for name, f in pets().items()},
        parts("train", "test"),
        pets(channels=1),
    ],
)
def test_other_images_have_another_fingerprint(tmp_path, other):
    first = import_zip(write_zip(pets(prefix=""), tmp_path / "1.zip"), "first")
    second = import_zip(write_zip(other, tmp_path / "2.zip"), "second")
    assert first.fingerprint != second.fingerprint


def test_what_is_known_of_an_import_is_on_its_card(tmp_path):
    source = write_zip(pets(), tmp_path / "my pets.zip")
    plain = import_zip(source, "plain")
    assert (plain.name, plain.title, plain.owner, plain.source) == (
        "plain",
        "plain",
        "you",
        "my pets.zip",
    )
    told = import_images(source, "told", title="My pets", owner="me")
    assert (told.title, told.owner, told.source) == ("My pets", "me", "my pets.zip")
    assert store.read_card("told") == told


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((8, 12), (8, 12)),
        ((1, 1), (1, 1)),
        ((224, 300), (224, 300)),
        ((223, 2240), (223, 2240)),
        ((448, 600), (224, 300)),
        ((600, 448), (300, 224)),
        ((225, 225), (224, 224)),
        ((1, 3000), (1, 2240)),
        ((3000, 2), (2240, 1)),
        ((1000, 9000), (224, 2016)),
    ],
)
def test_large_images_are_reduced_and_none_is_enlarged(size, expected):
    for channels in (1, 3):
        reduced = reduce(noise(0, *size, channels))
        assert reduced.shape[:2] == expected
        assert reduced.dtype == np.uint8
        assert reduced.ndim == (2 if channels == 1 else 3)


def test_a_large_image_is_stored_reduced(tmp_path):
    large = np.zeros((500, 1000, 3), np.uint8)
    source = write_zip(pets() | {"cats/large.png": encoded(".png", large)}, tmp_path / "a.zip")
    import_zip(source, "mine")
    kept = store.open_store("mine")
    row = kept.files().index("cats/large.png")
    assert kept.images[row].shape == (224, 448, 3)
    others = np.delete(np.arange(21), row)
    assert {kept.images[other].shape for other in others} == {(8, 8, 3)}


# --- How it is split ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("each", "expected"), [(10, (14, 3, 3)), (20, (28, 6, 6)), (30, (42, 9, 9)), (50, (70, 15, 15))]
)
def test_without_parts_it_is_split_70_15_15(tmp_path, each, expected):
    import_zip(write_zip(pets(each, each), tmp_path / "a.zip"), "mine")
    dataset = load("mine")
    assert tuple(len(dataset.split(part)[1]) for part in ("train", "val", "test")) == expected


def test_every_class_is_split_alike(tmp_path):
    import_zip(write_zip(pets(80, 20), tmp_path / "a.zip"), "mine")
    dataset = load("mine")
    for part in ("train", "val", "test"):
        labels = dataset.split(part)[1]
        assert abs((labels == 0).mean() - 0.8) < 0.04


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (parts("train", "val", "test"), (20, 20, 20)),
        (parts("train", "test"), (18, 2, 20)),
        (parts("train", "val"), (17, 20, 3)),
        (parts("train", "test", cats=30, dogs=30), (54, 6, 60)),
    ],
)
def test_parts_that_are_there_are_kept(tmp_path, tree, expected):
    import_zip(write_zip(tree, tmp_path / "a.zip"), "mine")
    dataset = load("mine")
    assert tuple(len(dataset.split(part)[1]) for part in ("train", "val", "test")) == expected


@pytest.mark.parametrize(
    "tree",
    [
        pets(20, 20),
        parts("train", "val", "test"),
        pets(20, 20)
        | {f"dogs/copy{i}.png": pets(20, 20)[f"cats/{i}.png"] for i in range(9)}
        | grey(10, "cats/grey")
        | {
            f"cats/{i}.bmp": encoded(".bmp", np.dstack([noise(7000 + i, channels=1)] * 3))
            for i in range(10)
        },
    ],
    ids=["unsplit", "parts", "copies"],
)
def test_no_image_is_in_two_parts(tmp_path, tree):
    card = import_zip(write_zip(tree, tmp_path / "a.zip"), "mine")
    dataset = load("mine")
    images = [np.asarray(dataset.split(part)[0]) for part in ("train", "val", "test")]
    found = [{image.tobytes() for image in part} for part in images]
    assert sum(len(part) for part in images) == card.images
    assert len(found[0] | found[1] | found[2]) == card.images


@pytest.mark.parametrize("each", [(10, 10), (10, 11), (11, 12), (17, 20)])
def test_the_sizes_that_are_announced_are_those_that_are_loaded(tmp_path, each):
    import_zip(write_zip(pets(*each), tmp_path / "a.zip"), "mine")
    spec, dataset = datasets.find("mine"), load("mine")
    assert spec.test_size == len(dataset.y_test) == len(datasets.load_test("mine")[1])
    assert spec.train_size == len(dataset.y_train) + len(dataset.y_val)


# --- Names, progress, stopping, a full disk ----------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "Pets", "my pets", "../pets", "/pets", "-pets", ".drafts", "แมว", "a" * 65, None]
)
def test_a_name_that_is_not_allowed_is_refused(tmp_path, stored, name):
    source = write_zip(pets(), tmp_path / "a.zip")
    with pytest.raises(DatasetError, match="1 to 64 lower-case letters"):
        import_zip(source, name)
    assert left_behind(stored) == []


def test_a_name_that_is_taken_is_refused_and_what_has_it_stays(tmp_path, stored):
    first = import_zip(write_zip(pets(), tmp_path / "1.zip"), "mine")
    before = left_behind(stored)
    with pytest.raises(DatasetError, match="already a dataset named 'mine'"):
        import_zip(write_zip(parts("train", "test"), tmp_path / "2.zip"), "mine")
    assert left_behind(stored) == before
    assert store.read_card("mine") == first


def test_a_name_that_comes_along_is_refused(tmp_path, stored):
    with pytest.raises(DatasetError, match="already a dataset named 'mnist'"):
        import_zip(write_zip(pets(), tmp_path / "1.zip"), "mnist")
    assert left_behind(stored) == []


def test_a_name_taken_meanwhile_is_refused(tmp_path, stored):
    source = write_zip(pets(), tmp_path / "a.zip")

    def take_it(progress: Progress) -> None:
        if progress.stage == "storing":
            import_zip(source, "mine", title="quicker")

    with pytest.raises(DatasetError, match="already a dataset named 'mine'"):
        import_zip(source, "mine", report=Reporter(take_it))
    assert store.read_card("mine").title == "quicker"
    assert [path for path in left_behind(stored) if not path.startswith("mine")] == []


def test_a_folder_is_no_zip_and_a_zip_no_folder(tmp_path):
    folder = write_folder(pets(), tmp_path / "a")
    packed = write_zip(pets(), tmp_path / "a.zip")
    with pytest.raises(DatasetError, match="no zip file"):
        import_zip(folder, "mine")
    with pytest.raises(DatasetError, match="no folder"):
        import_folder(packed, "mine")


def test_progress_goes_up_to_the_end(tmp_path):
    seen: list[Progress] = []
    import_zip(write_zip(pets(60, 60), tmp_path / "a.zip"), "mine", report=Reporter(seen.append))
    assert seen[0].stage == "checking the files"
    reading = [progress for progress in seen if progress.stage == "reading images"]
    assert [progress.fraction for progress in reading] == sorted(
        progress.fraction for progress in reading
    )
    assert reading[-1].note == "120 of 120 images"
    assert seen[-1] == Progress("storing", fraction=1.0)


@pytest.mark.parametrize("reports", [1, 2, 3])
@pytest.mark.parametrize("build", [as_zip, as_folder])
def test_stopped_in_the_middle_it_leaves_nothing_and_can_be_done_again(
    tmp_path, stored, build, reports
):
    source = build(pets(60, 60))(tmp_path)
    seen: list[Progress] = []
    stop = Reporter(seen.append, lambda: len(seen) == reports)
    with pytest.raises(Cancelled):
        import_images(source, "mine", report=stop)
    assert left_behind(stored) == []
    assert import_images(source, "mine").images == 120


class FullDisk:
    """A file that takes so many bytes and no more."""

    def __init__(self, file, room: int) -> None:
        self.file, self.room = file, room

    def write(self, content: bytes) -> int:
        self.room -= len(content)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(content)

    def close(self) -> None:
        self.file.close()


@pytest.mark.parametrize("room", [0, 1000])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, stored, monkeypatch, room):
    source = write_zip(pets(), tmp_path / "a.zip")
    begin = writing.Writer.__init__

    def begin_on_a_full_disk(self, *arguments) -> None:
        begin(self, *arguments)
        self._pixels = FullDisk(self._pixels, room)

    with monkeypatch.context() as changed:
        changed.setattr(writing.Writer, "__init__", begin_on_a_full_disk)
        with pytest.raises(DatasetError, match="The disk is full.*Free some space"):
            import_zip(source, "mine")
    assert left_behind(stored) == []
    assert import_zip(source, "mine").images == 20


@pytest.mark.parametrize("where", ["_write_json", "np.savez"])
def test_a_disk_full_at_the_end_is_told_and_leaves_nothing(tmp_path, stored, monkeypatch, where):
    def full(*arguments, **details) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    source = write_zip(pets(), tmp_path / "a.zip")
    monkeypatch.setattr(f"core.datasets.writing.{where}", full)
    with pytest.raises(DatasetError, match="The disk is full"):
        import_zip(source, "mine")
    assert left_behind(stored) == []


def test_what_a_killed_import_left_is_removed_by_the_next(tmp_path, stored):
    (stored / ".drafts" / "mine-12345678").mkdir(parents=True)
    (stored / ".drafts" / "mine-12345678" / "pixels.bin").write_bytes(b"half")
    import_zip(write_zip(pets(), tmp_path / "a.zip"), "mine")
    assert not [path for path in left_behind(stored) if path.startswith(".drafts")]


@pytest.mark.parametrize("make", [write_zip, write_folder], ids=["zip", "folder"])
def test_small_files_that_claim_billions_of_pixels_are_refused(tmp_path, monkeypatch, make):
    monkeypatch.setattr(importing, "_FREE_PIXELS", 100_000)
    monkeypatch.setattr(importing, "_PIXELS_A_BYTE", 20)
    claims = {
        f"cats/claim{n}.png": empty_png(600, 600, 1, 0, chunk(b"tEXt", b"%d" % n))
        for n in range(99)
    }
    source = make(pets() | claims, tmp_path / "a")
    with pytest.raises(DatasetError, match="far more pixels than files of this size"):
        import_images(source, "mine")
    assert not store.exists("mine")
    monkeypatch.setattr(importing, "_PIXELS_A_BYTE", 10_000)
    assert import_images(source, "mine").images == 21  # copies of one image among them


def test_images_are_stored_as_they_are_seen(tmp_path):
    """White on transparent, 12 bits of 16 and an alpha of 0 were stored white or black."""
    image = stroke(24, 20)
    transparent = np.dstack([np.full((20, 24, 3), 255, np.uint8), 255 - image])
    odd = {
        "cats/white.png": encoded(".png", transparent),
        "cats/deep.png": encoded(".png", image.astype(np.uint16) * 16),
        "dogs/hidden.bmp": bitmap_v5(stroke(26, 20), 0),
        "dogs/photo.jfif": encoded(".jpg", stroke(28, 20)),
    }
    import_zip(write_zip(pets() | odd, tmp_path / "a.zip"), "mine")
    kept = store.open_store("mine")
    files = kept.files()
    for name in odd:
        assert np.ptp(kept.images[files.index(name)].astype(int)) > 200, name
