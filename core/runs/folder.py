"""The folder that a training leaves behind: whole or absent.

saved_models/<id>/
├── card.json         what was trained, on what, how, and how well it does
├── model.tflite      a network as it is served      (model.skops for classical models)
├── model.keras       the same network as Keras keeps it
├── evaluation.npz    labels and probabilities on validation and test
├── replay.npz        of a network: its predictions for a few images, epoch by epoch; optional
├── samples.npz       some training and test images, to prove exports with; older runs lack it
└── classes.tsv       other names and groups of the classes; most runs lack it
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from core import drafts, names, settings, stored, visitors
from core.errors import RunError, StoredError, disk_sentence, unknown
from core.evaluation import Evaluation
from core.runs import evaluations
from core.runs.card import RunCard
from core.runs.classes import CLASSES, ClassEntry, read_classes
from core.runs.samples import SAMPLES, Samples, read_samples

CARD, EVALUATION = "card.json", "evaluation.npz"
_DRAFTS = ".drafts"


@dataclass(frozen=True)
class Run:
    """A run: its card and its folder."""

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

    @property
    def title(self) -> str:
        """What it is called where people read it."""
        return self.card.title or self.id

    def evaluation(self, split: str = "test") -> Evaluation:
        """The stored predictions on `val` or `test`.

        Raises:
            RunError: if the split is unknown, the file is missing, changed or damaged, or it
                was not evaluated here.
        """
        if not self.card.metrics:
            why = f"{self.card.why_unmeasured} {self.card.how_to_measure}"
            raise RunError(f"The run {self.id!r} has no metrics. {why}")
        if split not in ("val", "test"):
            raise RunError(f"A run stores its predictions on val and test. Received: {split!r}.")
        return evaluations.read(self.file(EVALUATION), self.card)[split]

    def samples(self) -> Samples | None:
        """The sample images; None if the run was trained before runs stored any, or has no model.

        Raises:
            RunError: if the file is missing, changed or damaged.
        """
        if SAMPLES not in self.card.files:
            return None
        return read_samples(self.file(SAMPLES), self.card)

    def classes(self) -> tuple[ClassEntry, ...] | None:
        """Other names and groups of its classes, in their order; None if it knows none.

        Raises:
            RunError: if the file is missing, changed or damaged.
        """
        if CLASSES not in self.card.files:
            return None
        names = tuple(self.card.class_names)
        return read_classes(self.file(CLASSES), self.card.files[CLASSES], names)


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
                folder = stack.enter_context(
                    drafts.draft(settings.current().runs_dir / _DRAFTS, run_id)
                )
            except OSError as error:
                reason = disk_sentence(error, settings.current().runs_dir)
                raise RunError(
                    f"{reason} Runs are kept there; STUDIO_RUNS_DIR may name another folder."
                ) from error
            yield folder
    finally:
        clear_up()


def clear_up() -> None:
    """Remove what killed processes of training and deletion left behind."""
    drafts.sweep(settings.current().runs_dir / _DRAFTS)
    drafts.sweep_removed(settings.current().runs_dir)
    with suppress(OSError):
        (settings.current().runs_dir / _DRAFTS).rmdir()  # unless another training is at work


def save(
    card: RunCard, folder: Path, val: Evaluation | None = None, test: Evaluation | None = None
) -> Run:
    """Complete the draft in `folder` and rename it into place.

    Args:
        card: of the run; the digests of its files are filled in.
        folder: the draft.
        val, test: predictions on both splits; None for an imported model, which has none yet, or
            whose draft holds them already.

    Raises:
        RunError: if a run of that name has appeared meanwhile.
    """
    try:
        if val is not None and test is not None:
            evaluations.write(folder / EVALUATION, val, test)
        files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
        card = replace(card, files=files)
        (folder / CARD).write_text(card.to_json(), encoding="utf-8")
        folder.chmod(0o755)
    except OSError as error:
        raise RunError(disk_sentence(error, settings.current().runs_dir)) from error
    target = settings.current().runs_dir / card.id
    try:
        os.rename(folder, target)
    except OSError as error:
        if not os.path.lexists(target):
            raise RunError(disk_sentence(error, settings.current().runs_dir)) from error
        raise RunError(f"There is already a run named {card.id!r}. Choose another name.") from error
    return Run(card, target)


@dataclass(frozen=True)
class Damaged:
    """A folder that should hold a run, and why it cannot be read."""

    id: str
    reason: str


def places() -> tuple[Path, ...]:
    """The folders that runs lie in, each once, that of the bundled ones first."""
    now = settings.current()
    return tuple(dict.fromkeys((now.bundled_runs_dir, now.runs_dir)))


def list_runs() -> list[Run]:
    """Every whole run that the current visitor may see, bundled ones first, then by name."""
    return [run for run in list_everybodys() if visitors.may_see(run.card.owner)]


def list_everybodys() -> list[Run]:
    """Every whole run, whoever asks, bundled ones first, then by name."""
    everybodys = [run for run in _walk() if isinstance(run, Run)]
    return sorted(everybodys, key=lambda run: (run.card.owner != visitors.STUDIO, run.id))


def list_damaged() -> list[Damaged]:
    """Every folder among the runs whose card cannot be read, by name."""
    return sorted((d for d in _walk() if isinstance(d, Damaged)), key=lambda d: d.id)


def _walk() -> Iterator[Run | Damaged]:
    seen = set()
    for parent in places():
        if parent.is_dir() and not os.access(parent, os.R_OK | os.X_OK):
            yield Damaged(parent.name, f"The folder {parent} cannot be read.")
        for folder in drafts.inside(parent):
            if folder.name in seen or not names.ID.fullmatch(folder.name) or os.path.isfile(folder):
                continue
            seen.add(folder.name)
            try:
                yield read_run(folder)
            except RunError as error:
                if visitors.current() == visitors.OWNER:
                    yield Damaged(folder.name, str(error))


def load(run_id: str) -> Run:
    """The run of that name.

    Raises:
        RunError: if there is none, or its card cannot be read.
    """
    if names.ID.fullmatch(run_id):
        for parent in places():
            if is_place(parent / run_id):
                run = read_run(parent / run_id)
                if visitors.may_see(run.card.owner):
                    return run
    raise RunError(unknown("run", run_id, (run.id for run in list_runs())))


def check_free(run_id: str) -> None:
    """Raise `RunError` if the name is not allowed or is taken."""
    check_name(run_id)
    for parent in places():
        _refuse_if_in(parent, run_id)


def _refuse_if_in(parent: Path, run_id: str) -> None:
    if os.path.lexists(parent / run_id):
        raise RunError(f"There is already a run named {run_id!r}. Choose another name.")


def id_of(title: str) -> str:
    """The id of the current visitor's run with that title: “My model no. 2” → `my-model-no-2`.

    Raises:
        RunError: if nothing can be called that.
    """
    if not names.is_title(title):
        raise RunError(
            f"The name of a model is 1 to {names.MOST_OF_TITLE} characters. Received: "
            f"{str(title)[:50]!r}."
        )
    return visitors.id_of(title, "model")


def free_id(title: str) -> str:
    """The id that a new run with that title gets.

    Raises:
        RunError: if nothing can be called that, or there is one already.
    """
    run_id = id_of(title)
    bundled = settings.current().bundled_runs_dir
    _refuse_if_in(bundled, names.to_id(title, "model"))  # their ids are in use for everybody
    check_free(run_id)
    return run_id


def check_name(run_id: str) -> None:
    """Raise `RunError` if no run can have that name."""
    if not isinstance(run_id, str) or not names.ID.fullmatch(run_id):
        raise RunError(
            "The name of a run is 1 to 64 lower-case letters, digits, hyphens and underscores, "
            f"beginning with a letter or digit. Received: {run_id!r}."
        )


def checked(path: Path, expected_sha256: str) -> Path:
    """The path of a run's file; raises `RunError` if it is missing or was changed."""
    try:
        same = path.is_file() and sha256(path) == expected_sha256
    except OSError:
        same = False
    if not same:
        raise RunError(
            f"The file {path.name} of run {path.parent.name!r} is missing or was changed after "
            f"training. Delete {path.parent} and train again."
        )
    return path


def sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_place(path: Path) -> bool:
    """Whether a run should be there; a plain file among the runs is none."""
    return os.path.lexists(path) and not os.path.isfile(path)


def read_run(folder: Path) -> Run:
    """The run in a folder, whoever owns it; raises `RunError` if its card cannot be read."""
    try:
        card = RunCard.from_json(stored.read_text(folder / CARD))
    except StoredError as error:
        raise RunError(f"The card of run {folder.name!r} cannot be read: {error}.") from error
    return Run(replace(card, id=folder.name), folder)
