"""Prove the model again: python proof.py

It is shown the test images in proof/. Its predictions are compared with those of the studio that
it was exported from, which proof/expected.json holds, and the result with proof.json.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from model import HERE, INPUT_SHAPE, PREPROCESSING, load_model
from PIL import Image

TIMED = 30  # images that are predicted one by one to see how long it takes
OFF = 0.005001  # on another machine: a step of 8 bits, or one image of 200


def measure() -> dict[str, Any]:
    """What this model predicts for the test images.

    `probabilities`: a row for each. `latency_seconds`: the median for a single image.
    `prepared`: the rows of each image file that is prepared like any other image first, or null if
    there is nothing to classify in it; missing if no preprocessing lies beside this file.
    """
    predict = load_model()
    expected = json.loads((HERE / "proof" / "expected.json").read_text(encoding="utf-8"))
    paths = [HERE / "proof" / image["file"] for image in expected]
    images = [np.asarray(Image.open(path), np.uint8).reshape(INPUT_SHAPE) for path in paths]
    found: dict[str, Any] = {"probabilities": predict(np.stack(images)).tolist()}
    times = []
    for image in images[:TIMED]:
        begun = time.perf_counter()
        predict(image[None])
        times.append(time.perf_counter() - begun)
    found["latency_seconds"] = float(np.median(times))
    if (HERE / "imaging").is_dir():
        found["prepared"] = [prepared_rows(path, predict) for path in paths]
    return found


def prepared_rows(path: Path, predict) -> list[list[float]] | None:
    """The probabilities of each thing in an image file."""
    from imaging.errors import ImageError
    from imaging.images import decode
    from imaging.preprocessing import prepare

    try:
        batch = prepare(PREPROCESSING, decode(path.read_bytes()), INPUT_SHAPE).batch
    except ImageError:
        return None
    return predict(batch).tolist()


def compare(found: dict[str, Any]) -> dict[str, Any]:
    """What is measured, beside the predictions of the studio."""
    expected = json.loads((HERE / "proof" / "expected.json").read_text(encoding="utf-8"))
    here, studio = (
        np.asarray(rows, np.float64)
        for rows in (found["probabilities"], [image["probabilities"] for image in expected])
    )
    labels = np.array([image["label"] for image in expected])
    correct = (here.argmax(axis=1) == labels)[labels >= 0]
    return {
        "images": len(here),
        "agreement": float((here.argmax(axis=1) == studio.argmax(axis=1)).mean()),
        "largest_difference": float(np.abs(here - studio).max()),
        "accuracy": float(correct.mean()) if len(correct) else None,
        "latency_seconds": found["latency_seconds"],
    }


def main() -> int:
    found = measure()
    if "--raw" in sys.argv:  # for the studio, which makes proof.json
        sys.stdout.write(json.dumps(found))
        return 0
    result = compare(found)
    before = json.loads((HERE / "proof.json").read_text(encoding="utf-8"))
    same = all(
        (result[name] is None) == (before[name] is None)
        and abs((result[name] or 0) - (before[name] or 0)) <= OFF
        for name in ("agreement", "largest_difference", "accuracy")
    )
    sys.stdout.write(json.dumps({**result, "reproduces_proof": same}, indent=2) + "\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
