"""The commands about finished trainings: `plot`, `delete`, `script`."""

import argparse
import io
from pathlib import Path

from core import runs, stored
from core.cli.output import print_table
from core.errors import RunError, disk_sentence
from core.evaluation import best_point
from core.files import check_target
from core.training import TrainConfig
from core.training.script import as_script


def add_commands(commands) -> None:
    text = "draw the learning curve and the confusion matrix of a run as a picture"
    command = commands.add_parser("plot", help=text, description=text)
    command.add_argument("--run", required=True, metavar="ID", help="see `runs`")
    command.add_argument("--out", required=True, metavar="F.png", help="where it is written")
    command.set_defaults(handler=plot)

    text = "remove one of your runs for good"
    command = commands.add_parser("delete", help=text, description=text)
    command.add_argument("id", metavar="ID", help="see `runs`")
    command.set_defaults(handler=delete)

    text = "print a plain Python script that trains a run again"
    command = commands.add_parser("script", help=text, description=text)
    command.add_argument("--run", required=True, metavar="ID", help="see `runs`")
    command.set_defaults(handler=script)


def plot(options: argparse.Namespace) -> int:
    from core.plots import run_figure, save

    run, path = runs.load(options.run), Path(options.out)
    if path.suffix.lower() != ".png":
        raise RunError(f"`--out` must end in .png. Received: {options.out!r}.")
    best = best_point(run.card.history) if run.card.history else None
    try:
        check_target(path)
        image = io.BytesIO()
        save(run_figure(run, best), image)
        stored.write_whole(path, image.getvalue())
    except OSError as error:
        raise RunError(disk_sentence(error, path.parent)) from error
    print_table((f"Wrote {path}.",), [])
    return 0


def delete(options: argparse.Namespace) -> int:
    runs.delete(options.id)
    print_table((f"Deleted {options.id}.",), [])
    return 0


def script(options: argparse.Namespace) -> int:
    card = runs.load(options.run).card
    if card.members:
        names = ", ".join(member["id"] for member in card.members)
        raise RunError(f"{card.id!r} is an ensemble of {names}; ask for the script of a member.")
    print_table((as_script(TrainConfig.of(card)),), [])
    return 0
