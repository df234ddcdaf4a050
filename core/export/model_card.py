"""The model card of a package, in Markdown: what it is, how well it does, and what it cannot do.

M. Mitchell et al. (2019), "Model cards for model reporting".
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from core import datasets, units
from core.errors import StudioError
from core.evaluation import Evaluation, cautions
from core.export.programs import Opening, requirements
from core.export.proof import Proof
from core.models import MODELS
from core.names import all_shown, shown
from core.preprocessing import RECIPES
from core.runs import Run

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_WEAKEST = 3  # classes that are named
_MOST_CLASSES = 50  # that are listed with their metrics


def plain(text: str) -> str:
    """A text of somebody's choice in one line of Markdown, without any effect."""
    return _MARKS.sub(r"\\\1", shown(text))


def model_card(run: Run, opened: Opening, proof: Proof) -> str:
    """The card as Markdown.

    Args:
        run: what is described.
        opened: how its model is opened.
        proof: of this package.
    """
    evaluation = stored_evaluation(run)
    sections = [
        f"# {plain(run.title)}",
        _about(run),
        _section("Trained on", _trained_on(run)),
        _section("Metrics", _metrics(run, evaluation)),
        _section("Limits", "\n".join(f"- {plain(line)}" for line in limits(run, evaluation))),
        _section("Classes", _classes(run, evaluation)),
        _section("Input", _input(run)),
        _section("How to use it", _usage(opened)),
        _section("Proof", _proof(proof)),
        _section("Files", _files(run, opened)),
    ]
    return "\n\n".join(sections) + "\n"


def stored_evaluation(run: Run) -> Evaluation | None:
    """Of the test set; None if it cannot be read: the model is there all the same."""
    try:
        return run.evaluation("test")
    except StudioError:
        return None


def interval(evaluation: Evaluation) -> str:
    """The 95 % interval of its accuracy, as text."""
    low, high = evaluation.accuracy_interval
    return f"{units.percent(low, 2)} to {units.percent(high, 2)}"


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _about(run: Run) -> str:
    card = run.card
    model = MODELS[card.model].title if card.model in MODELS else plain(card.model)
    members = ", ".join(f"`{m['id']}` (weight {m['weight']:.2f})" for m in card.members)
    voting = f" Members that vote ({card.hyperparameters.get('vote')}): {members}." * bool(members)
    return (
        f"A classifier of images from the Classification Studio: {model}. "
        f"It tells {len(card.class_names)} classes apart.{voting}"
    )


def _trained_on(run: Run) -> str:
    card = run.card
    title = plain(datasets.title_of(card.dataset))
    if card.published:
        return f"- Dataset: {title}, by others; its images are not part of the studio."
    lines = [
        f"- Dataset: {title} (`{card.dataset}`), fingerprint `{card.dataset_fingerprint[:16]}…`",
        f"- Training images: {card.metrics.get('train_size', 0):,}",
        f"- Seed: {card.seed}; trained {card.created[:10]} in {units.duration(card.seconds)}",
    ]
    settings = ", ".join(f"`{name}={value}`" for name, value in card.hyperparameters.items())
    return "\n".join([*lines, f"- Hyperparameters: {settings}" * bool(settings)]).rstrip()


def _metrics(run: Run, evaluation: Evaluation | None) -> str:
    metrics = run.card.metrics
    if not metrics:
        return plain(run.card.why_unmeasured)
    rows = [("Accuracy", units.percent(metrics["accuracy"], 2), "")]
    if evaluation is not None:
        rows = [("Accuracy", units.percent(evaluation.accuracy, 2), interval(evaluation))]
    for name, title in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
        if name in metrics:
            rows.append((f"{title}, mean of the classes", units.percent(metrics[name], 2), ""))
    return f"On {metrics['test_size']:,} test images that it was not trained on:\n\n" + _table(
        ("metric", "value", "95 % interval"), rows
    )


def limits(run: Run, evaluation: Evaluation | None) -> list[str]:
    """What a model cannot do, as sentences of plain text."""
    card = run.card
    lines = [
        f"It always chooses one of its {len(card.class_names)} classes, also for an image that "
        "shows none of them. Do not use a prediction with a low confidence.",
        f"The {'published figure holds' if card.published else 'metrics hold'} for images like "
        "those of its dataset. Measure it on your own images before you rely on it.",
    ]
    if evaluation is not None:
        lines += cautions(evaluation, card.class_names)
        lines += _weakest(run, evaluation)
    return lines


def _weakest(run: Run, evaluation: Evaluation) -> list[str]:
    """A sentence about the classes that are found least often."""
    recall = np.nan_to_num(evaluation.recall, nan=1.0)
    order = [i for i in np.argsort(recall, kind="stable")[:_WEAKEST] if recall[i] < 1]
    if not order:
        return []
    names = all_shown(run.card.class_names)
    listed = ", ".join(f"{names[i]} ({units.percent(recall[i])})" for i in order)
    return [f"Least often found (recall): {listed}."]


def _classes(run: Run, evaluation: Evaluation | None) -> str:
    names = [plain(name) for name in all_shown(run.card.class_names)]
    if evaluation is None or len(names) > _MOST_CLASSES:
        return "\n".join(f"{i}. {name}" for i, name in enumerate(names))
    rows = (
        (i, name, *(units.percent(value) if value == value else "" for value in values), images)
        for i, (name, *values, images) in enumerate(
            zip(names, evaluation.precision, evaluation.recall, evaluation.support, strict=True)
        )
    )
    return _table(("output", "class", "precision", "recall", "test images"), rows)


def _input(run: Run) -> str:
    height, width, channels = run.card.input_shape
    colours = "grey (1 channel)" if channels == 1 else "in colour (red, green, blue)"
    recipe = RECIPES.get(run.card.preprocessing)
    reads = recipe.takes if recipe else "one of its classes"
    result = f" {recipe.result}" if recipe else ""
    return (
        f"`predict.py` takes any image file that shows {reads}. `imaging/` prepares it as the "
        f"studio does (recipe `{run.card.preprocessing}`).\n\n"
        f"The model itself takes {width}×{height} pixels, {colours}, as numbers from 0 to 255 (do "
        f"not scale them: the model does).{result}"
    )


def _usage(opened: Opening) -> str:
    needed = requirements(opened, imaging=True).replace("\n", "\n    ").rstrip()
    return (
        "With Python 3.11 or newer, in this folder:\n\n"
        "    pip install -r requirements.txt\n"
        "    python predict.py image.png\n"
        "    python example.py FOLDER\n"
        "    python proof.py\n\n"
        f"It needs:\n\n    {needed}"
    )


def _proof(proof: Proof) -> str:
    between = ""
    if proof.accuracy is not None:
        low, high = proof.accuracy_low, proof.accuracy_high
        between = f" (95 % interval {units.percent(low)} to {units.percent(high)})"
    here = units.percent(proof.accuracy) + between if proof.accuracy is not None else "no labels"
    studio = units.percent(proof.studio_accuracy) if proof.accuracy is not None else "no labels"
    rows = [
        ("Same predicted class", units.percent(proof.agreement), ""),
        ("Largest difference of a probability", f"{proof.largest_difference:.2g}", ""),
        ("Accuracy on these images", here, studio),
        (
            "Time for one image",
            units.duration(proof.latency_seconds),
            units.duration(proof.studio_latency_seconds),
        ),
        ("Size of the model", units.file_size(proof.bytes), ""),
    ]
    if proof.prepared_agreement is not None:
        agreement = units.percent(proof.prepared_agreement)
        rows += [
            ("Same predictions for whole image files, prepared first", agreement, ""),
            ("Their largest difference", f"{proof.prepared_largest_difference:.2g}", ""),
        ]
    return (
        f"{proof.images} test images were written as PNG files (`proof/`) and predicted by the "
        "studio and by this package, in a process without the studio. `python proof.py` does it "
        "again.\n\n"
        + _table(("", "this package", "studio"), rows)
        + f"\n\nMeasured on: {plain(proof.machine)}."
    )


def _files(run: Run, opened: Opening) -> str:
    rows = [(f"`{name}`", "the model") for name in opened.files]
    rows += [
        ("`model.py`", "opens it; `load_model` gives a function from images to probabilities"),
        ("`imaging/`", "reads image files and prepares them"),
        ("`predict.py`, `example.py`", "predict image files; use it in a program of your own"),
        ("`proof.py`, `proof.json`, `proof/`", "the proof, its result and its images"),
        ("`labels.txt`", "the classes, in the order of the model's outputs"),
        ("`card.json`", "all settings and metrics, for a studio"),
    ]
    others = sorted(set(run.card.files) - set(opened.files))
    rows += [(f"`{name}`", "of the run, for a studio") for name in others]
    return _table(("file", "what it is"), rows)
