"""What a prediction costs: time, memory, disk space.

It is measured in a process of its own that holds nothing but the model, so that runs are measured
alike whatever else is loaded where they were trained.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from core import machine, memory, serving
from core.errors import RunError
from core.settings import PROJECT_DIR

BATCH = 256  # images predicted together to measure the throughput
_SECONDS = 0.4  # each of the two is measured for about so long,
_LEAST, _MOST = 20, 300  # within so many predictions
_WARM_UP = 3
_TIME_LIMIT = 300  # seconds for all of it


def measure(
    models: Sequence[tuple[Path, str]],
    input_shape: tuple[int, int, int],
    weights: Sequence[float] = (1.0,),
    vote: str = "soft",
) -> dict[str, Any]:
    """Predict images of random pixels with a model, or with several that vote.

    Args:
        models: the file and the family of each.
        input_shape: height, width and channels of an image.
        weights, vote: how several are combined; see `core.evaluation.vote`.

    Returns:
        `latency_seconds` and `latency_p95_seconds`: median and 95th percentile of the time for one
        image that is already as the model expects it. `images_per_second`: in batches of 256.
        `memory_bytes`: the most the process held. `file_bytes`: of the model files. `machine`: a
        description of where this was. Empty on a machine with too little memory for a process
        beside the one that trained.

    Raises:
        RunError: if a model cannot be opened, or does not predict.
    """
    if memory.there_is() < memory.ROOMY:
        return {}
    request = {
        "models": [[str(path), family] for path, family in models],
        "input_shape": list(input_shape),
        "weights": list(weights),
        "vote": vote,
    }
    try:
        found = subprocess.run(
            [sys.executable, "-m", "core.cost"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            cwd=PROJECT_DIR,
            timeout=_TIME_LIMIT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RunError(
            f"The cost of a prediction could not be measured: {_reason(error)}"
        ) from error
    return json.loads(found.stdout)


def _reason(error: Exception) -> str:
    """The last line the process has written, without the name of the exception."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {_TIME_LIMIT} seconds."
    lines = (getattr(error, "stderr", None) or "").strip().splitlines() or [str(error)]
    kind, colon, sentence = lines[-1].partition(": ")
    return (sentence if colon and kind.startswith("core.errors.") else lines[-1]).rstrip(".") + "."


def most_memory() -> int | None:
    """The most memory this process has held, in bytes; None where the system does not tell."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def forget_most_memory() -> None:
    """Begin anew with what `most_memory` tells, where the system allows it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def _measure_here(request: dict[str, Any]) -> dict[str, Any]:
    models = [(Path(path), family) for path, family in request["models"]]
    predictions = [serving.open_model(path, family) for path, family in models]
    prediction = serving.together(predictions, request["weights"], request["vote"])
    if len(predictions) == 1:
        prediction = predictions[0]
    pixels = np.random.default_rng(0).integers(
        0, 256, (BATCH, *request["input_shape"]), dtype=np.uint8
    )
    single = _times(prediction, [pixels[row : row + 1] for row in range(BATCH)])
    batch = _times(prediction, [pixels], least=1)
    return {
        "latency_seconds": float(np.median(single)),
        "latency_p95_seconds": float(np.percentile(single, 95)),
        "images_per_second": BATCH / float(np.median(batch)),
        "memory_bytes": most_memory(),
        "file_bytes": sum(file.stat().st_size for path, _ in models for file in _files(path)),
        "machine": machine.described(),
    }


def _files(path: Path) -> list[Path]:
    """The model, and the network it looks through if it has one."""
    features = path.with_name(serving.FEATURES_FILE)
    looks = path.name in serving.CLASSICAL_FILES and features.exists()
    return [path, features] if looks else [path]


def _times(
    prediction: serving.PredictFunction, batches: Sequence[np.ndarray], least: int = _LEAST
) -> list:
    for number in range(min(_WARM_UP, least)):
        prediction(batches[number % len(batches)])
    times: list[float] = []
    while len(times) < least or (sum(times) < _SECONDS and len(times) < _MOST):
        begun = time.perf_counter()
        prediction(batches[len(times) % len(batches)])
        times.append(time.perf_counter() - begun)
    return times


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure_here(json.load(sys.stdin))))
