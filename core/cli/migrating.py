"""The command that updates files of an earlier version: `migrate`."""

import argparse

from core import datasets, jobs, runs
from core.cli.output import print_json, print_table, say_left_out


def add_commands(commands) -> None:
    text = "update files that an earlier version of the studio has stored"
    command = commands.add_parser("migrate", help=text, description=text)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(handler=migrate)


def migrate(options: argparse.Namespace) -> int:
    """Runs, datasets and jobs; models, images and metrics stay as they are."""
    found = {"runs": runs.migrate(), "datasets": datasets.migrate(), "jobs": jobs.migrate()}
    if options.json:
        print_json(found)
    elif any(found.values()):
        rows = [(kind, name) for kind, names in found.items() for name in names]
        print_table(("kind", "updated"), rows)
    else:
        print_table(("Everything is up to date.",), [])
    damaged = {
        "run": [(one.id, one.reason) for one in runs.list_damaged()],
        "dataset": [(one.name, one.reason) for one in datasets.list_damaged()],
    }
    for kind, entries in damaged.items():
        say_left_out(kind, entries)
    return 1 if any(damaged.values()) else 0
