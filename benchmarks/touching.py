"""Strings of digits that touch: how many are read wholly right, and how many single ones are split.

Settings were chosen on validation digits; `python -m benchmarks touching` reports test digits.
"""

import time
from collections.abc import Sequence
from statistics import median

import numpy as np

from benchmarks.report import print_table
from core import datasets, runs
from core.datasets import DATASETS
from core.errors import ImageError
from core.serving import Predictor, load_predictor
from core.training.strings import as_drawn, touching_string

RUNS = ("mnist-cnn", "mnist-random-forest")
LENGTHS = (2, 3, 4, 5)
EACH = 100  # strings of each length
SEED = 30


def main() -> None:
    """Print the tables for test digits."""
    images, labels = DATASETS["mnist"].read_test()
    report(images[..., 0], labels, "test", RUNS)


def on_validation(names: Sequence[str] = RUNS[:1], each: int = EACH) -> None:
    """The same for validation digits, to choose settings on."""
    dataset = datasets.load("mnist")
    report(dataset.x_val[..., 0], dataset.y_val, "validation", names, each)


def report(
    images: np.ndarray, labels: np.ndarray, split: str, names: Sequence[str], each: int = EACH
) -> None:
    """Print the tables for some digits of MNIST."""
    rows, singles = [], []
    for name in names:
        predictor = load_predictor(runs.load(name))
        total = np.zeros(2)
        for length in LENGTHS:
            before, after, milliseconds = measure_strings(predictor, images, labels, length, each)
            total += (before, after)
            rows.append((name, length, f"{before:.1%}", f"{after:.1%}", f"{milliseconds:.0f} ms"))
        before, after = total / len(LENGTHS)
        rows.append((name, "2 to 5", f"{before:.1%}", f"{after:.1%}", ""))
        count, changed = split_singles(predictor, images)
        singles.append((name, f"{len(images):,}", count, f"{count / len(images):.2%}"))
    print_table(
        f"Strings of MNIST's {split} digits that touch, {each} of each length, all digits correct",
        ("run", "digits", "not taken apart", "taken apart", "time"),
        rows,
    )
    print_table(
        f"MNIST's {split} digits one by one",
        ("run", "digits", "taken apart", "share"),
        singles,
    )


def measure_strings(
    predictor: Predictor, images: np.ndarray, labels: np.ndarray, length: int, count: int
) -> tuple[float, float, float]:
    """Strings read wholly right before and after touching digits are taken apart; fractions, and
    milliseconds from the image to the prediction."""
    rng = np.random.default_rng(SEED + length)
    right, times = np.zeros(2), []
    for _ in range(count):
        chosen = rng.integers(0, len(images), length)
        string, _ = touching_string(list(images[chosen]), rng)
        truth = "".join(map(str, labels[chosen]))
        drawn = as_drawn(string)
        right[0] += _read(predictor, drawn, part=False) == truth
        begun = time.perf_counter()
        right[1] += _read(predictor, drawn, part=True) == truth
        times.append(1000 * (time.perf_counter() - begun))
    return *(right / count).tolist(), median(times)


def _read(predictor: Predictor, image: np.ndarray, part: bool) -> str:
    try:
        return predictor.predict(image, part=part).label
    except ImageError:
        return ""


def split_singles(predictor: Predictor, images: np.ndarray) -> tuple[int, list[int]]:
    """How many single digits are taken apart, and which."""
    split = [i for i, image in enumerate(images) if predictor.predict(image).prepared.parted]
    return len(split), split
