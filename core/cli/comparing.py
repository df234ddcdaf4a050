"""The command that compares runs: `compare`."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from core import comparison, datasets, report, runs
from core.cli.output import print_json, print_table, say_cautions, write_file
from core.comparison import Compared, written
from core.errors import RunError
from core.evaluation import few_in_split

_COLUMNS = ("accuracy", "accuracy_low", "accuracy_high", "f1", "log_loss", "seconds")
_COLUMNS += ("latency_seconds", "file_bytes")


def add_commands(commands) -> None:
    text = "compare runs that were evaluated on the same test set"
    command = commands.add_parser("compare", help=text, description=text)
    command.add_argument("runs", nargs="+", metavar="ID", help="two or more runs; see `runs`")
    command.add_argument("--json", action="store_true", help="print all metrics as JSON")
    command.add_argument(
        "--out",
        metavar="F",
        help="write a report (.html) or the metrics (.csv, .json) to this file",
    )
    command.set_defaults(handler=compare)


def compare(options: argparse.Namespace) -> int:
    cards = [runs.load(name) for name in dict.fromkeys(options.runs)]
    parted = comparison.groups(cards)
    if len(parted) > 1:
        groups = "; ".join(", ".join(run.id for run in group) for group in parted.values())
        raise RunError(
            f"Only runs with the same test set can be compared. These belong together: {groups}."
        )
    found = [comparison.compared(run) for run in cards]
    if options.out:
        _write(Path(options.out), found)
    if options.json:
        print_json(json.loads(report.as_json(found)))
        return 0
    header = ("run", *(comparison.METRICS[name].title.lower() for name in _COLUMNS))
    ranked = sorted(found, key=lambda one: -one.metrics["accuracy"])
    rows = [(one.id, *(written(name, one.metrics[name]) for name in _COLUMNS)) for one in ranked]
    print_table(header, rows)
    if ahead := comparison.leaders(found):
        called = {one.id: one.id for one in found}  # what commands take
        print_table((comparison.sentence(ahead, called),), [])
    say_cautions(few_in_split(found[0].evaluation.support, cards[0].card.class_names, "test"))
    if options.out:
        print_table((f"Wrote {options.out}.",), [])
    return 0


def _write(path: Path, found: Sequence[Compared]) -> None:
    makers: dict[str, Callable[[], str]] = {
        ".html": lambda: report.as_html(found, datasets.title_of(found[0].run.card.dataset)),
        ".csv": lambda: report.as_csv(found),
        ".json": lambda: report.as_json(found) + "\n",
    }
    if path.suffix.lower() not in makers:
        raise RunError(f"`--out` must end in .html, .csv or .json. Received: {str(path)!r}.")
    make = makers[path.suffix.lower()]
    write_file(path, lambda: make().encode("utf-8", "replace"), RunError)
