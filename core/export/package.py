"""The download of a run: its own files, labels, a README and a short program that predicts."""

from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from core import datasets, runs, stored
from core.export.texts import NETWORK, classical
from core.export.zipped import pack
from core.models import MODELS
from core.preprocessing import RECIPES
from core.runs import Run
from core.serving import FEATURES_FILE, TRUSTED_TYPES

README, LABELS, PREDICT, NEEDS = "README.txt", "labels.txt", "predict.py", "requirements.txt"
_FEATURES = "core.models.features"  # its source is read, since to import it takes scikit-learn
_MOST_BYTES = 4 * 2**30  # of one file
_WIDTH = 90


def as_zip(run: Run) -> bytes:
    """All of `files` as one zip, in a folder named like the run.

    Raises:
        StoredError: if a file of the run cannot be read.
    """
    return pack((f"{run.id}/{name}", content) for name, content in files(run))


def files(run: Run) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file; what lies beside the run's files is none of its.

    An ensemble has no model of its own: it has a README that names its members.
    """
    yield README, _readme(run).encode()
    yield LABELS, "".join(f"{' '.join(name.split())}\n" for name in run.card.class_names).encode()
    if not run.card.members:
        yield PREDICT, _program(run).encode()
        yield NEEDS, "".join(f"{name}=={pin}\n" for name, pin in _packages(run)).encode()
        if _uses_hog(run):
            yield from _hog_files()
    for name in sorted([runs.CARD, *run.card.files]):
        if (run.folder / name).is_file():
            yield name, stored.read_bytes(run.folder / name, _MOST_BYTES)


def _program(run: Run) -> str:
    height, width, channels = run.card.input_shape
    if run.card.family == "network":
        text = NETWORK
    else:
        text = classical(TRUSTED_TYPES, FEATURES_FILE if _looks_through(run) else "")
    mode = "L" if channels == 1 else "RGB"
    return text.replace("MODE", repr(mode).replace("'", '"')).replace(
        "SHAPE", f"({height}, {width}, {channels})"
    )


def _looks_through(run: Run) -> bool:
    """Whether a classical model looks through a pretrained network."""
    return FEATURES_FILE in run.card.files


def _uses_hog(run: Run) -> bool:
    return run.card.family == "classical" and run.card.hyperparameters.get("features") == "hog"


def _hog_files() -> Iterator[tuple[str, bytes]]:
    """The one class of the studio that a stored model may consist of, where it is looked for."""
    yield "core/__init__.py", b""
    yield "core/models/__init__.py", b""
    yield "core/models/features.py", Path(find_spec(_FEATURES).origin).read_bytes()


def _packages(run: Run) -> list[tuple[str, str]]:
    """What `predict.py` needs, with the versions that trained the model."""
    names = ["numpy", "pillow"]
    if run.card.family == "network" or _looks_through(run):
        names.append("ai-edge-litert")
    if run.card.family == "classical":
        names += ["scikit-learn", "skops"]
    if _uses_hog(run):
        names.append("scikit-image")
    return [(name, run.card.versions.get(name) or version(name)) for name in names]


def _readme(run: Run) -> str:
    card = run.card
    height, width, channels = card.input_shape
    model = MODELS[card.model].title if card.model in MODELS else card.model
    colours = "grey (1 channel)" if channels == 1 else "in colour (3 channels: red, green, blue)"
    parts = [
        _headed(run.id, "=") + f"A trained model from the Classification Studio: {model}.",
        _headed("Accuracy") + f"Trained on {datasets.title_of(card.dataset)}. Test accuracy: "
        f"{card.metrics['accuracy']:.2%} of {card.metrics['test_size']:,} test images.",
        _headed("Classes") + "\n".join(f"{i}  {name}" for i, name in enumerate(card.class_names)),
        _headed("Preprocessing") + f"Size: {width} pixels wide, {height} high, {colours}.\n"
        "Values: 0 to 255 as they are (uint8). Do not scale them: the model does.\n"
        f"Recipe in the studio: {card.preprocessing}. {_result(card.preprocessing)}",
        _members(run) if card.members else _usage(run),
        _headed("More")
        + "card.json holds all settings and metrics. In the studio, docs/index.md lists all "
        "documentation;\ndocs/models.md describes the models and docs/datasets.md the datasets.",
    ]
    return "\n\n".join(parts) + "\n"


def _result(recipe: str) -> str:
    return RECIPES[recipe].result if recipe in RECIPES else ""


def _headed(title: str, line: str = "-") -> str:
    return f"{title}\n{line * len(title)}\n"


def _usage(run: Run) -> str:
    needed = "\n".join(f"    {name}=={pin}" for name, pin in _packages(run))
    return (
        _headed("How to use it")
        + "With Python 3.11 or newer, in this folder:\n\n"
        + f"    pip install -r {NEEDS}\n    python {PREDICT} image.png\n\n"
        + "It prints the predicted class and a probability for each class. It needs:\n\n"
        + f"{needed}\n\n{PREDICT} brings an image to the right size by cropping its middle. "
        "Prepare it as above first\nif it was not taken from the dataset."
    )


_VOTES = {
    "soft": "The vote is the mean of their\nprobabilities, each with its weight.",
    "hard": "Each votes for its most\nprobable class, with its weight.",
}


def _members(run: Run) -> str:
    called = runs.names_of_ids(one["id"] for one in run.card.members)
    members = "\n".join(
        f"    {called[one['id']]}: {one['id']}.zip, weight {one['weight']:.2f}"
        for one in run.card.members
    )
    return (
        _headed("How to use it")
        + "This is an ensemble: it has no model of its own, and its prediction is a vote of\n\n"
        + f"{members}\n\nSo there is no {PREDICT} here. Download each of these in the studio: "
        "each zip holds a\nmodel and a program that predicts with it. "
        + _VOTES[run.card.hyperparameters["vote"]]
    )
