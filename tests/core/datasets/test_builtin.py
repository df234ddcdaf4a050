import shutil
from pathlib import Path

import numpy as np
import pytest

from core.datasets import builtin
from core.datasets.builtin import MNIST_SHA256, find_mnist, read_checked
from core.datasets.dataset import SPLITS
from core.errors import DatasetError
from tests.overriding import use


@pytest.fixture
def data_folder(tmp_path, monkeypatch) -> Path:
    """An empty folder of datasets; what comes with the studio stays where it is."""
    use(monkeypatch, data_dir=tmp_path)
    return tmp_path


@pytest.fixture
def no_data(data_folder, monkeypatch) -> Path:
    """Neither your own datasets nor those that come with the studio."""
    use(monkeypatch, embedded_data_dir=data_folder / "embedded")
    return data_folder


@pytest.mark.parametrize(
    ("read", "shape", "sizes"),
    [
        (builtin.read_mnist, (28, 28, 1), (54_000, 6_000, 10_000)),
        (builtin.read_digits, (8, 8, 1), (1_293, 144, 360)),
    ],
)
def test_digits_are_read(read, shape, sizes):
    dataset = read(0.1, 0)
    assert tuple(len(dataset.split(name)[1]) for name in SPLITS) == sizes
    assert dataset.input_shape == shape
    assert dataset.class_names == tuple("0123456789")
    for name in SPLITS:
        images, labels = dataset.split(name)
        assert (images.min(), images.max()) == (0, 255)
        share = np.bincount(labels, minlength=10) / len(labels)
        assert share == pytest.approx([0.1] * 10, abs=0.02)


def test_splits_of_scikit_learns_digits_make_up_the_whole():
    from sklearn.datasets import load_digits

    dataset = builtin.read_digits(0.2, 4)
    everything = np.concatenate([dataset.split(name)[0] for name in SPLITS]).reshape(-1, 64)
    expected = np.round(load_digits().data * (255 / 16)).astype(np.uint8)
    assert sorted(map(bytes, everything)) == sorted(map(bytes, expected))


@pytest.mark.parametrize(
    ("fraction", "seed", "same_validation"), [(0.1, 0, True), (0.1, 1, False), (0.2, 0, False)]
)
def test_the_choice_of_validation_leaves_the_test_set_alone(fraction, seed, same_validation):
    first, second = builtin.read_digits(0.1, 0), builtin.read_digits(fraction, seed)
    assert (first.x_test == second.x_test).all()
    assert np.array_equal(first.x_val, second.x_val) == same_validation


@pytest.mark.parametrize(
    ("read", "read_test"),
    [
        (builtin.read_mnist, builtin.read_mnist_test),
        (builtin.read_digits, builtin.read_digits_test),
    ],
)
def test_the_test_set_can_be_read_alone(read, read_test):
    images, labels = read_test()
    dataset = read(0.1, 0)
    assert (images == dataset.x_test).all()
    assert (labels == dataset.y_test).all()


def test_mnist_of_your_own_folder_comes_first(data_folder):
    embedded = find_mnist()
    shutil.copy(embedded, data_folder)
    assert embedded.parent != data_folder
    assert find_mnist() == data_folder / "mnist.npz"


def test_a_missing_mnist_is_one_sentence_that_helps(no_data):
    with pytest.raises(DatasetError, match=r"mnist\.npz.*cannot be read.*Restore it"):
        builtin.read_mnist_test()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04" + bytes(2000)])
@pytest.mark.parametrize("read", [builtin.read_mnist_test, lambda: builtin.read_mnist(0.1, 0)])
def test_a_damaged_mnist_is_refused(data_folder, content, read):
    (data_folder / "mnist.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=f"damaged or a different file.*{MNIST_SHA256}"):
        read()


def test_one_changed_bit_is_noticed(data_folder):
    content = bytearray(find_mnist().read_bytes())
    content[len(content) // 2] ^= 1
    (data_folder / "mnist.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="damaged"):
        builtin.read_mnist_test()


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read"):
        read_checked(tmp_path, "0" * 64)
