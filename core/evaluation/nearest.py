"""Which of known images are nearest to others, by their features."""

import numpy as np

_AT_ONCE = 500  # images, each with a similarity to every reference
_TINY = 1e-12


def nearest(
    features: np.ndarray, references: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The references most similar to each image, by the cosine of the angle between features.

    Args:
        features: float, shape `(M, F)`.
        references: float, shape `(N, F)`.
        count: how many; all if there are fewer.

    Returns:
        Rows of `references`, int64, and cosine similarities, float32 from -1 to 1, both of shape
        `(M, min(count, N))`, the most similar first.
    """
    known, count = _of_length_1(references).T, min(count, len(references))
    rows, similarities = [], []
    for start in range(0, len(features), _AT_ONCE):
        found = _of_length_1(features[start : start + _AT_ONCE]) @ known
        best = np.argpartition(-found, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(found, best, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        rows.append(best)
        similarities.append(np.clip(np.take_along_axis(found, best, axis=1), -1, 1))
    return np.concatenate(rows), np.concatenate(similarities)


def _of_length_1(vectors: np.ndarray) -> np.ndarray:
    """Rows of float32; one of zeros alone stays as it is."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
