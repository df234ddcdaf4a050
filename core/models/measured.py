"""How accurate presets were on known datasets: `measured.json`, written by a benchmark.

python -m benchmarks patience
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class Measured:
    """What runs that were trained with a preset reached, one for each seed.

    Attributes:
        accuracies: on all test images of the dataset, fractions 0-1.
    """

    accuracies: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """The mean over the seeds."""
        return sum(self.accuracies) / len(self.accuracies)


def of(model: str, preset: str, dataset: str) -> Measured | None:
    """What is known of a preset on a dataset; None if it was not measured."""
    known = _table().get(f"{model} {preset} {dataset}")
    return known and Measured(tuple(known["accuracies"]))


@cache
def _table() -> dict[str, dict[str, list[float]]]:
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
