"""The commands about runs: `plot`, `delete`, `script`."""

import argparse
from pathlib import Path

from core import runs
from core.cli.output import as_png, print_table, write_file
from core.errors import RunError
from core.evaluation import best_point
from core.training.script import script_of


def add_commands(commands) -> None:
    text = "plot the training curve and the confusion matrix of a run"
    command = commands.add_parser("plot", help=text, description=text)
    command.add_argument("--run", required=True, metavar="ID", help="see `runs`")
    command.add_argument("--out", required=True, metavar="F.png", help="image file to write")
    command.set_defaults(handler=plot)

    text = "delete one of your runs permanently"
    command = commands.add_parser("delete", help=text, description=text)
    command.add_argument("id", metavar="ID", help="see `runs`")
    command.set_defaults(handler=delete)

    text = "print a plain Python script that trains the model of a run"
    command = commands.add_parser("script", help=text, description=text)
    command.add_argument("--run", required=True, metavar="ID", help="see `runs`")
    command.set_defaults(handler=script)


def plot(options: argparse.Namespace) -> int:
    from core.plots import run_figure

    run, path = runs.load(options.run), Path(options.out)
    if path.suffix.lower() != ".png":
        raise RunError(f"`--out` must end in .png. Received: {options.out!r}.")
    best = best_point(run.card.history) if run.card.history else None
    write_file(path, lambda: as_png(run_figure(run, best)), RunError)
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
        raise RunError(f"{card.id!r} is an ensemble of {names}. Ask for the script of a member.")
    print_table((script_of(card),), [])
    return 0
