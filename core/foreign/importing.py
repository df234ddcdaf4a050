"""A file from elsewhere becomes a run: looked at, converted, tried out, saved whole or not."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import runs, settings, visitors
from core.errors import ForeignError, disk_sentence, is_disk_error
from core.foreign import converting, files, packages
from core.foreign.description import Description
from core.foreign.files import PACKAGE, Found
from core.progress import Progress, Reporter
from core.runs import FOREIGN, Foreign, Run, RunCard
from core.serving import model_path
from core.serving.apart import Apart

_NONE = "imported"  # the dataset of a model that was not evaluated yet
_CANCELLED = "The import was cancelled; nothing was saved."
_SCRATCH = "scratch"


@dataclass(frozen=True)
class Order:
    """What is to be imported.

    Attributes:
        path: the file: `.keras`, `.h5`, `.tflite`, `.onnx`, a package, or a zip of one of them.
        title: what the run is to be called.
        classes: a name for each class; a package has its own.
        said: what is said of the input and output; see `description.CHOICES`.
    """

    path: Path
    title: str
    classes: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)


def check(order: Order) -> Found:
    """What would be imported.

    Raises:
        ForeignError: if it cannot be.
        RunError: if the name is not allowed or taken.
    """
    check_allowed()
    runs.free_id(order.title)
    found = files.look(order.path)
    if found.format != PACKAGE:
        Description.from_mapping(order.said, order.classes)
    elif order.said or order.classes:
        raise ForeignError(
            "A package says itself what its classes and its input are. Leave them out."
        )
    return found


def check_allowed() -> None:
    """Raise `ForeignError` in a public demo, which opens no models of strangers."""
    if settings.current().public:
        raise ForeignError(
            "This public demo imports no models. Run the studio on your own machine to import "
            "some: see README."
        )


def import_model(
    order: Order,
    report: Reporter = Reporter(cancelled=_CANCELLED),  # noqa: B008 - frozen
) -> Run:
    """Make a run of a file from elsewhere; it is opened in a process of its own only.

    Args:
        order: what to import.
        report: told how far it is; may stop it.

    Raises:
        ForeignError: if the file is refused, damaged, or is not what was said of it.
        RunError: if the name is not allowed or taken, or nothing can be written.
        Cancelled: if it was asked to stop.
    """
    found = check(order)
    report(Progress("reading"))
    with runs.draft(runs.free_id(order.title)) as folder:
        try:
            make = _of_package if found.format == PACKAGE else _of_file
            card = make(order, found, folder, report)
            run = runs.save(card, folder)
        except OSError as error:
            if not is_disk_error(error):
                raise
            raise ForeignError(disk_sentence(error, settings.current().runs_dir)) from error
    report.on_progress(Progress("done", fraction=1.0))
    return run


def _of_file(order: Order, found: Found, folder: Path, report: Reporter) -> RunCard:
    said = Description.from_mapping(order.said, order.classes)
    original = folder / f"model.{found.format}"
    sha256 = files.copy(order.path, original)
    served = original
    if found.format in ("keras", "h5"):
        served = folder / "model.tflite"
        scratch = folder / _SCRATCH
        scratch.mkdir()
        converting.convert(original, found.name, scratch / served.name, said.size, report)
        (scratch / served.name).rename(served)
        shutil.rmtree(scratch)
    report(Progress("trying", fraction=0.7))
    about = _tried(Apart(served, FOREIGN, said.about(), len(said.classes), check=True))
    foreign = Foreign(
        file=found.name,
        sha256=sha256,
        format=found.format,
        pixels=said.pixels,
        order=said.order,
        layout=about["layout"],
        fit=said.fit,
        output=about["output"],
    )
    return _card(order, said, foreign, served.name, tuple(about["input_shape"]))


def _tried(apart: Apart) -> dict[str, Any]:
    """What is found out about a file that is opened and predicts."""
    try:
        return apart.open()
    finally:
        apart.close()


def _of_package(order: Order, found: Found, folder: Path, report: Reporter) -> RunCard:
    card = packages.unpack(order.path, folder)
    report(Progress("trying", fraction=0.5))
    packages.check_readable(card, folder)
    path = model_path(Run(card, folder))
    shape = tuple(card.input_shape)
    apart = Apart(path, card.family, {"input_shape": shape}, len(card.class_names))
    try:
        apart.try_out(shape)
    finally:
        apart.close()
    foreign = Foreign(file=found.name, sha256=files.digest_of(order.path), format=PACKAGE)
    return packages.as_imported(card, foreign, order.title, visitors.current())


def _card(
    order: Order, said: Description, foreign: Foreign, served: str, shape: tuple[int, int, int]
) -> RunCard:
    return RunCard(
        id=runs.id_of(order.title),
        title=order.title,
        owner=visitors.current(),
        dataset=_NONE,
        dataset_fingerprint=foreign.sha256,
        class_names=said.classes,
        input_shape=shape,
        preprocessing=said.preprocessing,
        model=FOREIGN,
        family=FOREIGN,
        hyperparameters={},
        history=(),
        metrics={},
        seconds=0.0,
        seed=0,
        validation_fraction=0.0,
        versions={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        served={"file": served},
        foreign=foreign,
    )
