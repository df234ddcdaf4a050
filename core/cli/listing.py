"""The commands that list: `models`, `runs`."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from types import NoneType

from core import runs
from core.cli.output import print_json, print_table, say_left_out
from core.cli.work import follow
from core.jobs import submit
from core.models import MODELS, transfer
from core.param import Value
from core.units import accuracy, duration


def add_commands(commands) -> None:
    for name, handler, text in (
        ("models", list_models, "list the models and their hyperparameters"),
        ("runs", list_runs, "list the runs, with their test accuracy"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(handler=handler)
        if name == "models":
            _add_actions(command)


def _add_actions(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION")
    text = "download the weights of a pretrained network"
    action = actions.add_parser("download", help=text, description=text)
    action.add_argument(
        "backbone", metavar="NAME", choices=sorted(transfer.BACKBONES), help="which one"
    )
    action.set_defaults(handler=download)


def download(options: argparse.Namespace) -> int:
    return follow(submit("weights", {"backbone": options.backbone}))


def list_models(options: argparse.Namespace) -> int:
    if options.json:
        specs = [asdict(spec).items() for spec in MODELS.values()]
        functions = (Callable, NoneType)  # what is done with it, rather than what it is
        print_json([{k: v for k, v in spec if not isinstance(v, functions)} for spec in specs])
    else:
        print_table(
            ("name", "hyperparameters and defaults", "presets", "description"),
            [
                (
                    spec.name,
                    " ".join(f"{param.name}={_plain(param.default)}" for param in spec.params),
                    "; ".join(f"{one.name} ({one.title})" for one in spec.presets.values()) or "–",
                    spec.summary,
                )
                for spec in MODELS.values()
            ],
        )
    return 0


def _plain(value: Value) -> str:
    """A default as it is written after `--set`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def list_runs(options: argparse.Namespace) -> int:
    cards = [run.card for run in runs.list_runs()]
    say_left_out("run", ((damaged.id, damaged.reason) for damaged in runs.list_damaged()))
    if options.json:
        print_json(
            [
                {
                    "id": card.id,
                    "owner": card.owner,
                    "dataset": card.dataset,
                    "model": card.model,
                    "accuracy": card.accuracy,
                    "published": asdict(card.published) if card.published else None,
                    "classes": list(card.class_names),
                    "input_shape": list(card.input_shape),
                    "hyperparameters": card.hyperparameters,
                    "seed": card.seed,
                    "seconds": card.seconds,
                    "created": card.created,
                }
                for card in cards
            ]
        )
    elif not cards:
        print_table(("No runs yet. Train one: python -m core train --help",), [])
    else:
        print_table(
            ("run", "dataset", "model", "test accuracy", "training time"),
            [
                (
                    card.id,
                    card.dataset,
                    card.model,
                    accuracy(card.metrics),
                    duration(card.seconds) if card.seconds else "–",
                )
                for card in cards
            ],
        )
    return 0
