"""How much a shape looks like a digit, whichever: to choose between several ways to find the ink.

For each of the ten classes the training digits of MNIST lie near a flat piece of the space of all
images: their mean and the few directions in which they differ most (principal components). A shape
is as strange as it lies far from the nearest of the ten pieces, measured against how far real
digits lie from it. Models have no part in this, so it favours none.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

FILE = Path(__file__).with_name("digit_shapes.npz")
_SIDE = 14  # pixels: details finer than a stroke's width do not matter
_COMPONENTS = 24


@dataclass(frozen=True)
class Shapes:
    """Where the digits of each of ten classes lie.

    Attributes:
        means: float32, shape `(10, 196)`.
        components: float32, shape `(10, 24, 196)`, orthonormal for each class.
        variances: float32, shape `(10, 24)`: along the components.
        rest: float32, shape `(10,)`: variance in all other directions together.
    """

    means: np.ndarray
    components: np.ndarray
    variances: np.ndarray
    rest: np.ndarray

    def strangeness(self, digits: np.ndarray) -> np.ndarray:
        """How strange normalised digits look: 0.8 is typical; 1 real digit in 100 is above 2.3.

        Args:
            digits: uint8, shape `(N, 28, 28)`, light on 0.

        Returns:
            float32, shape `(N,)`.
        """
        away = _flat(digits)[None] - self.means[:, None]
        along = away @ self.components.transpose(0, 2, 1)
        across = (away**2).sum(-1) - (along**2).sum(-1)
        inside = (along**2 / self.variances[:, None]).sum(-1) / _COMPONENTS
        return ((inside + across / self.rest[:, None]) / 2).min(axis=0)


def fit_shapes(images: np.ndarray, labels: np.ndarray) -> Shapes:
    """Learn them from digits.

    Args:
        images: uint8, shape `(N, 28, 28)`, light on 0.
        labels: int, shape `(N,)`, 0 to 9.
    """
    found = []
    for label in range(10):
        rows = _flat(images[labels == label])
        mean = rows.mean(axis=0)
        _, singular, directions = np.linalg.svd(rows - mean, full_matrices=False)
        variances = singular**2 / len(rows)
        found.append(
            (
                mean,
                directions[:_COMPONENTS],
                variances[:_COMPONENTS],
                variances[_COMPONENTS:].sum(),
            )
        )
    return Shapes(*(np.array(part, np.float32) for part in zip(*found, strict=True)))


def save_shapes(shapes: Shapes) -> None:
    """Write the file that `load_shapes` reads."""
    np.savez_compressed(
        FILE,
        means=shapes.means.astype(np.float16),
        components=shapes.components.astype(np.float16),
        variances=shapes.variances,
        rest=shapes.rest,
    )


@lru_cache(maxsize=1)
def load_shapes() -> Shapes:
    """The bundled file."""
    with np.load(FILE, allow_pickle=False) as stored:
        return Shapes(
            *(
                stored[name].astype(np.float32)
                for name in ("means", "components", "variances", "rest")
            )
        )


def _flat(digits: np.ndarray) -> np.ndarray:
    small = [cv2.resize(d, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) for d in digits]
    return np.reshape(small, (len(digits), -1)).astype(np.float32) / 255
