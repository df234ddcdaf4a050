"""The command that writes a run for other programs: `export`."""

import argparse
import sys
from pathlib import Path

from core import export, units
from core.cli.output import print_json, print_table
from core.export import FORMATS, Export
from core.progress import Progress, Reporter


def add_commands(commands) -> None:
    text = "export a run for other programs, and prove that it predicts the same there"
    command = commands.add_parser("export", help=text, description=text)
    command.add_argument("--run", required=True, metavar="ID", help="see `runs`")
    command.add_argument(
        "--format", required=True, choices=list(FORMATS), help="format of the file"
    )
    command.add_argument("--out", required=True, metavar="FILE", help="file to write")
    command.add_argument(
        "--images",
        metavar="FOLDER",
        help="images to prove it with, best in a folder per class; by default those that the run "
        "has stored",
    )
    command.add_argument("--json", action="store_true", help="print the proof as JSON")
    command.set_defaults(handler=run_export)


def run_export(options: argparse.Namespace) -> int:
    images = Path(options.images).expanduser() if options.images else None
    report = Reporter(_Teller(), cancelled="The export was cancelled; nothing was written.")
    found = export.export(options.run, options.format, Path(options.out), images, report)
    if options.json:
        print_json(
            {
                "run": options.run,
                "format": found.format,
                "path": str(found.path),
                "bytes": found.bytes,
                "proof": found.proof.as_dict(),
            }
        )
        return 0
    print_table(("", "export", "studio"), _rows(found))
    if found.proof.how:
        print_table((found.proof.how,), [])
    print_table((f"Wrote {options.out}.",), [])
    return 0


def _rows(found: Export) -> list[tuple[str, str, str]]:
    proof = found.proof
    rows = [
        ("size", units.file_size(found.bytes), ""),
        ("same predicted class", f"{units.percent(proof.agreement)} of {proof.images} images", ""),
        ("largest difference", f"{proof.largest_difference:.2g}", ""),
        (
            "time for one image",
            units.duration(proof.latency_seconds),
            units.duration(proof.studio_latency_seconds),
        ),
    ]
    if proof.prepared_agreement is not None:
        agreement = units.percent(proof.prepared_agreement)
        rows.insert(2, ("same, image files prepared", f"{agreement} of {proof.images} images", ""))
    if proof.accuracy is not None:
        low, high = units.percent(proof.accuracy_low), units.percent(proof.accuracy_high)
        here = f"{units.percent(proof.accuracy)} ({low} to {high})"
        rows.append(("accuracy", here, units.percent(proof.studio_accuracy)))
    return rows


class _Teller:
    """Writes a line whenever another stage begins."""

    def __init__(self) -> None:
        self.stage = ""

    def __call__(self, progress: Progress) -> None:
        if progress.stage not in (self.stage, "done"):
            sys.stderr.write(f"{progress.stage} …\n")
            sys.stderr.flush()
        self.stage = progress.stage
