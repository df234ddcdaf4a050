"""A run as one HTML file that classifies images in a browser, opened from disk, without a network.

The file holds the run's own `model.tflite`, LiteRT's build for browsers (`web/vendor`), and the
preparation of images in JavaScript (`web/*.js`), all of it inlined.
"""

import base64
import gzip
import html
import json
import re
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from core import datasets, units
from core.conversion.fixed import fixed_batch
from core.evaluation import Evaluation
from core.export import web
from core.export.model_card import interval, limits, stored_evaluation
from core.export.proof import Proof
from core.names import all_shown, shown
from core.preprocessing import RECIPES, reads
from core.runs import Run

MODEL = "model.tflite"
MOST_BYTES = 10_000_000  # of a model
_WEB = Path(web.__file__).parent
_VENDOR = _WEB / "vendor"
_IMPORTS = {
    "@litertjs/core": "litert-core.js.gz",
    "@litertjs/wasm-utils": "litert-wasm-utils.js.gz",
}
_RUNTIME = "litert_wasm_compat_internal"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const) (\w+)", re.MULTILINE)
_NAMED = 8  # classes in the first sentence
_NO_PROOF = "<!-- no proof yet -->"
_LIKE_THE_STUDIO = {
    "digits": "Drawings, scans and ordinary photos of digits are prepared as in the studio. Not in "
    "this file: printed boxes and lines, a sheet on a desk, and ink that only differs in colour.",
    "clothes": "Show one piece of clothing on a plain background; it is prepared as in the studio.",
    "photos": "The middle of an image is taken, as in the studio.",
}


def refusal(run: Run) -> str:
    """Why a run has no such file, a clause; empty if it has one."""
    if run.card.members:
        return "an ensemble is no single model"
    if run.card.family != "network":
        return "only networks have this format"
    if MODEL not in run.card.files:
        return f"it lacks {MODEL}"
    if run.card.preprocessing not in RECIPES:
        return f"its preparation of images, {run.card.preprocessing!r}, is not known"
    try:
        size = (run.folder / MODEL).stat().st_size
    except OSError:
        return f"its {MODEL} cannot be read"
    if size > MOST_BYTES:
        most = units.file_size(MOST_BYTES)
        return f"its model has {units.file_size(size)}, and this format takes at most {most}"
    return ""


def write(run: Run, source: Path, path: Path, images: np.ndarray) -> None:
    """Write the page, and beside it the model that it holds, `model.tflite`.

    Args:
        run: what is written.
        source: its `model.tflite`.
        path: the file to write.
        images: not used; the page takes nothing from them.

    Raises:
        ConversionError: if the model cannot be read.
    """
    model = fixed_batch(source.read_bytes())
    path.with_name(MODEL).write_bytes(model)
    path.write_text(_page(run, model), encoding="utf-8")


def with_proof(content: bytes, proof: Proof) -> bytes:
    """The page with what its proof has found, in a sentence."""
    same = units.percent(proof.prepared_agreement or proof.agreement)
    sentence = f"Compared with the studio on {proof.images} test images: {same} are predicted "
    sentence += f"as the same class. {proof.how}"
    told = f"<p>{html.escape(sentence)}</p>"
    return content.replace(_NO_PROOF.encode(), told.encode(), 1)


def _page(run: Run, model: bytes) -> str:
    card = run.card
    about = {
        "labels": all_shown(card.class_names),
        "shape": list(card.input_shape),
        "recipe": card.preprocessing,
        "draws": reads(card.preprocessing) != "photos",
    }
    imports = {
        name: f"data:text/javascript;base64,{_base64(gzip.decompress(_vendored(file)))}"
        for name, file in _IMPORTS.items()
    }
    lead = f"Show {_takes(run)}. Your images stay on this device: the file works without a network."
    return Template((_WEB / "page.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(shown(run.title)),
        lead=html.escape(lead),
        style=(_WEB / "page.css").read_text(encoding="utf-8"),
        card=_card(run),
        about=_json(about),
        imports=_json({"imports": imports}),
        glue=_base64(_vendored(f"{_RUNTIME}.js.gz")),
        wasm=_base64(_vendored(f"{_RUNTIME}.wasm.gz")),
        model=_base64(gzip.compress(model, 9, mtime=0)),
        script=script("page"),
    )


def _takes(run: Run) -> str:
    """What an image may show, a clause."""
    if reads(run.card.preprocessing) != "photos":
        return RECIPES[run.card.preprocessing].takes
    names = all_shown(run.card.class_names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"a photo of one of its classes: {', '.join(names[:_NAMED])}{more}"


def script(*names: str) -> str:
    """Modules of the page and all that they import as one script, each in a scope of its own."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name not in ordered:
            for _, needed in _IMPORT.findall(_source(name)):
                visit(needed)
            ordered.append(name)

    for name in names:
        visit(name)
    return "\n".join(["const modules = {};", *map(_scoped, ordered)])


def _source(name: str) -> str:
    return (_WEB / f"{name}.js").read_text(encoding="utf-8")


def _scoped(name: str) -> str:
    source = _source(name)
    exported = ", ".join(found[1] for found in _EXPORT.findall(source))
    source = _IMPORT.sub(r"const \1 = modules.\2;", source)
    source = _EXPORT.sub(r"\1 \2", source)
    return f"\nmodules.{name} = (() => {{\n{source}return {{ {exported} }};\n}})();"


def _card(run: Run) -> str:
    """What the model is, how well it does and what it cannot do, as HTML."""
    evaluation = stored_evaluation(run)
    dataset = shown(datasets.title_of(run.card.dataset))
    listed = [*limits(run, evaluation), _LIKE_THE_STUDIO[reads(run.card.preprocessing)]]
    items = "".join(f"<li>{html.escape(line)}</li>\n" for line in listed)
    return (
        f"<h2>About this model</h2>\n<p>Trained on {html.escape(dataset)}"
        f"{html.escape(_measured(run, evaluation))}</p>\n{_NO_PROOF}\n"
        f"<h2>Limits</h2>\n<ul>\n{items}</ul>\n"
        "<p>Made with the Classification Studio. The model runs with LiteRT.js (Apache License "
        "2.0, https://www.apache.org/licenses/LICENSE-2.0).</p>"
    )


def _measured(run: Run, evaluation: Evaluation | None) -> str:
    """On how many images it was trained, and how well it does; the end of a sentence, and more."""
    metrics = run.card.metrics
    if not metrics:
        return f". {run.card.why_unmeasured}"
    accuracy = f"Accuracy {units.percent(metrics['accuracy'], 2)}"
    if evaluation is not None:
        accuracy = f"Accuracy {units.percent(evaluation.accuracy, 2)} (95 % interval "
        accuracy += f"{interval(evaluation)})"
    return (
        f" with {metrics.get('train_size', 0):,} images. {accuracy} on {metrics['test_size']:,} "
        "test images that it was not trained on."
    )


def _vendored(name: str) -> bytes:
    return (_VENDOR / name).read_bytes()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _json(content: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
