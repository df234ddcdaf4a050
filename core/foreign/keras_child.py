"""The process that converts a model of Keras to the LiteRT file that serves it.

`python -m core.foreign.keras_child SOCKET MEMORY`; `core.foreign.converting` starts it.
"""

import os
import sys
from pathlib import Path

import numpy as np

from core.conversion import networks
from core.errors import ForeignError, StudioError, is_out_of_memory
from core.foreign import keras_check
from core.serving import confined

_CLOSE = 1e-3  # of two probabilities, as everywhere in the studio
_LONGEST = 300  # characters of what Keras says
_IMAGES, _SEED = 3, 0


def main() -> int:
    """Convert what is asked for, then say how it went."""
    memory = int(sys.argv[2])
    end = confined.confine(memory)
    try:
        request = confined.receive_json(end)
        confined.allow_seconds(request["seconds"])
        source, target = Path(request["source"]), Path(request["target"])
        os.chdir(target.parent)
        try:
            keras_check.check(source, request["name"])
            _convert(source, target, request["size"])
        except Exception as error:  # what reads a hostile file can fail anywhere
            confined.send(end, {"error": _sentence(error, request["name"], memory)})
            return 1
        confined.send(end, {"done": True})
    except confined.Gone:
        return 0
    return 0


def _convert(source: Path, target: Path, size: list[int] | None) -> None:
    network = networks.load(source)
    inputs, outputs = network.inputs, network.outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise ForeignError(
            "An image classifier has one input and one output. This model has "
            f"{len(inputs)} and {len(outputs)}."
        )
    shape = tuple(inputs[0].shape[1:])
    if None in shape:
        if size is None or len(size) != len(shape):
            raise ForeignError(
                f"This model takes images of shape {tuple(side or 'any' for side in shape)}. Give "
                "the height, width and channels, for example 224x224x3."
            )
        network, shape = networks.of_size(network, size), tuple(size)
    networks.write_litert(network, target, "float32", np.zeros((0, *shape), np.float32))
    _check_alike(network, target, shape)


def _check_alike(network, target: Path, shape: tuple[int, ...]) -> None:
    """Raise `ForeignError` if the LiteRT file computes something else."""
    from core.serving.foreign import open_tflite

    batch = np.random.default_rng(_SEED).random((_IMAGES, *shape), np.float32)
    expected = np.asarray(network(batch, training=False))
    (received,) = open_tflite(target).raw(batch)
    allowed = _CLOSE * max(1.0, float(np.abs(expected).max()))
    if received.shape != expected.shape or not np.abs(received - expected).max() <= allowed:
        raise ForeignError("Converted to LiteRT, which serves it, this model predicts otherwise.")


def _sentence(error: Exception, name: str, memory: int) -> str:
    if is_out_of_memory(error):
        return f"{name} needs more than the {memory / 2**30:.0f} GB of memory that it may take."
    if isinstance(error, StudioError):
        return str(error)
    text = (str(error).strip().splitlines() or [type(error).__name__])[0][:_LONGEST]
    return f"Keras cannot open {name}: {text.rstrip('.')}."


if __name__ == "__main__":
    sys.exit(main())
