"""What is looked for in files of Keras before Keras reads them: code, other files, bombs.

Keras' own `safe_mode` refuses Lambda layers. Layers that read other files, functions of other
packages and links inside HDF5 are refused here.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import ForeignError

_CODE = {"Lambda", "__lambda__"}
_REFUSED = {  # layers that read other files or load code
    "TFSMLayer": "reads a SavedModel, which may hold any operation",
    "TorchModuleWrapper": "holds a pickle",
    "FlaxLayer": "holds code",
    "JaxLayer": "holds code",
    "StringLookup": "may read other files",
    "IntegerLookup": "may read other files",
    "TextVectorization": "may read other files",
}
_MODULES = (  # where classes of a model may come from
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.dtype_policies",
    "keras.ops",
    "keras.src.layers",
    "keras.src.models",
    "keras.src.ops",
    "keras.src.activations",
    "keras.src.initializers",
    "keras.src.regularizers",
    "keras.src.dtype_policies",
    "keras.src.engine",
    "tensorflow.keras.layers",
)
_WHOLE = {"keras", "keras.Model", "builtins", "", None}
_CONFIG, _WEIGHTS, _METADATA = "config.json", "model.weights.h5", "metadata.json"
_MOST_CONFIG = 64 * 2**20
_MOST_UNPACKED, _MOST_ENTRIES = 2 * 2**30, 1000
_DEEPEST = 200
_DAMAGED = (  # RuntimeError: it has a password
    zipfile.BadZipFile,
    KeyError,
    EOFError,
    RuntimeError,
    zlib.error,
)


def check(path: Path, name: str) -> None:
    """Raise `ForeignError` unless a `.keras` or `.h5` file holds layers of Keras and weights.

    Args:
        path: the file.
        name: what it is called in a sentence.
    """
    if path.suffix == ".h5":
        with path.open("rb") as file:
            _check_config(_check_h5(file, name), name)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            _check_zip(archive, name)
            _check_config(_parsed(archive.read(_CONFIG), name), name)
            if _WEIGHTS in archive.namelist():
                with archive.open(_WEIGHTS) as weights:
                    _check_h5(io.BytesIO(weights.read()), name, needs_config=False)
    except _DAMAGED as error:
        raise ForeignError(
            f"{name} is no model of Keras, or a damaged one. A .keras file is a zip file with "
            f"{_CONFIG} and {_WEIGHTS}."
        ) from error


def _check_zip(archive: zipfile.ZipFile, name: str) -> None:
    infos = archive.infolist()
    total = sum(info.file_size for info in infos)
    if len(infos) > _MOST_ENTRIES or total > _MOST_UNPACKED:
        raise ForeignError(
            f"{name} holds {len(infos):,} files of {total / 2**30:,.1f} GB unpacked. A model may "
            f"have {_MOST_ENTRIES:,} and {_MOST_UNPACKED / 2**30:g} GB."
        )
    for info in infos:
        if info.filename not in (_CONFIG, _WEIGHTS, _METADATA):
            raise ForeignError(
                f"{name} holds a file that no image classifier needs: {info.filename[:100]!r}. "
                f"Known: {_CONFIG}, {_METADATA}, {_WEIGHTS}."
            )
    if archive.getinfo(_CONFIG).file_size > _MOST_CONFIG:
        raise ForeignError(f"The configuration in {name} is larger than {_MOST_CONFIG:,} bytes.")


def _check_h5(file: Any, name: str, needs_config: bool = True) -> Any:
    """The configuration in an HDF5 file, None without one; refuses what leads out of the file."""
    import h5py

    try:
        with h5py.File(file, "r") as opened:
            _check_group(opened, name, 0)
            config = opened.attrs.get("model_config")
            if config is None and needs_config:
                raise ForeignError(
                    f"{name} holds weights without a model. Save the whole model: "
                    "model.save('model.keras')."
                )
            if config is None:
                return None
            return _parsed(config, name)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ForeignError(f"{name} is no HDF5 file of Keras, or a damaged one.") from error


def _check_group(group: Any, name: str, depth: int) -> None:
    import h5py

    if depth > _DEEPEST:
        raise ForeignError(f"The groups in {name} lie in each other too deep.")
    for key in group:
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise ForeignError(f"{name} holds a link ({key[:80]!r}). Links are refused.")
        inner = group[key]
        if isinstance(inner, h5py.Group):
            _check_group(inner, name, depth + 1)
        elif isinstance(inner, h5py.Dataset):
            if inner.external or inner.is_virtual:
                raise ForeignError(f"Weights of {name} are in another file, which is refused.")
            if inner.nbytes > _MOST_UNPACKED:
                raise ForeignError(
                    f"An array in {name} has {inner.nbytes / 2**30:,.1f} GB. Allowed are "
                    f"{_MOST_UNPACKED / 2**30:g}."
                )


def _parsed(text: str | bytes, name: str) -> Any:
    try:
        if isinstance(text, str | bytes) and len(text) <= _MOST_CONFIG:
            return json.loads(text)
    except (ValueError, RecursionError):
        pass
    raise ForeignError(
        f"The configuration in {name} is no JSON. Nothing else is read: a pickle could run code."
    )


def _check_config(config: Any, name: str) -> None:
    for entry in _mappings(config, 0):
        kind = entry.get("class_name")
        if not isinstance(kind, str):
            continue
        if kind in _CODE:
            raise ForeignError(
                f"{name} holds a Lambda layer, which is Python code that would run here. It is "
                "refused. Replace it by layers of Keras, such as Rescaling, and save it again."
            )
        if kind in _REFUSED:
            raise ForeignError(
                f"{name} holds a layer {kind}, which {_REFUSED[kind]}. It is refused."
            )
        module = entry.get("module")
        inside = isinstance(module, str) and any(
            module == known or module.startswith(f"{known}.") for known in _MODULES
        )
        if not inside and module not in _WHOLE:
            raise ForeignError(
                f"{name} needs {kind[:80]!r} of {str(module)[:80]!r}, which is no part of Keras' "
                "layers. Only models made of these are imported."
            )


def _mappings(value: Any, depth: int) -> Iterator[dict]:
    """Every mapping in a configuration, but for what only training needs."""
    if depth > _DEEPEST:
        raise ForeignError("The layers of this model lie in each other too deep.")
    if isinstance(value, dict):
        yield value
        for key, inner in value.items():
            if key != "compile_config":
                yield from _mappings(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _mappings(inner, depth + 1)
