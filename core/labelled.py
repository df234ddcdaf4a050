"""Somebody's own labelled images, a folder per class, shown to a run: how well does it do?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

import numpy as np

from core import stored
from core.datasets.choices import same_class
from core.datasets.hidden import belongs_to_a_system
from core.datasets.refusals import by_name, why
from core.datasets.sources import Entry, open_source
from core.errors import DatasetError, ImageError, JobError, StoredError, disk_sentence
from core.evaluation import Evaluation, evaluate
from core.images import SUFFIXES, decode
from core.progress import Progress, Reporter
from core.runs import Run, labels_by_name
from core.serving import Predictor
from core.stored import Count, Text

_PREDICTIONS, _FILES = "predictions.npz", "files.json"
_PREDICTIONS_1 = "answers.npz"  # as the first version called the file
_ARRAYS = {"labels": ("iu", 1), "probabilities": ("f", 2)}
_MOST_LIST, _MOST_PREDICTIONS = 256 * 2**20, 2**30  # bytes
_MOST_NAMED = 20  # classes, in a sentence
_SHOWN_PIXELS = 500_000  # of an image that is only shown: more than any page has room for
_LISTS = ("paths", "refused", "elsewhere", "others")


@dataclass(frozen=True)
class Labelled:
    """The predictions of a run on labelled images.

    Attributes:
        evaluation: labels and probabilities, a row for each image that was read.
        paths: where those images are in the folder or zip.
        refused: images that could not be read: where they are, and why.
        elsewhere: images that lie in no folder named like a class, and were passed over.
        others: files that are no images by their names: where they are, and why.
    """

    evaluation: Evaluation
    paths: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()
    elsewhere: int = 0
    others: tuple[tuple[str, str], ...] = ()


def measure(
    predictor: Predictor,
    source: Path,
    report: Reporter = Reporter(),  # noqa: B008 - frozen
) -> Labelled:
    """Show labelled images to a run, each as any other image is shown to it.

    Args:
        predictor: of the run.
        source: a folder or zip with folders named like the classes of the run, at any depth. Of a
            run that knows ids of its classes, folders may be named by these or by other names of
            a class, and files may begin with an id: `n02099712_dog.jpg`.
        report: told how far it is; may stop it.

    Raises:
        DatasetError: if the source is refused or holds no readable image of a class.
        Cancelled: if it was asked to stop.
    """
    known = KnownLabels.of(predictor.run)
    labels, rows, paths, refused = [], [], [], []
    with open_source(source) as entries:
        mine = [entry for entry in entries if not belongs_to_a_system(entry.path)]
        placed = [(entry, known.label_of(entry.path)) for entry in mine if is_image(entry)]
        others = tuple((e.path, by_name(e.path)) for e in mine if not is_image(e))
        inside = [(entry, label) for entry, label in placed if label is not None]
        for number, (entry, label) in enumerate(inside):
            note = f"{number:,} of {len(inside):,} images"
            report(Progress("predicting", fraction=number / len(inside), note=note))
            try:
                rows.append(_prediction(predictor, entry))
            except ImageError as error:
                refused.append((entry.path, str(error)))
                continue
            labels.append(label)
            paths.append(entry.path)
    if not labels:
        reason = f" {why([*refused, *others])}" if refused or others else ""
        raise DatasetError(
            f"No readable image of a class was found in {source.name}.{reason} It must hold "
            f"folders named {known.described}."
        )
    elsewhere = len(placed) - len(inside)
    return Labelled(evaluate(labels, rows), tuple(paths), tuple(refused), elsewhere, others)


def read(source: Path, paths: Sequence[str]) -> list[np.ndarray | None]:
    """Some of the images, uint8, reduced for being shown; None for one that is gone.

    Raises:
        DatasetError: if the folder or zip is gone or is refused.
    """
    with open_source(source) as entries:
        known = {entry.path: entry for entry in entries}
        return [_decoded(known.get(path)) for path in paths]


def save(found: Labelled, folder: Path) -> None:
    """Save the predictions in a folder.

    Raises:
        JobError: if nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = {name: getattr(found, name) for name in _LISTS}
        stored.write_json(folder / _FILES, files)
        np.savez_compressed(
            folder / _PREDICTIONS,
            labels=found.evaluation.labels,
            probabilities=found.evaluation.probabilities,
        )
        (folder / _PREDICTIONS_1).unlink(missing_ok=True)
    except OSError as error:
        raise JobError(disk_sentence(error, folder)) from error


@dataclass(frozen=True)
class _Files:
    """What `files.json` holds; see `Labelled`."""

    paths: tuple[Text, ...]
    refused: tuple[tuple[Text, Text], ...]
    elsewhere: Count
    others: tuple[tuple[Text, Text], ...] = ()


def is_in(folder: Path) -> bool:
    """Whether `save` has kept something there."""
    return (folder / _FILES).is_file()


def load(folder: Path, classes: int | None = None) -> Labelled:
    """What `save` has kept.

    Args:
        folder: where.
        classes: of the run that predicted; None if any number will do.

    Raises:
        JobError: if it is missing, damaged or about other classes.
    """
    try:
        files = stored.read_as(folder / _FILES, _Files, _MOST_LIST)
        name = _PREDICTIONS_1 if (folder / _PREDICTIONS_1).exists() else _PREDICTIONS
        arrays = stored.read_arrays(folder / name, _ARRAYS, _MOST_PREDICTIONS)
        evaluation = evaluate(arrays["labels"], arrays["probabilities"])
        if len(files.paths) != len(evaluation.labels) or not len(evaluation.labels):
            raise StoredError("its lists are not equally long")
        if classes not in (None, evaluation.classes):
            raise StoredError(f"they are about {evaluation.classes} classes, not {classes}")
        if not 0 <= evaluation.labels.min() <= evaluation.labels.max() < evaluation.classes:
            raise StoredError("a label is not a class")
        if not ((evaluation.probabilities >= 0) & (evaluation.probabilities <= 1)).all():
            raise StoredError("a probability is not within 0 to 1")
        return Labelled(evaluation, **vars(files))
    except (ValueError, StoredError) as error:
        raise JobError(f"The predictions in {folder.name} cannot be read: {error}.") from error


def is_image(entry: Entry) -> bool:
    """Whether a file is an image by its name."""
    return Path(entry.path).suffix.lower() in SUFFIXES


@dataclass(frozen=True)
class KnownLabels:
    """By which names of folders and files images say which class they show.

    Attributes:
        class_names: those of the run.
        folders: the class of each name of a folder.
        ids: the class of each id that the name of a file may begin with.
    """

    class_names: tuple[str, ...]
    folders: Mapping[str, int]
    ids: Mapping[str, int]

    @classmethod
    def of(cls, run: Run) -> "KnownLabels":
        """Those of a run.

        Raises:
            RunError: if what it knows of its classes is damaged.
        """
        entries = run.classes()
        names = tuple(run.card.class_names)
        labels = labels_by_name(names, entries)
        folders: dict[str, int] = {}
        for simple in (same_class, _plain):
            for name, label in labels.items():
                folders.setdefault(simple(name), label)
        folders |= {_plain(name): label for label, name in enumerate(names)}
        return cls(names, folders, {e.id: label for label, e in enumerate(entries or ())})

    @property
    def described(self) -> str:
        """The names of folders, for a sentence."""
        listed = ", ".join(self.class_names[:_MOST_NAMED])
        more = len(self.class_names) - _MOST_NAMED
        listed += f" and {more:,} more" if more > 0 else ""
        example = next(iter(self.ids), "")
        return f"{listed}; or files named like {example}_1.jpg" if example else listed

    def label_of(self, path: str) -> int | None:
        """The class of an image: that of the outermost folder named like one, else of the id that
        its name begins with; None without one."""
        *folders, file = path.split("/")
        for folder in map(_plain, folders):
            for name in (folder, same_class(folder)):
                if name in self.folders:
                    return self.folders[name]
        return self.ids.get(Path(file).stem.split("_")[0])


def _plain(name: str) -> str:
    """An accent in one way, however the system that packed it writes it."""
    return normalize("NFC", name).strip()


def _prediction(predictor: Predictor, entry: Entry) -> np.ndarray:
    result = predictor.predict(decode(entry.read()))
    if len(result.predictions) > 1:
        raise ImageError(f"It is recognised as {len(result.predictions)} digits, not one.")
    return result.predictions[0].probabilities


def _decoded(entry: Entry | None) -> np.ndarray | None:
    try:
        return None if entry is None else decode(entry.read(), _SHOWN_PIXELS)
    except ImageError:
        return None
