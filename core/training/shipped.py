"""Re-train every run that comes with the studio: `make models`, or

    python -m core.training.shipped [--costs] [ID]…

With `--costs` nothing is trained: what answers cost is measured anew, on this machine.

Settings, epochs and seeds were fixed on MNIST's validation digits, plain and distorted.
"""

import shutil
import sys
from dataclasses import replace

from core import datasets, runs
from core.errors import StudioError, unknown
from core.models.registry import CNN_PRESETS, STUDIOS_OWN
from core.settings import settings
from core.training.config import TrainConfig
from core.training.train import measure, train

CONFIGS = {
    config.name: config
    for config in (
        TrainConfig("digits", "random_forest", name="digits-random-forest"),
        TrainConfig("mnist", "logistic_regression", name="mnist-logistic-regression"),
        TrainConfig("mnist", "random_forest", name="mnist-random-forest"),
        TrainConfig("mnist", "simple_cnn", CNN_PRESETS[STUDIOS_OWN], name="mnist-cnn"),
    )
}


def main(names: list[str]) -> int:
    """Train the named shipped runs, or all; each replaces the one that is there."""
    only_costs = "--costs" in names
    names = [name for name in names if name != "--costs"]
    if settings.runs_dir != settings.shipped_runs_dir:
        sys.stderr.write("error: unset STUDIO_RUNS_DIR, shipped runs belong in saved_models/.\n")
        return 2
    for name in names:
        if name not in CONFIGS:
            sys.stderr.write(f"error: {unknown('shipped run', name, CONFIGS)}\n")
            return 2
    if only_costs:
        for name in names or CONFIGS:
            measure_again(name)
        return 0
    for name in names or CONFIGS:
        old = settings.shipped_runs_dir / name
        aside = old.with_name(f".{name}-before")
        if old.exists():
            old.rename(aside)
        try:
            card = train(CONFIGS[name]).card
        except (StudioError, KeyboardInterrupt):
            if aside.exists():
                aside.rename(old)
            raise
        shutil.rmtree(aside, ignore_errors=True)
        sys.stdout.write(
            f"{name}: {card.metrics['accuracy']:.2%} on {card.metrics['test_size']:,} test "
            f"pictures, {card.metrics['val_accuracy']:.2%} on validation, {card.seconds:.0f} s\n"
        )
        sys.stdout.flush()
    return 0


def measure_again(name: str) -> None:
    """Measure what answers of a shipped run cost, and note it in its card."""
    run = runs.load(name)
    card = run.card
    found = measure(run.folder, card.family, card.input_shape)
    dataset = datasets.load(card.dataset, card.validation_fraction)
    runs.rewrite_card(
        run,
        replace(card, cost={**card.cost, **found}, test_fingerprint=dataset.test_fingerprint()),
    )
    sys.stdout.write(f"{name}: {found['latency_seconds'] * 1000:.2f} ms a picture\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
