"""Robustness: accuracy on test images under corruptions of increasing severity."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import datasets, stored
from core.errors import JobError, RunError, StoredError, disk_sentence, unknown
from core.images import fit_batch
from core.opencv_ops import Step, apply
from core.progress import Progress, Reporter
from core.runs import Run, names_of
from core.serving import load_predictor
from core.stored import Count, Fraction, Name, Number

LEAST_IMAGES, MOST_IMAGES = 50, 2000
MOST_RUNS = 6
_FILE = "robustness.json"
_NAMES_1 = {"change": "corruption", "strengths": "severities", "pictures": "images"}
_FORMATS = {1: lambda content: stored.renamed(content, _NAMES_1)}


@dataclass(frozen=True)
class Corruption:
    """A way to make images harder.

    Attributes:
        title: its label in a form.
        unit: what its severity is measured in, for the axis of a chart.
        severities: the values that are measured; the first one changes nothing.
        step: the operation with that severity; `place` holds two numbers from 0 to 1, drawn anew
            for each image, and a seed.
    """

    title: str
    unit: str
    severities: tuple[float, ...]
    step: Callable[[float, tuple[float, float, int]], Step]


CORRUPTIONS: dict[str, Corruption] = {
    "noise": Corruption(
        "Noise",
        "Standard deviation of the noise (0 to 255)",
        (0, 16, 32, 48, 64, 96, 128),
        lambda severity, place: Step("gaussian_noise", {"sigma": severity, "seed": place[2]}),
    ),
    "blur": Corruption(
        "Blur",
        "Standard deviation of the blur, in pixels",
        (0, 0.5, 1, 1.5, 2, 3, 4),
        lambda severity, place: Step("gaussian_blur", {"sigma": max(severity, 0.1)}),
    ),
    "rotation": Corruption(
        "Rotation",
        "Rotation, degrees",
        (0, 10, 20, 30, 45, 60, 90),
        lambda severity, place: Step(
            "rotate", {"angle": severity if place[0] < 0.5 else -severity, "fill": "edge"}
        ),
    ),
    "brightness": Corruption(
        "Brightness",
        "Added brightness, as a fraction of full brightness",
        (0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8),
        lambda severity, place: Step("brightness", {"amount": severity}),
    ),
    "occlusion": Corruption(
        "Occlusion",
        "Side of the hidden square, as a fraction of the shorter side",
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7),
        lambda severity, place: Step(
            "cutout", {"size": severity, "x": place[0], "y": place[1], "grey": 128}
        ),
    ),
    "contrast": Corruption(
        "Contrast",
        "Contrast removed, as a fraction of it",
        (0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95),
        lambda severity, place: Step("contrast", {"factor": 1 - severity}),
    ),
}


@dataclass(frozen=True)
class Robustness:
    """Accuracies under one corruption.

    Attributes:
        corruption: name of one of `CORRUPTIONS`.
        severities: float, `(S,)`.
        accuracies: for each run by its id, accuracy at each severity.
        images: how many test images of each run were asked for.
        seed: of the choice of images and of their corruption.
        shown: images that each run was measured on, by its id: fewer if its test set is smaller.
    """

    corruption: Name
    severities: tuple[Number, ...]
    accuracies: dict[Name, tuple[Fraction, ...]]
    images: Count
    seed: Count
    shown: dict[Name, Count]


def check(runs: Sequence[Run], corruption: str, images: int) -> None:
    """Raise `RunError` unless it can be measured."""
    if corruption not in CORRUPTIONS:
        raise RunError(unknown("corruption", corruption, CORRUPTIONS))
    if not 1 <= len(runs) <= MOST_RUNS:
        raise RunError(f"Choose 1 to {MOST_RUNS} trained models. Received: {len(runs)}.")
    if not LEAST_IMAGES <= images <= MOST_IMAGES:
        raise RunError(f"Choose {LEAST_IMAGES} to {MOST_IMAGES:,} images. Received: {images}.")


def measure(
    runs: Sequence[Run],
    corruption: str,
    count: int = 500,
    seed: int = 0,
    report: Reporter = Reporter(),  # noqa: B008 - frozen
) -> Robustness:
    """Measure runs on their test images, corrupted with increasing severity.

    Runs with the same test set are measured on the same images, corrupted in the same way. An
    image is corrupted at the size that the model sees.

    Raises:
        RunError: if there are too many runs or images, the corruption is unknown, or a run is
            damaged.
        DatasetError: if the test images of a run are not on this machine.
        Cancelled: if it was asked to stop.
    """
    check(runs, corruption, count)
    severities = CORRUPTIONS[corruption].severities
    accuracies: dict[str, tuple[float, ...]] = {}
    shown: dict[str, int] = {}
    done, total, called = 0, len(runs) * len(severities), names_of(runs)
    for run in runs:
        predictor = load_predictor(run)
        images, labels = _sample(run, count, seed)
        found = []
        for severity in severities:
            note = f"{called[run.id]}, severity {severity:g}"
            report(Progress("predicting", fraction=done / total, note=note))
            predictions = predictor.probabilities(_changed(images, corruption, severity, seed))
            found.append(float((predictions.argmax(axis=1) == labels).mean()))
            done += 1
        accuracies[run.id] = tuple(found)
        shown[run.id] = len(labels)
    return Robustness(corruption, severities, accuracies, count, seed, shown)


def _sample(run: Run, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    card = run.card
    labels = run.evaluation("test").labels
    images = datasets.load_test_measured(
        card.dataset, labels, card.test_fingerprint, tuple(card.input_shape)
    )
    rows = np.random.default_rng(seed).permutation(len(labels))[:count]
    rows.sort()
    return fit_batch(np.asarray(images[rows]), tuple(card.input_shape), card.fit), labels[rows]


def _changed(images: np.ndarray, corruption: str, severity: float, seed: int) -> np.ndarray:
    if severity == 0:
        return images
    rng = np.random.default_rng(seed)
    changed = np.empty_like(images)
    for index, image in enumerate(images):
        place = (float(rng.random()), float(rng.random()), int(rng.integers(10_000)))
        step = CORRUPTIONS[corruption].step(severity, place)
        flat = image[..., 0] if image.shape[2] == 1 else image
        changed[index] = apply(flat, step).reshape(image.shape)
    return changed


def example(image: np.ndarray, corruption: str, seed: int = 0) -> list[np.ndarray]:
    """One image at each severity, uint8, shape `(H, W)` or `(H, W, 3)`."""
    batch = image[None, ..., None] if image.ndim == 2 else image[None]
    shown = [
        _changed(batch, corruption, severity, seed)[0]
        for severity in CORRUPTIONS[corruption].severities
    ]
    return [one.reshape(image.shape) for one in shown]


def save(found: Robustness, folder: Path) -> None:
    """Keep it in a folder.

    Raises:
        JobError: if nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        version = {stored.VERSION: stored.current_version(_FORMATS)}
        stored.write_json(folder / _FILE, vars(found) | version)
    except OSError as error:
        raise JobError(disk_sentence(error, folder)) from error


def is_in(folder: Path) -> bool:
    """Whether `save` has kept something there."""
    return (folder / _FILE).is_file()


def load(folder: Path) -> Robustness:
    """What `save` has kept.

    Raises:
        JobError: if it is missing or damaged.
    """
    try:
        content = stored.bring_up(stored.read_json(folder / _FILE), _FORMATS, unmarked=1)
        found = stored.check(content, Robustness)
        values = [value for row in found.accuracies.values() for value in row]
        if found.corruption not in CORRUPTIONS or not found.severities:
            raise StoredError("its corruption is unknown, or it has no severities")
        if any(len(row) != len(found.severities) for row in found.accuracies.values()):
            raise StoredError("its lists are not equally long")
        if not values or set(found.shown) != set(found.accuracies):
            raise StoredError("it says nothing of its runs")
        return found
    except StoredError as error:
        raise JobError(f"The result in {folder.name} cannot be read: {error}.") from error
