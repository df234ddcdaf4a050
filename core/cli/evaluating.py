"""The command that measures a run again: `evaluate`."""

import argparse
import sys
from pathlib import Path

import numpy as np

from core import datasets, labelled, runs
from core.cli.output import print_json, print_table, say_cautions
from core.datasets.refusals import why
from core.errors import DatasetError, RunError
from core.evaluation import Evaluation, cautions, evaluate
from core.images import fit_batch
from core.report import class_rows
from core.serving import Predictor, load_predictor
from core.units import percent

_TOP = 5
_MOST_ROWS = 100  # of a table of classes


def add_commands(commands) -> None:
    text = "evaluate a run on its test set, or on your own labelled images"
    command = commands.add_parser("evaluate", help=text, description=text)
    command.add_argument("--run", required=True, metavar="ID", help="see `runs`")
    command.add_argument(
        "--images",
        metavar="FOLDER",
        help="a folder with a folder per class; of a run with groups of classes, their ids will do "
        "too, also at the beginning of file names",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(handler=run_evaluate)


def run_evaluate(options: argparse.Namespace) -> int:
    predictor = load_predictor(runs.load(options.run))
    card = predictor.run.card
    found = _over_folder(predictor, options.images) if options.images else None
    evaluation = found.evaluation if found else _over_test_set(predictor)
    refused = found.refused if found else ()
    if options.json:
        print_json(
            {
                "run": card.id,
                "accuracy": evaluation.accuracy,
                "card_accuracy": card.accuracy,
                "top_5": evaluation.top_k(min(_TOP, evaluation.classes)),
                "log_loss": evaluation.log_loss,
                "images": len(evaluation.labels),
                "in_other_folders": found.elsewhere if found else 0,
                "not_images": len(found.others) if found else 0,
                "classes": class_rows(evaluation, card.class_names),
                "errors": [
                    {"path": str(Path(options.images) / path), "error": reason}
                    for path, reason in refused
                ],
            }
        )
    else:
        _print_evaluation(card, evaluation)
        say_cautions(cautions(evaluation, card.class_names, "" if found else "test"))
    if found:
        _say_passed_over(found, options)
    return 1 if refused else 0


def _print_evaluation(card: runs.RunCard, evaluation: Evaluation) -> None:
    """A table of the whole, and one of the classes."""
    print_table(
        ("run", "measured now", "top-5", "on its card", "images"),
        [
            (
                card.id,
                _percent(evaluation.accuracy),
                _percent(evaluation.top_k(min(_TOP, evaluation.classes))),
                _percent(card.accuracy),
                f"{len(evaluation.labels):,}",
            )
        ],
    )
    if card.why_unmeasured:
        print_table((card.why_unmeasured,), [])
    rows = class_rows(evaluation, card.class_names)
    if len(rows) > _MOST_ROWS:  # those that occur say more than a thousand lines
        rows = [row for row in rows if row["images"]][:_MOST_ROWS]
    print_table(
        ("class", "precision", "recall", "f1", "images"),
        [
            (
                row["class"],
                *(_percent(row[name]) for name in ("precision", "recall", "f1")),
                f"{row['images']:,}",
            )
            for row in rows
        ],
    )


def _say_passed_over(found: labelled.Labelled, options: argparse.Namespace) -> None:
    if not options.json:
        for path, reason in found.refused:
            sys.stderr.write(f"skipped {Path(options.images) / path}: {reason}\n")
        if found.elsewhere:
            sys.stderr.write(f"skipped {found.elsewhere:,} images in other folders\n")
    if found.others:
        sys.stderr.write(f"Skipped: {why(found.others)}\n")


def _percent(part: float | None) -> str:
    return "–" if part is None else percent(part, 2)


def _over_folder(predictor: Predictor, path: str) -> labelled.Labelled:
    if not Path(path).is_dir():
        raise DatasetError(
            f"`--images` must be a folder with a folder per class. Received: {path}."
        )
    return labelled.measure(predictor, Path(path))


def _over_test_set(predictor: Predictor) -> Evaluation:
    card = predictor.run.card
    if not card.metrics:
        or_else = (
            ""
            if card.foreign is None
            else " Or evaluate it on a dataset: "
            f"python -m core evaluate-on --run {card.id} --dataset D."
        )
        raise RunError(
            f"The run {card.id!r} has no test set here. {card.why_unmeasured} Give `--images "
            f"FOLDER`, with a folder per class.{or_else}"
        )
    side = datasets.side_for(card.dataset, card.input_shape[0])
    dataset = datasets.load(card.dataset, card.validation_fraction, side=side)
    if dataset.fingerprint() != card.dataset_fingerprint:
        raise DatasetError(
            f"The dataset {card.dataset!r} is not the one run {card.id!r} was trained on: "
            "its fingerprint differs. Train the run again to compare."
        )
    if card.foreign is None:
        return evaluate(dataset.y_test, predictor.probabilities(dataset.x_test))
    shape = tuple(card.input_shape)
    images = fit_batch(np.asarray(dataset.x_test), shape, card.fit)
    return evaluate(dataset.y_test, predictor.probabilities(images))
