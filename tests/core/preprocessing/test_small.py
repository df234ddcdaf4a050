import numpy as np
import pytest

from core.preprocessing.small import fraction, median


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1,), (2,), (3,), (4, 5), (7, 9), (1000,)])
def test_the_median_is_numpys(kind, shape):
    rng = np.random.default_rng(len(shape))
    values = (255 * rng.random(shape)).astype(kind)
    before = values.copy()
    assert median(values) == float(np.median(values))
    assert (values == before).all()


def test_large_bytes_do_not_overflow():
    assert median(np.uint8([255, 254])) == 254.5


@pytest.mark.parametrize("true", [0, 1, 6])
def test_the_fraction_is_the_mean(true):
    mask = np.arange(6).reshape(2, 3) < true
    assert fraction(mask) == float(mask.mean())
