"""What a classical model looks at instead of the bare pixels: edges, counted by direction."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class HogFeatures(TransformerMixin, BaseEstimator):
    """Histograms of oriented gradients of flattened images.

    N. Dalal & B. Triggs (2005), "Histograms of oriented gradients for human detection".

    Args:
        height, width, channels: of the images before they were flattened.
        orientations: directions that are told apart.
        cells: cells along the shorter side of an image; none is smaller than two pixels.
    """

    def __init__(
        self,
        height: int = 28,
        width: int = 28,
        channels: int = 1,
        orientations: int = 9,
        cells: int = 7,
    ) -> None:
        self.height, self.width, self.channels = height, width, channels
        self.orientations, self.cells = orientations, cells

    def fit(self, x: np.ndarray, y: np.ndarray | None = None) -> "HogFeatures":
        """Nothing to learn."""
        return self

    def count(self) -> int:
        """How many features an image has."""
        side, block = self._cells_and_blocks()
        rows, columns = self.height // side, self.width // side
        places = (rows - block + 1) * (columns - block + 1)
        return places * block**2 * self.orientations

    def _cells_and_blocks(self) -> tuple[int, int]:
        """As in `core.models.hog`, which is not there where this file alone is exported."""
        side = max(2, min(self.height, self.width) // self.cells)
        return side, min(2, min(self.height, self.width) // side)

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Float32 features, shape `(N, F)`, of images of shape `(N, height * width * channels)`.

        In a colour image, each pixel counts with the channel that changes most.
        """
        from skimage.feature import hog

        side, blocks = self._cells_and_blocks()
        images = np.asarray(x).reshape(-1, self.height, self.width, self.channels)
        return np.stack(
            [
                hog(
                    image if self.channels > 1 else image[..., 0],
                    orientations=self.orientations,
                    pixels_per_cell=(side, side),
                    cells_per_block=(blocks, blocks),
                    channel_axis=-1 if self.channels > 1 else None,
                    feature_vector=True,
                )
                for image in images
            ]
        ).astype(np.float32)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True
