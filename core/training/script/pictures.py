"""The part of a script that is the same for every model: which pictures are learnt from."""

import math

from core import datasets
from core.training.config import TrainConfig
from core.training.script.writing import Call, Script, call


def sizes(config: TrainConfig) -> tuple[int, int]:
    """How many pictures there are for training and validation, before any are left out."""
    spec = datasets.find(config.dataset)
    if spec.resizable and spec.is_here():  # quick: its pictures stay on disk
        dataset = datasets.load(config.dataset, config.validation_fraction)
        return len(dataset.y_train), len(dataset.y_val)
    held_out = math.ceil(spec.train_size * config.validation_fraction - 1e-9)
    return spec.train_size - held_out, held_out


def number_used(config: TrainConfig) -> int:
    """How many training pictures are learnt from."""
    available, most = sizes(config)[0], config.hyperparameters["max_pictures"]
    if most == 0 or most >= available:
        return available
    classes = len(datasets.find(config.dataset).class_names)
    return most if available - max(most, classes) < classes else max(most, classes)


def add_pictures(script: Script, config: TrainConfig, seed: str) -> None:
    """Add the sections that load the dataset and choose training pictures.

    Args:
        script: gets `data`, `x_train` and `y_train`.
        config: whose training it is.
        seed: how the script writes its seed.
    """
    script.uses("from core import datasets")
    script.add(
        _load(config),
        "x_train, y_train = data.x_train, data.y_train",
        why="The pictures come in three parts: those to learn from, some to compare settings with "
        "(validation), and some that are only opened at the very end (test).",
    )
    used, available = number_used(config), sizes(config)[0]
    if used < available:
        script.add(
            *chosen_rows(script, config, "y_train", used, available, seed),
            "x_train, y_train = x_train[rows], y_train[rows]",
            why=f"Only {used:,} of the training pictures are used, drawn at random.",
        )


def chosen_rows(
    script: Script, config: TrainConfig, labels: str, used: int, available: int, seed: str
) -> list[str]:
    """Lines that draw `rows`, the same as `core.training.batches.chosen_rows` does."""
    classes = len(datasets.find(config.dataset).class_names)
    script.uses("import numpy as np")
    if available - max(used, classes) < classes:
        order = f"np.random.default_rng({seed}).permutation(len({labels}))"
        return [f"rows = np.sort({order}[:{used}])"]
    script.uses("from sklearn.model_selection import train_test_split")
    split = call(
        "_, rows = train_test_split",
        f"np.arange(len({labels}))",
        f"test_size={used:_}",
        f"stratify={labels}",
        f"random_state={seed}",
    )
    return [*split.lines(), "rows = np.sort(rows)"]


def _load(config: TrainConfig) -> Call:
    spec, fraction = datasets.find(config.dataset), config.validation_fraction
    usual = fraction == spec.validation_fraction
    named = {} if spec.resizable and usual else {"validation_fraction": fraction}
    return call("data = datasets.load", f'"{config.dataset}"', **named)
