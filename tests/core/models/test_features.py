import numpy as np
import pytest
from skimage.feature import hog
from sklearn.base import clone

from core.models.features import HogFeatures


def make_images(height: int, width: int, channels: int, count: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.random((count, height, width, channels), np.float32)


def features_of(images: np.ndarray, **options: int) -> np.ndarray:
    return HogFeatures(*images.shape[1:], **options).fit_transform(images.reshape(len(images), -1))


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((28, 28, 1), {}, 6 * 6 * 4 * 9),  # 7 × 7 cells of 4 pixels, blocks of 2 × 2 cells
        ((28, 28, 1), {"orientations": 4}, 6 * 6 * 4 * 4),
        ((28, 28, 1), {"cells": 4}, 3 * 3 * 4 * 9),
        ((28, 28, 1), {"cells": 2}, 1 * 1 * 4 * 9),
        ((32, 32, 3), {"cells": 8}, 7 * 7 * 4 * 9),
        ((28, 56, 1), {}, 6 * 13 * 4 * 9),
        ((8, 8, 1), {"cells": 4}, 3 * 3 * 4 * 9),
    ],
)
def test_edges_are_counted_in_cells(shape, options, expected):
    features = features_of(make_images(*shape), **options)
    assert features.shape == (3, expected)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_those_of_scikit_image(channels):
    images = make_images(24, 30, channels)
    expected = [
        hog(
            image if channels == 3 else image[..., 0],
            orientations=6,
            pixels_per_cell=(4, 4),
            cells_per_block=(2, 2),
            channel_axis=-1 if channels == 3 else None,
        )
        for image in images
    ]
    received = features_of(images, orientations=6, cells=6)
    assert received == pytest.approx(np.stack(expected), abs=1e-6)


def test_in_colour_the_channel_that_changes_most_counts():
    grey = make_images(16, 16, 1)
    faint = np.concatenate([grey, 0.3 * grey, np.zeros_like(grey)], axis=-1)
    alike = np.repeat(grey, 3, axis=-1)
    expected = features_of(grey, cells=4)
    assert features_of(alike, cells=4) == pytest.approx(expected, abs=1e-6)
    assert features_of(faint, cells=4) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("cells", [2, 7, 16])
@pytest.mark.parametrize(
    "shape", [(2, 2, 1), (3, 3, 1), (3, 5, 3), (4, 4, 3), (8, 8, 1), (6, 40, 1)]
)
def test_images_may_be_tiny(shape, cells):
    features = features_of(make_images(*shape), cells=cells)
    assert features.shape[0] == 3
    assert features.shape[1] >= 9
    assert np.isfinite(features).all()


def test_a_cell_has_at_least_two_pixels_a_side():
    images = make_images(8, 8, 1)
    assert (features_of(images, cells=16) == features_of(images, cells=4)).all()


def test_each_image_has_features_of_its_own():
    images = make_images(16, 16, 1, count=5)
    alone = np.concatenate([features_of(image[None]) for image in images])
    assert (features_of(images) == alone).all()
    assert len(np.unique(alone, axis=0)) == 5


def test_the_direction_of_an_edge_is_found():
    upright = np.zeros((1, 16, 16, 1), np.float32)
    upright[:, :, 8:] = 1
    strengths = features_of(upright, orientations=2, cells=4).reshape(-1, 2).sum(axis=0)
    lying = features_of(upright.transpose(0, 2, 1, 3), orientations=2, cells=4)
    assert (strengths > 0).tolist() in ([True, False], [False, True])
    assert (lying.reshape(-1, 2).sum(axis=0) > 0).tolist() == (strengths == 0).tolist()


def test_it_is_a_step_as_scikit_learn_knows_them():
    step = HogFeatures(8, 10, 3, orientations=5, cells=4)
    assert step.get_params() == {
        "height": 8,
        "width": 10,
        "channels": 3,
        "orientations": 5,
        "cells": 4,
    }
    copy = clone(step)
    assert copy is not step
    assert copy.get_params() == step.get_params()
    assert clone(step).set_params(cells=2).cells == 2
    images = make_images(8, 10, 3).reshape(3, -1)
    assert step.fit(images, np.arange(3)) is step
    assert (step.transform(images) == copy.transform(images)).all()
