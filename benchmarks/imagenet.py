"""Networks of ImageNet on labelled photos: `python -m benchmarks imagenet --images PATH`.

PATH is a folder or zip of photos named `<id>_….jpg`, or in folders named by ids or classes. The
bundled run is measured as it is served, with its own preparation of photos; backbones that are on
this machine with their classifier are measured at the size that each was trained with. With a zip
and Chromium, it also shows 28 photos to the page, one after another: eight that are included in
packages, and every fiftieth of PATH.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.report import print_table
from core import labelled, runs
from core.datasets.sources import open_source
from core.evaluation import evaluate
from core.images import decode
from core.models.transfer import BACKBONES, is_here, with_classifier
from core.preprocessing import prepare
from core.samples import SAMPLES
from core.serving import load_predictor

_TOP = 5
_BATCH = 25
_SIDES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}
_EVERY = 50  # of the sorted photos, one is shown to the page
_MOST_SECONDS = 0.3  # for one prediction on the page
# Photos of packages, and the classes of ImageNet that are correct; none fits an astronaut.
_OF_PACKAGES = {
    "astronaut.png": (),
    "chelsea.png": ("tabby cat", "tiger cat", "Egyptian Mau"),
    "china.jpg": ("palace", "monastery", "bell tower", "stupa"),
    "coffee.png": ("espresso", "cup", "coffee mug"),
    "flower.jpg": ("daisy",),
    "horse.png": ("sorrel horse",),
    "motorcycle_left.png": ("moped", "motor scooter"),
    "rocket.jpg": ("missile", "projectile", "space shuttle"),
}


def main() -> None:
    if "--images" not in sys.argv[:-1]:
        sys.stdout.write("imagenet: left out, since it needs `--images PATH`.\n")
        return
    source = Path(sys.argv[sys.argv.index("--images") + 1])
    print_accuracy(source)
    print_page(source)


def print_accuracy(source: Path) -> None:
    """Top-1 and top-5 of what serves, and of the backbones at their own sizes."""
    rows = []
    for name in runs.PRETRAINED:
        run = runs.load(name)
        begun = time.perf_counter()
        found = labelled.measure(load_predictor(run), source)
        each = (time.perf_counter() - begun) / len(found.paths)
        rows.append(
            (f"`{name}`, as served", run.card.input_shape[0], *_told(found.evaluation), each)
        )
    run = runs.load(runs.PRETRAINED[0])
    images, labels = _photos(run, source)
    for name, side in _SIDES.items():
        if is_here(name):
            rows.append((BACKBONES[name].title, side, *_told(_through(name, side, images, labels))))
    header = ("network", "pixels a side", "photos", "top-1", "top-5")
    print_table(
        f"ImageNet's classes on {source.name}", header, [row[: len(header)] for row in rows]
    )
    sys.stdout.write(f"\nReading, preparing and predicting a photo: {rows[0][-1] * 1000:.0f} ms.\n")


def _told(evaluation) -> tuple[str, str, str]:
    top = evaluation.top_k(_TOP)
    return f"{len(evaluation.labels):,}", f"{evaluation.accuracy:.1%}", f"{top:.1%}"


def _photos(run: runs.Run, source: Path) -> tuple[list[bytes], np.ndarray]:
    """The content of every photo whose class is known, and the classes."""
    known = labelled.KnownLabels.of(run)
    contents, labels = [], []
    with open_source(source) as entries:
        for entry in entries:
            label = known.label_of(entry.path)
            if label is not None and labelled.is_image(entry):
                contents.append(entry.read())
                labels.append(label)
    return contents, np.array(labels)


def _through(name: str, side: int, contents: list[bytes], labels: np.ndarray):
    """What a backbone with its classifier predicts, in Keras, float32."""
    shape = (side, side, 3)
    values = {"input_size": side, "dense_units": 0, "dropout": 0.0, "l2": 0.0}
    network = with_classifier(name, values, shape)
    rows = []
    for start in range(0, len(contents), _BATCH):
        batch = [
            prepare("photo_centre", decode(content), shape).batch
            for content in contents[start : start + _BATCH]
        ]
        rows.append(network.predict_on_batch(np.concatenate(batch)))
    return evaluate(labels, np.concatenate(rows))


def chosen_photos(source: Path, folder: Path) -> list[tuple[Path, tuple[str, ...]]]:
    """The 28 photos as files in a folder, and the classes that are correct for each."""
    entries = runs.load(runs.PRETRAINED[0]).classes()
    names = {entry.id: entry.name for entry in entries}
    found = []
    for name, correct in _OF_PACKAGES.items():
        package = "sklearn" if name in ("china.jpg", "flower.jpg") else "skimage"
        sample = next(one for one in SAMPLES.values() if one.package == package)
        parent = sample.file.parent
        (folder / name).write_bytes((parent / name).read_bytes())
        found.append((folder / name, correct))
    with open_source(source) as files:
        for entry in sorted(files, key=lambda one: one.path)[::_EVERY]:
            path = folder / entry.path.rpartition("/")[2]
            path.write_bytes(entry.read())
            found.append((path, (names[path.stem.split("_")[0]],)))
    return found


def print_page(source: Path) -> None:
    """Each photo shown to the page Recognise in Chromium: its class, and how long it takes."""
    from benchmarks.photos_page import Page

    with tempfile.TemporaryDirectory() as folder, Page() as page:
        rows = []
        for path, correct in chosen_photos(source, Path(folder)):
            seconds, classes = page.show(path)
            rows.append(
                (
                    path.name,
                    ", ".join(classes),
                    "yes" if set(classes) & set(correct) else "no",
                    f"{seconds * 1000:.0f}",
                )
            )
    print_table("Photos on the page", ("photo", "top 5", "correct", "ms"), rows)
    right = sum(row[2] == "yes" for row in rows)
    slow = sum(float(row[3]) > _MOST_SECONDS * 1000 for row in rows)
    sys.stdout.write(
        f"\nA correct class in the top 5 for {right} of {len(rows)}; slower than "
        f"{_MOST_SECONDS * 1000:.0f} ms: {slow}.\n"
    )
