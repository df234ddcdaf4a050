"""The older file format of PyTorch's `torch.save`, read without PyTorch.

Such a file is a row of pickles (a magic number, a version, the sizes of types, the objects, the
keys of their storages) and behind them the numbers of each storage. Pickles can call anything, so
only the few names that tensors take are known here, and each only takes notes.
"""

import io
import pickle
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from core.errors import ModelError

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
_COUNT = np.dtype("<i8")


@dataclass(frozen=True)
class _Storage:
    """Numbers that tensors are views of."""

    kind: np.dtype
    key: str
    size: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage: where it begins, its shape and its strides, in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuilt(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: object) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


_KINDS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
    **{("torch", name): kind for name, kind in _KINDS.items()},
}


class _Unpickler(pickle.Unpickler):
    """Knows what tensors take, and refuses everything else."""

    def find_class(self, module: str, name: str):
        if (module, name) not in _KNOWN:
            raise ModelError(f"it asks to run {module}.{name}, which is refused")
        return _KNOWN[(module, name)]

    def persistent_load(self, pid: tuple):
        what, kind, key, _, size, view = pid
        if what != "storage" or not isinstance(kind, np.dtype) or view is not None:
            raise ValueError("it holds something other than plain tensors")
        return _Storage(kind, str(key), int(size))


def read_state(content: bytes) -> dict[str, np.ndarray]:
    """The tensors of a file, by their names.

    Args:
        content: the file; its tensors are float32 or int64.

    Raises:
        ModelError: if it is no such file, is damaged, or asks for anything else than tensors. The
            message is a clause.
    """
    try:
        file = io.BytesIO(content)
        if _Unpickler(file).load() != MAGIC or _Unpickler(file).load() != VERSION:
            raise ValueError("it is no file of torch.save in the older format")
        if _Unpickler(file).load().get("little_endian") is not True:
            raise ValueError("its numbers are not little-endian")
        state, keys = _Unpickler(file).load(), _Unpickler(file).load()
        tensors = {name: tensor for name, tensor in state.items() if isinstance(tensor, _Tensor)}
        kinds = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        storages = {key: _numbers(file, kinds[key]) for key in keys}
        return {name: _array(storages, tensor) for name, tensor in tensors.items()}
    except ModelError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise ModelError(f"it is damaged: {error}") from error


def _numbers(file: io.BytesIO, storage: _Storage) -> np.ndarray:
    size = int(np.frombuffer(file.read(_COUNT.itemsize), _COUNT)[0])
    if size != storage.size:
        raise ValueError(f"a storage should hold {storage.size} numbers and holds {size}")
    return np.frombuffer(file.read(size * storage.kind.itemsize), storage.kind, size)


def _array(storages: dict[str, np.ndarray], tensor: _Tensor) -> np.ndarray:
    """The numbers of a tensor, as an array of its own."""
    numbers = storages[tensor.storage.key]
    if len(tensor.shape) != len(tensor.strides) or min((0, *tensor.shape, *tensor.strides)) < 0:
        raise ValueError("a tensor has no such shape")
    reach = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    if tensor.offset < 0 or (0 not in tensor.shape and tensor.offset + reach >= len(numbers)):
        raise ValueError("a tensor reaches beyond its storage")
    steps = [step * numbers.itemsize for step in tensor.strides]
    view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, steps)
    return view.copy()
