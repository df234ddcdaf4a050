import hashlib
import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.datasets import cats_vs_dogs, store
from core.errors import Cancelled, DatasetError
from core.images import decode, fit_image
from core.progress import Reporter

README = "readme[1].txt"
EMPTY, BITMAP, GREY = "PetImages/Cat/5.jpg", "PetImages/Dog/7.jpg", "PetImages/Cat/3.jpg"
DAMAGED = "PetImages/Dog/2.jpg"


def photo(number: int, height: int, width: int) -> np.ndarray:
    """A gradient with noise, each of its own."""
    rng = np.random.default_rng(number)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = np.stack([down, across, (down + across) / 2], axis=-1) * rng.uniform(80, 200, 3)
    return (light + rng.uniform(0, 55, light.shape)).astype(np.uint8)


def encoded(image: np.ndarray, kind: str = "JPEG") -> bytes:
    kept = io.BytesIO()
    Image.fromarray(image).save(kept, kind)
    return kept.getvalue()


def pets(per_class: int) -> dict[str, bytes]:
    """The files of the zip as they come: in all sizes, some of them damaged."""
    files = {README: b"Asirra, free for research"}
    for label, name in enumerate(("Cat", "Dog")):
        for number in range(per_class):
            height, width = 40 + 7 * number, 190 - 7 * number + 30 * label
            image = photo(1000 * label + number, height, width)
            files[f"PetImages/{name}/{number}.jpg"] = encoded(image)
        files[f"PetImages/{name}/Thumbs.db"] = b"\xd0\xcf\x11\xe0"
    files[EMPTY] = b""
    files[BITMAP] = encoded(photo(77, 50, 60), "BMP")
    files[GREY] = encoded(photo(78, 45, 45)[..., 0])
    files[DAMAGED] = files[DAMAGED][:200]
    return files


@pytest.fixture
def bring(folders, monkeypatch):
    """Put a zip of these files where it is found, as the one that is expected."""

    def put(files: dict[str, bytes]) -> None:
        path = folders.data_dir / cats_vs_dogs.FILE.name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        content = path.read_bytes()
        file = cats_vs_dogs.FILE
        changed = replace(file, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        monkeypatch.setattr(cats_vs_dogs, "FILE", changed)

    return put


@pytest.fixture
def prepared(bring) -> dict[str, bytes]:
    files = pets(16)
    bring(files)
    datasets.prepare("cats_vs_dogs")
    return files


def test_images_are_counted_and_damaged_ones_listed(prepared):
    kept = store.open_store("cats_vs_dogs")
    assert kept.card.class_names == ("Cat", "Dog")
    assert kept.card.images == 30
    assert np.bincount(kept.labels).tolist() == [15, 15]
    assert kept.card.channels == 3
    assert kept.card.ignored == 2, "Thumbs.db is no news to anyone"
    assert (kept.card.owner, kept.card.source) == ("studio", "kagglecatsanddogs_5340.zip")
    skipped = dict(kept.skipped())
    assert sorted(skipped) == sorted([README, EMPTY, DAMAGED])
    assert kept.card.skipped == 3
    assert "not that of an image" in skipped[README]
    assert "empty (0 bytes)" in skipped[EMPTY]
    assert "damaged or cut off" in skipped[DAMAGED]


def test_every_image_is_stored_as_it_was(prepared):
    kept = store.open_store("cats_vs_dogs")
    for row, name in enumerate(kept.files()):
        expected = decode(prepared[name])
        if name == GREY:
            expected = np.repeat(expected[..., None], 3, axis=2)
        assert np.array_equal(kept.images[row], expected), name
        assert kept.labels[row] == ("Dog" in name)


def test_a_bitmap_by_a_wrong_name_is_read(prepared):
    kept = store.open_store("cats_vs_dogs")
    found = kept.images[kept.files().index(BITMAP)]
    assert np.array_equal(found, photo(77, 50, 60))


@pytest.mark.parametrize("side", [None, 16, 100])
def test_images_are_fitted_to_a_square(prepared, side):
    dataset = datasets.load("cats_vs_dogs", side=side)
    wanted = side or 64
    assert dataset.input_shape == (wanted, wanted, 3)
    images = [np.asarray(dataset.split(part)[0]) for part in ("train", "val", "test")]
    found = {image.tobytes() for batch in images for image in batch}
    kept = store.open_store("cats_vs_dogs").images
    fitted = {fit_image(kept[row], (wanted, wanted)).tobytes() for row in range(len(kept))}
    assert found == fitted
    assert sum(map(len, images)) == len(found) == 30, "no image is in two parts"


# 15 % of these is 3.3, 4.5, 6 and 7.8 images.
@pytest.mark.parametrize("per_class", [12, 16, 21, 27])
def test_the_entry_tells_the_sizes_that_were_found(bring, per_class):
    bring(pets(per_class))
    assert datasets.find("cats_vs_dogs").train_size == 21_250, "as announced until it is here"
    datasets.prepare("cats_vs_dogs")
    spec, dataset = datasets.find("cats_vs_dogs"), datasets.load("cats_vs_dogs")
    assert spec.title == "Cats vs Dogs"
    assert spec.train_size + spec.test_size == 2 * per_class - 2
    assert spec.test_size == len(dataset.y_test)
    assert spec.train_size == len(dataset.y_train) + len(dataset.y_val)


def test_the_test_images_do_not_depend_on_what_else_is_held_out(prepared):
    images, labels = datasets.load_test("cats_vs_dogs")
    for seed in (1, 2):
        dataset = datasets.load("cats_vs_dogs", 0.3, seed)
        assert np.array_equal(dataset.x_test, images)
        assert np.array_equal(dataset.y_test, labels)


def test_there_is_a_sample_of_each_class(prepared):
    cat, dog = datasets.sample_images("cats_vs_dogs")
    assert cat.shape == dog.shape == (64, 64, 3)
    assert not np.array_equal(cat, dog)


def test_what_was_not_downloaded_says_how(folders):
    assert not cats_vs_dogs.archive_is_here()
    with pytest.raises(DatasetError, match=r"not on this machine.*\(825 MB\).*download cats_vs"):
        datasets.load("cats_vs_dogs")


def test_too_few_whole_images_store_nothing(bring, stored_files):
    files = pets(12)
    bring({name: content[:100] if "/Dog/" in name else content for name, content in files.items()})
    with pytest.raises(DatasetError, match="at least 10 images. Too few are in Dog: 0"):
        datasets.prepare("cats_vs_dogs")
    assert stored_files() == []


def test_another_zip_is_refused(folders, stored_files):
    path = folders.data_dir / cats_vs_dogs.FILE.name
    path.write_bytes(b"PK")
    with pytest.raises(DatasetError, match="damaged or a different file.*b7974bd00a84a999"):
        datasets.prepare("cats_vs_dogs")
    assert stored_files() == []
    assert path.read_bytes() == b"PK"


def test_a_zip_that_was_cut_off_is_refused(bring, folders, monkeypatch, stored_files):
    bring(pets(12))
    path = folders.data_dir / cats_vs_dogs.FILE.name
    content = path.read_bytes()[:-500]
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(cats_vs_dogs, "FILE", replace(cats_vs_dogs.FILE, sha256=digest))
    with pytest.raises(DatasetError, match="zip"):
        datasets.prepare("cats_vs_dogs")
    assert stored_files() == []


@pytest.mark.parametrize("stage", ["checking the files", "reading images", "storing"])
def test_cancelling_stores_nothing(bring, stored_files, stage):
    bring(pets(12))
    seen = []
    stop = Reporter(seen.append, lambda: seen[-1].stage == stage)
    with pytest.raises(Cancelled):
        datasets.prepare("cats_vs_dogs", stop)
    assert stored_files() == []
    datasets.prepare("cats_vs_dogs")
    assert store.exists("cats_vs_dogs")
