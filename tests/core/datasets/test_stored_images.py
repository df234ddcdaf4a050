from itertools import product
from pathlib import Path

import numpy as np
import pytest

from core.datasets.stored_images import ImageFile, StoredImages
from core.images import fit_image

INDICES = [
    0,
    3,
    -1,
    -5,
    np.int64(2),
    slice(None),
    slice(1, 4),
    slice(None, None, 2),
    slice(None, None, -1),
    slice(-3, None),
    slice(4, 1),
    slice(2, 100),
    [0, 2, 2],
    [-1, 1],
    [],
    [True, False, True, False, True],
    np.array([4, 0, 1]),
    np.array([-2, -1, 0], np.int32),
    np.array([], int),
    np.array([True, False, False, True, True]),
    np.zeros(5, bool),
    ...,
]
ROWS = [9, 2, 7, 2, 0]


def pixels_of(path, sizes, channels) -> tuple[ImageFile, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (*size, channels), np.uint8) for size in sizes]
    path.write_bytes(b"".join(image.tobytes() for image in images))
    heights, widths = np.array(sizes, np.int32).T
    return ImageFile(path, heights, widths, channels), images


SIZES = {
    "same": [(4, 6)] * 10,
    "mixed": [(4 + number, 20 - 2 * number) for number in range(10)],
}


@pytest.fixture(params=[1, 3], ids=["grey", "colour"])
def same(request, tmp_path):
    """Ten images of one size."""
    return pixels_of(tmp_path / "same.bin", SIZES["same"], request.param)


@pytest.fixture(params=[1, 3], ids=["grey", "colour"])
def mixed(request, tmp_path):
    """Ten images in ten sizes."""
    return pixels_of(tmp_path / "mixed.bin", SIZES["mixed"], request.param)


@pytest.fixture(params=[(kind, channels) for kind in SIZES for channels in (1, 3)], ids=str)
def either(request, tmp_path):
    """Ten images of one size or of ten."""
    kind, channels = request.param
    return pixels_of(tmp_path / "either.bin", SIZES[kind], channels)


def test_a_file_gives_each_image_in_its_size(either):
    file, images = either
    assert len(file) == 10
    for row, image in enumerate(images):
        assert np.array_equal(file[row], image)
        assert file[row].dtype == np.uint8
    assert not file[0].flags.writeable


@pytest.mark.parametrize("row", [-1, -10])
def test_a_file_counts_from_the_end_too(either, row):
    file, images = either
    assert np.array_equal(file[row], images[row])


@pytest.mark.parametrize("row", [10, 1000, -11])
def test_a_file_has_no_more_images_than_it_has(same, row):
    with pytest.raises(IndexError):
        same[0][row]


def test_a_common_shape_is_known(same, mixed):
    file, images = same
    assert file.common_shape == images[0].shape
    assert np.array_equal(file.block(), images)
    assert mixed[0].common_shape is None


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(4, 4), (4, 4)], (4, 4, 3)),
        ([(4, 4), (4, 5)], None),
        ([(4, 4), (5, 4)], None),
        ([(4, 5), (5, 4)], None),
        ([(1, 1)], (1, 1, 3)),
    ],
)
def test_one_other_size_is_no_common_shape(tmp_path, sizes, expected):
    assert pixels_of(tmp_path / "some.bin", sizes, 3)[0].common_shape == expected


def test_images_are_indexed_as_numpy_does(same):
    for index in INDICES:
        file, images = same
        taken, expected = (
            StoredImages(file, np.array(ROWS), file.common_shape),
            np.stack(images)[ROWS],
        )
        found = taken[index]
        assert isinstance(found, np.ndarray)
        assert found.shape == expected[index].shape
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected[index])


def test_fitted_images_are_indexed_as_numpy_does(mixed):
    for index, shape in product(INDICES, [(8, 8), (3, 9), (30, 30), (4, 20)]):
        file, images = mixed
        channels = file.channels
        fitted = [fit_image(images[row], shape).reshape(*shape, channels) for row in ROWS]
        expected = np.stack(fitted)[index]
        found = StoredImages(file, np.array(ROWS), (*shape, channels))[index]
        assert isinstance(found, np.ndarray)
        assert found.shape == expected.shape
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected)


def test_images_of_one_size_are_fitted_to_another(same):
    file, images = same
    shape = (9, 5, file.channels)
    fitted = StoredImages(file, np.arange(10), shape)
    expected = [fit_image(image, (9, 5)).reshape(shape) for image in images]
    assert np.array_equal(fitted, expected)


def test_what_numpy_cannot_index_is_refused(either):
    for index in [5, -6, [0, 5], np.ones(4, bool), 1.5, "0", (0, 0)]:
        file, _ = either
        images = StoredImages(file, np.array(ROWS), (4, 6, file.channels))
        with pytest.raises(IndexError):
            images[index]


def test_images_are_like_an_array(either):
    file, _ = either
    images = StoredImages(file, np.array(ROWS), (4, 6, file.channels))
    assert (len(images), images.ndim, images.dtype) == (5, 4, np.uint8)
    assert images.shape == (5, 4, 6, file.channels)
    array = np.asarray(images)
    assert array.shape == images.shape
    assert array.dtype == np.uint8
    assert np.array_equal(array, images[:])
    assert np.asarray(images, np.float32).dtype == np.float32
    assert np.array_equal(np.asarray(images, np.float32), array)
    assert np.array_equal(np.stack(list(images)), array)
    assert np.array_equal(np.concatenate([images, images]), np.concatenate([array, array]))


def test_a_batch_can_be_changed_without_changing_the_file(either):
    file, images = either
    rows_of_file = StoredImages(file, np.array(ROWS), (4, 6, file.channels))
    before = rows_of_file[:].copy()
    rows_of_file[:][:] = 0
    assert np.array_equal(rows_of_file[:], before)
    assert np.array_equal(file[0], images[0])


def test_no_rows_are_an_empty_array(same, mixed):
    for file, _ in (same, mixed):
        images = StoredImages(file, np.array([], int), (4, 6, file.channels))
        assert np.asarray(images).shape == (0, 4, 6, file.channels)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells what is mapped")
def test_images_that_were_read_do_not_stay_mapped(tmp_path):
    side, count = 1024, 64
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * (side * side * count // 256))
    sizes = np.full(count, side, np.int32)
    file = ImageFile(path, sizes, sizes, 1)
    before = mapped()
    for rows in (StoredImages(file, np.arange(count), (side, side, 1)), file):
        for row in range(count):
            assert rows[row].max() == 255
    assert mapped() - before < 40e6  # of 64 MB


def mapped() -> int:
    """Bytes of files that count as memory of this process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssFile"))
