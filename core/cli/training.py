"""The command that trains: `train`."""

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

from core.cli.output import print_json, print_table, say_cautions
from core.errors import ModelError
from core.evaluation import cautions
from core.files import open_regular
from core.jobs import submit
from core.progress import Reporter
from core.training import Progress, TrainConfig, train
from core.training.train import find_same
from core.units import duration, percent

_MOST_CONFIG = 100_000  # bytes
_DEEPEST = 10  # levels of a configuration; two are in use


def add_commands(commands) -> None:
    text = "train a model and save it as a run"
    command = commands.add_parser("train", help=text, description=text)
    command.add_argument("--dataset", help="dataset to train on; see `datasets`")
    command.add_argument("--model", help="model to train; see `models`")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a hyperparameter, or `seed` or `validation_fraction`; may be repeated",
    )
    command.add_argument(
        "--preset", metavar="NAME", help="hyperparameters of a known network; see `models`"
    )
    command.add_argument("--config", metavar="F.yaml", help="read these options from a YAML file")
    command.add_argument(
        "--name", metavar="TITLE", help="title of the run; its id is derived from it"
    )
    command.add_argument(
        "--reuse",
        action="store_true",
        help="return an existing run of the same configuration, if there is one",
    )
    command.add_argument("--json", action="store_true", help="print the run's card")
    command.add_argument(
        "--background",
        action="store_true",
        help="train in a background job and return at once; see `jobs`",
    )
    command.set_defaults(handler=run_train)


def run_train(options: argparse.Namespace) -> int:
    config = read_config(options)
    run = find_same(config) if options.reuse else None
    if run is None and options.background:
        job = submit("train", config.to_mapping())
        if options.json:
            print_json({"job": job.id})
        else:
            print_table((f"job {job.id}",), [])
        return 0
    if run is None:
        run = train(config, Reporter(_ProgressPrinter()))
    if options.json:
        print_json(asdict(run.card))
    else:
        metrics = run.card.metrics
        print_table(
            ("run", "test accuracy", "validation accuracy", "training time"),
            [
                (
                    run.id,
                    percent(metrics["accuracy"], 2),
                    percent(metrics["val_accuracy"], 2),
                    duration(run.card.seconds),
                )
            ],
        )
        say_cautions(cautions(run.evaluation("test"), run.card.class_names))
    return 0


def read_config(options: argparse.Namespace) -> TrainConfig:
    """The configuration of the file, overruled by what the command line says.

    Raises:
        StudioError: if anything in it is not allowed.
    """
    values = _read_yaml(options.config) if options.config else {}
    hyperparameters = values.get("hyperparameters") or {}
    if not isinstance(hyperparameters, dict):
        raise ModelError("`hyperparameters` in the configuration must map names to values.")
    for entry in options.set:
        name, equals, text = entry.partition("=")
        if not equals:
            raise ModelError(f"`--set` takes NAME=VALUE. Received: {entry!r}.")
        if name == "seed":
            values["seed"] = _number(name, text, int)
        elif name == "validation_fraction":
            values[name] = _number(name, text, float)
        else:
            hyperparameters[name] = text
    values["hyperparameters"] = hyperparameters
    for name in ("dataset", "model", "name"):
        if getattr(options, name) is not None:
            values[name] = getattr(options, name)
    return TrainConfig.from_mapping(values, options.preset)


def _read_yaml(path: str) -> dict:
    import yaml

    try:
        with open_regular(Path(path)) as file:
            text = file.read(_MOST_CONFIG + 1).decode("utf-8")
        _check_simple(text)
        values = yaml.safe_load(text)
    except (OSError, RecursionError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        reason = reason.rstrip(".")
        raise ModelError(f"The configuration {path} cannot be read: {reason}.") from error
    if not isinstance(values, dict):
        raise ModelError(f"The configuration {path} must map names to values.")
    return values


def _check_simple(text: str) -> None:
    """A configuration is a few names and values; what would unfold to more is not built at all.

    Raises:
        ValueError: if it is large, deeply nested, or refers to itself.
    """
    import yaml

    if len(text) > _MOST_CONFIG:
        raise ValueError(f"at most {_MOST_CONFIG // 1000} kB are allowed")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError(f"it is nested deeper than {_DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f"references (*{event.anchor}) are not allowed; write the value out")


def _number(name: str, text: str, kind: type) -> int | float:
    try:
        return kind(text)
    except ValueError as error:
        raise ModelError(f"`{name}` must be a number. Received: {text!r}.") from error


class _ProgressPrinter:
    """Writes a line for each point of the training curve, and one whenever the stage changes."""

    def __init__(self) -> None:
        self.stage, self.points, self.begun = "", 0, time.perf_counter()

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self.stage and progress.stage != "done":
            sys.stderr.write(f"{progress.stage} …\n")
        elapsed = time.perf_counter() - self.begun
        for point in progress.history[self.points :]:
            figures = "  ".join(f"{name} {value:.4g}" for name, value in point.items())
            sys.stderr.write(f"{elapsed:6.0f} s  {figures}\n")
        self.points = max(self.points, len(progress.history))
        self.stage = progress.stage
        sys.stderr.flush()
