"""What serves counts edges as scikit-image does, which the models were trained with."""

import numpy as np
import pytest

from core.models.features import HogFeatures
from core.models.hog import hog

SHAPES = {
    "digits": ((28, 28, 1), 9, 7),
    "small digits": ((8, 8, 1), 9, 4),
    "the smallest": ((2, 2, 1), 4, 7),
    "flat, in colour": ((3, 5, 3), 9, 7),
    "in colour": ((32, 32, 3), 12, 8),
    "rows and columns left over": ((17, 31, 3), 7, 5),
    "more cells than fit": ((28, 28, 1), 8, 28),
    "upright": ((40, 20, 1), 18, 3),
}


@pytest.mark.parametrize("name", SHAPES)
def test_features_are_those_of_scikit_image(name):
    shape, orientations, cells = SHAPES[name]
    rng = np.random.default_rng(0)
    grey = rng.random((6, *shape), np.float32)
    images = np.concatenate([grey, np.round(grey), np.zeros_like(grey), np.ones_like(grey)])
    flat = images.reshape(len(images), -1)
    expected = HogFeatures(*shape, orientations, cells).transform(flat)
    received = hog(images, orientations, cells)
    assert received.shape == expected.shape
    assert received.dtype == np.float32
    assert np.abs(received - expected).max() < 1e-5
