"""The commands about jobs: `import`, `jobs`, `cancel`, `resume`."""

import argparse
import sys
from pathlib import Path

from core import datasets, jobs
from core.cli.output import print_json, print_table
from core.datasets import Choices, LayoutError
from core.datasets.choices import CLASSES, LEAVE_OUT_SMALL
from core.datasets.refusals import TOO_SMALL
from core.errors import Cancelled, DatasetError, Interrupted, JobError
from core.jobs import Job


def add_commands(commands) -> None:
    text = "import your own images: a folder or zip with a folder per class"
    command = commands.add_parser("import", help=text, description=text)
    command.add_argument("path", metavar="PATH", help="the folder or zip")
    command.add_argument("--name", required=True, metavar="N", help="name of the dataset")
    command.add_argument("--title", default="", help="title of the dataset, as pages show it")
    command.add_argument(
        "--classes",
        choices=list(CLASSES),
        help="what the classes are, if that is unclear: outer or inner folders, or file names "
        "(cat.0.jpg)",
    )
    command.add_argument(
        "--leave-out", action="append", default=[], metavar="CLASS", help="do not import this class"
    )
    command.add_argument(
        "--leave-out-small",
        action="store_true",
        help="leave out classes with too few images instead of refusing the import",
    )
    command.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="rename a class; classes with the same name are merged",
    )
    command.set_defaults(handler=run_import)

    text = "list jobs: downloads, imports and runs in training"
    command = commands.add_parser("jobs", help=text, description=text)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(handler=list_jobs)

    text = "cancel a job"
    command = commands.add_parser("cancel", help=text, description=text)
    command.add_argument("id", metavar="ID", help="see `jobs`")
    command.set_defaults(handler=cancel)

    text = "resume a cancelled or killed job from its last checkpoint"
    command = commands.add_parser("resume", help=text, description=text)
    command.add_argument("id", metavar="ID", help="see `jobs`")
    command.set_defaults(handler=resume)


def run_import(options: argparse.Namespace) -> int:
    path = Path(options.path).expanduser().absolute()
    choices = _choices(options)
    name = datasets.free_id(options.name)
    try:
        layout = datasets.inspect(path, choices)
    except LayoutError as error:
        raise DatasetError(_with_options(error)) from error
    settings = {"path": str(path), "name": name, "title": options.title or options.name}
    if chosen := choices.to_mapping():
        settings["choices"] = chosen
    job = jobs.submit("import", settings)
    try:
        code = follow(job)
    except JobError as error:
        cure = f" Option: {LEAVE_OUT_SMALL.option}." if TOO_SMALL in str(error) else ""
        raise type(error)(f"{error}{cure}") from error
    sys.stderr.writelines(f"{note}\n" for note in layout.notes)
    return code


def _choices(options: argparse.Namespace) -> Choices:
    renamed = {}
    for entry in options.rename:
        old, equals, new = entry.partition("=")
        if not equals:
            raise DatasetError(f"`--rename` takes OLD=NEW. Received: {entry!r}.")
        renamed[old] = new
    return Choices(
        options.classes or "", tuple(options.leave_out), options.leave_out_small, renamed
    )


def _with_options(error: LayoutError) -> str:
    """The message with the options that would help."""
    if not error.remedies:
        return str(error)
    told = "; ".join(f"{remedy.option} ({remedy.title})" for remedy in error.remedies)
    return f"{error} Or choose: {told}."


def follow(job: Job) -> int:
    """Wait for a job, report its progress, print its result; Ctrl-C cancels it.

    Raises:
        Cancelled, JobError: if it was cancelled or failed.
    """
    job = finished(job)
    print_table(tuple(job.result), [tuple(job.result.values())])
    return 0


def finished(job: Job) -> Job:
    """The job when it is done; its progress is reported until then. Raises as `follow` does."""
    sys.stderr.write(f"job {job.id}\n")
    try:
        job = jobs.wait(job.id, _Follower())
    except (Interrupted, KeyboardInterrupt) as interrupt:
        jobs.cancel(job.id)
        job = jobs.wait(job.id)
        if job.state == "cancelled":
            raise Interrupted(job.error) from interrupt
    if job.state == "cancelled":
        raise Cancelled(job.error or "Cancelled before it began.")
    if job.state == "failed":
        raise JobError(job.error)
    return job


class _Follower:
    """Writes a line whenever the stage changes or a tenth more is done."""

    def __init__(self) -> None:
        self.last: tuple[str, int] = ("", 0)

    def __call__(self, job: Job) -> None:
        now = (job.stage or job.state, int(job.fraction * 10))
        if now != self.last and not job.ended:
            sys.stderr.write(f"{now[0]} … {job.note}".rstrip() + "\n")
            sys.stderr.flush()
        self.last = now


def list_jobs(options: argparse.Namespace) -> int:
    found = jobs.list_jobs()
    if options.json:
        print_json([_as_json(job) for job in found])
    elif not found:
        print_table(("No jobs yet. Start one: python -m core import --help",), [])
    else:
        print_table(
            ("job", "kind", "about", "state", "progress"),
            [
                (
                    job.id,
                    job.kind,
                    _about(job),
                    job.state,
                    job.error or job.note or job.stage,
                )
                for job in found
            ],
        )
    return 0


def _about(job: Job) -> str:
    names = ("name", "dataset", "backbone")
    return next((job.settings[name] for name in names if job.settings.get(name)), "")


def _as_json(job: Job) -> dict:
    return {
        "id": job.id,
        "kind": job.kind,
        "settings": dict(job.settings),
        "owner": job.owner,
        "state": job.state,
        "stage": job.stage,
        "fraction": job.fraction,
        "note": job.note,
        "result": dict(job.result),
        "error": job.error,
        "times": dict(job.times),
    }


def resume(options: argparse.Namespace) -> int:
    return follow(jobs.resume(options.id))


def cancel(options: argparse.Namespace) -> int:
    job = jobs.cancel(options.id)
    print_table((f"The job {job.id} was asked to stop.",), [])
    return 0
