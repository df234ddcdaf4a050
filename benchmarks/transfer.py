"""Transfer learning: `python -m benchmarks transfer`.

What computing features once is worth; how long a photo takes; what sixty images of each of
two classes are enough for. The first and the last need CIFAR-10 imported as `cifar10-jpeg`: without
it the first is measured on scikit-learn's digits, and the last is left out.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import print_table
from core import datasets, runs, settings
from core.images import decode
from core.samples import SAMPLES
from core.serving import load_predictor
from core.training import TrainConfig, train

_CIFAR = "cifar10-jpeg"
_RUN = "cifar10-efficientnet-lite0"
_MODEL = "efficientnet_lite0"
_FROZEN = {
    "max_images": 5000,
    "input_size": 96,
    "dense_units": 0,
    "dropout": 0.0,
    "epochs": 10,
    "fine_tune_epochs": 0,
    "augmentation": "none",
}
_PAIRS = (("airplane", "frog"), ("cat", "dog"), ("automobile", "horse"), ("ship", "deer"))
_EACH = 60  # images of a class
_SPLITS = 5
_LARGE = (4000, 3000)  # pixels of a photo from a telephone


def main() -> None:
    with _folders():
        print_cache()
        print_prediction()
        print_small()


@contextmanager
def _folders() -> Iterator[None]:
    """Runs and features go to a temporary folder; what was imported stays within reach."""
    imported = settings.current().work_dir / "datasets"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "datasets").symlink_to(imported)
        with settings.override(runs_dir=place / "runs", work_dir=place):
            yield


def _has_cifar() -> bool:
    return _CIFAR in {spec.name for spec in datasets.list_datasets()}


def print_cache() -> None:
    """Ten epochs of a frozen backbone, with features computed once and anew in each epoch."""
    name, part = (_CIFAR, 0.02) if _has_cifar() else ("digits", 0.1)
    train(TrainConfig("digits", _MODEL, {**_FROZEN, "max_images": 100, "epochs": 1}))  # warm up
    rows = []
    for cached in (True, False):
        settings = {**_FROZEN, "cache_features": cached}
        card = train(TrainConfig(name, _MODEL, settings, validation_fraction=part)).card
        seconds = card.history[-1]["seconds"]
        rows.append((cached, seconds, card.metrics["accuracy"]))
    ratio = rows[1][1] / rows[0][1]
    print_table(
        f"Ten epochs with a frozen backbone ({name}): {ratio:.1f} times as fast with features "
        "computed once",
        ("features", "seconds", "test accuracy"),
        [
            ("computed once" if cached else "in every epoch", f"{seconds:.1f}", f"{accuracy:.2%}")
            for cached, seconds, accuracy in rows
        ],
    )


def print_prediction() -> None:
    """One photo: the network alone, and all from the file to the answer."""
    predictor = load_predictor(runs.load(_RUN))
    batch = predictor.prepare(decode(SAMPLES["cat"].read())).batch
    image = cv2.resize(decode(SAMPLES["cat"].read()), _LARGE)
    large = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()
    rows = [
        ("network alone", _median(lambda: predictor.probabilities(batch))),
        ("sample of 451×300", _median(lambda: predictor.predict(decode(SAMPLES["cat"].read())))),
        ("JPEG of 12 megapixels", _median(lambda: predictor.predict(decode(large)), 10)),
    ]
    print_table(
        f"A photo, from the file to the answer of {_RUN}",
        ("what", "milliseconds"),
        [(what, f"{seconds * 1000:.1f}") for what, seconds in rows],
    )


def _median(work, times: int = 30) -> float:
    work()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def print_small() -> None:
    """Sixty images of each of two classes, the form's own settings, five splits."""
    if not _has_cifar():
        return
    rows = []
    for pair in _PAIRS:
        accuracies, seconds = [], []
        for split in range(_SPLITS):
            begun = time.perf_counter()
            accuracies.append(_train_small(pair, split))
            seconds.append(time.perf_counter() - begun)
        rows.append(
            (
                " and ".join(pair),
                f"{np.mean(accuracies):.1%}",
                f"{min(accuracies):.0%}-{max(accuracies):.0%}",
                f"{max(seconds):.0f}",
            )
        )
    print_table(
        f"{_EACH} images of each of two classes, {_SPLITS} splits, the form's own settings",
        ("classes", "mean test accuracy", "range", "longest, seconds"),
        rows,
    )


def _train_small(pair: tuple[str, str], split: int) -> float:
    """Write a zip's worth of images, import it, train, forget it."""
    whole = datasets.load(_CIFAR)
    rng = np.random.default_rng(split)
    with tempfile.TemporaryDirectory() as folder:
        for name in pair:
            rows = np.flatnonzero(whole.y_train == whole.class_names.index(name))
            (Path(folder) / name).mkdir()
            for row in rng.choice(rows, _EACH, replace=False):
                image = cv2.cvtColor(whole.x_train[int(row)], cv2.COLOR_RGB2BGR)
                cv2.imwrite(str(Path(folder) / name / f"{row}.png"), image)
        dataset = f"benchmark-{pair[0]}-{pair[1]}-{split}"
        datasets.import_images(Path(folder), dataset)
        try:
            return train(TrainConfig(dataset, _MODEL, seed=split)).card.metrics["accuracy"]
        finally:
            datasets.delete(dataset)
