"""The formats that a run can be exported in: one entry each."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.conversion import networks, opening
from core.conversion.whole_graph import write_whole_graph
from core.errors import ExportError, unknown
from core.export import programs, web_page, web_proof
from core.export.programs import Opening
from core.export.proof import Predicted, Proof
from core.models.shared_params import EDGES
from core.progress import Reporter
from core.runs import Run
from core.serving import FEATURES_FILE, MODEL_FILES

PACKAGE = "package"
_SKOPS = MODEL_FILES["classical"]
_IN_FRONT = (
    "it predicts from {what}, which are computed before the model and do not fit in the file"
)


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: what it is asked for by.
        title: what it is called on a page.
        help: what it is good for, a sentence or two.
        suffix: of the file's name.
        refusal: why a run has no such file, a clause; empty if it has one.
        write: writes the file, given a file of the run (`source`), the file to write, and training
            images, uint8 `(N, H, W, C)`. None for the package, which holds the files that serve.
        opens: how the file is opened without the studio.
        tensorflow: whether writing it takes TensorFlow.
        made_from: name of the run's file that it is made from; by default the trained model.
        prove: predicts the images beside the file, for one that is no matter of Python.
        with_proof: puts what the proof has found into the content of the file.
    """

    name: str
    title: str
    help: str
    suffix: str
    refusal: Callable[[Run], str]
    write: Callable[[Run], Callable[[Path, Path, np.ndarray], None]] | None = None
    opens: Callable[[Run, Path], Opening] | None = None
    tensorflow: bool = False
    made_from: str = ""
    prove: Callable[[Path, Reporter], Predicted] | None = None
    with_proof: Callable[[bytes, Proof], bytes] | None = None

    def refusal_of(self, run: Run) -> str:
        """Why a run has no such file, a clause; empty if it has one."""
        if run.card.foreign is not None:
            return "it was imported, and its process gives out predictions only; use its own file"
        return self.refusal(run)

    def source(self, run: Run) -> str:
        if self.made_from:
            return self.made_from
        return networks.KERAS if run.card.family == "network" else _SKOPS


def _only_networks(run: Run) -> str:
    if run.card.family != "network":
        return "only networks have this format"
    return "" if networks.KERAS in run.card.files else f"it lacks {networks.KERAS}"


def _only_classical(run: Run) -> str:
    if run.card.family != "classical":
        return "only classical models have this format"
    if run.card.hyperparameters.get("features") in EDGES:
        return _IN_FRONT.format(what="edges (HOG)")
    if FEATURES_FILE in run.card.files:
        return _IN_FRONT.format(what="features of a backbone")
    return ""


def _onnx(run: Run) -> str:
    if run.card.members:
        return "an ensemble is no single model"
    if run.card.family == "network":
        return networks.lacking(networks.TF2ONNX).rstrip(".") or _only_networks(run)
    return _only_classical(run)


def _network(name: str, title: str, about: str, write: Callable, suffix: str = ".tflite") -> Format:
    open_file = opening.open_tflite if suffix == ".tflite" else opening.open_keras
    return Format(
        name,
        title,
        about,
        suffix,
        _only_networks,
        lambda run: write,
        lambda run, path: programs.of_file(path, open_file),
        tensorflow=True,
    )


def _copy(source: Path, path: Path, images: np.ndarray) -> None:
    shutil.copyfile(source, path)


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format(
            PACKAGE,
            "Package (zip)",
            "Everything to predict without the studio: the model, the preparation of images, a "
            "short program, a model card and the proof. Start with this if you are unsure.",
            ".zip",
            lambda run: "",
            opens=lambda run, path: programs.of_run(run),
        ),
        Format(
            "html",
            "Web page (one HTML file)",
            "To send to anybody: draw, upload or use the camera, and the browser classifies, "
            "without a network. It is opened from disk and needs nothing else.",
            ".html",
            web_page.refusal,
            lambda run: partial(web_page.write, run),
            lambda run, path: programs.of_file(path.with_name(web_page.MODEL), opening.open_tflite),
            made_from=web_page.MODEL,
            prove=web_proof.through_page,
            with_proof=web_page.with_proof,
        ),
        _network(
            "keras",
            "Keras",
            "The network as Keras keeps it: to train it further or change it in Python.",
            networks.write_keras,
            ".keras",
        ),
        _network(
            "h5",
            "Keras, HDF5",
            "The former format of Keras, for older programs that read .h5 files.",
            networks.write_h5,
            ".h5",
        ),
        _network(
            "tflite",
            "LiteRT (TensorFlow Lite)",
            "For phones and small computers, with full precision (32 bits).",
            partial(networks.write_tflite, weights="float32"),
        ),
        _network(
            "tflite-fp16",
            "LiteRT, 16 bits",
            "Half the size, with hardly any loss. Suits the graphics units of phones.",
            partial(networks.write_tflite, weights="float16"),
        ),
        _network(
            "tflite-dynamic",
            "LiteRT, 8-bit weights",
            "A quarter of the size: weights in 8 bits, computed with fractions.",
            partial(networks.write_tflite, weights="dynamic"),
        ),
        _network(
            "tflite-int8",
            "LiteRT, whole numbers (INT8)",
            "A quarter of the size, computed with whole numbers alone: for microcontrollers and "
            "accelerators. It is calibrated on training images, and probabilities have steps of "
            "1/256.",
            partial(networks.write_tflite, weights="int8"),
        ),
        Format(
            "onnx",
            "ONNX",
            "For ONNX Runtime, which runs in many languages, on servers and in browsers.",
            ".onnx",
            _onnx,
            lambda run: (
                networks.write_network_onnx if run.card.family == "network" else write_whole_graph
            ),
            lambda run, path: programs.of_file(path, opening.open_onnx),
            tensorflow=True,
        ),
        Format(
            "skops",
            "skops (scikit-learn)",
            "The pipeline of scikit-learn, for Python. Unlike a pickle, opening it runs no code.",
            ".skops",
            _only_classical,
            lambda run: _copy,
            lambda run, path: programs.of_file(path, opening.open_skops, of_rows=True),
        ),
    )
}


def fitting(run: Run) -> list[Format]:
    """The formats that a run can be exported in."""
    return [entry for entry in FORMATS.values() if not entry.refusal_of(run)]


def find(name: str, run: Run) -> Format:
    """The format of that name.

    Raises:
        ExportError: if there is none, or the run has no such file.
    """
    if name not in FORMATS:
        raise ExportError(unknown("format", name, FORMATS))
    if reason := FORMATS[name].refusal_of(run):
        listed = ", ".join(entry.name for entry in fitting(run)) or "none"
        raise ExportError(
            f"The run {run.id!r} cannot be exported as {name}: {reason}. Formats of this run: "
            f"{listed}."
        )
    return FORMATS[name]
