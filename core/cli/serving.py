"""The command that serves the REST API: `api`."""

import argparse

from core.errors import Interrupted, StudioError

_MOST_PORT, _MOST_WORKERS = 65535, 64


def add_commands(commands) -> None:
    text = "serve the REST API"
    command = commands.add_parser("api", help=text, description=text)
    command.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="H",
        help="name or IP address to listen at; by default this machine alone",
    )
    command.add_argument(
        "--port",
        type=int,
        default=8000,
        metavar="P",
        help="port to listen at, 0 for any free one; default: %(default)s",
    )
    command.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that share the work; default: %(default)s",
    )
    command.set_defaults(handler=run_api)


def run_api(options: argparse.Namespace) -> int:
    from core.api import server

    for name, value, least, most in (
        ("--port", options.port, 0, _MOST_PORT),
        ("--workers", options.workers, 1, _MOST_WORKERS),
    ):
        if not least <= value <= most:
            raise StudioError(f"`{name}` must be {least} to {most:,}. Received: {value}.")
    try:
        server.serve(options.host, options.port, options.workers)
    except (Interrupted, KeyboardInterrupt):
        return 0
    return 0
