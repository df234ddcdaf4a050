"""Statistics of small arrays, with NumPy's results: NumPy's own functions take 20 to 60 µs however
few the values are, which is most of the time that preparing a small image would take.
"""

import numpy as np


def median(values: np.ndarray) -> float:
    """The same as `float(np.median(values))`.

    Args:
        values: uint8 or floats without NaN, any shape, at least one.
    """
    flat = values.ravel()
    middle, is_odd = divmod(len(flat), 2)
    if is_odd:
        return float(np.partition(flat, middle)[middle])
    ordered = np.partition(flat, (middle - 1, middle))
    low, high = ordered[middle - 1], ordered[middle]
    if flat.dtype.kind != "f":  # a sum of uint8 would not fit
        return (int(low) + int(high)) / 2
    return float((low + high) / flat.dtype.type(2))


def fraction(mask: np.ndarray) -> float:
    """The fraction of a bool array that is true: `float(mask.mean())`."""
    return np.count_nonzero(mask) / mask.size
