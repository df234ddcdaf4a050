"""The process that holds a model from elsewhere: it opens one file and predicts when asked.

`python -m core.serving.apart_child SOCKET MEMORY`; `core.serving.apart` starts it.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ForeignError, StudioError, is_out_of_memory
from core.runs import FOREIGN
from core.serving import confined, foreign
from core.serving.confined import Gone
from core.serving.foreign_values import as_probabilities, kind_of
from core.serving.models import PredictFunction, open_model

_MOST_BATCH = 2**30  # bytes of images that are sent at once
_PROBES, _SEED = 4, 0
_LONGEST = 300  # characters of what a package says


def main() -> int:
    """Open what is asked for, then predict batch after batch until the socket is closed."""
    memory = int(sys.argv[2])
    end = confined.confine(memory)
    os.chdir("/")  # a file that names others by relative paths finds nothing of the studio
    try:
        request = confined.receive_json(end)
        confined.allow_seconds(request["seconds"])
        try:
            predict, about = _open(request)
        except Exception as error:  # what reads a hostile file can fail anywhere
            confined.send(end, {"error": _sentence(error, memory)})
            return 1
        confined.send(end, {"about": about})
        while True:
            _serve_one(end, predict, request, memory)
    except Gone:
        return 0


def _serve_one(end, predict: PredictFunction, request: dict[str, Any], memory: int) -> None:
    shape = confined.receive_json(end)["shape"]
    content = confined.receive(end, _MOST_BATCH)
    confined.allow_seconds(request["seconds"])
    try:
        rows = predict(np.frombuffer(content, np.uint8).reshape(shape))
        found = np.ascontiguousarray(rows, np.float32)
    except Exception as error:
        confined.send(end, {"error": _sentence(error, memory)})
        return
    confined.send(end, {"shape": list(found.shape)})
    confined.send(end, found.tobytes())


def _open(request: dict[str, Any]) -> tuple[PredictFunction, dict[str, Any]]:
    """The function that predicts, and what was found out about the file."""
    path, about = Path(request["path"]), request["about"]
    if request["family"] != FOREIGN:
        return open_model(path, request["family"]), about
    if request["check"] and path.suffix == ".onnx":
        from core.serving.onnx_check import check_self_contained

        check_self_contained(path)
    opened = foreign.OPENERS[path.suffix](path)
    if about["layout"] is None or about["output"] is None or request["check"]:
        about = _found_out(opened, about, request["classes"])
    return foreign.function_of(opened, about, request["classes"]), about


def _found_out(opened: foreign.Opened, about: dict[str, Any], classes: int) -> dict[str, Any]:
    """What was not said about a file, tried out on a few images.

    Raises:
        ForeignError: if what was said does not fit.
    """
    if opened.is_whole and about["pixels"] != "0..255":
        raise ForeignError(
            "This model takes whole numbers, so its pixels can only be 0..255. "
            f"Received: {about['pixels']}."
        )
    layouts = foreign.possible(opened, about["input_shape"])
    for number, (layout, shape) in enumerate(layouts):
        if shape[2] == 1 and about["pixels"] == "imagenet":
            raise ForeignError("Pixels scaled by ImageNet's mean need 3 channels. Received: 1.")
        tried = {**about, "layout": layout, "input_shape": list(shape)}
        try:
            rows = foreign.raw_numbers(opened, _probes(shape), tried, classes)
            break
        except Exception:
            if number == len(layouts) - 1:
                raise
    kind = kind_of(rows) if about["output"] is None or rows.shape[1] > 1 else about["output"]
    if about["output"] == "logits" and kind == "probabilities":
        raise ForeignError(
            "What this model gives adds up to 1 for every image that was tried, so it is "
            "probabilities, not logits."
        )
    output = about["output"] or kind
    as_probabilities(rows, output)
    return {**tried, "output": output}


def _probes(shape: tuple[int, ...]) -> np.ndarray:
    """A black image, a white one, and some of random pixels."""
    images = np.random.default_rng(_SEED).integers(0, 256, (_PROBES, *shape), np.uint8)
    images[0], images[1] = 0, 255
    return images


def _sentence(error: Exception, memory: int) -> str:
    if is_out_of_memory(error):
        return (
            f"It needs more than the {memory / 2**30:.0f} GB of memory that an imported model may "
            "take."
        )
    if isinstance(error, StudioError):
        return str(error)
    text = " ".join(str(error).split()) or type(error).__name__
    return f"It cannot be opened or does not predict: {text[:_LONGEST].rstrip('.')}."


if __name__ == "__main__":
    sys.exit(main())
