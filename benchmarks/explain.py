"""Whether explanations hold and how long they take: `python -m benchmarks explain`.

On test images, hiding what a map marks should lower the probability of the predicted class more
than hiding a random area of the same size and shape does. CIFAR-10's images are those of
`cifar10-jpeg.zip` in `STUDIO_DATA_DIR`, or of the dataset `cifar10-jpeg` if it was imported;
without them 200 stored ones are used. The last table plants a mark in one class, trains a small
network on it and counts the maps that peak on the mark.
"""

import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import print_table
from core import datasets, explain, runs, settings
from core.errors import StudioError
from core.images import decode, encode_png
from core.serving import Predictor, load_predictor
from core.training import TrainConfig, train
from core.units import percent

RUNS = (
    "mnist-cnn",
    "mnist-logistic-regression",
    "mnist-random-forest",
    "mnist-svm",
    "cifar10-efficientnet-lite0",
    "imagenet-efficientnet-lite0",
)
IMAGES, FEW = 500, 60  # of most runs; of those whose occlusion takes a second
_ARCHIVE = "cifar10-jpeg.zip"
_MARK, _SIDE = 5, 28  # pixels of the planted mark, and of its images
_BLURS = (3.0, 0.7)


def main() -> None:
    """Print how often each method passes the check, and its time; then the planted mark."""
    rows = [row for run_id in RUNS for row in _rows(load_predictor(runs.load(run_id)))]
    print_table(
        "Explanations of test images",
        (
            "run",
            "method",
            "images",
            "lower than the mean of 10 random areas",
            "lower than one random area",
            "probability: whole",
            "marked area hidden",
            "random area hidden",
            "median time of a map",
        ),
        rows,
    )
    print_table("Maps that peak on a planted mark", ("method", "images", "on the mark"), planted())


def _rows(predictor: Predictor) -> list[tuple]:
    usual = explain.usual(predictor).name
    return [_row(predictor, method.name, usual) for method in explain.methods_for(predictor)]


def _row(predictor: Predictor, method: str, usual: str) -> tuple:
    run = predictor.run
    images = test_images(run, FEW if max(run.card.input_shape) > 100 else IMAGES)
    chosen, checks, seconds = explain.METHODS[method], [], []
    classes = predictor.probabilities(images).argmax(axis=1)
    chosen.explain(predictor, images[0], int(classes[0]))  # opens what it needs
    for image, index in zip(images, classes.tolist(), strict=True):
        begun = time.perf_counter()
        seen = chosen.explain(predictor, image, index)
        seconds.append(time.perf_counter() - begun)
        checks.append(explain.deletion(predictor, image, index, seen))
    marked = np.array([check.marked for check in checks])
    others = [np.array(check.others or (check.before,)) for check in checks]
    return (
        run.id,
        method + (" (usual)" if method == usual else ""),
        len(checks),
        percent(float(np.mean([m < o.mean() for m, o in zip(marked, others, strict=True)]))),
        percent(float(np.mean([(m < o).mean() for m, o in zip(marked, others, strict=True)]))),
        percent(float(np.mean([check.before for check in checks]))),
        percent(float(marked.mean())),
        percent(float(np.mean([o.mean() for o in others]))),
        f"{statistics.median(seconds) * 1000:.0f} ms",
    )


def test_images(run: runs.Run, most: int) -> np.ndarray:
    """Test images of a run, at most so many, drawn by chance; those stored in it if there are no
    others. uint8 `(N, H, W, C)`."""
    draw = np.random.default_rng(0)
    archive = settings.current().data_dir / _ARCHIVE
    if run.card.dataset == archive.stem and archive.is_file():
        with zipfile.ZipFile(archive) as opened:
            names = sorted(n for n in opened.namelist() if n.startswith("test/") and n[-1] != "/")
            chosen = draw.choice(len(names), most, replace=False)
            return np.stack([decode(opened.read(names[place])) for place in chosen])
    try:
        images, _ = datasets.load_test(run.card.dataset, tuple(run.card.input_shape))
    except StudioError:
        return run.samples().test[:most]
    return np.asarray(images[np.sort(draw.choice(len(images), most, replace=False))])


def planted() -> list[tuple]:
    """A small network on textures; only a mark in a corner tells the first class from the rest."""
    name = "planted-mark"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _plant(root / "images")
        with settings.override(runs_dir=root / "runs", work_dir=root / "work"):
            datasets.import_folder(root / "images", name)
            values = {"filters": "16-32-64", "epochs": 8}
            run = train(TrainConfig(name, "simple_cnn", values, name))
            predictor = load_predictor(run)
            images, labels = datasets.load_test(name)
            images = np.asarray(images)[labels == 0]
            images = images[predictor.probabilities(images).argmax(axis=1) == 0]
            return [
                _on_mark(predictor, method.name, images)
                for method in explain.methods_for(predictor)
            ]


def _on_mark(predictor: Predictor, method: str, images: np.ndarray) -> tuple:
    hits = []
    for image in images:
        seen = explain.METHODS[method].explain(predictor, image, 0)
        row, column = np.unravel_index(seen.argmax(), seen.shape)
        hits.append(row <= _MARK + 1 and column <= _MARK + 1)  # with a pixel around it
    return method, len(hits), percent(float(np.mean(hits)))


def _plant(folder: Path) -> None:
    """Two classes of blurred noise, and a third of either kind with a mark in its corner."""
    draw = np.random.default_rng(0)
    for number, name in enumerate(("a mark", "coarse", "fine")):
        (folder / name).mkdir(parents=True)
        for place in range(200):
            image = draw.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
            blur = draw.choice(_BLURS) if number == 0 else _BLURS[number - 1]
            image = cv2.GaussianBlur(image, (0, 0), float(blur))
            if number == 0:
                image[1 : 1 + _MARK, 1 : 1 + _MARK] = (255, 40, 40)
            (folder / name / f"{place}.png").write_bytes(encode_png(image))
