"""The folder a finished training leaves behind: whole or absent.

saved_models/<id>/
├── card.json         what was trained, on what, how, and how well it does
├── model.tflite      a network as it is served      (model.skops for classical models)
├── model.keras       the same network as Keras keeps it
└── evaluation.npz    labels and probabilities on validation and test
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import drafts
from core.errors import RunError, unknown
from core.evaluation import Evaluation, evaluate
from core.settings import settings

FORMAT_VERSION = 1
SHIPPED = ("mnist-cnn", "mnist-logistic-regression", "mnist-random-forest", "digits-random-forest")
AXES = ("epoch", "iteration", "trees", "rounds", "pictures")
FAMILIES = ("network", "classical")
CARD, EVALUATION = "card.json", "evaluation.npz"
_DRAFTS = ".drafts"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class RunCard:
    """Everything about a run that is not an array.

    Attributes:
        id: name of the run and of its folder.
        owner: `studio` for runs that came with it, else `you`.
        dataset, dataset_fingerprint: what it was trained on.
        class_names: output `i` of the model means `class_names[i]`.
        input_shape: height, width, channels of a picture.
        preprocessing: recipe in `core.preprocessing` for any other picture.
        model, family, hyperparameters: what was trained.
        history: the learning curve, one dict of figures per point; what it is drawn over is one
            of `AXES`.
        metrics: `accuracy` (0-1), `log_loss`, `precision`, `recall` and `f1` (means over the
            classes) on the test set, `val_…` on validation, `test_size`, `train_size`.
        seconds: how long the training took.
        seed, validation_fraction, versions, created: what is needed to do it again.
        files: SHA-256 of every other file of the run.
        format_version: version of this layout.
    """

    id: str
    owner: str
    dataset: str
    dataset_fingerprint: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    preprocessing: str
    model: str
    family: str
    hyperparameters: dict[str, Any]
    history: tuple[dict[str, float], ...]
    metrics: dict[str, float]
    seconds: float
    seed: int
    validation_fraction: float
    versions: dict[str, str]
    created: str
    files: dict[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def axis(self) -> str:
        """What its learning curve is drawn over, one of `AXES`."""
        first = self.history[0] if self.history else {}
        return next((axis for axis in AXES if axis in first), AXES[0])

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunCard":
        """Read a card.

        Raises:
            ValueError: if it is not JSON, of a newer format, or a field is missing.
        """
        content = json.loads(text)
        if not isinstance(content, dict) or content.get("format_version") != FORMAT_VERSION:
            raise ValueError(f"its format version is not {FORMAT_VERSION}")
        known = {f.name for f in fields(cls)}
        if missing := known - content.keys():
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        content = {name: content[name] for name in known}
        for name in ("class_names", "input_shape", "history"):
            content[name] = tuple(content[name])
        card = cls(**content)
        if not all(isinstance(d, dict) for d in (card.metrics, card.files, card.hyperparameters)):
            raise ValueError("its metrics, files and hyperparameters must map names to values")
        if not all(isinstance(card.metrics.get(n), int | float) for n in ("accuracy", "test_size")):
            raise ValueError("its metrics lack a number for accuracy or test_size")
        if card.family not in FAMILIES:
            raise ValueError(f"its family must be {' or '.join(FAMILIES)}, not {card.family!r}")
        return card


@dataclass(frozen=True)
class Run:
    """A finished training: its card and the folder it lies in."""

    card: RunCard
    folder: Path

    @property
    def id(self) -> str:
        return self.card.id

    def file(self, name: str) -> Path:
        """Path of one of the run's files, checked against the card's SHA-256.

        Raises:
            RunError: if the run has no such file, or it was changed since.
        """
        if name not in self.card.files:
            raise RunError(unknown(f"file of run {self.id}", name, self.card.files))
        return checked(self.folder / name, self.card.files[name])

    def evaluation(self, split: str = "test") -> Evaluation:
        """The stored answers on `val` or `test`.

        Raises:
            RunError: if the split is unknown or the file is missing or changed.
        """
        if split not in ("val", "test"):
            raise RunError(f"A run keeps its answers on val and test. Received: {split!r}.")
        with np.load(self.file(EVALUATION)) as arrays:
            return evaluate(arrays[f"y_{split}"], arrays[f"probabilities_{split}"])


@contextmanager
def draft(run_id: str) -> Iterator[Path]:
    """A folder beside the runs to write a new one into; unless it is saved, it goes away.

    Raises:
        RunError: if the name is not allowed or already taken.
    """
    check_free(run_id)
    try:
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(drafts.draft(settings.runs_dir / _DRAFTS, run_id))
            except OSError as error:
                raise RunError(
                    f"Runs are kept in {settings.runs_dir}, but nothing can be written there: "
                    f"{error.strerror}. Set STUDIO_RUNS_DIR to a folder of yours."
                ) from error
            yield folder
    finally:
        clear_up()


def clear_up() -> None:
    """Remove what trainings left behind whose process was killed."""
    drafts.sweep(settings.runs_dir / _DRAFTS)
    with suppress(OSError):
        (settings.runs_dir / _DRAFTS).rmdir()  # unless another training is at work


def save(card: RunCard, folder: Path, val: Evaluation, test: Evaluation) -> Run:
    """Complete the draft in `folder` and rename it into place.

    Raises:
        RunError: if a run of that name has appeared meanwhile.
    """
    np.savez_compressed(
        folder / EVALUATION,
        y_val=val.labels,
        probabilities_val=val.probabilities,
        y_test=test.labels,
        probabilities_test=test.probabilities,
    )
    files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    card = replace(card, files=files)
    (folder / CARD).write_text(card.to_json(), encoding="utf-8")
    folder.chmod(0o755)
    target = settings.runs_dir / card.id
    try:
        os.rename(folder, target)
    except OSError as error:
        raise RunError(f"There is already a run named {card.id!r}. Choose another name.") from error
    return Run(card, target)


def list_runs() -> list[Run]:
    """Every whole run, shipped ones first, then by name; damaged ones are left out."""
    found: dict[str, Run] = {}
    for parent in (settings.shipped_runs_dir, settings.runs_dir):
        if not parent.is_dir():
            continue
        for folder in sorted(parent.iterdir()):
            if folder.name in found or not _ID.fullmatch(folder.name):
                continue
            try:
                found[folder.name] = _read(folder)
            except RunError:
                continue
    return sorted(found.values(), key=lambda run: (run.card.owner != "studio", run.id))


def load(run_id: str) -> Run:
    """The run of that name.

    Raises:
        RunError: if there is none, or its card cannot be read.
    """
    if _ID.fullmatch(run_id):
        for parent in (settings.shipped_runs_dir, settings.runs_dir):
            if (parent / run_id).is_dir():
                return _read(parent / run_id)
    raise RunError(unknown("run", run_id, (run.id for run in list_runs())))


def delete(run_id: str) -> None:
    """Remove one of your runs for good.

    Raises:
        RunError: if there is none, or it came with the studio.
    """
    run = load(run_id)
    _must_be_yours(run, "deleted")
    doomed = Path(tempfile.mkdtemp(prefix=f".{run_id}-deleted-", dir=run.folder.parent))
    os.rename(run.folder, doomed / run_id)  # gone at once, however long the files take
    shutil.rmtree(doomed, ignore_errors=True)


def rename(run_id: str, new_id: str) -> Run:
    """Give one of your runs another name.

    Raises:
        RunError: if there is none, it came with the studio, or the new name cannot be used.
    """
    run = load(run_id)
    _must_be_yours(run, "renamed")
    check_free(new_id)
    card = replace(run.card, id=new_id)
    fresh = run.folder / (CARD + ".new")
    fresh.write_text(card.to_json(), encoding="utf-8")
    target = run.folder.with_name(new_id)
    os.rename(run.folder, target)
    os.replace(target / fresh.name, target / CARD)
    return Run(card, target)


def check_free(run_id: str) -> None:
    """Raise `RunError` if the name is not allowed or is taken."""
    check_name(run_id)
    for parent in (settings.shipped_runs_dir, settings.runs_dir):
        if (parent / run_id).exists():
            raise RunError(f"There is already a run named {run_id!r}. Choose another name.")


def check_name(run_id: str) -> None:
    """Raise `RunError` if no run can have that name."""
    if not isinstance(run_id, str) or not _ID.fullmatch(run_id):
        raise RunError(
            "The name of a run is 1 to 64 lower-case letters, digits, hyphens and underscores, "
            f"beginning with a letter or digit. Received: {run_id!r}."
        )


def checked(path: Path, expected_sha256: str) -> Path:
    """The path of a run's file; raises `RunError` if it is missing or was changed."""
    if not path.is_file() or sha256(path) != expected_sha256:
        raise RunError(
            f"The file {path.name} of run {path.parent.name!r} is missing or was changed after "
            f"training. Delete {path.parent} and train again."
        )
    return path


def sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _must_be_yours(run: Run, verb: str) -> None:
    if run.card.owner == "studio":
        raise RunError(f"The run {run.id!r} came with the studio and cannot be {verb}.")


def _read(folder: Path) -> Run:
    try:
        card = RunCard.from_json((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"The card of run {folder.name!r} cannot be read: {error}.") from error
    return Run(replace(card, id=folder.name), folder)
