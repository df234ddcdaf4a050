"""The command that predicts: `predict`, one JSON object a line."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from core import datasets, runs, stored
from core.cli.output import print_json
from core.datasets.hidden import belongs_to_a_system
from core.datasets.refusals import by_name, why
from core.errors import (
    DatasetError,
    ImageError,
    NothingFound,
    OutOfMemory,
    StudioError,
    disk_sentence,
)
from core.files import open_regular
from core.images import MAX_BYTES, SUFFIXES, decode, encode_png
from core.preprocessing import Step
from core.serving import Prediction, Predictor, describe, load_predictor

DEFAULT_RUN = "mnist-cnn"
_NOTHING = "No images in "


def add_commands(commands) -> None:
    text = "classify images and print one JSON object per line"
    command = commands.add_parser("predict", help=text, description=text)
    command.add_argument("paths", nargs="*", metavar="PATH", help="images, or folders of images")
    command.add_argument(
        "--run",
        default=DEFAULT_RUN,
        metavar="ID",
        help="run to predict with; default: %(default)s, see `runs`",
    )
    command.add_argument("--dataset", metavar="D", help="use a test image of this dataset")
    command.add_argument("--index", type=int, metavar="N", help="index of the test image, from 0")
    command.add_argument(
        "--steps",
        metavar="FOLDER",
        help="write every preprocessing step of each image as a PNG file",
    )
    command.add_argument("--json", action="store_true", help="accepted; the output is always JSON")
    command.set_defaults(handler=run_predict)


def run_predict(options: argparse.Namespace) -> int:
    if (options.dataset is None) != (options.index is None) or (
        bool(options.paths) == (options.dataset is not None)
    ):
        raise StudioError("Give either images or folders, or both --dataset and --index.")
    predictor = load_predictor(runs.load(options.run))
    if options.dataset is not None:
        print_json(_predict_from_dataset(predictor, options.dataset, options.index), indent=None)
        return 0
    images, remarks = find_images(Path(path) for path in options.paths)
    if not images:
        raise StudioError(" ".join(remarks))
    for remark in remarks:
        sys.stderr.write(f"{remark}\n")
    code = 1 if any(remark.startswith(_NOTHING) for remark in remarks) else 0
    for index, path in enumerate(images, 1):
        try:
            result = predictor.predict(read_image(path))
            steps = (*result.prepared.steps, *result.prepared.item_steps[0])
            line = describe(result)
        except (ImageError, OutOfMemory) as error:
            steps = error.steps if isinstance(error, NothingFound) else ()
            line = {"error": str(error)}
            if steps:
                line["looked_at"] = [f"{step.name}: {step.sentence}" for step in steps]
            code = 1
        print_json({"path": str(path), **line}, indent=None)
        if options.steps:
            write_steps(Path(options.steps), f"{index:03}-{path.stem}", steps)
    return code


def write_steps(folder: Path, stem: str, steps: Sequence[Step]) -> None:
    """Each step as a PNG file: `<stem>-1-ink.png`.

    Raises:
        StudioError: if nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, step in enumerate(steps, 1):
            name = step.name.lower().replace(" ", "-").replace("×", "x")
            stored.write_whole(folder / f"{stem}-{number}-{name}.png", encode_png(step.image))
    except OSError as error:
        raise StudioError(disk_sentence(error, folder)) from error


def find_images(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Files as given; in folders, recursively and in order, those named like images.

    Returns:
        the files, and a sentence for each folder that holds none or other files too.
    """
    images, remarks = [], []
    for path in paths:
        if not os.path.isdir(path):  # `Path.is_dir` raises where a name is too long
            images.append(path)
            continue
        inside, others = _look_into(path)
        images += inside
        told = f" Skipped: {why(others)}" if others else ""
        if not inside:
            remarks.append(f"{_NOTHING}{path}.{told}")
        elif others:
            remarks.append(f"In {path}:{told}")
    return images, remarks


def _look_into(folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Images in a folder, and other files with the reason why they are skipped."""
    images, others = [], []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_dir() or belongs_to_a_system(relative):
            continue
        if path.suffix.lower() not in SUFFIXES:
            others.append((relative, by_name(relative)))
        elif path.is_file():
            images.append(path)
        else:
            others.append((relative, "It is a broken link, or not a file."))
    return images, others


def read_image(path: Path) -> np.ndarray:
    """Decode a file.

    Raises:
        ImageError: if it is missing, unreadable or not an image.
    """
    try:
        with open_regular(path) as file:
            return decode(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise ImageError(f"The file cannot be read: {error.strerror}.") from error


def _predict_from_dataset(predictor: Predictor, name: str, index: int) -> dict:
    images, labels = datasets.load_test(name, tuple(predictor.run.card.input_shape))
    if not 0 <= index < len(labels):
        raise DatasetError(
            f"`--index` must be 0 to {len(labels) - 1} for {name}. Received: {index}."
        )
    image = images[index]
    card = predictor.run.card
    if image.shape == tuple(card.input_shape):
        row = predictor.probabilities(image[None])[0]
        prediction = {
            "run": card.id,
            "label": Prediction(card.class_names, row).label,
            "confidence": round(float(row.max()), 6),
            "probabilities": Prediction(card.class_names, row).as_dict(),
        }
    else:
        prediction = describe(predictor.predict(image))
    truth = datasets.find(name).class_names[labels[index]]
    return {"path": f"{name}/test/{index}", **prediction, "truth": truth}
