"""Every model on every dataset that is on this machine, with quick settings:
`python -m benchmarks.pairs [DATASET]…`.

Each learns from at most 5,000 images, networks for three epochs. The runs go to a temporary
folder; the figures are those of their cards.
"""

import dataclasses
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import print_table
from core import datasets, runs
from core.models import MODELS, transfer
from core.training import TrainConfig, train

_QUICK = {"max_images": 5000}
_QUICK_NETWORK = {**_QUICK, "epochs": 3, "batch_size": 64}


def main(names: list[str]) -> None:
    """Train and print a row for each pair."""
    names = names or [spec.name for spec in datasets.list_datasets() if spec.is_here()]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        runs.folder.settings = dataclasses.replace(runs.folder.settings, runs_dir=Path(folder))
        for name in names:
            for model in MODELS.values():
                if model.backbone and not transfer.is_here(model.backbone):
                    continue
                rows.append((name, model.name, *_measure(name, model.name, model.family)))
                sys.stderr.write(f"{rows[-1]}\n")
    print_table(
        "Every pair, at most 5,000 training images, networks for three epochs",
        ("dataset", "model", "seconds from start to run", "test accuracy"),
        rows,
    )


def _measure(dataset: str, model: str, family: str) -> tuple[str, str]:
    quick = _QUICK_NETWORK if family == "network" else _QUICK
    begun = time.perf_counter()
    run = train(TrainConfig(dataset, model, quick))
    return f"{time.perf_counter() - begun:.1f}", f"{run.card.metrics['accuracy']:.1%}"


if __name__ == "__main__":
    main(sys.argv[1:])
