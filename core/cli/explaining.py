"""The command that says why: `explain`, an image with what speaks for a class."""

import argparse
from pathlib import Path

from core import batch, explain, runs
from core.cli.output import print_json, write_file
from core.cli.predict import DEFAULT_RUN
from core.errors import StudioError
from core.images import encode_png
from core.serving import load_predictor

_OPACITY = 0.7


def add_commands(commands) -> None:
    text = "explain a prediction: draw over an image what speaks for a class"
    command = commands.add_parser("explain", help=text, description=text)
    command.add_argument("path", metavar="IMAGE", help="an image file")
    command.add_argument(
        "--run", default=DEFAULT_RUN, metavar="ID", help="run to ask; default: %(default)s"
    )
    command.add_argument(
        "--class",
        dest="class_name",
        default="",
        metavar="C",
        help="class to ask about, also one that was not predicted; default: the predicted class",
    )
    command.add_argument(
        "--method",
        default="",
        choices=tuple(explain.METHODS),
        metavar="M",
        help=f"{', '.join(explain.METHODS)}; default: the one that suits the run",
    )
    command.add_argument(
        "--digit", type=int, default=1, metavar="N", help="which of several digits, from 1"
    )
    command.add_argument(
        "--opacity",
        type=float,
        default=_OPACITY,
        metavar="O",
        help="of the colours, 0 to 1; default: %(default)s",
    )
    command.add_argument("--out", metavar="F", help="PNG file to write", required=True)
    command.set_defaults(handler=run_explain)


def run_explain(options: argparse.Namespace) -> int:
    if not 0 <= options.opacity <= 1:
        raise StudioError(f"--opacity must be from 0 to 1. Received: {options.opacity:g}.")
    out = Path(options.out)
    if out.suffix.lower() != ".png":
        raise StudioError(f"--out must end in .png. Received: {options.out}.")
    predictor = load_predictor(runs.load(options.run))
    image = batch.read_image(Path(options.path))
    found = explain.explain_image(
        predictor,
        image,
        explain.Question(options.class_name, options.method, options.digit, options.opacity),
    )
    write_file(out, lambda: encode_png(found.drawn), StudioError)
    print_json({"path": options.path, **found.as_dict(), "file": str(out)}, indent=None)
    return 0
