"""Arrays that are read back: an npz file with exactly what is expected."""

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import StoredError
from core.stored.files import opened, too_large


def read_arrays(
    path: Path, expected: Mapping[str, tuple[str, int]], most: int
) -> dict[str, np.ndarray]:
    """The arrays of an npz file.

    Args:
        path: the file.
        expected: name of each array to the kinds of numbers it may hold, as in `numpy.dtype.kind`,
            and its number of dimensions.
        most: bytes that the file, and all arrays together, may take.

    Raises:
        StoredError: if the file cannot be read, or arrays are missing, surplus, too large or of
            another kind.
    """
    arrays = {}
    try:
        with open(opened(path, most), "rb") as file, zipfile.ZipFile(file) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if set(sizes) != {f"{name}.npy" for name in expected}:
                listed = ", ".join(sorted(sizes))[:200]
                raise StoredError(
                    f"{path.name} must hold {', '.join(expected)}. Received: {listed or 'nothing'}"
                )
            if sum(sizes.values()) > most:
                raise StoredError(too_large(path, sum(sizes.values()), most))
            for name, (kinds, dimensions) in expected.items():
                with archive.open(f"{name}.npy") as entry:
                    arrays[name] = _array(entry, sizes[f"{name}.npy"], kinds, dimensions, name)
    except StoredError:
        raise
    except OSError as error:
        raise StoredError(f"{path.name}: {error.strerror or error}") from error
    except Exception as error:  # damaged bytes can fail anywhere inside zip, zlib and NumPy
        raise StoredError(f"{path.name} is damaged: {error}") from error
    return arrays


def _array(entry: Any, size: int, kinds: str, dimensions: int, name: str) -> np.ndarray:
    """One array; its header is looked at before memory is taken for it."""
    version = np.lib.format.read_magic(entry)
    if version not in ((1, 0), (2, 0)):
        raise StoredError(f"{name} is in another version of NumPy's format: {version}")
    header = np.lib.format.read_array_header_1_0
    shape, fortran, dtype = (header if version == (1, 0) else np.lib.format.read_array_header_2_0)(
        entry
    )
    if dtype.kind not in kinds or len(shape) != dimensions:
        raise StoredError(f"{name} is of another kind. Received: {dtype} of shape {shape}")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > size:
        raise StoredError(f"{name} is cut off. Received: {size:,} bytes for shape {shape}")
    content = entry.read(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
