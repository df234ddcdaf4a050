"""`model.py` of an export: the functions that open its files, printed from `conversion.opening`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core import runs, serving
from core.conversion import opening
from core.errors import RunError
from core.models.shared_params import EDGES
from core.runs import Run
from core.script import Listing, literal
from core.serving import FEATURES_FILE

BASE_PACKAGES = ("numpy", "pillow")
IMAGING_PACKAGES = ("opencv-python-headless",)
_PACKAGES = {
    opening.open_keras: ("tensorflow", "keras"),
    opening.open_tflite: ("ai-edge-litert",),
    opening.open_onnx: ("onnxruntime",),
    opening.open_graph: ("onnxruntime",),
    opening.open_skops: ("scikit-learn", "skops"),
    opening.open_trees: (),
    opening.open_neighbours: (),
}
_SERVED = {
    "model.tflite": opening.open_tflite,
    "model.onnx": opening.open_graph,
    "trees.npz": opening.open_trees,
    "neighbours.npz": opening.open_neighbours,
    "model.skops": opening.open_skops,
}
_SHOWN = (
    "core.conversion.opening",
    "core.evaluation.voting",
    "core.models.hog",
    "core.serving.features",
    "core.serving.models",
    "core.serving.neighbours",
    "core.serving.onnx",
    "core.serving.trees",
)
_AS_READ = dict.fromkeys(("Features", "Graph", "Neighbours", "Trees"), "SimpleNamespace")
_HOG_MODULE = "core.models.features"  # its source is read, since to import it takes scikit-learn


@dataclass(frozen=True)
class Opening:
    """How the files of a model are opened.

    Attributes:
        expression: Python that opens them, in which `HERE` is their folder.
        functions: that it calls.
        files: where each of them is now, by its name in that folder.
        packages: that this takes beside `BASE_PACKAGES`.
        known: values that decide which branches of the functions are printed.
        more: other files that it takes, by name.
    """

    expression: str
    functions: tuple[Callable, ...]
    files: dict[str, Path]
    packages: tuple[str, ...]
    known: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, bytes] = field(default_factory=dict)


def of_file(path: Path, open_file: Callable, of_rows: bool = False) -> Opening:
    """How a file that holds all of a model is opened, by a function of `conversion.opening`."""
    expression = f'{open_file.__name__}(HERE / "{path.name}")'
    functions: tuple[Callable, ...] = (open_file,)
    if of_rows:
        expression, functions = f"of_rows({expression})", (*functions, opening.of_rows)
    return Opening(expression, functions, {path.name: path}, _PACKAGES[open_file])


def of_run(run: Run) -> Opening:
    """How the files that serve a run are opened.

    Raises:
        RunError: if one of them, or of a member of an ensemble, is missing or was changed.
    """
    return _of_members(run) if run.card.members else _of_served(run, "")


def _of_served(run: Run, inside: str) -> Opening:
    path = serving.model_path(run)
    open_file = _SERVED[path.name]
    functions, packages = [open_file], [*_PACKAGES[open_file]]
    files = {f"{inside}{path.name}": path}
    expression = f'{open_file.__name__}(HERE / "{inside}{path.name}")'
    if run.card.family == "classical":
        look = ""
        if FEATURES_FILE in run.card.files:
            files[f"{inside}{FEATURES_FILE}"] = run.file(FEATURES_FILE)
            functions.append(opening.open_tflite)
            packages += _PACKAGES[opening.open_tflite]
            look = f', open_tflite(HERE / "{inside}{FEATURES_FILE}")'
        functions.append(opening.of_rows)
        expression = f"of_rows({expression}{look})"
    more = _hog_class(run) if path.name == "model.skops" else {}
    packages += ["scikit-image"] * bool(more)
    return Opening(expression, tuple(functions), files, tuple(packages), _known(path), more)


def _of_members(run: Run) -> Opening:
    members = []
    for member in run.card.members:
        one = runs.load(member["id"])
        if serving.model_sha256(one) != member["sha256"]:
            raise RunError(f"The run {one.id!r}, a member of {run.id!r}, was replaced since.")
        members.append(_of_served(one, f"members/{one.id}/"))
    weights = [round(member["weight"], 9) for member in run.card.members]
    listed = "".join(f"            {one.expression},\n" for one in members)
    kind = literal(run.card.hyperparameters["vote"])
    return Opening(
        f"of_votes(\n        [\n{listed}        ],\n        {weights},\n        {kind},\n    )",
        (*(function for one in members for function in one.functions), opening.of_votes),
        {name: path for one in members for name, path in one.files.items()},
        tuple(dict.fromkeys(package for one in members for package in one.packages)),
        more={name: content for one in members for name, content in one.more.items()},
    )


def _known(path: Path) -> dict[str, Any]:
    """What a file says of itself, by the names of variables in the functions that open it."""
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            settings = opening.settings_of(bytes(arrays["settings"]))
        return {"features": settings.features}
    if path.name == "model.onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        graph = opening.settings_of(session.get_modelmeta().custom_metadata_map["studio"])
        return {"graph": graph, "features": graph.features}
    return {}


def _hog_class(run: Run) -> dict[str, bytes]:
    """The one class of the studio that a stored model may consist of, where it is looked for."""
    if run.card.hyperparameters.get("features") not in EDGES:
        return {}
    return {
        "core/__init__.py": b"",
        "core/models/__init__.py": b"",
        "core/models/features.py": Path(find_spec(_HOG_MODULE).origin).read_bytes(),
    }


def model_program(run: Run, opened: Opening) -> str:
    """The source of `model.py`, whose `load_model` opens the files beside it."""
    replaced = {**_AS_READ, "Function": "Callable"}
    listing = Listing(_SHOWN, opened.known, replaced)
    listing.constants += [
        "HERE = Path(__file__).resolve().parent",
        f"INPUT_SHAPE = {tuple(run.card.input_shape)}  # height, width, channels",
        f"PREPROCESSING = {literal(run.card.preprocessing)}",
        'LABELS = (HERE / "labels.txt").read_text(encoding="utf-8").splitlines()',
    ]
    listing.uses("from pathlib import Path")
    listing.uses("from collections.abc import Callable")
    listing.uses("import numpy as np")
    for function in dict.fromkeys(opened.functions):
        listing.add(function)
    end = (
        "def load_model() -> Callable[[np.ndarray], np.ndarray]:\n"
        '    """A function from images, uint8 (N, H, W, C), to probabilities, float32 (N, K)."""'
        f"\n    return {opened.expression}"
    )
    return listing.text("The model: opens its files and predicts, without the studio.", end)


def requirements(opened: Opening, imaging: bool) -> str:
    """The lines of `requirements.txt`, pinned to the versions that the proof was made with."""
    names = [*BASE_PACKAGES, *(IMAGING_PACKAGES if imaging else ()), *opened.packages]
    return "".join(f"{name}=={installed(name)}\n" for name in dict.fromkeys(names))


def installed(package: str) -> str:
    """The installed version; `tensorflow-cpu` counts as TensorFlow."""
    try:
        return version(package)
    except PackageNotFoundError:
        return version(f"{package}-cpu")
