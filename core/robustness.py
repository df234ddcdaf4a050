"""Where does a model break: accuracy on test images that are changed more and more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import datasets, stored
from core.errors import JobError, RunError, StoredError, disk_sentence, unknown
from core.opencv_ops import Step, apply
from core.progress import Progress, Reporter
from core.runs import Run, names_of
from core.serving import load_predictor
from core.stored import Count, Fraction, Name, Number

LEAST_IMAGES, MOST_IMAGES = 50, 2000
MOST_RUNS = 6
_FILE = "robustness.json"


@dataclass(frozen=True)
class Change:
    """A way to make images harder.

    Attributes:
        title: what a form calls it.
        unit: what its strength is measured in, for the axis of a chart.
        strengths: the strengths that are tried, the first one changes nothing.
        step: the operation with that strength; `place` holds two numbers from 0 to 1, drawn anew
            for each image, and a seed.
    """

    title: str
    unit: str
    strengths: tuple[float, ...]
    step: Callable[[float, tuple[float, float, int]], Step]


CHANGES: dict[str, Change] = {
    "noise": Change(
        "Noise",
        "Standard deviation of the noise, of 255",
        (0, 16, 32, 48, 64, 96, 128),
        lambda strength, place: Step("gaussian_noise", {"sigma": strength, "seed": place[2]}),
    ),
    "blur": Change(
        "Blur",
        "Standard deviation of the blur, in pixels",
        (0, 0.5, 1, 1.5, 2, 3, 4),
        lambda strength, place: Step("gaussian_blur", {"sigma": max(strength, 0.1)}),
    ),
    "rotation": Change(
        "Rotation",
        "Turned by, degrees",
        (0, 10, 20, 30, 45, 60, 90),
        lambda strength, place: Step(
            "rotate", {"angle": strength if place[0] < 0.5 else -strength, "fill": "edge"}
        ),
    ),
    "brightness": Change(
        "Brightness",
        "Brighter by, of full brightness",
        (0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8),
        lambda strength, place: Step("brightness", {"amount": strength}),
    ),
    "occlusion": Change(
        "Something in front",
        "Side of the hidden square, of the shorter side",
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7),
        lambda strength, place: Step(
            "cutout", {"size": strength, "x": place[0], "y": place[1], "grey": 128}
        ),
    ),
    "contrast": Change(
        "Less contrast",
        "Contrast taken away",
        (0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95),
        lambda strength, place: Step("contrast", {"factor": 1 - strength}),
    ),
}


@dataclass(frozen=True)
class Robustness:
    """What became of the accuracy.

    Attributes:
        change: name of one of `CHANGES`.
        strengths: float, `(S,)`.
        accuracies: for each run by its id, accuracy at each strength.
        images: how many test images of each run were asked for.
        seed: decided which, and how each was changed.
        shown: how many each run was shown, by its id: fewer if its test set is smaller.
    """

    change: Name
    strengths: tuple[Number, ...]
    accuracies: dict[Name, tuple[Fraction, ...]]
    images: Count
    seed: Count
    shown: dict[Name, Count]


def check(runs: Sequence[Run], change: str, images: int) -> None:
    """Raise `RunError` unless it can be measured."""
    if change not in CHANGES:
        raise RunError(unknown("change", change, CHANGES))
    if not 1 <= len(runs) <= MOST_RUNS:
        raise RunError(f"Choose 1 to {MOST_RUNS} trained models. Received: {len(runs)}.")
    if not LEAST_IMAGES <= images <= MOST_IMAGES:
        raise RunError(f"Show {LEAST_IMAGES} to {MOST_IMAGES:,} images. Received: {images}.")


def measure(
    runs: Sequence[Run],
    change: str,
    count: int = 500,
    seed: int = 0,
    report: Reporter = Reporter(),  # noqa: B008 - frozen
) -> Robustness:
    """Show runs their test images, changed more and more.

    Runs with the same test set are shown the same images, changed in the same way. An image is
    changed as the model sees it, in its own size.

    Raises:
        RunError: if there are too many runs or images, the change is unknown, or a run is
            damaged.
        DatasetError: if the test images of a run are not on this machine.
        Cancelled: if it was asked to stop.
    """
    check(runs, change, count)
    strengths = CHANGES[change].strengths
    accuracies: dict[str, tuple[float, ...]] = {}
    shown: dict[str, int] = {}
    done, total, called = 0, len(runs) * len(strengths), names_of(runs)
    for run in runs:
        predictor = load_predictor(run)
        images, labels = _sample(run, count, seed)
        found = []
        for strength in strengths:
            note = f"{called[run.id]}, strength {strength:g}"
            report(Progress("answering", part=done / total, note=note))
            answers = predictor.probabilities(_changed(images, change, strength, seed))
            found.append(float((answers.argmax(axis=1) == labels).mean()))
            done += 1
        accuracies[run.id] = tuple(found)
        shown[run.id] = len(labels)
    return Robustness(change, strengths, accuracies, count, seed, shown)


def _sample(run: Run, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    card = run.card
    labels = run.evaluation("test").labels
    images = datasets.load_test_measured(
        card.dataset, labels, card.test_fingerprint, tuple(card.input_shape)
    )
    rows = np.random.default_rng(seed).permutation(len(labels))[:count]
    rows.sort()
    return np.asarray(images[rows]), labels[rows]


def _changed(images: np.ndarray, change: str, strength: float, seed: int) -> np.ndarray:
    if strength == 0:
        return images
    rng = np.random.default_rng(seed)
    changed = np.empty_like(images)
    for index, image in enumerate(images):
        place = (float(rng.random()), float(rng.random()), int(rng.integers(10_000)))
        step = CHANGES[change].step(strength, place)
        flat = image[..., 0] if image.shape[2] == 1 else image
        changed[index] = apply(flat, step).reshape(image.shape)
    return changed


def example(image: np.ndarray, change: str, seed: int = 0) -> list[np.ndarray]:
    """One image at each strength, uint8, shape `(H, W)` or `(H, W, 3)`."""
    batch = image[None, ..., None] if image.ndim == 2 else image[None]
    shown = [_changed(batch, change, strength, seed)[0] for strength in CHANGES[change].strengths]
    return [one.reshape(image.shape) for one in shown]


def save(found: Robustness, folder: Path) -> None:
    """Keep it in a folder.

    Raises:
        JobError: if nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stored.write_json(folder / _FILE, vars(found))
    except OSError as error:
        raise JobError(disk_sentence(error, folder)) from error


def load(folder: Path) -> Robustness:
    """What `save` has kept.

    Raises:
        JobError: if it is missing or damaged.
    """
    try:
        found = stored.read_as(folder / _FILE, Robustness)
        values = [value for row in found.accuracies.values() for value in row]
        if found.change not in CHANGES or not found.strengths:
            raise StoredError("its change is unknown, or it has no strengths")
        if any(len(row) != len(found.strengths) for row in found.accuracies.values()):
            raise StoredError("its lists are not equally long")
        if not values or set(found.shown) != set(found.accuracies):
            raise StoredError("it says nothing of its runs")
        return found
    except StoredError as error:
        raise JobError(f"The result in {folder.name} cannot be read: {error}.") from error
