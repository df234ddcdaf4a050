"""Histograms of oriented gradients with NumPy alone: what serves needs no scikit-image.

The numbers are those of `skimage.feature.hog` with L2-Hys normalisation, which trains the models.
"""

import numpy as np

_EPSILON, _HIGHEST = 1e-5, 0.2  # of the L2-Hys normalisation, as scikit-image has them


def cells_and_blocks(height: int, width: int, cells: int) -> tuple[int, int]:
    """Side of a cell in pixels and of a block in cells, for `cells` along the shorter side."""
    side = max(2, min(height, width) // cells)
    return side, min(2, min(height, width) // side)


def hog(images: np.ndarray, orientations: int, cells: int) -> np.ndarray:
    """Features of many images at once.

    N. Dalal & B. Triggs (2005), "Histograms of oriented gradients for human detection".

    Args:
        images: float32, shape `(N, H, W, C)`; each pixel counts with the channel that changes most.
        orientations: directions that are told apart.
        cells: cells along the shorter side of an image.

    Returns:
        Float32 features, shape `(N, F)`.
    """
    count, height, width, _ = images.shape
    side, block = cells_and_blocks(height, width, cells)
    magnitude, direction = _gradients(images)
    rows, columns = height // side, width // side
    histogram = np.zeros((count, rows, columns, orientations), np.float32)
    step = 180 / orientations
    for number in range(orientations):
        inside = (direction >= step * number) & (direction < step * (number + 1))
        votes = np.where(inside, magnitude, 0)[:, : rows * side, : columns * side]
        votes = votes.reshape(count, rows, side, columns, side)
        histogram[..., number] = votes.sum(axis=(2, 4)) / side**2
    blocks = np.lib.stride_tricks.sliding_window_view(histogram, (block, block), axis=(1, 2))
    blocks = blocks.transpose(0, 1, 2, 4, 5, 3)  # rows and columns of a block before directions
    return _normalised(blocks).reshape(count, -1)


def _gradients(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitude, and direction in degrees from 0 to 180, float64 `(N, H, W)`."""
    vertical, horizontal = np.zeros_like(images), np.zeros_like(images)
    vertical[:, 1:-1] = images[:, 2:] - images[:, :-2]
    horizontal[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    strongest = np.hypot(vertical, horizontal).argmax(axis=3)[..., None]
    vertical, horizontal = (
        np.take_along_axis(one, strongest, axis=3)[..., 0].astype(np.float64)
        for one in (vertical, horizontal)
    )
    return np.hypot(horizontal, vertical), np.rad2deg(np.arctan2(vertical, horizontal)) % 180


def _normalised(blocks: np.ndarray) -> np.ndarray:
    """L2-Hys: to length 1, cut off above, to length 1 again."""

    def to_length_1(values: np.ndarray) -> np.ndarray:
        squares = (values**2).sum(axis=(3, 4, 5), keepdims=True)
        return values / np.sqrt(squares + np.float32(_EPSILON**2))

    return to_length_1(np.minimum(to_length_1(blocks), np.float32(_HIGHEST)))
