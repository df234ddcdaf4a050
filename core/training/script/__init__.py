"""Show the Python: a training as a script that does without the studio's engine.

A student reads in it, from top to bottom, what the studio does; running it gives the same model. It
loads the dataset and changes images with `core`, as that is not what it is about; all the rest is
plain scikit-learn or Keras.
"""

import textwrap

from core import datasets
from core.models import MODELS
from core.runs import RunCard
from core.script import WIDTH, Script, literal
from core.training.config import TrainConfig
from core.training.script import classical, network, transfer
from core.training.script.images import add_images, amounts

_LIBRARIES = {"classical": "scikit-learn", "network": "Keras"}


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

    Raises:
        DatasetError: if the stored images of the dataset are damaged.
    """
    script, found = Script(), amounts(config)
    if config.family == "classical":
        add_images(script, config, found, seed=literal(config.seed))
        classical.add_training(script, config, found)
        classical.add_metrics(script)
    else:
        network.add_settings(script, config, found)
        add_images(script, config, found, seed="SEED")
        pretrained = bool(MODELS[config.model].backbone)
        (transfer if pretrained else network).add_training(script, config, found)
        network.add_metrics(script)
    return script.text(_docstring(config, remark))


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
        "This is the training that the studio does, written out in plain "
        f"{_LIBRARIES[config.family]}: read it, run it, change it. Save it in the project's "
        "folder, beside app.py, and run it there:"
    )
    paragraphs = [textwrap.fill(text, WIDTH - 3) for text in (title, remark, about) if text]
    return "\n\n".join([*paragraphs, "    python script.py"])


def _harmless(title: str) -> str:
    """A title that a person chose, without what would end a text in Python or hide in it."""
    visible = "".join(sign if sign.isprintable() else " " for sign in title)
    return visible.replace("\\", "/").replace('"', "'")
