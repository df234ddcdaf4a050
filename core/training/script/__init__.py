"""Show the Python: a training as a script that does without the studio's engine.

It is printed from the functions that the studio itself trains with, and from `networks.py` and
`classical.py` here, which put them in order. A student reads in it what the studio does; running it
gives the same model. It loads the dataset and changes images with `core`, as that is not what it
is about; all the rest is plain scikit-learn or Keras.
"""

import re
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib import import_module

from core import datasets
from core.augmentation import Policy, chosen_policy
from core.models import MODELS
from core.models.shared_params import DEEP
from core.runs import RunCard
from core.script import WIDTH, Listing, broken, literal
from core.training.config import TrainConfig
from core.training.script import classical, networks

_LIBRARIES = {"classical": "scikit-learn", "network": "Keras"}
_SHOWN = (  # what these define is printed, with no more than what is on
    "core.evaluation.epochs",
    "core.models.classical",
    "core.models.cnn",
    "core.models.transfer.building",
    "core.training.batches",
    "core.training.classical",
    "core.training.features",
    "core.training.fitting",
    "core.training.script.classical",
    "core.training.script.images",
    "core.training.script.networks",
    "core.training.transfer",
)
_END = 'if __name__ == "__main__":\n    main()'


def script_of(card: RunCard) -> str:
    """The script of the training that made a run; see `as_script`.

    Raises:
        StudioError: if its dataset or its model is gone or damaged, or it is an ensemble.
    """
    return as_script(TrainConfig.of(card), _ended_early(card))


def as_script(config: TrainConfig, remark: str = "") -> str:
    """A Python script that trains the same model on the same images, written to be read.

    It is run in the project's folder, keeps the model in a file, and its last line says
    `test accuracy: 0.9876`.

    Args:
        config: the training.
        remark: a paragraph for the top of it.
    """
    spec, values = MODELS[config.model], config.hyperparameters
    parts = classical if spec.family == "classical" else networks
    train = networks.train_pretrained if spec.backbone else parts.train
    build, called = _builder(config.model)
    known = {"hyperparameters": values, "HYPERPARAMETERS": values, "LEARNS_BY": spec.learns_by}
    if spec.family == "classical":
        known["KNOWS_PROBABILITIES"] = hasattr(spec.build(values, config.seed), "predict_proba")
    listing = Listing(
        shown=(*_SHOWN, build.__module__) if build else _SHOWN,
        known={**known, **dict.fromkeys(("SEED", "BACKBONE", "BUILD", "TRAIN", "LOAD"))},
        replaced={
            "BUILD(": called,
            "TRAIN(": f"{train.__name__}(",
            "LOAD": _load(config),
            "BACKBONE": literal(spec.backbone or DEEP),
            "chosen_policy(hyperparameters)": "POLICY",
        },
    )
    listing.uses("from core import datasets")
    if build is None:
        listing.uses("from core.models import MODELS")
    for function in filter(None, (build, train, parts.main)):
        listing.add(function)
    whole = build is None or build.__module__ not in _SHOWN  # it may read any of them
    listing.constants[:0] = _constants(config, listing, whole)
    return listing.text(_docstring(config, remark), _END)


def _builder(model: str) -> tuple[Callable | None, str]:
    """The function that builds a model, None if it has no place in a file; and how it is called."""
    build, begin = MODELS[model].build, ""
    if isinstance(build, partial):
        build, begin = build.func, "".join(f"{literal(given)}, " for given in build.args)
    if getattr(import_module(build.__module__), build.__name__, None) is not build:
        return None, f"MODELS[{literal(model)}].build("
    return build, f"{build.__name__}({begin}"


def _load(config: TrainConfig) -> str:
    side = "" if config.side is None else f", side={config.side}"
    return f"datasets.load({literal(config.dataset)}, {config.validation_fraction}{side})"


def _constants(config: TrainConfig, listing: Listing, whole: bool) -> list[str]:
    """What a reader may change: the seed and the settings, if they are read by name."""
    body, values = listing.body(), config.hyperparameters
    read = values if whole else re.findall(r"""(?:\[|get\()"(\w+)"[\])]""", body)
    pairs = [f"{literal(key)}: {literal(value)}" for key, value in values.items() if key in read]
    lines = [f"SEED = {config.seed}", broken("HYPERPARAMETERS = {", pairs, "}")]
    if "POLICY" in body:
        listing.uses("from core.augmentation import Policy")
        lines.append(_written(chosen_policy(values)))
    return lines


def _written(policy: Policy) -> str:
    """What differs from a policy that changes nothing."""
    usual = asdict(Policy())
    named = {name: value for name, value in asdict(policy).items() if value != usual[name]}
    if not policy.random_operations:
        named.pop("magnitude", None)  # of no effect
    parts = [f"{name}={literal(value)}" for name, value in named.items()]
    return broken("POLICY = Policy(", parts, ")")


def _ended_early(card: RunCard) -> str:
    if not card.ended_early:
        return ""
    at = card.history[-1][card.axis] if card.history else 0
    return (
        f"The run {card.id} was ended early by hand ({card.axis} {at}). This script goes on to the "
        "end, so its model and its accuracy may be others."
    )


def _docstring(config: TrainConfig, remark: str) -> str:
    model, dataset = MODELS[config.model].title, datasets.find(config.dataset).title
    title = f"{model}{',' * (',' in model)} on {_harmless(dataset)}."
    about = (
        "This is the training that the studio does, in plain "
        f"{_LIBRARIES[config.family]}: read it, change the settings, run it. Save it in the "
        "project's folder, beside app.py, and run it there:"
    )
    paragraphs = [textwrap.fill(text, WIDTH - 3) for text in (title, remark, about) if text]
    return "\n\n".join([*paragraphs, "    python script.py"])


def _harmless(title: str) -> str:
    """A title that a person chose, without what would end a text in Python or hide in it."""
    visible = "".join(sign if sign.isprintable() else " " for sign in title)
    return visible.replace("\\", "/").replace('"', "'")
