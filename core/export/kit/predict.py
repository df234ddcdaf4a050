"""Predict the class of images: python predict.py image.png …"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imaging.errors import StudioError
from imaging.images import decode
from imaging.preprocessing import prepare
from model import INPUT_SHAPE, LABELS, PREPROCESSING, load_model


def open_predictor() -> Callable[[bytes], list[dict[str, Any]]]:
    """A function from the content of an image file to predictions, the most likely class of each.

    An image of several digits gives a prediction for each, in reading order; any other gives one.
    The function raises `StudioError` if there is nothing to classify in an image.
    """
    predict = load_model()

    def predictions(content: bytes) -> list[dict[str, Any]]:
        prepared = prepare(PREPROCESSING, decode(content), INPUT_SHAPE)
        return [
            {
                "label": LABELS[int(row.argmax())],
                "confidence": float(row.max()),
                "probabilities": dict(zip(LABELS, map(float, row), strict=True)),
            }
            for row in predict(prepared.batch)
        ]

    return predictions


def main() -> int:
    parser = argparse.ArgumentParser(description="Predict the class of images.")
    parser.add_argument(
        "images", nargs="+", metavar="IMAGE", help="PNG, JPEG, GIF, BMP, WebP, TIFF"
    )
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each image")
    options = parser.parse_args()
    predictions, failed = open_predictor(), 0
    for name in options.images:
        try:
            found = predictions(Path(name).read_bytes())
        except (StudioError, OSError) as error:
            sys.stderr.write(f"{name}: {getattr(error, 'strerror', None) or error}\n")
            failed = 1
            continue
        if options.json:
            sys.stdout.write(json.dumps({"image": name, "predictions": found}) + "\n")
            continue
        for prediction in found:
            sys.stdout.write(f"{name}: {prediction['label']}\n")
            for label, probability in prediction["probabilities"].items():
                sys.stdout.write(f"  {probability:.6f}  {label}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
