"""A trained network to files of other formats. TensorFlow is imported only inside functions."""

import contextlib
import io
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ConversionError

KERAS = "model.keras"
TF2ONNX = "tf2onnx"
_WHITE = 255


def write_keras(source: Path, path: Path, images: np.ndarray) -> None:
    """Copy the network as Keras keeps it.

    Args:
        source: `model.keras` of a run.
        path: the file to write.
        images: of the training set, uint8 `(N, H, W, C)`; other writers calibrate with them.

    Raises:
        OSError: if it cannot be written.
    """
    shutil.copyfile(source, path)


def write_h5(source: Path, path: Path, images: np.ndarray) -> None:
    """Write the network in Keras' former format; arguments and errors as for `write_keras`."""
    load(source).save(path)


def write_tflite(source: Path, path: Path, images: np.ndarray, weights: str = "float32") -> None:
    """Write a LiteRT file; arguments and errors as for `write_keras`.

    Args:
        weights: `float32`, `float16`; `dynamic`, which keeps weights in 8 bits and computes with
            fractions; or `int8`, which computes with whole numbers alone, from pixels to
            probabilities, whose ranges are those seen on `images`.

    Raises:
        ConversionError: if the network has an operation that has no such form.
    """
    write_litert(load(source), path, weights, images)


def write_litert(network: Any, path: Path, weights: str, images: np.ndarray) -> None:
    """Write the LiteRT file of a `keras.Model`; otherwise as `write_tflite`."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            network.export(path, format="litert", verbose=False, **_options(weights, images))
    except Exception as error:  # converters fail in ways of their own
        if isinstance(error, OSError | MemoryError):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise ConversionError(
            f"This network has no LiteRT file with {weights} weights: {reason}"
        ) from error


def write_network_onnx(source: Path, path: Path, images: np.ndarray) -> None:
    """Write the network for ONNX Runtime; arguments and errors as for `write_keras`.

    Raises:
        ConversionError: if tf2onnx is missing.
    """
    if reason := lacking(TF2ONNX):
        raise ConversionError(reason)
    network = load(source)
    network(images[:1].astype(np.float32))  # Keras exports only what was called once
    with contextlib.redirect_stdout(io.StringIO()):
        network.export(path, format="onnx", verbose=False)


def lacking(package: str) -> str:
    """What to do if an optional package is missing; empty if it is there."""
    if find_spec(package):
        return ""
    return (
        f"This needs the package {package}, which is not installed: pip install {package}. "
        "requirements-dev.txt names the version that was tried."
    )


def load(source: Path):
    """A `keras.Model`, loaded without running code from its file."""
    import keras

    return keras.saving.load_model(source, compile=False, safe_mode=True)


def of_size(network: Any, shape: Sequence[int]) -> Any:
    """A `keras.Model` that takes images of any size, as one for a single size, as LiteRT needs."""
    import keras

    source = keras.Input(tuple(shape))
    return keras.Model(source, network(source))


def _options(weights: str, images: np.ndarray) -> dict[str, Any]:
    """What TensorFlow's converter is told."""
    import tensorflow as tf

    smaller = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    if weights == "float32":
        return {}
    if weights == "float16":
        return {**smaller, "target_spec": {"supported_types": [tf.float16]}}
    if weights == "dynamic":
        return smaller
    return {
        **smaller,
        "representative_dataset": partial(_for_calibration, images),
        "target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
        "inference_input_type": tf.uint8,
        "inference_output_type": tf.uint8,
    }


def _for_calibration(images: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Images one by one, with a black and a white pixel, so that 0 to 255 are taken as they are."""
    for image in images:
        image = image[None].astype(np.float32)
        image[0, 0, 0, 0], image[0, -1, -1, -1] = 0, _WHITE
        yield [image]
