"""A LiteRT or ONNX file from elsewhere as a function from images to probabilities.

Only a confined process calls this: what reads such files is written in C++, and the files may be
made to harm it. `core.serving.apart` is the other side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import stored
from core.errors import ForeignError
from core.serving.foreign_values import as_input, as_probabilities
from core.serving.models import PredictFunction, quiet

MOST_BYTES = 2**30  # of a model's file
_AT_ONCE = 32
_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
_BYTES = {"tensor(uint8)": np.uint8}
_LAYOUTS = ("nhwc", "nchw", "nhw", "flat")

Raw = Callable[[np.ndarray], list[np.ndarray]]  # a batch as the file takes it to all its outputs


@dataclass(frozen=True)
class Opened:
    """A file that was opened.

    Attributes:
        raw: computes it, for a batch of exactly `batch` images if that is not None.
        shape: of one image as the file declares it; None for an axis of any length.
        batch: how many images it takes at once; None for any number.
        dtype: of its input.
        run_first: which layout is tried first if several fit.
        is_whole: whether its input is whole numbers, which can only be pixels from 0 to 255.
    """

    raw: Raw
    shape: tuple[int | None, ...]
    batch: int | None
    dtype: Any
    run_first: str
    is_whole: bool = False


def open_onnx(path: Path) -> Opened:
    """An ONNX file.

    Raises:
        ForeignError: if it has several inputs or one that takes no images.
    """
    from core.serving.onnx import session_of

    session = session_of(stored.read_bytes(path, MOST_BYTES))
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise ForeignError(_one_input(len(inputs)))
    (source,) = inputs
    dtype = (_FLOATS | _BYTES).get(source.type)
    if dtype is None or not source.shape:
        raise ForeignError(
            "An image classifier takes numbers with a fraction, or bytes. This model takes "
            f"{source.type} of shape {source.shape}."
        )
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in source.shape)
    names = [output.name for output in session.get_outputs()]

    def raw(batch: np.ndarray) -> list[np.ndarray]:
        found = session.run(names, {source.name: batch})
        return [rows for rows in found if isinstance(rows, np.ndarray)]

    return Opened(raw, shape[1:], shape[0], dtype, "nchw", source.type in _BYTES)


def open_tflite(path: Path) -> Opened:
    """A LiteRT file, also one that computes with whole numbers.

    Raises:
        ForeignError: if it has several inputs.
    """
    from ai_edge_litert.interpreter import Interpreter

    content = stored.read_bytes(path, MOST_BYTES)
    with quiet():
        interpreter = Interpreter(model_content=content, num_threads=2)
        interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1:
        raise ForeignError(_one_input(len(inputs)))
    (source,) = inputs
    scale, zero = source["quantization"]
    any_number = len(source["shape_signature"]) > 1 and source["shape_signature"][0] == -1

    def raw(batch: np.ndarray) -> list[np.ndarray]:
        if tuple(batch.shape) != tuple(interpreter.get_input_details()[0]["shape"]):
            interpreter.resize_tensor_input(source["index"], batch.shape)
            interpreter.allocate_tensors()
        if scale:
            limits = np.iinfo(source["dtype"])
            batch = np.clip(np.round(batch / scale + zero), limits.min, limits.max)
        interpreter.set_tensor(source["index"], batch.astype(source["dtype"]))
        interpreter.invoke()
        return [_dequantised(interpreter.get_tensor(o["index"]), o) for o in outputs]

    whole = not scale and np.issubdtype(source["dtype"], np.integer)
    shape = tuple(int(size) if size > 0 else None for size in source["shape_signature"])
    batch = None if any_number else int(source["shape"][0])
    return Opened(raw, shape[1:], batch, np.uint8 if whole else np.float32, "nhwc", whole)


def _dequantised(values: np.ndarray, details: dict) -> np.ndarray:
    scale, zero = details["quantization"]
    return (values.astype(np.float32) - zero) * scale if scale else values


def _one_input(count: int) -> str:
    return f"An image classifier has one input. This model has {count}."


OPENERS = {".onnx": open_onnx, ".tflite": open_tflite}


def possible(opened: Opened, wanted: Sequence[int] | None) -> list[tuple[str, tuple[int, ...]]]:
    """The layouts that a file can have, each with height, width and channels of an image.

    Args:
        opened: the file.
        wanted: height, width and channels as somebody has said; None: as the file says.

    Raises:
        ForeignError: if there is none.
    """
    layouts = sorted(_LAYOUTS, key=lambda name: name != opened.run_first)
    found = [(name, _image_shape(name, opened.shape, wanted)) for name in layouts]
    fitting = [(name, shape) for name, shape in found if shape is not None]
    if fitting:
        return fitting
    declared = tuple(size or "any" for size in opened.shape)
    if wanted is None:
        raise ForeignError(
            f"This model takes arrays of shape {declared}, which does not say the height, width "
            "and channels (1 or 3) of an image. Give them, for example 224x224x3."
        )
    raise ForeignError(
        f"This model takes arrays of shape {declared}. An image of height, width and channels "
        f"{tuple(wanted)} does not fit."
    )


def _image_shape(
    layout: str, declared: tuple[int | None, ...], wanted: Sequence[int] | None
) -> tuple[int, ...] | None:
    """Height, width and channels of images in that layout; None if it cannot be that one."""
    axes = {"nhwc": (0, 1, 2), "nchw": (2, 0, 1), "nhw": (0, 1), "flat": ()}[layout]
    if layout == "flat":
        fits = wanted and declared in ((int(np.prod(wanted)),), (None,))
        return tuple(wanted) if fits else None
    if len(declared) != len(axes):
        return None
    shape: list[int | None] = [None, None, None if len(axes) == 3 else 1]
    for place, size in zip(axes, declared, strict=True):
        shape[place] = size
    if wanted is not None:
        shape = [w if size is None else size for size, w in zip(shape, wanted, strict=True)]
        if shape != list(wanted):
            return None
    return tuple(shape) if None not in shape and shape[2] in (1, 3) else None


def computed(opened: Opened, batch: np.ndarray, classes: int) -> np.ndarray:
    """The numbers of a file for each image, `(N, K)`, or `(N, 1)` of two classes.

    Raises:
        ForeignError: if it has no output, or several, with a number for each class.
    """
    size = opened.batch or _AT_ONCE
    parts = []
    for start in range(0, len(batch), size):
        part = batch[start : start + size]
        count = len(part)
        if opened.batch and count < size:  # this file takes no fewer
            part = np.concatenate([part, np.repeat(part[-1:], size - count, axis=0)])
        rows = [np.asarray(found) for found in opened.raw(part)]
        parts.append(_of_classes(rows, size if opened.batch else count, classes)[:count])
    return np.concatenate(parts).astype(np.float32)


def _of_classes(outputs: list[np.ndarray], count: int, classes: int) -> np.ndarray:
    widths = [rows.size // count if rows.size and rows.size % count == 0 else 0 for rows in outputs]
    of_floats = [np.issubdtype(rows.dtype, np.floating) for rows in outputs]
    wanted = (classes, 1) if classes == 2 else (classes,)
    places = [i for i, width in enumerate(widths) if width in wanted and of_floats[i]]
    if len(places) == 1:
        return outputs[places[0]].reshape(count, -1)
    listed = ", ".join(f"{width:,}" for width in widths) or "none"
    if places:
        raise ForeignError(
            f"This model has {len(places)} outputs with {classes} numbers each, so it is not clear "
            "which are the classes. Export it with one of them."
        )
    raise ForeignError(
        f"{classes} class names were given, so an output must have {classes} numbers for each "
        f"image. This model gives: {listed}."
    )


def raw_numbers(
    opened: Opened, batch: np.ndarray, about: dict[str, Any], classes: int
) -> np.ndarray:
    """What a file computes for images, before it becomes probabilities; see `function_of`."""
    parts = []
    for start in range(0, len(batch), _AT_ONCE):
        part = as_input(batch[start : start + _AT_ONCE], about, opened.is_whole)
        parts.append(computed(opened, np.ascontiguousarray(part, opened.dtype), classes))
    return np.concatenate(parts)


def function_of(opened: Opened, about: dict[str, Any], classes: int) -> PredictFunction:
    """From uint8 batches `(N, H, W, C)` to float32 probabilities `(N, K)`.

    Args:
        opened: the file.
        about: `pixels`, `order`, `layout`, `output` and `outputs`, as `core.runs.Foreign`.
        classes: how many.
    """
    outputs = list(about["outputs"]) or slice(None)

    def predict(batch: np.ndarray) -> np.ndarray:
        rows = as_probabilities(raw_numbers(opened, batch, about, classes), about["output"])
        return rows[:, outputs].astype(np.float32)

    return predict
