"""The commands about models from elsewhere: `import-model`, `evaluate-on`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from core import files, foreign, jobs, runs, units
from core.cli.output import print_json, print_table
from core.cli.work import finished
from core.errors import ForeignError
from core.foreign import CHOICES, PACKAGE, SUFFIXES
from core.runs import Run

_MOST_NAMES = 4 * 2**20  # bytes of a file of class names


def add_commands(commands) -> None:
    text = "import a model that was trained elsewhere; it is opened in a process of its own"
    command = commands.add_parser("import-model", help=text, description=text)
    command.add_argument(
        "file",
        metavar="FILE",
        help=f"package (zip) of another studio, or {', '.join(SUFFIXES)}",
    )
    command.add_argument("--name", required=True, metavar="N", help="name of the run")
    classes = command.add_mutually_exclusive_group()
    classes.add_argument(
        "--classes", metavar="A,B,C", help="names of the classes, in the order of the outputs"
    )
    classes.add_argument("--classes-file", metavar="F", help="the same, one a line of a file")
    command.add_argument(
        "--input",
        default="",
        metavar="NAME=VALUE,…",
        help="what the model takes and gives: size=HEIGHTxWIDTHxCHANNELS, "
        + ", ".join(f"{name}={'|'.join(choice.values)}" for name, choice in CHOICES.items())
        + "; by default the size that the file says, and the first of each",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(handler=run_import)

    text = "evaluate an imported model on a dataset with its classes, so that it can be compared"
    command = commands.add_parser("evaluate-on", help=text, description=text)
    command.add_argument("--run", required=True, metavar="ID", help="see `runs`")
    command.add_argument("--dataset", required=True, metavar="NAME", help="see `datasets`")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(handler=run_evaluation)


def run_import(options: argparse.Namespace) -> int:
    path = Path(options.file).expanduser().absolute()
    settings: dict[str, Any] = {"path": str(path), "name": options.name}
    if names := _classes(options):
        settings["classes"] = list(names)
    if said := foreign.parsed_input(options.input):
        settings["input"] = said
    job = finished(jobs.submit("import-model", settings))
    _print(runs.load(job.result["run"]), options.json)
    return 0


def _classes(options: argparse.Namespace) -> tuple[str, ...]:
    if options.classes is not None:
        return foreign.parsed_classes(options.classes.replace(",", "\n"))
    if options.classes_file is None:
        return ()
    path = Path(options.classes_file).expanduser()
    try:
        with files.open_regular(path) as file:
            return foreign.parsed_classes(file.read(_MOST_NAMES).decode("utf-8"))
    except OSError as error:
        raise ForeignError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ForeignError(f"{path} must hold the class names as UTF-8 text.") from error


def run_evaluation(options: argparse.Namespace) -> int:
    settings = {"run": options.run, "dataset": options.dataset}
    finished(jobs.submit("evaluate-on", settings))
    run = runs.load(options.run)
    if options.json:
        print_json({"run": run.id, "dataset": run.card.dataset, "metrics": dict(run.card.metrics)})
        return 0
    print_table(
        ("run", "dataset", "test accuracy"),
        [(run.id, run.card.dataset, units.accuracy(run.card.metrics))],
    )
    return 0


def _print(run: Run, as_json: bool) -> None:
    card = run.card
    if as_json:
        print_json(
            {
                "run": run.id,
                "format": card.foreign.format,
                "file": card.foreign.file,
                "classes": list(card.class_names),
                "input_shape": list(card.input_shape),
                "pixels": card.foreign.pixels,
                "order": card.foreign.order,
                "layout": card.foreign.layout,
                "fit": card.foreign.fit,
                "output": card.foreign.output,
                "preprocessing": card.preprocessing,
                "accuracy": card.accuracy,
            }
        )
        return
    shape = "x".join(map(str, card.input_shape))
    rows = [(run.id, card.foreign.format, shape, len(card.class_names), card.foreign.output)]
    print_table(("run", "format", "input", "classes", "output"), rows)
    if card.foreign.format != PACKAGE:
        sys.stderr.write(
            f"Next: python -m core evaluate-on --run {run.id} --dataset NAME, or "
            f"python -m core evaluate --run {run.id} --images FOLDER\n"
        )
