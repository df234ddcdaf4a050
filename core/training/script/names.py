"""Names in the parts of scripts that each script has a value of its own for."""

from collections.abc import Callable
from typing import Any

SEED = 0
HYPERPARAMETERS: dict[str, Any] = {}
BACKBONE = ""  # of a pretrained network
LEARNS_BY = ""  # of the model, see `core.models.ModelSpec`
KNOWS_PROBABILITIES = True  # whether the model gives them by itself
BUILD: Callable = dict  # of the model
TRAIN: Callable = dict  # the function that trains it
LOAD: Any = None  # loads the dataset
