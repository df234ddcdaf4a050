"""What `config.json` and `status.json` of a job may hold."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from core import stored
from core.errors import StoredError
from core.jobs import formats
from core.stored import Count, Fraction, Name, Number, Seed, Setting, Text

CONFIG, STATUS = "config.json", "status.json"
_MOST_STATUS = 16 * 2**20  # bytes: a training curve grows with its training


@dataclass(frozen=True)
class Config:
    """What a job is to do; never changed."""

    kind: Name
    settings: dict[str, Any]
    owner: Name
    network: Text = ""
    expected: Annotated[float, Ge(0), Le(1e9)] = 0.0


@dataclass(frozen=True)
class Status:
    """How far a job is; the fields are those of `core.jobs.Job`."""

    state: Literal["queued", "running", "done", "cancelled", "failed"]
    stage: Text = ""
    epoch: Count = 0
    epochs: Count = 0
    fraction: Annotated[float, Ge(0), Le(1e6)] = 0.0
    fraction_before: Annotated[float, Ge(0), Le(1e6)] = 0.0
    stage_since: Text = ""
    metrics: dict[Name, Number] = field(default_factory=dict)
    note: Text = ""
    history: tuple[dict[Name, Number], ...] = ()
    result: dict[Name, Setting] = field(default_factory=dict)
    error: Text = ""
    times: dict[Name, Text] = field(default_factory=dict)
    tries: Count = 0


@dataclass(frozen=True)
class _Download:
    dataset: Name


@dataclass(frozen=True)
class _Weights:
    backbone: Name


@dataclass(frozen=True)
class _Import:
    name: Name
    title: Text = ""
    path: Text = ""
    upload: Text = ""
    choices: dict[Name, bool | Text | tuple[Text, ...] | dict[Text, Text]] = field(
        default_factory=dict
    )


@dataclass(frozen=True)
class _Evaluate:
    run: Name
    path: Text = ""
    upload: Text = ""


@dataclass(frozen=True)
class _Export:
    run: Name
    format: Name
    path: Text = ""
    upload: Text = ""


@dataclass(frozen=True)
class _ImportModel:
    name: Name
    classes: tuple[Text, ...] = ()
    input: dict[Name, Text] = field(default_factory=dict)
    path: Text = ""
    upload: Text = ""


@dataclass(frozen=True)
class _EvaluateOn:
    run: Name
    dataset: Name


@dataclass(frozen=True)
class _Robustness:
    runs: tuple[Name, ...]
    corruption: Name
    images: Count
    seed: Seed = 0


@dataclass(frozen=True)
class _Train:
    dataset: Name
    model: Name
    hyperparameters: dict[Name, Setting] = field(default_factory=dict)
    name: Name | None = None
    seed: Seed = 0
    validation_fraction: Fraction | None = None


@dataclass(frozen=True)
class _Result:
    """Whatever any kind of job says of what it made."""

    dataset: Name = "-"
    backbone: Name = "-"
    run: Name = "-"
    corruption: Name = "-"
    format: Name = "-"
    file: Name = "-"
    images: Count = 0
    classes: Count = 0
    skipped: Count = 0
    ignored: Count = 0
    refused: Count = 0
    bytes: Count = 0
    runs: Count = 0
    accuracy: Fraction = 0.0
    input: Text = ""


SETTINGS: dict[str, type] = {
    "download": _Download,
    "weights": _Weights,
    "import": _Import,
    "evaluate": _Evaluate,
    "export": _Export,
    "import-model": _ImportModel,
    "evaluate-on": _EvaluateOn,
    "robustness": _Robustness,
    "train": _Train,
}


def read_config(folder: Path) -> Config:
    """The configuration of the job in a folder.

    Raises:
        StoredError: if it cannot be read, or its settings are not those of its kind.
    """
    content = stored.read_json(folder / CONFIG)
    content = stored.bring_up(content, formats.CONFIGS, unmarked=formats.UNMARKED)
    config = stored.check(content, Config)
    check_settings(config.kind, config.settings)
    return config


def write_config(folder: Path, config: Config) -> None:
    """Write what the job in a folder is to do."""
    version = {stored.VERSION: stored.current_version(formats.CONFIGS)}
    stored.write_json(folder / CONFIG, asdict(config) | version)


def write_status(folder: Path, status: Status) -> None:
    """Write how far the job in a folder is; readers see the old or the new one, never a half."""
    version = {stored.VERSION: stored.current_version(formats.STATUSES)}
    stored.write_json(folder / STATUS, asdict(status) | version)


def check_settings(kind: str, settings: Mapping[str, Any]) -> None:
    """Raise `StoredError` unless these settings have the types that the kind of job needs."""
    if kind not in SETTINGS:
        known = ", ".join(sorted(SETTINGS))
        raise StoredError(f"its kind must be one of {known}. Received: {kind[:50]!r}")
    stored.check(stored.parse_json(json.dumps(dict(settings))), SETTINGS[kind])


def read_status(folder: Path) -> Status:
    """The status of the job in a folder.

    Raises:
        StoredError: if it cannot be read.
    """
    content = stored.read_json(folder / STATUS, _MOST_STATUS)
    content = stored.bring_up(content, formats.STATUSES, unmarked=formats.UNMARKED)
    status = stored.check(content, Status)
    stored.check(status.result, _Result)
    for name, time in (*status.times.items(), ("stage", status.stage_since)):
        try:
            aware = not time or datetime.fromisoformat(time).tzinfo is not None
        except ValueError:
            aware = False
        if not aware:
            told = "must be in ISO 8601 with a zone"
            raise StoredError(f"the time of {name} {told}. Received: {time!r}")
    return status
