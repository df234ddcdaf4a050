"""The part of a script that is the same for every model: which images are learned from."""

import math
from dataclasses import dataclass

import numpy as np

from core import datasets
from core.script import Call, Script, call
from core.training import batches
from core.training.classical import MOST_SCORED
from core.training.config import TrainConfig


@dataclass(frozen=True)
class Amounts:
    """How many images there are.

    Attributes:
        train, val: in the training and the validation part of the dataset.
        used: training images that are learned from.
        classes: how many classes.
        rare: whether some class is too rare to be drawn from, or left, in proportion.
    """

    train: int
    val: int
    used: int
    classes: int
    rare: bool = False


def amounts(config: TrainConfig) -> Amounts:
    """What a training will find; counted if the dataset is one that stays on disk.

    Raises:
        DatasetError: if its stored images are damaged.
    """
    spec, most = datasets.find(config.dataset), config.hyperparameters["max_images"]
    classes = len(spec.class_names)
    if spec.resizable and spec.is_here():
        dataset = datasets.load(config.dataset, config.validation_fraction)
        train, val = len(dataset.y_train), len(dataset.y_val)
        used = len(batches.chosen_rows(dataset.y_train, most, config.seed))
        rare = _is_rare(dataset.y_train, used) or _is_rare(dataset.y_val, MOST_SCORED)
        return Amounts(train, val, used, classes, rare)
    val = math.ceil(spec.train_size * config.validation_fraction - 1e-9)
    train = spec.train_size - val
    used = most if 0 < most < train else train
    rare = used < train and min(used, train - used) < classes
    return Amounts(train, val, used, classes, rare)


def _is_rare(labels: np.ndarray, used: int) -> bool:
    return used < len(labels) and not batches.in_proportion(labels, used)


def add_images(script: Script, config: TrainConfig, found: Amounts, seed: str) -> None:
    """Add the sections that load the dataset and choose training images.

    Args:
        script: gets `data`, `x_train` and `y_train`.
        config: whose training it is.
        found: how many images there are.
        seed: how the script writes its seed.
    """
    script.uses("from core import datasets")
    script.add(
        _load(config),
        "x_train, y_train = data.x_train, data.y_train",
        why="The images come in three parts: those to learn from, some to compare settings with "
        "(validation), and some that are only opened at the very end (test).",
    )
    if found.used < found.train:
        script.add(
            chosen_rows(script, "y_train", found.used, found, seed),
            "x_train, y_train = x_train[rows], y_train[rows]",
            why=f"Only {found.used:,} of the training images are used, drawn at random.",
        )


def chosen_rows(script: Script, labels: str, used: int, found: Amounts, seed: str) -> list[str]:
    """Lines that draw `rows`, the same as `core.training.batches.chosen_rows` does.

    Args:
        script: that they are for.
        labels: the variable with the labels of all.
        used: how many are drawn.
        found: how many images there are, and whether some class is rare.
        seed: how the script writes its seed.
    """
    if found.rare:
        script.uses("from core.training.batches import chosen_rows")
        return [f"rows = chosen_rows({labels}, {used:_}, {seed})  # some of every class"]
    script.uses("import numpy as np", "from sklearn.model_selection import train_test_split")
    split = call(
        "_, rows = train_test_split",
        f"np.arange(len({labels}))",
        f"test_size={used:_}",
        f"stratify={labels}",
        f"random_state={seed}",
    )
    return [*split.lines(), "rows = np.sort(rows)"]


def shape_of(config: TrainConfig) -> tuple[int, int, int]:
    """Height, width and channels of the images that the script loads."""
    shape, side = datasets.find(config.dataset).input_shape, config.side
    return shape if side is None else (side, side, shape[2])


def _load(config: TrainConfig) -> Call:
    spec, fraction = datasets.find(config.dataset), config.validation_fraction
    usual = fraction == spec.validation_fraction
    named: dict[str, float] = {}
    if not (spec.resizable and usual):
        named["validation_fraction"] = fraction
    if config.side is not None:
        named["side"] = config.side
    return call("data = datasets.load", f'"{config.dataset}"', **named)
