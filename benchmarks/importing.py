"""What importing a zip takes: `python -m benchmarks.importing FILE.zip`."""

import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from core import datasets
from core.datasets import importing, store


def main(path: Path) -> None:
    """Import into a temporary folder and print what it took, beside what the zip measures."""
    with tempfile.TemporaryDirectory() as folder:
        store.settings = replace(store.settings, work_dir=Path(folder))
        before, begun = _peak(), time.perf_counter()
        card = importing.import_zip(path, "measured")
        seconds = time.perf_counter() - begun
        disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        say(f"{card.images:,} images, {card.skipped:,} left out, splits {card.splits}")
        say(f"{seconds:.1f} s: {card.images / seconds:,.0f} images a second")
        say(f"peak memory {_peak() - before:.0f} MB above the {before:.0f} MB before")
        say(f"disk {disk / 1e6:.0f} MB, the zip {path.stat().st_size / 1e6:.0f} MB")
        for which in ("first", "second"):
            begun = time.perf_counter()
            dataset = datasets.load("measured")
            dataset.fingerprint()
            say(f"{which} load {time.perf_counter() - begun:.2f} s, {dataset.x_train.shape}")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(line: str) -> None:
    """One line on standard output."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
