"""The proof of an export: the same test images through the studio, and through the exported file.

The file is opened in a process of its own, as somebody does who has never seen the studio.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from core import machine, stored
from core.errors import ExportError, ImageError, StoredError
from core.evaluation import evaluate
from core.export import kit
from core.export.processes import run_process
from core.images import decode, encode_png
from core.progress import Progress, Reporter
from core.runs import Samples
from core.serving import Predictor
from core.stored import Count, Fraction, Name, Text

PROOF = "proof.json"
_KIT = Path(kit.__file__).parent
TIMED = 30  # images that are predicted one by one
Seconds = Annotated[float, Ge(0)]
Difference = Annotated[float, Ge(0)]


@dataclass(frozen=True)
class Proof:
    """What the comparison has found.

    Attributes:
        run, format, file: what was exported, and the name of the file.
        bytes: of the files that hold the model.
        images, labelled: how many images were compared, and how many have a label.
        agreement: fraction of the images that both predict as the same class.
        largest_difference: of a probability.
        accuracy, accuracy_low, accuracy_high: of the export, with its 95 % interval; None if no
            image has a label.
        studio_accuracy: of the studio, on the same images.
        latency_seconds, studio_latency_seconds: the median for one image.
        prepared_agreement, prepared_largest_difference: the same with the image files prepared
            like any other image first; None for what holds no preprocessing.
        prepared_refused: image files in which both find nothing to classify.
        how: in which way the export was opened, sentences; empty for the usual one, a process of
            its own.
        machine: a description of where this was.
    """

    run: Name
    format: Name
    file: Name
    bytes: Count
    images: Count
    labelled: Count
    agreement: Fraction
    largest_difference: Difference
    accuracy: Fraction | None
    accuracy_low: Fraction | None
    accuracy_high: Fraction | None
    studio_accuracy: Fraction | None
    latency_seconds: Seconds
    studio_latency_seconds: Seconds
    prepared_agreement: Fraction | None = None
    prepared_largest_difference: Difference | None = None
    prepared_refused: Count = 0
    how: Text = ""
    machine: Text = ""

    def as_dict(self) -> dict[str, Any]:
        """What `proof.json` holds."""
        return asdict(self)


def read_proof(path: Path) -> Proof:
    """A proof that was stored.

    Raises:
        ExportError: if the file is missing or holds anything else.
    """
    try:
        return stored.read_as(path, Proof)
    except StoredError as error:
        raise ExportError(f"The proof of an export cannot be read: {error}") from error


@dataclass(frozen=True)
class Predicted:
    """What the studio or an export predicts for the sample images.

    Attributes:
        probabilities: float, shape `(N, K)`.
        latency_seconds: the median for one image.
        prepared: of each image file, prepared like any other image, the probabilities of each thing
            in it, or None if there is nothing to classify; None without preprocessing.
        how: in which way, if it is not the usual one.
    """

    probabilities: np.ndarray
    latency_seconds: float
    prepared: Sequence[np.ndarray | None] | None = None
    how: str = ""


def through_studio(predictor: Predictor, samples: Samples, prepare: bool) -> Predicted:
    """What the studio predicts for the test images, which become PNG files on the way."""
    probabilities = predictor.probabilities(samples.test)
    times = []
    for image in samples.test[:TIMED]:
        begun = time.perf_counter()
        predictor.probabilities(image[None])
        times.append(time.perf_counter() - begun)
    prepared = [_prepared(predictor, image) for image in samples.test] if prepare else None
    return Predicted(probabilities, float(np.median(times)), prepared)


def _prepared(predictor: Predictor, image: np.ndarray) -> np.ndarray | None:
    try:
        prepared = predictor.prepare(decode(encode_png(image)))
    except ImageError:
        return None
    return predictor.probabilities(prepared.batch)


def write_images(folder: Path, samples: Samples, studio: Predicted) -> None:
    """Write the test images as PNG files, and what the studio predicts for them."""
    folder.mkdir()
    expected = []
    rows = zip(samples.test, samples.test_labels, studio.probabilities, strict=True)
    for number, (image, label, row) in enumerate(rows):
        name = f"{number:03}.png"
        (folder / name).write_bytes(encode_png(image))
        values = [round(float(value), 7) for value in row]
        expected.append({"file": name, "label": int(label), "probabilities": values})
    (folder / "expected.json").write_text(json.dumps(expected, indent=0), encoding="utf-8")


def through_export(folder: Path, report: Reporter) -> Predicted:
    """What the program `proof.py` in a folder predicts, in a process that knows no studio.

    Raises:
        ExportError: if the files cannot be opened there, or give no probabilities.
        Cancelled: if it was asked to stop.
    """
    (folder / "proof.py").write_bytes((_KIT / "proof.py").read_bytes())
    out = run_process(["proof.py", "--raw"], folder, report, Progress("proving", fraction=0.6))
    try:
        found = json.loads(out.splitlines()[-1])
        prepared = found.get("prepared")
        return Predicted(
            np.asarray(found["probabilities"], np.float32),
            found["latency_seconds"],
            prepared and [None if rows is None else np.asarray(rows) for rows in prepared],
        )
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ExportError(f"The exported file gives no probabilities: {error}.") from error


def compared(
    about: dict[str, Any], samples: Samples, studio: Predicted, export: Predicted
) -> Proof:
    """The proof, from what both have predicted.

    Args:
        about: `run`, `format`, `file` and `bytes`.

    Raises:
        ExportError: if the export gives anything but a probability for each class.
    """
    expected, received = studio.probabilities, export.probabilities
    if received.shape != expected.shape or not np.isfinite(received).all():
        raise ExportError(
            f"The exported file must give probabilities of shape {expected.shape}. Received: "
            f"{received.shape}."
        )
    same = received.argmax(axis=1) == expected.argmax(axis=1)
    known = samples.test_labels >= 0
    accuracy = low = high = studio_accuracy = None
    if known.any():
        labels = samples.test_labels[known]
        measured = evaluate(labels, received[known])
        accuracy, (low, high) = measured.accuracy, measured.accuracy_interval
        studio_accuracy = evaluate(labels, expected[known]).accuracy
    return Proof(
        **about,
        images=len(expected),
        labelled=int(known.sum()),
        agreement=float(same.mean()),
        largest_difference=float(np.abs(received - expected).max()),
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
        studio_accuracy=studio_accuracy,
        latency_seconds=export.latency_seconds,
        studio_latency_seconds=studio.latency_seconds,
        **_prepared_alike(studio.prepared, export.prepared),
        how=export.how,
        machine=machine.described(),
    )


def _prepared_alike(studio: Sequence | None, export: Sequence | None) -> dict[str, Any]:
    """How alike the predictions are for images that were prepared first."""
    if studio is None or export is None:
        return {}
    same, largest, refused = 0, 0.0, 0
    for expected, received in zip(studio, export, strict=True):
        if expected is None or received is None:
            same += expected is received
            refused += expected is received
        elif expected.shape == received.shape:
            same += bool((expected.argmax(axis=1) == received.argmax(axis=1)).all())
            largest = max(largest, float(np.abs(expected - received).max()))
    return {
        "prepared_agreement": same / len(studio),
        "prepared_largest_difference": largest,
        "prepared_refused": refused,
    }
