"""Images that stay on disk until they are asked for."""

from pathlib import Path

import numpy as np

from core import memory
from core.images import fit_image

_MOST_MAPPED = 32 * 2**20  # bytes that are read before they no longer count as our memory


class ImageFile:
    """Images of any sizes, one after the other in a memory-mapped file.

    Args:
        path: the file: uint8 pixels, row by row, channels last.
        heights, widths: int, shape `(N,)`.
        channels: of every image, 1 or 3.
    """

    def __init__(self, path: Path, heights: np.ndarray, widths: np.ndarray, channels: int) -> None:
        self.heights, self.widths, self.channels = heights, widths, channels
        sizes = heights.astype(np.int64) * widths * channels
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self._pixels = np.memmap(path, np.uint8, "r", shape=(int(self._starts[-1]),))
        self._read = 0

    def __len__(self) -> int:
        return len(self.heights)

    def __getitem__(self, row: int) -> np.ndarray:
        """One image, uint8 `(H, W, C)`, read-only."""
        row = range(len(self))[row]
        pixels = self._pixels[self._starts[row] : self._starts[row + 1]]
        self.count(pixels.size)
        return np.asarray(pixels).reshape(self.heights[row], self.widths[row], self.channels)

    def count(self, size: int) -> None:
        """Note that so many bytes are read: now and then they are let go of, since pages of a
        mapped file count as memory of whoever read them."""
        self._read += size
        if self._read > _MOST_MAPPED:
            self._read = 0
            memory.let_go_of(self._pixels)

    @property
    def common_shape(self) -> tuple[int, int, int] | None:
        """Height, width and channels, if they are the same for all images."""
        if (self.heights != self.heights[0]).any() or (self.widths != self.widths[0]).any():
            return None
        return int(self.heights[0]), int(self.widths[0]), self.channels

    def block(self) -> np.ndarray:
        """All images as one memory-mapped array, if they have a common shape."""
        return self._pixels.reshape(len(self), *self.common_shape)


class StoredImages:
    """Some rows of a `ImageFile` that behave like a uint8 array `(N, H, W, C)`.

    Only what is indexed is read, and fitted to the shape if it has another one: 25,000
    photos do not need their size in memory. `numpy.asarray` reads them all.

    Args:
        file: where they are.
        rows: which ones, int, shape `(N,)`.
        shape: height, width and channels that each is brought to.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, file: ImageFile, rows: np.ndarray, shape: tuple[int, int, int]) -> None:
        self.file, self.rows = file, rows
        self.shape = (len(rows), *shape)
        self._block = file.block() if file.common_shape == shape else None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index) -> np.ndarray:
        """An image for a whole number, else a batch, as NumPy indexes its first axis."""
        rows = self.rows[index]
        if self._block is not None:
            images = np.asarray(self._block[rows])
            self.file.count(images.size)
            return images
        if np.ndim(rows) == 0:
            return self._fitted(rows)
        batch = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for place, row in enumerate(rows):
            batch[place] = self._fitted(row)
        return batch

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:] if dtype is None else self[:].astype(dtype)

    def _fitted(self, row: int) -> np.ndarray:
        height, width, channels = self.shape[1:]
        image = self.file[row]
        return fit_image(image, (height, width)).reshape(height, width, channels)
