"""The peak of memory of each kind of training: `python -m benchmarks peaks`.

Photos come from `cats-dogs-photos.zip`, CIFAR-10 from `cifar10-jpeg.zip` in `STUDIO_DATA_DIR`;
what is missing there is left out.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import print_table
from core import settings
from core.settings import PROJECT_DIR
from core.training.peaks import PEAKS

_FILES = {"photos": "cats-dogs-photos.zip", "cifar10-jpeg": "cifar10-jpeg.zip"}


@dataclass(frozen=True)
class Training:
    """A training of one of the kinds in `PEAKS`.

    Attributes:
        model: of `core.models.MODELS`.
        dataset: `mnist`, or what is imported as `photos` or `cifar10-jpeg`.
        hyperparameters: those given.
    """

    model: str
    dataset: str = "mnist"
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)


TRAININGS: dict[str, Training] = {
    "classical": Training("logistic_regression", hyperparameters={"max_iter": 10}),
    "colour": Training("random_forest", "cifar10-jpeg", {"n_estimators": 2}),
    "features": Training("logistic_regression", "photos", {"features": "efficientnet_lite0"}),
    "network": Training("simple_cnn", hyperparameters={"epochs": 1, "max_images": 5000}),
    "fine_tuning": Training("efficientnet_lite0", "photos", {"epochs": 1, "fine_tune_epochs": 1}),
}


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        places = {f"STUDIO_{name}_DIR": f"{folder}/{name.lower()}" for name in ("RUNS", "WORK")}
        environment = {**os.environ, **places}
        for dataset, file in _FILES.items():
            if (settings.current().data_dir / file).is_file():
                _core(
                    environment,
                    "import",
                    str(settings.current().data_dir / file),
                    "--name",
                    dataset,
                )
        for kind, peak in PEAKS.items():
            dataset = TRAININGS[kind].dataset
            if dataset not in _FILES or (Path(folder) / "work/datasets" / dataset).is_dir():
                found, seconds = _measured(environment, TRAININGS[kind])
                rows.append((peak.title, f"{found:,.0f}", f"{peak.megabytes:,}", f"{seconds:.0f}"))
    header = ("training", "peak, MB", "as noted in `core/training/peaks.py`", "seconds")
    print_table("Memory of each kind of training", header, rows)


def _measured(environment: dict[str, str], training: Training) -> tuple[float, float]:
    """Megabytes and seconds of one training, in a process whose children count for nobody else."""
    chosen = [f"--set={name}={value}" for name, value in training.hyperparameters.items()]
    arguments = ["train", "--dataset", training.dataset, "--model", training.model, *chosen]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *arguments],
        cwd=PROJECT_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return _bytes(usage) / 1e6, time.perf_counter() - begun


def _bytes(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _core(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=PROJECT_DIR,
        env=environment,
        check=True,
        capture_output=True,
    )
