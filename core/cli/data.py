"""The commands about datasets: `datasets`, `datasets show`, `download`, `delete`."""

import argparse
from pathlib import Path

from core import datasets
from core.cli.output import as_png, print_json, print_table, say_left_out, write_file
from core.cli.work import follow
from core.datasets import Overview
from core.datasets.dataset import SPLITS
from core.errors import DatasetError
from core.jobs import submit


def add_commands(commands) -> None:
    text = "list the datasets; show, download or delete one"
    command = commands.add_parser("datasets", help=text, description=text)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(handler=list_datasets)
    actions = command.add_subparsers(dest="action", metavar="ACTION")

    text = "show the number of images, sizes and samples of a dataset"
    action = actions.add_parser("show", help=text, description=text)
    action.add_argument("name", metavar="NAME", help="see `datasets`")
    action.add_argument(
        "--out", metavar="SHEET.png", help="write samples of each class to this file"
    )
    action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    action.set_defaults(handler=show)

    text = "download a dataset"
    action = actions.add_parser("download", help=text, description=text)
    action.add_argument("name", metavar="NAME", help="see `datasets`")
    action.set_defaults(handler=download)

    text = "delete an imported dataset permanently"
    action = actions.add_parser("delete", help=text, description=text)
    action.add_argument("name", metavar="NAME", help="see `datasets`")
    action.set_defaults(handler=delete)


def list_datasets(options: argparse.Namespace) -> int:
    specs = datasets.list_datasets()
    damaged = datasets.list_damaged()
    say_left_out("dataset", ((one.name, one.reason) for one in damaged))
    if options.json:
        print_json([spec.described() for spec in specs])
        return 0
    print_table(
        ("name", "classes", "training", "test", "image", "on this machine", "description"),
        [
            (
                spec.name,
                len(spec.class_names),
                f"{spec.train_size:,}",
                f"{spec.test_size:,}",
                "×".join(map(str, spec.input_shape)),
                "yes" if spec.is_here() else f"no ({spec.download_bytes / 1e6:,.0f} MB)",
                spec.summary,
            )
            for spec in specs
        ],
    )
    return 0


def show(options: argparse.Namespace) -> int:
    look = datasets.overview(options.name)
    if options.out:
        _write_sheet(look, Path(options.out))
    if options.json:
        print_json(_as_json(look))
        return 0
    header = ("class", "training", "validation", "test", "all")
    columns = [*look.counts, look.per_class]
    rows = [
        (name, *(f"{column[label]:,}" for column in columns))
        for label, name in enumerate(look.class_names)
    ]
    print_table(header, [*rows, ("all", *(f"{column.sum():,}" for column in columns))])
    remarks = [look.sizes(), look.balance(), *look.notes]
    if look.skipped:
        remarks.append(f"{len(look.skipped):,} files were left out, {look.ignored:,} ignored:")
    print_table(("",), [(remark,) for remark in remarks if remark])
    if look.skipped:
        print_table(("file left out", "why"), look.skipped)
    return 0


def _as_json(look: Overview) -> dict:
    return {
        "name": look.name,
        "title": look.title,
        "classes": {
            name: {part: int(look.counts[row, label]) for row, part in enumerate(SPLITS)}
            for label, name in enumerate(look.class_names)
        },
        "input_shape": list(look.input_shape),
        "channels": look.channels,
        "heights": [int(look.heights.min()), int(look.heights.max())],
        "widths": [int(look.widths.min()), int(look.widths.max())],
        "sizes": look.sizes(),
        "balance": look.balance(),
        "skipped": [list(entry) for entry in look.skipped],
        "ignored": look.ignored,
        "notes": list(look.notes),
    }


def _write_sheet(look: Overview, path: Path) -> None:
    from core.plots import contact_sheet

    if path.suffix.lower() != ".png":
        raise DatasetError(f"`--out` must end in .png. Received: {str(path)!r}.")
    write_file(path, lambda: as_png(contact_sheet(look)), DatasetError)


def download(options: argparse.Namespace) -> int:
    return follow(submit("download", {"dataset": options.name}))


def delete(options: argparse.Namespace) -> int:
    datasets.delete(options.name)
    print_table((f"Deleted {options.name}.",), [])
    return 0
