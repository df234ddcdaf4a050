"""The command that predicts: `predict`, one JSON object a line, or a file of them."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from core import batch, datasets, runs, stored
from core.cli.output import print_json
from core.errors import (
    DatasetError,
    ImageError,
    Interrupted,
    NothingFound,
    OutOfMemory,
    StudioError,
    disk_sentence,
)
from core.images import encode_png
from core.preprocessing import Step
from core.runs import Run
from core.serving import Prediction, Predictor, describe, load_predictor

DEFAULT_RUN = "mnist-cnn"


def add_commands(commands) -> None:
    text = "classify images: print one JSON object per line, or write a file"
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
        "--out",
        metavar="F",
        help="write the predictions to this file (.csv, .parquet, .jsonl) and show progress; after "
        "an interruption the same command goes on where it stopped",
    )
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
    if options.out and (options.steps or options.dataset is not None):
        raise StudioError("--out is for images and folders, without --steps.")
    run = runs.load(options.run)
    if options.dataset is not None:
        line = _predict_from_dataset(load_predictor(run), options.dataset, options.index)
        print_json(line, indent=None)
        return 0
    images = batch.Images(Path(path) for path in options.paths)
    if options.out:
        return _to_file(run, images, Path(options.out))
    found, refused = 0, False
    steps = Path(options.steps) if options.steps else None
    for image, line in _with_steps(run, images, steps) if steps else batch.predict_all(run, images):
        print_json({"path": str(image.path), **line}, indent=None)
        found += 1
        refused |= "error" in line
    return _code(images, found, refused)


def _code(images: batch.Images, found: int, refused: bool) -> int:
    """The exit code, after what is to be said about the folders.

    Raises:
        StudioError: if there was no image at all.
    """
    if not found:
        raise StudioError(" ".join(images.remarks))
    sys.stderr.writelines(f"{remark}\n" for remark in images.remarks)
    empty = any(remark.startswith(batch.NONE_FOUND) for remark in images.remarks)
    return int(refused or empty)


def _to_file(run: Run, images: batch.Images, path: Path) -> int:
    from tqdm import tqdm

    if not (total := sum(1 for _ in images)):
        raise StudioError(" ".join(images.remarks))
    with batch.Results(path, run, images.paths) as results:
        bar = tqdm(total=total, initial=min(total, results.done), unit=" images", disable=None)
        try:
            with bar:
                for image, line in batch.predict_all(run, results.missing(images)):
                    results.add(image, line)
                    bar.update()
        except (Interrupted, KeyboardInterrupt) as interrupt:
            raise Interrupted(
                f"Interrupted after {results.done:,} of {total:,} images. The same command goes on "
                "from there."
            ) from interrupt
        results.finish()
    refused = f", {results.refused:,} refused" if results.refused else ""
    sys.stderr.write(f"{results.done:,} images{refused}: {path}\n")
    return _code(images, results.done, results.refused > 0)


def _with_steps(run: Run, images: batch.Images, folder: Path) -> Iterator[tuple[batch.Image, dict]]:
    """Each image with its line; its steps are written to a folder."""
    predictor = load_predictor(run)
    for index, image in zip(count(1), images, strict=False):
        steps: Sequence[Step] = ()
        try:
            result = predictor.predict(batch.read_image(image.path))
            steps = (*result.prepared.steps, *result.prepared.item_steps[0])
            line = describe(result)
        except (ImageError, OutOfMemory) as error:
            steps = error.steps if isinstance(error, NothingFound) else ()
            line = batch.refusal(error)
        yield image, line
        write_steps(folder, f"{index:03}-{image.path.stem}", steps)


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
